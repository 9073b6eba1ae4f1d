package heatmap

import (
	"image"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/detector/detectortest"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/localise"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
)

// blind is a method without maps, with one score of nothing.
type blind struct{ method.Method }

func (blind) Layout() method.Layout { return method.Layout{Side: 1} }
func (blind) Scores() []string      { return []string{"first"} }

func (blind) Probe(_ *method.Worker, dst *method.Samples, _ string, _ method.Fit, _ face.Clip, _ string) error {
	dst.Images = append(dst.Images, 0, 0, 0)
	return nil
}

func (blind) Outputs(_ *model.Scope, in method.Inputs) []*Node {
	return []*Node{ReduceMean(ConvertDType(in.Images, dtypes.Float32), 1, 2)}
}

// pointer is a method whose map is brighter towards the middle of the face's picture, of which it shows the inner part alone.
type pointer struct{ blind }

func (pointer) Explain(c face.Clip, _ []method.Row, _ method.Fit) (method.Map, error) {
	f := c.Frames[0]
	cropped, err := face.Crop(f, f.Image.Rect.Inset(f.Image.Rect.Dx()/10), 40)
	if err != nil {
		return method.Map{}, err
	}
	values := make([]float64, 25)
	for i := range values {
		values[i] = math.Hypot(float64(i%5)-2, float64(i/5)-2)
	}
	return method.Map{Label: "distance", Image: cropped.Image, Marks: cropped.Landmarks, Side: 5, Values: values, High: 3, Falling: true}, nil
}

// The maps are measured on one self-blended image of each person who reports, in the picture that the map is of; what was measured
// before is replaced, and kept where the held-out people are not at hand. A method without maps has no figures.
func TestMeasure(t *testing.T) {
	s := spec.Default()
	s.Encoder.Size = 32
	e, d, held := detectortest.HeldOut(t, s, blind{})
	d.Record.Score = "first"
	record := &store.Record{Localisation: []store.Localisation{{On: store.PseudoFakes}, {On: "gone"}}}
	if maps, err := Measure(t.Context(), e, d, record, held, nil); err != nil || maps != nil || len(record.Localisation) > 0 {
		t.Fatalf("without maps: %+v, %v", record.Localisation, err)
	}
	d.Method = pointer{}
	maps, err := Measure(t.Context(), e, d, record, held, nil)
	if err != nil || len(record.Localisation) != 1 {
		t.Fatalf("%+v, %v", record.Localisation, err)
	}
	got := record.Localisation[0]

	choosing, reporting := prepare.Halves(held, s)
	pseudo, err := method.NewPseudo(s, pointer{}, "selfblend")
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := maskedPseudo(d, record, held)
	if err != nil {
		t.Fatal(err)
	}
	people := map[string]bool{}
	for _, i := range reporting {
		people[held.Item(i).Identity] = true
	}
	for _, i := range choosing {
		if people[held.Item(i).Identity] {
			t.Fatalf("%s chooses and reports", held.Item(i).Identity)
		}
	}
	auc, best, worst := map[string]float64{}, datasets.Item{}, datasets.Item{}
	for _, it := range drawn.items {
		i := slices.IndexFunc(reporting, func(i int) bool { return held.Item(i).File == it.File })
		if i < 0 || auc[it.Identity] != 0 {
			t.Fatalf("%s is no face of those who report, or the second of its person", it.ID())
		}
		i = reporting[i]
		c, err := held.Clip(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		f, blend, err := pseudo.SelfBlended(method.NewWorker(d.Method.Layout()), c.Frames[0], stream.New(s.Seed, "localise", c.Digest()))
		if err != nil {
			t.Fatal(err)
		}
		m, err := pointer{}.Explain(face.Still(f), nil, method.Fit{})
		if err != nil {
			t.Fatal(err)
		}
		mask, err := localise.OfBlend(blend, f.Image.Rect).Moved(f.Landmarks, m.Marks, 40, 40)
		if err != nil {
			t.Fatal(err)
		}
		of, err := localise.NewCase(it.ID(), it.Identity, m.Suspicion(), mask, m.Marks)
		if err != nil {
			t.Fatal(err)
		}
		auc[it.Identity] = of.AUC
		if best.File == "" || of.AUC > auc[best.Identity] {
			best = it
		}
		if worst.File == "" || of.AUC < auc[worst.Identity] {
			worst = it
		}
	}
	mean := 0.
	for _, a := range auc {
		mean += a / float64(len(auc))
	}
	if len(auc) != len(people) || got.Best != best.ID() || got.Worst != worst.ID() {
		t.Errorf("%d faces of %d people; best %s, worst %s, want %s and %s", len(auc), len(people), got.Best, got.Worst, best.ID(), worst.ID())
	}
	if got.On != store.PseudoFakes || got.Method != "selfblend" || got.Images != len(auc) || got.People != len(auc) || len(auc) < 10 {
		t.Errorf("%+v, want %d people", got, len(auc))
	}
	if math.Abs(got.AUC.Value-mean) > 1e-9 || mean < 0.7 || !(*got.AUC.Low < mean && *got.AUC.High > mean && *got.AUC.High <= 1) || got.Rival == nil {
		t.Errorf("%+v, want a pixel AUC of %v", got, mean)
	}
	if len(maps) != 2 || maps[0].Image.Rect != image.Rect(0, 0, 40, 40) || len(maps[0].Inside) != 1600 || slices.ContainsFunc(maps[0].Image.Pix, func(v uint8) bool { return v != 255 }) {
		t.Errorf("%d pictures; want the best and the worst, on white", len(maps))
	}
	if again, err := Measure(t.Context(), e, d, record, nil, nil); err != nil || again != nil || len(record.Localisation) != 1 || record.Localisation[0].Best != got.Best {
		t.Errorf("without held-out people: %+v, %v; want what was there", record.Localisation, err)
	}
}
