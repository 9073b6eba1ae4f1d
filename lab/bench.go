package lab

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
	"github.com/seeable-lab/seeable/lab/train"
)

// Benches are what [Lab.Bench] can time: making training images, making the test variants of faces, training, scoring.
var Benches = []string{"discrepancy", "variants", "train", "score"}

// Speed is what a bench measured, on all cores and on synthetic faces. Compiling graphs and the first images, which
// allocate, are not in it.
type Speed struct {
	Bench   string  `json:"bench"`
	Encoder string  `json:"encoder,omitempty"` // train and score
	Backend string  `json:"backend,omitempty"` // train and score
	Size    int     `json:"size"`              // side of the images in pixels
	Batch   int     `json:"batch,omitempty"`   // train: images a step
	Cores   int     `json:"cores"`
	Seconds float64 `json:"seconds"` // of the measurement behind ImagesPerSecond

	// ImagesPerSecond counts training images (discrepancy, train), or the faces as they are and their K variants
	// (variants, score).
	ImagesPerSecond float64 `json:"images_per_second"`
	// FacesPerSecond counts faces with all their variants; variants and score.
	FacesPerSecond float64 `json:"faces_per_second,omitempty"`
	// InputPerSecond is what the input pipeline makes without the network, and NetworkPerSecond what the network trains
	// on when its input costs nothing; train.
	InputPerSecond   float64 `json:"input_images_per_second,omitempty"`
	NetworkPerSecond float64 `json:"network_images_per_second,omitempty"`
}

// benchFaces is how many synthetic faces a bench works on, again and again.
const benchFaces = 64

// Bench times one of [Benches] with the parameters of s for at least the given time.
func (l *Lab) Bench(ctx context.Context, what string, s spec.Spec, least time.Duration) (Speed, error) {
	if err := s.Validate(); err != nil {
		return Speed{}, fmt.Errorf("lab: bench: %w", err)
	}
	m, err := method.New(s)
	if err != nil {
		return Speed{}, err
	}
	fit := method.Keep(s)
	if what == "variants" || what == "score" {
		fit = func(f face.Face) (face.Face, error) { return f, nil } // as tests do
	}
	set, _ := datasets.Synthetic(s.Seed)
	set.Items = set.Items[:benchFaces]
	faces, items, _, err := l.load(ctx, "drawing faces", set, fit)
	if err != nil {
		return Speed{}, err
	}
	b := bench{lab: l, spec: s, method: m, faces: faces, least: least}
	for _, it := range items {
		b.ids = append(b.ids, it.ID())
	}
	speed := Speed{Bench: what, Size: s.Encoder.Size, Cores: runtime.GOMAXPROCS(0)}
	switch what {
	case "discrepancy":
		speed.ImagesPerSecond, speed.Seconds, err = b.views(ctx)
	case "variants":
		err = b.variants(ctx, &speed)
	case "train":
		err = b.train(ctx, &speed)
	case "score":
		err = b.score(ctx, &speed)
	default:
		err = fmt.Errorf("lab: no bench %q; there are %s", what, strings.Join(Benches, ", "))
	}
	return speed, err
}

type bench struct {
	lab    *Lab
	spec   spec.Spec
	method method.Method
	faces  []face.Face
	ids    []string
	least  time.Duration
}

// pace calls do on all cores for as long as the bench shall last, and counts.
func (b *bench) pace(ctx context.Context, stage string, do func(worker, i int) error) (perSecond, seconds float64, err error) {
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		if err := do(worker, worker); err != nil {
			return 0, 0, err
		}
	}
	var count atomic.Int64
	start := time.Now()
	b.lab.note("%s for %v", stage, b.least)
	// One long-lived index for each core.
	err = b.lab.quietly().each(ctx, stage, workers, func(worker, first int) error {
		for i := first; time.Since(start) < b.least; i += workers {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := do(worker, i); err != nil {
				return err
			}
			count.Add(1)
		}
		return nil
	})
	seconds = time.Since(start).Seconds()
	return float64(count.Load()) / seconds, seconds, err
}

// views makes training images at official strength.
func (b *bench) views(ctx context.Context) (imagesPerSecond, seconds float64, err error) {
	views, row := b.spec.Train.Views, b.spec.Encoder.Size*b.spec.Encoder.Size*3
	type output struct {
		sampler *method.Sampler
		dst     [][]uint8
		labels  []int32
	}
	var outputs []output
	for range runtime.GOMAXPROCS(0) {
		o := output{b.method.Sampler(), make([][]uint8, views), make([]int32, views)}
		for i := range o.dst {
			o.dst[i] = make([]uint8, row)
		}
		outputs = append(outputs, o)
	}
	groups, seconds, err := b.pace(ctx, "making training images", func(worker, i int) error {
		o := outputs[worker]
		return b.method.Views(o.sampler, o.dst, o.labels, b.faces[i%len(b.faces)], 1, stream.New(b.spec.Seed, "bench", i))
	})
	return groups * float64(views), seconds, err
}

// variants makes all that the official score needs of a face.
func (b *bench) variants(ctx context.Context, speed *Speed) (err error) {
	type output struct {
		sampler *method.Sampler
		images  []uint8
	}
	outputs := make([]output, runtime.GOMAXPROCS(0))
	for i := range outputs {
		outputs[i].sampler = b.method.Sampler()
	}
	speed.FacesPerSecond, speed.Seconds, err = b.pace(ctx, "making variants", func(worker, i int) error {
		o, at := &outputs[worker], i%len(b.faces)
		var err error
		o.images, err = b.method.Variants(o.sampler, o.images[:0], b.method.Scores()[0], b.faces[at], b.ids[at])
		return err
	})
	row := b.spec.Encoder.Size * b.spec.Encoder.Size * 3
	speed.ImagesPerSecond = speed.FacesPerSecond * float64(len(outputs[0].images)/row)
	return err
}

// train times the training loop as it is, with an input that costs nothing, and the input alone.
func (b *bench) train(ctx context.Context, speed *Speed) error {
	computer, err := b.lab.compute(ctx, true)
	if err != nil {
		return err
	}
	speed.Encoder, speed.Batch, speed.Backend = b.spec.Encoder.Name, b.spec.Train.Batch, computer.String()
	if speed.InputPerSecond, _, err = b.views(ctx); err != nil {
		return err
	}
	repeated, err := newStill(b.method, b.spec, b.faces)
	if err != nil {
		return err
	}
	if speed.NetworkPerSecond, _, err = b.steps(ctx, "training on the same images", repeated); err != nil {
		return err
	}
	speed.ImagesPerSecond, speed.Seconds, err = b.steps(ctx, "training", b.method)
	return err
}

// steps runs the training loop until the time is over.
func (b *bench) steps(ctx context.Context, stage string, m method.Method) (imagesPerSecond, seconds float64, err error) {
	s := b.spec
	s.Train.Validate = 1 // at the last step, which is never reached
	s.Train.Steps = 1e8
	s.Train.CurriculumFrom = 1 // official strength, as in views
	weights := model.NewStore()
	weights.RootScope().SetParam(encoder.SeedParam, s.Seed)

	// The first steps compile the graph and fill the queue of batches.
	const warm = 3
	var from, last train.Progress
	loop, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	over := errors.New("time over")
	b.lab.note("%s for %v, after compiling", stage, b.least)
	err = train.Run(loop, s, m, weights, b.faces, b.faces, train.Options{
		Backend: b.lab.computer.Backend,
		Report: func(p train.Progress) {
			if last = p; p.Step == warm {
				from = p
			}
			if p.Step > warm && p.Elapsed-from.Elapsed >= b.least {
				stop(over)
			}
		},
	})
	if context.Cause(loop) != over {
		return 0, 0, err
	}
	seconds = (last.Elapsed - from.Elapsed).Seconds()
	return float64(last.Step-warm) * float64(s.Train.Batch) / seconds, seconds, nil
}

// score times a detector of random weights with the official score.
func (b *bench) score(ctx context.Context, speed *Speed) error {
	computer, err := b.lab.compute(ctx, false)
	if err != nil {
		return err
	}
	speed.Encoder, speed.Backend = b.spec.Encoder.Name, computer.String()
	weights := model.NewStore()
	weights.RootScope().SetParam(encoder.SeedParam, b.spec.Seed)
	d, err := newDetector(computer.Backend, b.spec, b.method, weights)
	if err != nil {
		return err
	}
	score := b.method.Scores()[0]
	l := b.lab.quietly()
	once := func(faces []face.Face, ids []string) (images int, err error) {
		evidence, err := l.evidence(ctx, "scoring", d, score, faces, ids)
		for _, variants := range evidence {
			images += len(variants)
		}
		return images, err
	}
	if _, err := once(b.faces[:1], b.ids[:1]); err != nil {
		return err
	}
	b.lab.note("scoring for %v", b.least)
	images, faces := 0, 0
	start := time.Now()
	for time.Since(start) < b.least {
		n, err := once(b.faces, b.ids)
		if err != nil {
			return err
		}
		images, faces = images+n, faces+len(b.faces)
	}
	speed.Seconds = time.Since(start).Seconds()
	speed.ImagesPerSecond, speed.FacesPerSecond = float64(images)/speed.Seconds, float64(faces)/speed.Seconds
	return nil
}

// still is a method whose training images are made beforehand, so that they cost no more than a copy.
type still struct {
	method.Method
	images [][][]uint8 // [group][view]
	labels [][]int32
}

func newStill(m method.Method, s spec.Spec, faces []face.Face) (*still, error) {
	made := &still{Method: m}
	sampler := m.Sampler()
	for i, f := range faces {
		dst, labels := make([][]uint8, s.Train.Views), make([]int32, s.Train.Views)
		for view := range dst {
			dst[view] = make([]uint8, s.Encoder.Size*s.Encoder.Size*3)
		}
		if err := m.Views(sampler, dst, labels, f, 1, stream.New(s.Seed, "still", i)); err != nil {
			return nil, err
		}
		made.images, made.labels = append(made.images, dst), append(made.labels, labels)
	}
	return made, nil
}

// Views copies one of the groups.
func (m *still) Views(_ *method.Sampler, dst [][]uint8, labels []int32, _ face.Face, _ float64, rng *rand.Rand) error {
	group := rng.IntN(len(m.images))
	for view := range dst {
		copy(dst[view], m.images[group][view])
	}
	copy(labels, m.labels[group])
	return nil
}
