// Package bench measures speeds: of making training images and test variants, of training and of scoring.
package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/accel/compiler"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/source/donor"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
	"github.com/seeable-lab/seeable/lab/train"
)

// Names are what [Measure] can time: making training images, making the test variants of faces, training, scoring.
var Names = []string{"discrepancy", "variants", "train", "score"}

// Speed is what a bench measured, on all cores and on synthetic faces. Compiling graphs and the first images, which
// allocate, are not in it.
type Speed struct {
	Bench      string  `json:"bench"`
	Method     string  `json:"method"`
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
	// CPUPerImage is CPU time of all threads, Cost how many times that of the reference of [Samples]; discrepancy.
	CPUPerImage float64 `json:"cpu_ms_per_image,omitempty"`
	Cost        float64 `json:"cost,omitempty"`
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
	// trains on, or scores, when its input costs nothing, and NetworkCPU the CPU time of all threads in that; train and score.
	InputPerSecond   float64 `json:"input_images_per_second,omitempty"`
	NetworkPerSecond float64 `json:"network_images_per_second,omitempty"`
	NetworkCPU       float64 `json:"network_cpu_ms_per_image,omitempty"`
}

// benchFaces is how many synthetic faces a bench works on, again and again.
const benchFaces = 64

// faces are the ones of a bench: real ones, and fakes among them where the spec has them trained on.
func faces(s spec.Spec) datasets.Set {
	train, test := synthetic.Sets(s.Seed)
	if !s.Data.Fakes {
		train.Items = train.Items[:benchFaces]
		return train
	}
	some := test
	some.Items = nil
	for i := range benchFaces {
		some.Items = append(some.Items, test.Items[i*len(test.Items)/benchFaces])
	}
	return some
}

// Samples times the training samples of some specs, and how many times the CPU time of one of the reference's an image takes. The
// reference is measured anew beside each, so that what else the machine does disturbs both alike.
func Samples(ctx context.Context, e *env.Env, reference spec.Spec, specs []spec.Spec, least time.Duration) (all []Speed, err error) {
	for _, s := range specs {
		of, err := Measure(ctx, e, "discrepancy", reference, least)
		if err != nil {
			return nil, err
		}
		speed, err := Measure(ctx, e, "discrepancy", s, least)
		if err != nil {
			return nil, fmt.Errorf("bench: %s: %w", s.Method, err)
		}
		speed.Cost = speed.CPUPerImage / of.CPUPerImage
		all = append(all, speed)
	}
	return all, nil
}

// Measure times one of [Names] with the parameters of s for at least the given time.
func Measure(ctx context.Context, e *env.Env, what string, s spec.Spec, least time.Duration) (Speed, error) {
	if err := s.Validate(); err != nil {
		return Speed{}, fmt.Errorf("bench: %w", err)
	}
	m, err := method.New(s)
	if err != nil {
		return Speed{}, err
	}
	fit := m.Keep
	if what == "variants" || what == "score" {
		fit = func(c face.Clip) (face.Clip, error) { return c, nil } // as tests do
	}
	set := faces(s)
	b := bench{env: e, spec: s, method: m, least: least}
	drawn, _, err := source.Open(ctx, set, source.Options{Keep: fit, Cache: source.NewCache(1 << 30)})
	if err != nil {
		return Speed{}, err
	}
	for i := range drawn.Len() {
		c, err := drawn.Clip(ctx, i)
		if err != nil {
			return Speed{}, err
		}
		b.clips, b.digests = append(b.clips, c), append(b.digests, c.Digest())
	}
	drawn.Close()
	speed := Speed{Bench: what, Method: s.Method, Size: s.Encoder.Size, Cores: runtime.GOMAXPROCS(0)}
	before := compiler.Done()
	switch what {
	case "discrepancy":
		var made rate
		made, err = b.views(ctx)
		speed.ImagesPerSecond, speed.Seconds, speed.CPUPerImage = made.perSecond, made.seconds, 1e3*made.cpu
	case "variants":
		err = b.variants(ctx, &speed)
	case "train":
		err = b.train(ctx, &speed)
	case "score":
		err = b.score(ctx, &speed)
	default:
		err = fmt.Errorf("bench: no bench %q; there are %s", what, strings.Join(Names, ", "))
	}
	done := compiler.Done()
	speed.Compiled, speed.Loaded = done.Compiled-before.Compiled, done.Loaded-before.Loaded
	speed.CompileSeconds = (done.Time - before.Time).Seconds()
	return speed, err
}

type bench struct {
	env     *env.Env
	spec    spec.Spec
	method  method.Method
	clips   source.Clips
	digests []string
	least   time.Duration
}

// rate is how often something was done.
type rate struct {
	perSecond, seconds float64
	cpu                float64 // seconds of all threads, each time
}

// pace calls do on all cores for as long as the bench shall last, and counts.
func (b *bench) pace(ctx context.Context, stage string, do func(worker, i int) error) (rate, error) {
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		if err := do(worker, worker); err != nil {
			return rate{}, err
		}
	}
	var count atomic.Int64
	errs := make([]error, workers)
	var wait sync.WaitGroup
	start, cpu := time.Now(), cpuTime()
	b.env.Note("%s for %v", stage, b.least)
	for worker := range workers {
		wait.Go(func() {
			// One at least: on a busy machine the time may be over before a goroutine begins.
			for i := worker; (i == worker || time.Since(start) < b.least) && errs[worker] == nil && ctx.Err() == nil; i += workers {
				errs[worker] = do(worker, i)
				count.Add(1)
			}
		})
	}
	wait.Wait()
	seconds, n := time.Since(start).Seconds(), float64(count.Load())
	return rate{n / seconds, seconds, (cpuTime() - cpu).Seconds() / n}, errors.Join(append(errs, context.Cause(ctx))...)
}

// output is what a goroutine of a bench makes samples into.
type output struct {
	worker *method.Worker
	made   *method.Samples
	dst    []method.Sample
}

func (b *bench) outputs() []output {
	layout := b.method.Layout()
	var outputs []output
	donors := donor.New(b.clips)
	for range runtime.GOMAXPROCS(0) {
		o := output{worker: method.NewWorker(layout), made: method.NewSamples(layout, layout.Group())}
		o.worker.Donors = donors
		for i := range layout.Group() {
			o.dst = append(o.dst, o.made.At(i))
		}
		outputs = append(outputs, o)
	}
	return outputs
}

// views makes training samples at official strength.
func (b *bench) views(ctx context.Context) (rate, error) {
	outputs := b.outputs()
	made, err := b.pace(ctx, "making training images", func(worker, i int) error {
		o := outputs[worker]
		d := method.Draw{Rand: stream.New(b.spec.Seed, "bench", i), Strength: 1, Pool: b.clips}
		return b.method.Sample(o.worker, o.dst, b.clips[i%len(b.clips)], d)
	})
	views := float64(b.method.Layout().Group())
	made.perSecond, made.cpu = made.perSecond*views, made.cpu/views
	return made, err
}

// variants makes all that the official score needs of a face.
func (b *bench) variants(ctx context.Context, speed *Speed) error {
	outputs := b.outputs()
	for i := range outputs {
		outputs[i].made = &method.Samples{Layout: b.method.Layout()}
	}
	made, err := b.pace(ctx, "making variants", func(worker, i int) error {
		o, at := outputs[worker], i%len(b.clips)
		o.made.Images, o.made.Extra = o.made.Images[:0], o.made.Extra[:0]
		return b.method.Probe(o.worker, o.made, b.method.Scores()[0], method.Fit{}, b.clips[at], b.digests[at])
	})
	speed.FacesPerSecond, speed.Seconds = made.perSecond, made.seconds
	speed.ImagesPerSecond = speed.FacesPerSecond * float64(outputs[0].made.Len())
	return err
}

// train times the input alone, and the training loop with an input that costs nothing and as it is.
func (b *bench) train(ctx context.Context, speed *Speed) error {
	computer, err := b.env.Compute(ctx, true)
	if err != nil {
		return err
	}
	speed.Encoder, speed.Precision, speed.Batch, speed.Backend = b.spec.Encoder.Name, b.spec.Encoder.Precision, b.spec.Train.Batch, computer.String()
	speed.Checkpoint = b.spec.Train.Checkpoint
	alone, err := b.views(ctx)
	if err != nil {
		return err
	}
	speed.InputPerSecond = alone.perSecond
	input, err := newStill(b.method, b.spec, b.clips)
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
	var cpu time.Duration
	start := warm
	loop, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	over := errors.New("time over")
	b.env.Note("training on the same images for %v, after compiling", b.least)
	err = train.Run(loop, s, input, weights, b.clips, b.clips, train.Options{
		Backend: computer.Backend,
		Report: func(p train.Progress) {
			if p.Step == start {
				from, cpu = p, cpuTime()
			}
			if p.Step <= start || p.Elapsed-from.Elapsed < b.least {
				return
			}
			seconds := (p.Elapsed - from.Elapsed).Seconds()
			images := float64((p.Step - from.Step) * s.Train.Batch)
			perSecond := images / seconds
			if !input.live.Load() {
				speed.NetworkPerSecond, speed.NetworkCPU = perSecond, 1e3*(cpuTime()-cpu).Seconds()/images
				input.live.Store(true)
				start = p.Step + warm
				b.env.Note("training for %v", b.least)
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
	computer, err := b.env.Compute(ctx, false)
	if err != nil {
		return err
	}
	speed.Encoder, speed.Precision, speed.Backend = b.spec.Encoder.Name, b.spec.Encoder.Precision, computer.String()
	weights := model.NewStore()
	weights.RootScope().SetParam(encoder.SeedParam, b.spec.Seed)
	network, err := method.NewNetwork(computer.Backend, weights, b.method)
	if err != nil {
		return err
	}
	defer network.Finalize()
	d := detector.New(b.env, b.spec, b.method, weights, network)
	defer d.Close()
	score := b.method.Scores()[0]
	ways := []*scoring{{score: method.AllScores}}
	start := time.Now()
	all, err := d.All(ctx, b.clips, method.AllScores)
	if err != nil {
		return err
	}
	speed.Compile = time.Since(start).Seconds()
	fastest, err := b.fewest(len(all[0]))
	if err != nil {
		return err
	}
	if fastest != "" {
		ways = append(ways, &scoring{score: fastest})
	}
	var fewer *scoring
	if fitter, ok := method.As[method.Fitter](b.method); ok && b.spec.Score.Variants > 0 {
		// Which variants they are does not matter here.
		if d.Fit, err = fitter.Fit(method.Fit{Score: score}, all, nil); err != nil {
			return err
		}
		fewer = &scoring{score: score}
		ways = append(ways, fewer)
	}
	b.env.Note("scoring for %v", b.least)
	for start := time.Now(); time.Since(start) < b.least; {
		for _, way := range ways {
			start, cpu := time.Now(), cpuTime()
			evidence, err := d.All(ctx, b.clips, way.score)
			if err != nil {
				return err
			}
			way.seconds += time.Since(start).Seconds()
			way.cpu += (cpuTime() - cpu).Seconds()
			way.faces += float64(len(evidence))
			for _, rows := range evidence {
				way.images += float64(len(rows))
			}
		}
	}
	alone, err := b.pass(ctx, network)
	if err != nil {
		return err
	}
	speed.NetworkPerSecond, speed.NetworkCPU = alone.perSecond, 1e3*alone.cpu
	full, used := ways[0], ways[0]
	if fewer != nil {
		used = fewer
		speed.Variants = b.spec.Score.Variants
		speed.FullPerSecond = full.faces / full.seconds
		speed.Gain, speed.CPUGain = used.over(full)
	}
	speed.Seconds, speed.ImagesPerSecond, speed.FacesPerSecond = used.seconds, used.images/used.seconds, used.faces/used.seconds
	speed.CPUPerFace = 1e3 * used.cpu / used.faces
	if fastest != "" {
		speed.OnePassPerSecond = ways[1].faces / ways[1].seconds
		speed.OnePassGain, speed.OnePassCPUGain = ways[1].over(full)
	}
	return nil
}

// fewest is the score that needs the fewest samples of a face, "" if none needs fewer than all.
func (b *bench) fewest(all int) (name string, err error) {
	w := method.NewWorker(b.method.Layout())
	for _, score := range b.method.Scores() {
		samples := &method.Samples{Layout: b.method.Layout()}
		if err := b.method.Probe(w, samples, score, method.Fit{}, b.clips[0], b.digests[0]); err != nil {
			return "", err
		}
		if samples.Len() < all {
			name, all = score, samples.Len()
		}
	}
	return name, nil
}

// pass is how many samples a second go through a network, always the same ones.
func (b *bench) pass(ctx context.Context, network *method.Network) (rate, error) {
	samples := method.NewSamples(b.method.Layout(), method.NetworkPass)
	rng := stream.New(b.spec.Seed, "pass")
	for i := range samples.Images {
		samples.Images[i] = uint8(rng.Uint32())
	}
	b.env.Note("scoring the same images for %v", b.least)
	start, cpu, count := time.Now(), cpuTime(), 0
	for ; time.Since(start) < b.least; count += method.NetworkPass {
		if _, err := network.Rows(ctx, samples); err != nil {
			return rate{}, err
		}
	}
	seconds, n := time.Since(start).Seconds(), float64(count)
	return rate{n / seconds, seconds, (cpuTime() - cpu).Seconds() / n}, nil
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

// still is a method whose training samples are made beforehand, so that they cost no more than a copy, until it is live.
type still struct {
	method.Method
	live   atomic.Bool
	groups []*method.Samples
}

func newStill(m method.Method, s spec.Spec, clips source.Clips) (*still, error) {
	made := &still{Method: m}
	layout := m.Layout()
	w := method.NewWorker(layout)
	w.Donors = donor.New(clips)
	for i, c := range clips {
		group := method.NewSamples(layout, layout.Group())
		dst := make([]method.Sample, layout.Group())
		for view := range dst {
			dst[view] = group.At(view)
		}
		d := method.Draw{Rand: stream.New(s.Seed, "still", i), Strength: 1, Pool: clips}
		if err := m.Sample(w, dst, c, d); err != nil {
			return nil, err
		}
		for view := range dst {
			group.Labels[view] = dst[view].Label
		}
		made.groups = append(made.groups, group)
	}
	return made, nil
}

// Unwrap has the trainer find what else the method can do.
func (m *still) Unwrap() method.Method { return m.Method }

// Sample copies one of the groups.
func (m *still) Sample(w *method.Worker, dst []method.Sample, c face.Clip, d method.Draw) error {
	if m.live.Load() {
		return m.Method.Sample(w, dst, c, d)
	}
	group := m.groups[d.Rand.IntN(len(m.groups))]
	for view := range dst {
		from := group.At(view)
		copy(dst[view].Images, from.Images)
		copy(dst[view].Extra, from.Extra)
		copy(dst[view].Map, from.Map)
		dst[view].Label = from.Label
	}
	return nil
}
