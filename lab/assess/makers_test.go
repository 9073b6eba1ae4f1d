package assess

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"golang.org/x/image/draw"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/detector/detectortest"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/run"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// painted is a method whose own pseudo-fakes have a square of its colour, and whose scores are the colours of the middle of a face.
type painted struct {
	method.Method
	spec   spec.Spec
	colour color.RGBA
}

func init() {
	for name, colour := range map[string]color.RGBA{"paints-red": {255, 0, 0, 255}, "paints-blue": {0, 0, 255, 255}} {
		spec.RegisterMethod(spec.MethodInfo{Name: name, Doc: "of a test", Scores: []spec.Choice{{Name: "told", Doc: "nothing"}}})
		method.Register(name, func(s spec.Spec) (method.Method, error) {
			s.Method = spec.Default().Method
			m, err := method.New(s)
			return painted{m, s, colour}, err
		})
	}
}

func (p painted) Fake(w *method.Worker, c face.Clip, rng *rand.Rand) (face.Clip, error) {
	return method.MakePseudo(c, p.spec.Augment, w, rng, func(dst *image.RGBA, f face.Face, rng *rand.Rand) error {
		if _, err := w.Donors.Draw(c, rng); err != nil {
			return err
		}
		copy(dst.Pix, f.Image.Pix)
		if side := rng.IntN(24); side > 0 {
			draw.Draw(dst, image.Rect(0, 0, side, side).Add(middle(dst)), image.NewUniform(p.colour), image.Point{}, draw.Src)
		}
		return nil
	})
}

func middle(img *image.RGBA) image.Point { return img.Rect.Min.Add(img.Rect.Size().Div(2)) }

func (painted) Layout() method.Layout { return method.Layout{Side: 4} }
func (painted) Scores() []string      { return []string{"red", "blue"} }

func (painted) Probe(_ *method.Worker, dst *method.Samples, _ string, _ method.Fit, c face.Clip, _ string) error {
	img := c.Frames[0].Image
	for y := range 4 {
		for x := range 4 {
			at := middle(img).Add(image.Pt(5*x, 5*y))
			p := img.RGBAAt(at.X, at.Y)
			dst.Images = append(dst.Images, p.R, p.G, p.B)
		}
	}
	return nil
}

func (painted) Outputs(_ *model.Scope, in method.Inputs) []*Node {
	return []*Node{ReduceMean(ConvertDType(in.Images, dtypes.Float32), 1, 2)}
}

func (painted) Score(name string, rows []method.Row, _ method.Fit) float64 {
	c := rows[0][0]
	return float64(c[map[string]int{"red": 0, "blue": 2}[name]] - c[1])
}

// specOf is a small spec of a method of the test.
func specOf(name string) spec.Spec {
	s := spec.Default()
	s.Method, s.Name, s.Encoder.Size = name, "small-"+name, 32
	return s
}

// The figures are those of loops over faces; every maker has one column, all of them the same real faces, which a pseudo-fake equals
// where nothing is painted, and neither order nor number of faces changes a picture.
func TestMakers(t *testing.T) {
	common := specOf(spec.Default().Method)
	m, err := method.New(specOf("paints-red"))
	if err != nil {
		t.Fatal(err)
	}
	_, d, held := detectortest.HeldOut(t, common, m)
	_, reporting := prepare.Halves(held, common)
	slower := specOf("paints-red")
	slower.Train.Steps, slower.Augment.JPEGP, slower.Seed = 7, 1, 9 // makes no other pseudo-fakes
	stronger := specOf("paints-red")
	stronger.Discrepancy.Strength = 2
	specs := []spec.Spec{common, specOf("paints-red"), slower, specOf("paints-blue"), stronger}
	p, err := newMaking(common, held, reporting, specs)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, k := range p.makers {
		names = append(names, k.name)
	}
	if !slices.Equal(names, []string{"", "selfblend", "paints-red", "paints-blue", "small-paints-red"}) || p.Len() != 5*len(reporting) {
		t.Fatalf("makers %q, %d clips of %d faces", names, p.Len(), len(reporting))
	}
	for _, score := range []string{"red", "blue"} {
		figures, err := p.judge(t.Context(), d, score, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		var scores []float64
		for i := range p.Len() {
			scores = append(scores, scoreOf(t, p, i, score))
		}
		for k, name := range names[1:] {
			wins := 0.0
			for i := range reporting {
				for j := range reporting {
					real, fake := scores[5*i], scores[5*j+k+1]
					if fake > real {
						wins++
					} else if fake == real {
						wins += 0.5
					}
				}
			}
			f, want := figures[k], wins/float64(len(reporting)*len(reporting))
			if f.On != name+"/none" || math.Abs(f.AUC-want) > 1e-9 || f.NReal != len(reporting) || f.NFake != len(reporting) || f.People != distinct(p.people()) || !(f.Low < f.AUC && f.AUC < f.High) {
				t.Errorf("score %s: %+v, want AUC %.4f of %d faces", score, f, want, len(reporting))
			}
			if own := name == "paints-"+score; own != (want > 0.8) && name != "small-paints-red" {
				t.Errorf("score %s on %s has AUC %.3f: the test tells nothing", score, name, want)
			}
		}
	}

	real, err := p.Clip(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	fake, err := p.Clip(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	a, b := real.Frames[0].Image, fake.Frames[0].Image
	if !bytes.Equal(a.Pix[:a.Stride*8], b.Pix[:b.Stride*8]) || real.Fake || !fake.Fake || p.Info(0).Fake || !p.Info(2).Fake {
		t.Error("a face and a pseudo-fake of it differ above what is painted, or in their labels")
	}
	few, err := newMaking(common, held, []int{reporting[3], reporting[0]}, specs[3:4])
	if err != nil {
		t.Fatal(err)
	}
	for at, same := range map[int]int{3: 0, 4: 1, 5: 3} {
		one, err := few.Clip(t.Context(), at)
		other, err2 := p.Clip(t.Context(), same)
		if err != nil || err2 != nil || !bytes.Equal(one.Frames[0].Image.Pix, other.Frames[0].Image.Pix) {
			t.Errorf("clip %d differs among others: %v, %v", same, err, err2)
		}
	}
}

// scoreOf is a score of a clip, without a network.
func scoreOf(t *testing.T, p *making, i int, score string) float64 {
	c, err := p.Clip(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	sum, at := [3]float64{}, middle(c.Frames[0].Image)
	for j := range 16 {
		q := c.Frames[0].Image.RGBAAt(at.X+5*(j%4), at.Y+5*(j/4))
		sum[0], sum[1], sum[2] = sum[0]+float64(q.R)/16, sum[1]+float64(q.G)/16, sum[2]+float64(q.B)/16
	}
	return float64(float32(sum[map[string]int{"red": 0, "blue": 2}[score]]) - float32(sum[1]))
}

// Nobody is looked at whom one of the runs has seen, and people who report are needed.
func TestMakersOfPeople(t *testing.T) {
	s := specOf("paints-red")
	s.Data.Train = []string{"synthetic"}
	_, _, held := detectortest.HeldOut(t, s, painted{})
	e := env.New(t.TempDir())
	defer e.Close()
	_, own, _, err := e.TrainingSets(s)
	if err != nil {
		t.Fatal(err)
	}
	clips, err := source.List(own, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, reporting := prepare.Halves(clips, s)
	p := &making{held: clips, at: reporting, makers: []maker{{}}}
	r := &run.Run{Spec: s, Record: store.Record{Run: "mine"}}
	if err := p.unseen(e, r); err != nil {
		t.Error(err)
	}
	if err := (&making{held: held, at: []int{0}}).unseen(e, r); err != nil {
		t.Errorf("people who have nothing to do with training: %v", err)
	}
	r.Spec.Seed = 7
	_, others, _, err := e.TrainingSets(r.Spec)
	if err != nil {
		t.Fatal(err)
	}
	reports := datasets.Halves(others.Items, false, 7)
	unseen := map[string]bool{}
	for _, person := range p.people() {
		for _, it := range others.Items {
			if it.Identity == person && reports(it) {
				unseen[person] = true
			}
		}
	}
	all := distinct(p.people())
	want := fmt.Sprintf("run: mine trained or chose its score on %d of the %d people", all-len(unseen), all)
	if err := p.unseen(e, r); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v; want %q", err, want)
	}
	pictures, err := MakerPictures(t.Context(), e, []*run.Run{{Spec: s}}, 2, 48)
	if err != nil || len(pictures) != 2 || len(pictures[0]) != 3 || pictures[1][0].Maker != "" || pictures[1][2].Maker != "paints-red" || pictures[1][2].Image.Rect.Dx() != 68 {
		t.Errorf("pictures %v, %v", pictures, err)
	}
	s.Data.Holdout = 0.01
	if _, err := Makers(t.Context(), e, []*run.Run{{Spec: s, Record: store.Record{Run: "mine"}}}, MakerFaces); err == nil || !strings.Contains(err.Error(), "none of the people it holds out report") {
		t.Error(err)
	}
}

func TestMakersOfNothing(t *testing.T) {
	e := env.New(t.TempDir())
	defer e.Close()
	if _, err := Makers(context.Background(), e, nil, MakerFaces); err == nil || !strings.Contains(err.Error(), "0 runs and 256 faces to compare makers: want some of each") {
		t.Error(err)
	}
	if _, err := Makers(context.Background(), e, []*run.Run{{}}, 0); err == nil || !strings.Contains(err.Error(), "1 runs and 0 faces") {
		t.Error(err)
	}
}
