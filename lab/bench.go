package lab

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/accel/compiler"
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
	Bench      string  `json:"bench"`
	Encoder    string  `json:"encoder,omitempty"`    // train and score
	Precision  string  `json:"precision,omitempty"`  // train and score
	Backend    string  `json:"backend,omitempty"`    // train and score
	Size       int     `json:"size"`                 // side of the images in pixels
	Batch      int     `json:"batch,omitempty"`      // train: images a step
	Checkpoint bool    `json:"checkpoint,omitempty"` // train: the spec's train.checkpoint
	Cores      int     `json:"cores"`
	Seconds    float64 `json:"seconds"` // of the measurement behind ImagesPerSecond

	// ImagesPerSecond counts training images (discrepancy, train), or the faces as they are and their K variants
	// (variants, score).
	ImagesPerSecond float64 `json:"images_per_second"`
	// FacesPerSecond counts faces with all their variants; variants and score. Where the spec has few variants made, score
	// has theirs, and tells them and how many faces it scores with all.
	FacesPerSecond float64 `json:"faces_per_second,omitempty"`
	CPUPerFace     float64 `json:"cpu_ms_per_face,omitempty"` // score: CPU time of all threads
	Variants       int     `json:"few_variants,omitempty"`
	FullPerSecond  float64 `json:"full_faces_per_second,omitempty"`
	// Gain is how many times faster few variants are than all, OnePassGain how many times the one-pass score is; by the
	// clock and by CPU time. Score.
	Gain             float64 `json:"gain,omitempty"`
	CPUGain          float64 `json:"cpu_gain,omitempty"`
	OnePassPerSecond float64 `json:"onepass_faces_per_second,omitempty"`
	OnePassGain      float64 `json:"onepass_gain,omitempty"`
	OnePassCPUGain   float64 `json:"onepass_cpu_gain,omitempty"`
	Compile          float64 `json:"first_seconds,omitempty"` // score: the first pass over the faces, in which the graph is compiled
	// Compiled and Loaded are how many programs were compiled and how many were kept from an earlier process, and
	// CompileSeconds what both took, on XLA's CPU plugin; train and score.
	Compiled       int     `json:"compiled,omitempty"`
	Loaded         int     `json:"loaded,omitempty"`
	CompileSeconds float64 `json:"compile_seconds,omitempty"`
	// InputPerSecond is what the input pipeline makes without the network; train. NetworkPerSecond is what the network
	// trains on, or scores, when its input costs nothing; train and score.
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
	set, _ := synthetic.Sets(s.Seed)
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
	before := compiler.Done()
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
	done := compiler.Done()
	speed.Compiled, speed.Loaded = done.Compiled-before.Compiled, done.Loaded-before.Loaded
	speed.CompileSeconds = (done.Time - before.Time).Seconds()
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

// train times the input alone, and the training loop with an input that costs nothing and as it is.
func (b *bench) train(ctx context.Context, speed *Speed) error {
	computer, err := b.lab.compute(ctx, true)
	if err != nil {
		return err
	}
	speed.Encoder, speed.Precision, speed.Batch, speed.Backend = b.spec.Encoder.Name, b.spec.Encoder.Precision, b.spec.Train.Batch, computer.String()
	speed.Checkpoint = b.spec.Train.Checkpoint
	if speed.InputPerSecond, _, err = b.views(ctx); err != nil {
		return err
	}
	input, err := newStill(b.method, b.spec, b.faces)
	if err != nil {
		return err
	}
	s := b.spec
	s.Train.Validate = 1 // at the last step, which is never reached
	s.Train.Steps = 1e8
	s.Train.CurriculumFrom = 1 // official strength, as in views
	weights := model.NewStore()
	weights.RootScope().SetParam(encoder.SeedParam, s.Seed)

	// The first steps compile the graph, and those after a change of the input still have batches that were made before.
	const warm = 4
	var from train.Progress
	start := warm
	loop, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	over := errors.New("time over")
	b.lab.note("training on the same images for %v, after compiling", b.least)
	err = train.Run(loop, s, input, weights, b.faces, b.faces, train.Options{
		Backend: computer.Backend,
		Report: func(p train.Progress) {
			if p.Step == start {
				from = p
			}
			if p.Step <= start || p.Elapsed-from.Elapsed < b.least {
				return
			}
			seconds := (p.Elapsed - from.Elapsed).Seconds()
			perSecond := float64((p.Step-from.Step)*s.Train.Batch) / seconds
			if !input.live.Load() {
				speed.NetworkPerSecond = perSecond
				input.live.Store(true)
				start = p.Step + warm
				b.lab.note("training for %v", b.least)
				return
			}
			speed.ImagesPerSecond, speed.Seconds = perSecond, seconds
			stop(over)
		},
	})
	if context.Cause(loop) != over {
		return err
	}
	return nil
}

// score times a detector of random weights with the official score: with all variants, with few if the spec says so, and
// in one pass. They take turns, so that what else the machine does disturbs them alike.
func (b *bench) score(ctx context.Context, speed *Speed) error {
	computer, err := b.lab.compute(ctx, false)
	if err != nil {
		return err
	}
	speed.Encoder, speed.Precision, speed.Backend = b.spec.Encoder.Name, b.spec.Encoder.Precision, computer.String()
	weights := model.NewStore()
	weights.RootScope().SetParam(encoder.SeedParam, b.spec.Seed)
	network, err := method.NewNetwork(computer.Backend, weights, b.method, b.spec.Encoder.Size)
	if err != nil {
		return err
	}
	defer network.Finalize()
	d := newDetector(b.spec, b.method, weights, network)
	score := b.method.Scores()[0]
	l := b.lab.quietly()
	seeable, ok := b.method.(*method.SeeABLE)
	ways := []*scoring{{score: allVariants}}
	if ok {
		ways = append(ways, &scoring{score: "onepass"})
	}
	start := time.Now()
	all, err := l.evidence(ctx, "", d, allVariants, b.faces, b.ids)
	if err != nil {
		return err
	}
	speed.Compile = time.Since(start).Seconds()
	if n := b.spec.Score.Variants; n > 0 {
		// Which variants they are does not matter here.
		made := make([]float64, len(all))
		for i, outputs := range all {
			made[i] = b.method.Score(score, outputs, nil)
		}
		if d.few, err = seeable.FitFew(score, n, all, made); err != nil {
			return err
		}
		ways = append(ways, &scoring{score: score})
	}
	b.lab.note("scoring for %v", b.least)
	for start := time.Now(); time.Since(start) < b.least; {
		for _, way := range ways {
			start, cpu := time.Now(), cpuTime()
			evidence, err := l.evidence(ctx, "", d, way.score, b.faces, b.ids)
			if err != nil {
				return err
			}
			way.seconds += time.Since(start).Seconds()
			way.cpu += (cpuTime() - cpu).Seconds()
			way.faces += float64(len(evidence))
			for _, outputs := range evidence {
				way.images += float64(len(outputs))
			}
		}
	}
	if speed.NetworkPerSecond, err = b.pass(ctx, network); err != nil {
		return err
	}
	full, used := ways[0], ways[0]
	if d.few != nil {
		used = ways[2]
		speed.Variants = b.spec.Score.Variants
		speed.FullPerSecond = full.faces / full.seconds
		speed.Gain, speed.CPUGain = used.over(full)
	}
	speed.Seconds, speed.ImagesPerSecond, speed.FacesPerSecond = used.seconds, used.images/used.seconds, used.faces/used.seconds
	speed.CPUPerFace = 1e3 * used.cpu / used.faces
	if ok {
		speed.OnePassPerSecond = ways[1].faces / ways[1].seconds
		speed.OnePassGain, speed.OnePassCPUGain = ways[1].over(full)
	}
	return nil
}

// pass is how many images a second go through a network, always the same ones.
func (b *bench) pass(ctx context.Context, network *method.Network) (perSecond float64, err error) {
	images := make([]uint8, method.NetworkPass*b.spec.Encoder.Size*b.spec.Encoder.Size*3)
	rng := stream.New(b.spec.Seed, "pass")
	for i := range images {
		images[i] = uint8(rng.Uint32())
	}
	b.lab.note("scoring the same images for %v", b.least)
	start, count := time.Now(), 0
	for ; time.Since(start) < b.least; count += method.NetworkPass {
		if _, err := network.Outputs(ctx, images); err != nil {
			return 0, err
		}
	}
	return float64(count) / time.Since(start).Seconds(), nil
}

// scoring is what a way to score has taken.
type scoring struct {
	score                       string // which variants are made
	images, faces, seconds, cpu float64
}

// over is how many times as many faces s scores as full in the same wall time and in the same CPU time.
func (s *scoring) over(full *scoring) (gain, cpuGain float64) {
	return s.faces / s.seconds * full.seconds / full.faces, s.faces / s.cpu * full.cpu / full.faces
}

// cpuTime is what all threads of the process have computed, 0 if the system does not tell.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// still is a method whose training images are made beforehand, so that they cost no more than a copy, until it is live.
type still struct {
	method.Method
	live   atomic.Bool
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
func (m *still) Views(sampler *method.Sampler, dst [][]uint8, labels []int32, f face.Face, strength float64, rng *rand.Rand) error {
	if m.live.Load() {
		return m.Method.Views(sampler, dst, labels, f, strength, rng)
	}
	group := rng.IntN(len(m.images))
	for view := range dst {
		copy(dst[view], m.images[group][view])
	}
	copy(labels, m.labels[group])
	return nil
}
