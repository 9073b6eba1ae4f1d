package method

import (
	"image"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
)

// tiny is a spec whose network is built in a moment: four cells, two types, 32 pixels.
func tiny() spec.Spec {
	s := spec.Default()
	s.Discrepancy.Rows, s.Discrepancy.Cols = 2, 2
	s.Encoder.Size, s.Encoder.Hidden, s.Encoder.Dim = 32, 8, 8
	return s
}

func newTestSeeABLE(t testing.TB, s spec.Spec) *SeeABLE {
	t.Helper()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	m, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*SeeABLE)
}

func newTestSBI(t testing.TB, s spec.Spec) *SBI {
	t.Helper()
	s.Method = "sbi"
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	m, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*SBI)
}

// people are drawn faces of 256 × 256 pixels with exact landmarks.
var people = sync.OnceValues(func() ([]face.Face, error) {
	set, _ := synthetic.Sets(1)
	var faces []face.Face
	for i := range 4 {
		f, err := datasets.Load(set.Items[5*i])
		if err != nil {
			return nil, err
		}
		faces = append(faces, f)
	}
	return faces, nil
})

func person(t testing.TB, i int) face.Face {
	t.Helper()
	faces, err := people()
	if err != nil {
		t.Fatal(err)
	}
	return faces[i]
}

func TestNew(t *testing.T) {
	for _, info := range spec.Methods() {
		name := info.Name
		s := tiny()
		s.Method = name
		m, err := New(s)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[string]int{"seeable": 8, "sbi": 2}[name]; m.(Classifier).Classes() != want {
			t.Errorf("%s: %d classes, want %d", name, m.(Classifier).Classes(), want)
		}
		// The spec knows the scores of both methods, and auto.
		for _, score := range m.Scores() {
			s.Score.Name = score
			if err := s.Validate(); err != nil {
				t.Errorf("%s scores %q: %v", name, score, err)
			}
		}
	}
	for what, spoil := range map[string]func(*spec.Spec){
		"ensemble":  func(s *spec.Spec) { s.Method = "ensemble" },
		"loss":      func(s *spec.Spec) { s.Loss.Name = "hinge" },
		"distance":  func(s *spec.Spec) { s.Loss.Distance = "euclid" },
		"regions":   func(s *spec.Spec) { s.Discrepancy.Regions = "hexagons" },
		"dimension": func(s *spec.Spec) { s.Encoder.Dim = 3 },
	} {
		s := tiny()
		spoil(&s)
		if m, err := New(s); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: got %v, error %v", what, m, err)
		}
	}
}

// probe are the images that a score needs of a face.
func probe(t testing.TB, m Method, score string, fit Fit, f face.Face, id string) ([]uint8, error) {
	t.Helper()
	s := &Samples{Layout: m.Layout()}
	err := m.Probe(NewWorker(m.Layout()), s, score, fit, face.Still(f), id)
	return s.Images, err
}

// checked is a held-out image of a face and its label.
func checked(t testing.TB, m Method, f face.Face, rng *rand.Rand) ([]uint8, int) {
	t.Helper()
	s := NewSamples(m.Layout(), 1).At(0)
	if err := m.Check(NewWorker(m.Layout()), &s, face.Still(f), rng); err != nil {
		t.Fatal(err)
	}
	return s.Images, int(s.Label)
}

// rowsOf are rows with one tensor of outputs.
func rowsOf(outputs [][]float32) []Row {
	var rows []Row
	for _, o := range outputs {
		rows = append(rows, Row{o})
	}
	return rows
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.9g, want %.9g", what, got, want)
	}
}

// A map whose small values are the suspicious ones is turned over; where it says nothing, there is nothing.
func TestSuspicion(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 3, 1))
	m := Map{Image: picture, Regions: []region.Mask{{Rect: image.Rect(1, 0, 3, 1), Weight: []float32{1, 0.5}}}, Values: []float64{0.25}}
	if got := m.Suspicion(); !math.IsNaN(got[0]) || got[1] != 0.25 || got[2] != 0.25 {
		t.Errorf("%v, want NaN 0.25 0.25", got)
	}
	m.Falling = true
	if got := m.Suspicion(); !math.IsNaN(got[0]) || got[1] != -0.25 {
		t.Errorf("falling: %v, want NaN -0.25 -0.25", got)
	}
	square := Map{Image: picture, Side: 1, Values: []float64{2}}
	if got := square.Suspicion(); !slices.Equal(got, []float64{2, 2, 2}) {
		t.Errorf("a square: %v", got)
	}
}
