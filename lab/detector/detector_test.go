package detector

import (
	"context"
	"errors"
	"fmt"
	"image"
	"maps"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/accel/graphs"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// untrained is a detector of random weights with a network of a moment: four cells, two types, 32 pixels.
func untrained(t testing.TB, change func(*spec.Spec)) *Detector {
	t.Helper()
	backend := acceltest.ForTest(t)
	s := spec.Default()
	s.Discrepancy.Rows, s.Discrepancy.Cols = 2, 2
	s.Encoder.Size, s.Encoder.Hidden, s.Encoder.Dim = 32, 8, 8
	change(&s)
	m, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	weights := model.NewStore()
	network, err := method.NewNetwork(backend, weights, m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(network.Finalize)
	if err := declare(backend, m, weights); err != nil {
		t.Fatal(err)
	}
	d := New(env.New(t.TempDir()), s, m, weights, network)
	t.Cleanup(func() { d.Close() })
	d.Record.Score = m.Scores()[0]
	return d
}

// drawn are drawn faces.
func drawn(t testing.TB, n int) source.Clips {
	t.Helper()
	set, _ := synthetic.Sets(1)
	var faces []face.Face
	for _, it := range set.Items[:n] {
		f, err := datasets.Load(it)
		if err != nil {
			t.Fatal(err)
		}
		faces = append(faces, f)
	}
	return source.Stills(faces)
}

// Every face gets the rows of its own samples, wherever they lie in the passes, to the bit: of all samples, of the few that
// were fitted, and of the face alone.
func TestRead(t *testing.T) {
	d := untrained(t, func(s *spec.Spec) { s.Score.Variants = 3 })
	const n = 40 // 40 · 9 samples do not fill their passes
	clips := drawn(t, n)
	all, err := d.All(t.Context(), clips, method.AllScores)
	if err != nil {
		t.Fatal(err)
	}
	scores := make([]float64, n)
	for i, rows := range all {
		scores[i] = d.Score("cosine", rows)
	}
	for _, i := range []int{0, 7, 33, n - 1} {
		alone, err := d.Rows(t.Context(), "figure", clips[i])
		if err != nil {
			t.Fatal(err)
		}
		if len(alone) != 9 || !reflect.DeepEqual(alone, all[i]) {
			t.Errorf("face %d: %d rows alone, %d among others, or others", i, len(alone), len(all[i]))
		}
	}
	fitter := d.Method.(method.Fitter)
	if d.Fit, err = fitter.Fit(method.Fit{Score: "cosine"}, all, nil); err != nil {
		t.Fatal(err)
	}
	read := func(score string) [][]method.Row {
		t.Helper()
		rows, err := d.All(t.Context(), clips, score)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	few, plain, full := read("cosine"), read("onepass"), read(method.AllScores)
	for i, rows := range few {
		if len(rows) != 4 || len(plain[i]) != 1 || len(full[i]) != 9 {
			t.Fatalf("%d, %d and %d samples of a face, want 4, 1 and 9", len(rows), len(plain[i]), len(full[i]))
		}
		if !reflect.DeepEqual(plain[i][0], all[i][0]) || !reflect.DeepEqual(rows[0], all[i][0]) {
			t.Errorf("face %d: its plain rows differ", i)
		}
		for j, k := range d.Fit.Values["few/variants"] {
			if !reflect.DeepEqual(rows[1+j], all[i][1+int(k)]) {
				t.Errorf("face %d: few sample %d is not variant %v", i, j, k)
			}
		}
		if got, again := d.Score("cosine", rows), d.Score("cosine", full[i]); got != again || math.IsNaN(got) {
			t.Errorf("the few give face %d %v, all samples of it %v", i, got, again)
		}
		if !math.IsNaN(d.Score("norm", rows)) || math.IsNaN(d.Score("onepass", rows)) {
			t.Errorf("of few samples only the score that they were fitted for and onepass can be made: %v, %v", d.Score("norm", rows), d.Score("onepass", rows))
		}
	}
	// What was fitted explains most of the scores.
	var rest, spread, mean float64
	for i, s := range scores {
		mean += s / n
		rest += math.Pow(s-d.Score("cosine", few[i]), 2)
	}
	for _, s := range scores {
		spread += math.Pow(s-mean, 2)
	}
	if share := 1 - rest/spread; share < 0.5 {
		t.Errorf("few variants explain %v of the scores", share)
	}
}

// Faces that many goroutines score one by one get the scores that they get together, to the bit, whoever shares their passes.
func TestManyCallers(t *testing.T) {
	d := untrained(t, func(*spec.Spec) {})
	const n = 48
	clips := drawn(t, n)
	together, err := d.All(t.Context(), clips, d.Record.Score)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for caller := range 8 {
		wait.Go(func() {
			for i := caller; i < n; i += 8 {
				r, err := d.Face(t.Context(), clips[i].Frames[0])
				if want := d.Score(d.Record.Score, together[i]); err != nil || !r.Found || r.Score != want {
					t.Errorf("face %d: %v (%v), want %v", i, r.Score, err, want)
				}
			}
		})
	}
	wait.Wait()
}

// A caller whose context ends returns at once, and the others go on; a closed detector refuses.
func TestCallersEnd(t *testing.T) {
	d := untrained(t, func(*spec.Spec) {})
	clips := drawn(t, 2)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := d.Clip(ctx, clips[0]); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := d.Clip(t.Context(), clips[1]); err != nil {
		t.Error(err)
	}
	bad := clips[0]
	bad.Frames = []face.Face{{Image: bad.Frames[0].Image}}
	if _, err := d.Clip(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "landmarks") {
		t.Errorf("a face without landmarks: %v", err)
	}
	if _, err := d.Clip(t.Context(), clips[1]); err != nil {
		t.Errorf("after a bad face: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Clip(t.Context(), clips[1]); !errors.Is(err, errClosed) {
		t.Errorf("closed: %v", err)
	}
}

// A picture without a face is no error and has no score; one with a face has.
func TestImage(t *testing.T) {
	d := untrained(t, func(*spec.Spec) {})
	r, err := d.Image(t.Context(), image.NewRGBA(image.Rect(0, 0, 200, 200)))
	if err != nil || r.Found || !math.IsNaN(r.Score) {
		t.Errorf("a black picture: %+v, %v", r, err)
	}
}

// What explains a face is its method's map, with the score that it has without one.
func TestExplain(t *testing.T) {
	d := untrained(t, func(*spec.Spec) {})
	clips := drawn(t, 1)
	want, err := d.Clip(t.Context(), clips[0])
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Explain(t.Context(), clips[0])
	if err != nil {
		t.Fatal(err)
	}
	if r.Score != want.Score || r.Map == nil || len(r.Map.Regions) != 4 || len(r.Map.Values) != 4 || len(r.Similarities) != 8 {
		t.Errorf("score %v, want %v; map %+v; %d similarities", r.Score, want.Score, r.Map, len(r.Similarities))
	}
	for i, v := range r.Map.Values {
		if mean := (r.Similarities[i] + r.Similarities[4+i]) / 2; math.Abs(v-mean) > 1e-12 {
			t.Errorf("region %d has %v, the mean of its types is %v", i, v, mean)
		}
	}
}

// broken is a method whose network cannot be built.
type broken struct{ method.Method }

func (broken) Outputs(_ *model.Scope, in method.Inputs) []*Node {
	return []*Node{Reshape(in.Images, 7)}
}

// A network that cannot be built is an error, with the stack of where GoMLX gave up.
func TestDeclareRefuses(t *testing.T) {
	d := untrained(t, func(*spec.Spec) {})
	err := declare(acceltest.PureGo(t), broken{d.Method}, model.NewStore())
	panicked, ok := errors.AsType[*graphs.PanicError](err)
	if !ok || !strings.Contains(err.Error(), "cannot build the network") || !strings.Contains(string(panicked.Stack), "broken.Outputs") {
		t.Errorf("error %v, want one that has the stack", err)
	}
}

// A folder that is no detector says what it lacks.
func TestOpenNone(t *testing.T) {
	if _, err := Open(t.Context(), t.TempDir(), nil); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), store.WeightsFile) {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := OpenFS(t.Context(), fstest.MapFS{store.SpecFile: {}, store.WeightsFile: {}}, nil); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), store.RecordFile) {
		t.Errorf("a folder without a record: %v", err)
	}
}

// What was fitted lies beside the weights, and does not get into the network that another run adopts.
func TestFitIsKept(t *testing.T) {
	d := untrained(t, func(*spec.Spec) {})
	dir := t.TempDir()
	read := func() safetensors.File {
		t.Helper()
		if err := d.Save(dir); err != nil {
			t.Fatal(err)
		}
		file, err := safetensors.Read(filepath.Join(dir, store.WeightsFile))
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	bare := len(read().Tensors)
	d.Fit = method.Fit{Score: "calibrated", Values: map[string][]float64{
		"calibration/mean": {0.5, -1}, "calibration/spread": {0.25, 2}, "few/variants": {5, 0, 2}, "few/weights": {1, 0.5, -2, 0.25, 4},
	}}
	file := read()
	if again := TakeFit(&file, "calibrated"); !reflect.DeepEqual(again, d.Fit) {
		t.Errorf("got %+v, want %+v", again, d.Fit)
	}
	if len(file.Tensors) != bare {
		t.Errorf("%d tensors are left, want the %d of the network", len(file.Tensors), bare)
	}
	d.Fit = method.Fit{}
	file = read()
	if again := TakeFit(&file, ""); again.Values != nil || len(file.Tensors) != bare {
		t.Errorf("without a fit: %+v", again)
	}
}

// BenchmarkFace compares faces that eight goroutines score one by one with faces that are scored together.
func BenchmarkFace(b *testing.B) {
	d := untrained(b, func(s *spec.Spec) { s.Encoder.Size = 64 })
	const n = 256
	clips := drawn(b, n)
	if _, err := d.All(b.Context(), clips, d.Record.Score); err != nil {
		b.Fatal(err)
	}
	b.Run("together", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.All(b.Context(), clips, d.Record.Score); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("eight callers", func(b *testing.B) {
		for b.Loop() {
			var wait sync.WaitGroup
			var next atomic.Int64
			for range 8 {
				wait.Go(func() {
					for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
						if _, err := d.Clip(b.Context(), clips[i]); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wait.Wait()
		}
	})
}

// Of the variables of a loss a detector has those that its network has too; the others were for training.
func TestForget(t *testing.T) {
	weights := model.NewStore()
	if _, err := weights.CreateVariable("/net/loss/centres", tensors.FromScalar(float32(1))); err != nil {
		t.Fatal(err)
	}
	file := safetensors.File{Tensors: map[string]safetensors.Tensor{"/net/loss/centres": {}, "/net/loss/doubt": {}, "/net/lossless/x": {}, "/net/head/x": {}}}
	forget(&file, weights)
	if got, want := slices.Sorted(maps.Keys(file.Tensors)), []string{"/net/head/x", "/net/loss/centres", "/net/lossless/x"}; !slices.Equal(got, want) {
		t.Errorf("left %q, want %q", got, want)
	}
}

// named is a source whose clips have names.
type named struct {
	source.Clips
	name func(i int) string
}

func (n named) Info(i int) source.Info { return source.Info{ID: n.name(i)} }

// The draws of a test are those of the picture's pixels: under another name and at another place it has the same rows and the
// same score, to the bit, however it gets there.
func TestDrawsGoByPixels(t *testing.T) {
	d := untrained(t, func(s *spec.Spec) { s.Score.Flip = true })
	const n = 5
	clips := drawn(t, n)
	first, err := d.All(t.Context(), named{clips, func(i int) string { return fmt.Sprint("a", i) }}, method.AllScores)
	if err != nil {
		t.Fatal(err)
	}
	// Each once more, backwards, in memory of its own, under the name of another.
	backwards := make(source.Clips, n)
	for i, c := range clips {
		f := c.Frames[0]
		wide := image.NewRGBA(image.Rect(-3, -2, f.Image.Rect.Dx()+7, f.Image.Rect.Dy()))
		part := wide.SubImage(f.Image.Rect).(*image.RGBA)
		for y := range f.Image.Rect.Dy() {
			copy(part.Pix[y*part.Stride:][:4*f.Image.Rect.Dx()], f.Image.Pix[y*f.Image.Stride:])
		}
		f.Image = part
		backwards[n-1-i] = face.Still(f)
	}
	again, err := d.All(t.Context(), named{backwards, func(i int) string { return fmt.Sprint("a", i) }}, method.AllScores)
	if err != nil {
		t.Fatal(err)
	}
	w := method.NewWorker(d.Method.Layout())
	for i, c := range clips {
		if !reflect.DeepEqual(first[i], again[n-1-i]) {
			t.Errorf("face %d has other rows at another place under another name", i)
		}
		want := d.Score(d.Record.Score, first[i])
		r, err := d.Clip(t.Context(), c)
		if err != nil || r.Score != want {
			t.Errorf("clip %d: %v (%v), want %v", i, r.Score, err, want)
		}
		if r, err = d.Face(t.Context(), backwards[n-1-i].Frames[0]); err != nil || r.Score != want {
			t.Errorf("face %d: %v (%v), want %v", i, r.Score, err, want)
		}
		if r, err = d.Explain(t.Context(), c); err != nil || r.Score != want {
			t.Errorf("face %d explained: %v (%v), want %v", i, r.Score, err, want)
		}
		samples := &method.Samples{Layout: d.Method.Layout()}
		if err := d.Method.Probe(w, samples, method.AllScores, d.Fit, c, face.Clip{Frames: c.Frames}.Digest()); err != nil {
			t.Fatal(err)
		}
		rows, err := d.Network.Rows(t.Context(), samples)
		if err != nil || !reflect.DeepEqual(rows, first[i]) {
			t.Errorf("face %d: its rows are not those of its digest (%v)", i, err)
		}
	}
}
