// Package methodtest checks that a method keeps the contract of package method, as testing/fstest does for file systems. It
// takes a few seconds at 32 pixels, and is for the tests of whoever writes a method:
//
//	func TestMine(t *testing.T) {
//		s := spec.Default()
//		s.Method = "mine"
//		methodtest.Run(t, s, methodtest.Options{})
//	}
package methodtest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/source/donor"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
	"github.com/seeable-lab/seeable/lab/train"
)

// Options say what cannot be read off a method.
type Options struct {
	// Steps are how many the method is trained before its score has to tell its pseudo-fakes from real faces; 0 is 150, and
	// less than 0 leaves that check out.
	Steps int
	// Clips replace the drawn faces that are used otherwise: of those who want several frames, or labelled fakes.
	Clips source.Clips
}

// harness is a method under test.
type harness struct {
	spec    spec.Spec
	method  method.Method
	layout  method.Layout
	clips   source.Clips // as they are read
	kept    source.Clips // as training has them
	donors  *donor.Pool  // of kept
	backend compute.Backend
}

// Run checks the method of s: that samples are functions of their draws and leave clips as they are, that rows do not depend
// on each other, that the loss has the gradient that differences give, that a run that was interrupted ends with the same
// bytes, that scores are larger for pseudo-fakes after a little training, that maps are within their range, and that what it
// cannot take is an error. Sizes in s are made small; all else is taken as it is. With -short nothing is trained.
func Run(t *testing.T, s spec.Spec, o Options) {
	t.Helper()
	if s.Encoder.Size > 100 || s.Encoder.Size == spec.Default().Encoder.Size {
		s.Encoder.Size = 32
	}
	s.Encoder.Hidden = min(s.Encoder.Hidden, 32)
	s.Train.Batch = min(s.Train.Batch, 16) / s.Train.Views * s.Train.Views
	s.Train.Validate, s.Train.WarmUp, s.Train.Steps = 1, 0, 4
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	m, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{spec: s, method: m, layout: m.Layout(), clips: o.Clips, backend: acceltest.ForTest(t)}
	if h.clips == nil {
		h.clips = drawn(t)
	}
	if again := m.Layout(); again != h.layout {
		t.Fatalf("two layouts: %+v and %+v", h.layout, again)
	}
	for i, c := range h.clips {
		kept, err := m.Keep(c)
		if err != nil {
			t.Fatalf("clip %d: Keep: %v", i, err)
		}
		if kept.Fake != c.Fake || len(kept.Frames) != len(c.Frames) {
			t.Fatalf("clip %d: Keep changed its label or its number of frames", i)
		}
		h.kept = append(h.kept, kept)
	}
	h.donors = donor.New(h.kept)
	t.Run("samples", h.samples)
	t.Run("refusals", h.refusals)
	t.Run("rows", h.rows)
	t.Run("gradient", h.gradient)
	if testing.Short() {
		return // compiling the networks takes the time
	}
	t.Run("resume", h.resume)
	if o.Steps >= 0 {
		t.Run("score", func(t *testing.T) { h.score(t, cmp.Or(o.Steps, 150)) })
	}
}

// drawn are faces drawn by code.
func drawn(t *testing.T) source.Clips {
	t.Helper()
	set, _ := synthetic.Sets(1)
	var clips source.Clips
	for i := range 64 {
		item := set.Items[3*i]
		f, err := datasets.Load(item)
		if err != nil {
			t.Fatal(err)
		}
		c := face.Still(f)
		c.Person = item.Identity
		clips = append(clips, c)
	}
	return clips
}

// worker makes samples with all clips as donors.
func (h *harness) worker() *method.Worker {
	w := method.NewWorker(h.layout)
	w.Donors = h.donors
	return w
}

// pixels are all pixels of a clip.
func pixels(c face.Clip) []byte {
	var all []byte
	for _, f := range c.Frames {
		all = append(all, f.Image.Pix...)
	}
	return all
}

// sample makes the samples of a clip.
func (h *harness) sample(w *method.Worker, i int, seed uint64) (*method.Samples, error) {
	made, dst := method.NewSamples(h.layout, h.layout.Group()), make([]method.Sample, h.layout.Group())
	for view := range dst {
		dst[view] = made.At(view)
	}
	d := method.Draw{Rand: stream.New(seed, "methodtest", i), Strength: 1, Share: 0.5, Pool: h.kept}
	err := h.method.Sample(w, dst, h.kept[i], d)
	for view := range dst {
		made.Labels[view] = dst[view].Label
	}
	return made, err
}

func same(a, b *method.Samples) bool {
	return bytes.Equal(a.Images, b.Images) && bytes.Equal(a.Extra, b.Extra) && bytes.Equal(a.Map, b.Map) && slices.Equal(a.Labels, b.Labels)
}

func (h *harness) samples(t *testing.T) {
	used := h.worker()
	classifier, classifies := method.As[method.Classifier](h.method)
	differ := false
	for i := range 8 {
		before := pixels(h.kept[i])
		first, err := h.sample(h.worker(), i, 1)
		if err != nil {
			t.Fatalf("clip %d: Sample: %v", i, err)
		}
		again, err := h.sample(used, i, 1)
		if err != nil {
			t.Fatalf("clip %d: Sample: %v", i, err)
		}
		if !same(first, again) {
			t.Errorf("clip %d: samples depend on what their worker made before", i)
		}
		other, err := h.sample(used, i, 2)
		if err != nil {
			t.Fatalf("clip %d: Sample: %v", i, err)
		}
		differ = differ || !same(first, other)
		if !bytes.Equal(pixels(h.kept[i]), before) {
			t.Errorf("clip %d: Sample wrote to its pixels", i)
		}
		for _, label := range first.Labels {
			if classifies && (label < 0 || int(label) >= classifier.Classes()) {
				t.Errorf("clip %d: label %d of %d classes", i, label, classifier.Classes())
			}
		}
		for _, score := range append(h.method.Scores(), method.AllScores) {
			probe := func(w *method.Worker, id string) *method.Samples {
				s := &method.Samples{Layout: h.layout}
				if err := h.method.Probe(w, s, score, method.Fit{}, h.clips[i], id); err != nil {
					t.Fatalf("clip %d: Probe for %q: %v", i, score, err)
				}
				return s
			}
			if a := probe(h.worker(), "a"); a.Len() == 0 || !same(a, probe(used, "a")) {
				t.Errorf("clip %d: Probe for %q makes no samples, or others on a used worker", i, score)
			}
		}
	}
	if !differ {
		t.Error("samples do not depend on their draws")
	}
}

// refusals has clips come in that nobody can use.
func (h *harness) refusals(t *testing.T) {
	whole := h.clips[0]
	bare := whole.Frames[0]
	bare.Landmarks = nil
	for what, c := range map[string]face.Clip{
		"no frames":    {},
		"no landmarks": {Frames: slices.Repeat([]face.Face{bare}, h.layout.Count())},
		"too few":      {Frames: whole.Frames[:h.layout.Count()-1]},
	} {
		for name, call := range map[string]func(w *method.Worker) error{
			"Keep": func(*method.Worker) error { _, err := h.method.Keep(c); return err },
			"Sample": func(w *method.Worker) error {
				dst := []method.Sample{method.NewSamples(h.layout, 1).At(0)}
				return h.method.Sample(w, dst, c, method.Draw{Rand: stream.New(1), Strength: 1, Pool: h.kept})
			},
			"Check": func(w *method.Worker) error {
				dst := method.NewSamples(h.layout, 1).At(0)
				return h.method.Check(w, &dst, c, stream.New(1))
			},
			"Probe": func(w *method.Worker) error {
				return h.method.Probe(w, &method.Samples{Layout: h.layout}, method.AllScores, method.Fit{}, c, "id")
			},
		} {
			err := func() (err error) {
				defer func() {
					if p := recover(); p != nil {
						err = nil
						t.Errorf("%s panics on a clip with %s: %v", name, what, p)
					}
				}()
				if err = call(h.worker()); err == nil {
					t.Errorf("%s takes a clip with %s without an error", name, what)
				}
				return err
			}()
			_ = err
		}
	}
}

// noise are samples of random pixels.
func (h *harness) noise(n int) *method.Samples {
	s := method.NewSamples(h.layout, n)
	rng := stream.New(3, "noise")
	for _, all := range [][]uint8{s.Images, s.Extra, s.Map} {
		for i := range all {
			all[i] = uint8(rng.Uint32())
		}
	}
	return s
}

// rows has each row of a pass be that of its sample alone.
func (h *harness) rows(t *testing.T) {
	weights := model.NewStore()
	weights.RootScope().SetParam(encoder.SeedParam, uint64(1))
	network, err := method.NewNetwork(h.backend, weights, h.method)
	if err != nil {
		t.Fatal(err)
	}
	defer network.Finalize()
	const n = 5
	samples := h.noise(n)
	together, err := network.Rows(t.Context(), samples)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	for i := range n {
		alone, err := network.Rows(t.Context(), samples.Slice(i, i+1))
		if err != nil {
			t.Fatal(err)
		}
		for j, want := range alone[0] {
			for k, v := range want {
				if math.Abs(float64(v-together[i][j][k])) > 1e-4*(1+math.Abs(float64(v))) || math.IsNaN(float64(v)) {
					t.Fatalf("output %d, value %d of sample %d is %v alone and %v among others", j, k, i, v, together[i][j][k])
				}
			}
		}
		if i > 0 && reflect.DeepEqual(together[i], together[0]) {
			t.Errorf("samples 0 and %d have the same rows", i)
		}
	}
}

// gradient compares that of the loss, by what the loss sees, with differences along random directions.
func (h *harness) gradient(t *testing.T) {
	store := model.NewStore()
	store.RootScope().SetParam(encoder.SeedParam, uint64(1))
	rows := h.layout.Arity()
	batch := h.noise(h.spec.Train.Batch)
	var clip int
	for at := 0; at < batch.Len(); clip++ {
		made, err := h.sample(h.worker(), clip%len(h.kept), 1)
		if err != nil {
			t.Fatal(err)
		}
		for view := 0; view < made.Len() && at < batch.Len(); view++ {
			from, to := made.At(view), batch.At(at)
			copy(to.Images, from.Images)
			copy(to.Extra, from.Extra)
			copy(to.Map, from.Map)
			batch.Labels[at] = made.Labels[view]
			at++
		}
	}
	const epsilon = 1e-3
	exec, err := model.NewExec(h.backend, store, func(_ *model.Scope, inputs []*Node) []*Node {
		g := inputs[0].Graph()
		store.SetTraining(g, true)
		in := h.layout.Inputs(inputs[:rows], Scalar(g, inputs[rows].DType(), 0.5))
		out := h.method.Forward(store.Scope("/net"), in)
		for i := range out {
			out[i] = Identity(StopGradient(out[i]))
		}
		at := func(step float64) *Node {
			moved := make([]*Node, len(out))
			for i, x := range out {
				moved[i] = Add(x, MulScalar(direction(x), step))
			}
			return method.Total(h.method.Loss(store.Scope("/net").In("loss"), moved, in))
		}
		inner := inputs[rows]
		for i, slope := range Gradient(method.Total(h.method.Loss(store.Scope("/net").In("loss"), out, in)), out...) {
			inner = Add(inner, ConvertDType(ReduceAllSum(Mul(slope, direction(out[i]))), inner.DType()))
		}
		return []*Node{inner, DivScalar(Sub(at(epsilon), at(-epsilon)), 2*epsilon), at(0)}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	var args []any
	for _, x := range batch.Tensors() {
		args = append(args, x)
	}
	out, err := exec.Exec(append(args, float64(0))...)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	slope, difference := tensors.ToScalar[float64](out[0]), float64(tensors.ToScalar[float32](out[1]))
	loss := float64(tensors.ToScalar[float32](out[2]))
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		t.Fatalf("the loss of a batch is %v", loss)
	}
	// Differences of float32 losses are exact to about 1e-7 of the loss over the step.
	if tolerance := 0.02*math.Abs(difference) + 1e-6*(1+math.Abs(loss))/epsilon; math.Abs(slope-difference) > tolerance {
		t.Errorf("along a random direction the loss rises by %v, and its gradient says %v", difference, slope)
	}
}

// direction is a fixed pseudo-random direction in the shape of x, with values in [−1, 1].
func direction(x *Node) *Node {
	g := x.Graph()
	flat := IotaFull(g, x.Shape())
	return Sin(AddScalar(MulScalar(flat, 12.9898), 0.5))
}

// network trains the method; ends are the steps after which the training is interrupted.
func (h *harness) train(ctx context.Context, s spec.Spec, ends ...int) (*model.Store, safetensors.File, error) {
	var file safetensors.File
	done := 0
	store := model.NewStore()
	for _, end := range append(ends, s.Train.Steps) {
		store = model.NewStore()
		store.RootScope().SetParam(encoder.SeedParam, s.Seed)
		if done > 0 {
			if err := train.RestoreState(store, file); err != nil {
				return nil, file, err
			}
		}
		ctx, stop := context.WithCancel(ctx)
		err := train.Run(ctx, s, h.method, store, h.kept[8:], h.kept[:8], train.Options{
			Backend: h.backend, Done: done,
			Report: func(p train.Progress) {
				if p.Step == end && end < s.Train.Steps {
					stop()
				}
			},
		})
		if end < s.Train.Steps && errors.Is(err, context.Canceled) {
			err = nil
		}
		stop()
		if err == nil {
			file, err = train.State(store)
		}
		if err != nil {
			return nil, file, err
		}
		done = end
	}
	return store, file, nil
}

// resume has an interrupted training end with the bytes of one that was not.
func (h *harness) resume(t *testing.T) {
	_, want, err := h.train(t.Context(), h.spec)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	_, got, err := h.train(t.Context(), h.spec, 1, 3)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	if len(got.Tensors) != len(want.Tensors) {
		t.Errorf("%d variables after a resume, want %d", len(got.Tensors), len(want.Tensors))
	}
	for path, w := range want.Tensors {
		if !slices.Equal(got.Tensors[path].Data, w.Data) {
			t.Errorf("%s is another after a resume", path)
		}
	}
}

// score trains a little and has the scores tell pseudo-fakes from real faces, and maps be within their range.
func (h *harness) score(t *testing.T, steps int) {
	s := h.spec
	s.Train.Steps = steps
	weights, _, err := h.train(t.Context(), s)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	network, err := method.NewNetwork(h.backend, weights, h.method)
	if err != nil {
		t.Fatal(err)
	}
	defer network.Finalize()
	pseudo, err := method.NewPseudo(s, h.method, "own")
	if err != nil {
		t.Fatal(err)
	}
	w := h.worker()
	var sides [2][][]method.Row
	for i, c := range h.kept {
		fake, err := pseudo.Fake(w, c, stream.New(s.Seed, "choose", i))
		if err != nil {
			t.Fatalf("clip %d: Fake: %v", i, err)
		}
		real, err := pseudo.Real(w, c, stream.New(s.Seed, "choose", i))
		if err != nil {
			t.Fatalf("clip %d: Real: %v", i, err)
		}
		for side, c := range []face.Clip{real, fake} {
			samples := &method.Samples{Layout: h.layout}
			if err := h.method.Probe(w, samples, method.AllScores, method.Fit{}, c, fmt.Sprint(i)); err != nil {
				t.Fatalf("clip %d: Probe: %v", i, err)
			}
			rows, err := network.Rows(t.Context(), samples)
			if err != nil {
				t.Fatal(err)
			}
			sides[side] = append(sides[side], rows)
		}
	}
	var fit method.Fit
	if fitter, ok := method.As[method.Fitter](h.method); ok {
		if fit, err = fitter.Fit(fit, sides[0], sides[1]); err != nil {
			t.Fatalf("Fit: %v", err)
		}
		if err := fitter.CheckFit(fit); err != nil {
			t.Errorf("CheckFit refuses what Fit made: %v", err)
		}
	}
	best := 0.0
	for _, name := range h.method.Scores() {
		wins := 0.0
		for _, fake := range sides[1] {
			f := h.method.Score(name, fake, fit)
			if math.IsNaN(f) || math.IsInf(f, 0) {
				t.Fatalf("score %s of a pseudo-fake is %v, though all samples were made", name, f)
			}
			for _, real := range sides[0] {
				switch r := h.method.Score(name, real, fit); {
				case f > r:
					wins++
				case f == r:
					wins += 0.5
				}
			}
		}
		auc := wins / float64(len(sides[0])*len(sides[1]))
		t.Logf("score %s: AUC %.3f on pseudo-fakes after %d steps (drawn faces)", name, auc, steps)
		best = max(best, auc)
	}
	// 64 drawn faces on each side: chance has a standard error of .05.
	if best < 0.6 {
		t.Errorf("after %d steps no score is larger for pseudo-fakes: the best AUC is %.3f; train longer (Options.Steps), or its sign is wrong", steps, best)
	}
	explainer, ok := method.As[method.Explainer](h.method)
	if !ok {
		return
	}
	m, err := explainer.Explain(h.kept[0], sides[0][0], fit)
	if err != nil {
		t.Fatalf("Explain: %v", err)
	}
	if want := max(len(m.Regions), m.Side*m.Side); len(m.Values) != want || want == 0 || len(m.Regions) > 0 && m.Side > 0 {
		t.Errorf("a map of %d values, %d regions and side %d: want a value for each region, or a square of them", len(m.Values), len(m.Regions), m.Side)
	}
	if m.Image == nil || m.Image.Rect == (image.Rectangle{}) || m.Label == "" {
		t.Error("a map without its picture or its label")
	}
	if len(m.Marks) != len(h.kept[0].Frames[0].Landmarks) {
		t.Errorf("a map with %d landmarks: want those of the face in its picture (Marks), by which known masks are laid on it", len(m.Marks))
	}
	for i, v := range m.Values {
		if !(v >= m.Low && v <= m.High) {
			t.Errorf("value %d of a map is %v, outside of its range [%v, %v]", i, v, m.Low, m.High)
		}
	}
}
