package run

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/detector/detectortest"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/store"
)

// gauged is a method whose network predicts the label that Check painted into a sample's picture.
type gauged struct {
	seer
	people map[string]bool
	lacks  error // why there is no figure
}

func (g gauged) Check(_ *method.Worker, dst *method.Sample, c face.Clip, rng *rand.Rand) error {
	g.people[c.Person] = true
	dst.Label = int32(rng.IntN(2))
	for i := range dst.Images {
		dst.Images[i] = uint8(100 * dst.Label)
	}
	return nil
}

func (g gauged) Forward(s *model.Scope, in method.Inputs) []*Node { return g.Outputs(s, in) }

func (gauged) Predict(out []*Node) *Node { return out[0] }

func (m gauged) Gauge(samples *method.Samples, rows []method.Row) (method.Gauge, error) {
	if m.lacks != nil {
		return method.Gauge{Name: "labels"}, m.lacks
	}
	g := method.Gauge{Name: "labels", Blind: 0.5, N: samples.Len()}
	for i, row := range rows {
		if len(row) != 1 || len(row[0]) != 3 {
			return g, fmt.Errorf("row %d is %v", i, row)
		}
		if math.Abs(float64(row[0][0])-100*float64(samples.Labels[i])) < 1e-3 {
			g.Value += 1 / float64(g.N)
		}
	}
	return g, nil
}

// The figures are those of loops over the pseudo-fakes of people who had no part in the choice, and predictions are measured beside
// the samples that they are of.
func TestMeasureOwn(t *testing.T) {
	s := tinySpec()
	m := gauged{people: map[string]bool{}}
	e, d, held := detectortest.HeldOut(t, s, m)
	_, reporting := prepare.Halves(held, s)
	r := &Run{Spec: s, Record: store.Record{Score: "first"}}
	if err := measureOwn(t.Context(), e, acceltest.ForTest(t), r, d, held, reporting); err != nil {
		t.Fatal(err)
	}
	s.Score.ChooseOn = []string{"selfblend/training"}
	p, err := newPanel(s, held, reporting)
	if err != nil {
		t.Fatal(err)
	}
	var scores [2][]float64
	people := map[string]bool{}
	for i, f := range p.faces {
		c, err := p.Clip(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := d.Rows(t.Context(), "first", c)
		if err != nil {
			t.Fatal(err)
		}
		side := 0
		if c.Fake {
			side = 1
		}
		scores[side] = append(scores[side], d.Score("first", rows))
		people[held.Item(f.at).Identity] = true
	}
	own := r.Record.Train.Own
	if own == nil || own.On != "selfblend/training" || math.Abs(own.AUC-auc(scores[0], scores[1])) > 1e-9 || own.NReal != len(scores[0]) || own.NFake != len(scores[1]) ||
		own.NReal != own.NFake || own.People != len(people) || !(own.Low < own.AUC && own.AUC < own.High) {
		t.Errorf("%+v; want AUC %v of %d and %d clips of %d people", own, auc(scores[0], scores[1]), len(scores[0]), len(scores[1]), len(people))
	}
	if g := r.Record.Train.Gauge; g == nil || *g != (store.Gauge{Name: "labels", Value: g.Value, Blind: 0.5, N: len(reporting), People: len(people)}) || math.Abs(g.Value-1) > 1e-9 {
		t.Errorf("%+v, want all of %d labels of %d people", g, len(reporting), len(people))
	}
	if len(r.Spec.Score.ChooseOn) == 1 {
		t.Error("the run's spec was changed")
	}

	// Samples without a figure cost no training.
	m.lacks = errors.New("all are real")
	d.Method, r.Record.Train = m, store.Training{}
	var notes []string
	e.Tell = func(event env.Event) { notes = append(notes, event.Note) }
	if err := measureOwn(t.Context(), e, acceltest.ForTest(t), r, d, held, reporting); err != nil || r.Record.Train.Own == nil || r.Record.Train.Gauge != nil ||
		!slices.ContainsFunc(notes, func(note string) bool {
			return strings.Contains(note, "labels") && strings.Contains(note, "all are real")
		}) {
		t.Errorf("%+v, notes %q, error %v", r.Record.Train, notes, err)
	}
}
