package boundary

import (
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
)

func init() {
	spec.RegisterMethod(rebuild)
	method.Register(rebuild.Name, func(s spec.Spec) (method.Method, error) {
		crops, err := method.NewCrops(s)
		return &Rebuild{crops, s}, err
	})
}

var rebuild = spec.MethodInfo{
	Name: "rebuild", Doc: "an autoencoder of real faces: what it cannot rebuild is anomalous",
	Scores: []spec.Choice{{Name: "error", Doc: "mean squared error of the rebuilt face"}},
	Reads:  []string{"encoder.hidden"},
}

// Rebuild is a method that classifies nothing. It sees real faces only.
type Rebuild struct {
	method.Crops
	spec spec.Spec
}

func (m *Rebuild) Layout() method.Layout { return method.Layout{Side: m.spec.Encoder.Size} }

func (m *Rebuild) Sample(w *method.Worker, dst []method.Sample, c face.Clip, d method.Draw) error {
	for i := range dst {
		view, err := m.Glance(c, d.Rand)
		if err != nil {
			return err
		}
		discrepancy.DrawAugmentation(m.spec.Augment, d.Rand).Apply(view.Image, &w.Workspace)
		discrepancy.AppendRGB(dst[i].Images[:0], view.Image)
	}
	return nil
}

func (m *Rebuild) Check(_ *method.Worker, dst *method.Sample, c face.Clip, _ *rand.Rand) error {
	view, err := m.Look(c)
	if err == nil {
		discrepancy.AppendRGB(dst.Images[:0], view.Image)
	}
	return err
}

// Forward builds the rebuilt face at a quarter of the side, and the face that it should be, both [B, N].
func (m *Rebuild) Forward(s *model.Scope, in method.Inputs) []*Node {
	features := encoder.Features(s, m.spec.Encoder, in.Images)
	wanted := MeanPool(DivScalar(ConvertDType(in.Images, features.DType()), 255)).Window(4).Done()
	wanted = Reshape(wanted, wanted.Shape().Dimensions[0], -1)
	return []*Node{encoder.Project(s.In("decoder"), features, m.spec.Encoder.Hidden, wanted.Shape().Dimensions[1]), wanted}
}

func (m *Rebuild) Loss(_ *model.Scope, out []*Node, _ method.Inputs) []method.Term {
	return []method.Term{{Name: "error", Value: ReduceAllMean(Square(Sub(out[0], out[1])))}}
}

func (m *Rebuild) Outputs(s *model.Scope, in method.Inputs) []*Node {
	out := m.Forward(s, in)
	return []*Node{ExpandDims(ReduceMean(Square(Sub(out[0], out[1])), -1), -1)}
}

func (m *Rebuild) Scores() []string { return rebuild.ScoreNames() }

func (m *Rebuild) Probe(_ *method.Worker, dst *method.Samples, _ string, _ method.Fit, c face.Clip, _ string) error {
	view, err := m.Look(c)
	if err == nil {
		dst.Images = discrepancy.AppendRGB(dst.Images, view.Image)
	}
	return err
}

func (m *Rebuild) Score(_ string, rows []method.Row, _ method.Fit) float64 {
	return float64(rows[0][0][0])
}
