// Package boundary is a detector from outside of the lab: a method with a map head, an encoder, an embedding loss, and a second
// method that classifies nothing, each in a file of its own.
package boundary

import (
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/loss"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
)

// Table is the sub-table [boundary] of a spec.
type Table struct {
	Weight float64 `toml:"weight" doc:"weight of the map's loss, in [0, 100]"`
}

func init() {
	spec.RegisterMethod(info)
	method.Register(info.Name, func(s spec.Spec) (method.Method, error) {
		crops, err := method.NewCrops(s)
		if err != nil {
			return nil, err
		}
		own, err := spec.Own[Table](s)
		return &Boundary{crops, s, own}, err
	})
}

var info = spec.MethodInfo{
	Name:   "boundary",
	Doc:    "finds the boundary along which self-blended faces were blended (the idea of Face X-ray, in small)",
	Scores: []spec.Choice{{Name: "head", Doc: "log odds of being blended"}, {Name: "map", Doc: "largest log odds of a place of the map"}},
	Reads:  slices.Concat(discrepancy.SelfBlendKeys, []string{"encoder.hidden", "score.flip"}),
	Table:  Table{Weight: 1},
	Check: func(s spec.Spec, v *spec.Checker) {
		if own, err := spec.Own[Table](s); err == nil {
			v.Within("boundary.weight", own.Weight, 0, 100)
		}
		v.Want("encoder.size", s.Encoder.Size%cell == 0, s.Encoder.Size, "a multiple of 8, the side of a place of the map")
		v.Want("train.views", s.Train.Views%2 == 0, s.Train.Views, "an even number: real and fake in turn")
	},
}

// cell is the side in pixels of a place of the map.
const cell = 8

// Boundary is the method.
type Boundary struct {
	method.Crops // brings Keep
	spec         spec.Spec
	own          Table
}

func (m *Boundary) Layout() method.Layout {
	return method.Layout{Side: m.spec.Encoder.Size, Map: m.spec.Encoder.Size / cell, Views: m.spec.Train.Views}
}

// Sample makes real and self-blended faces in turn, neighbours with the same crop and augmentation.
func (m *Boundary) Sample(w *method.Worker, dst []method.Sample, c face.Clip, d method.Draw) (err error) {
	var view face.Face
	var augmentation discrepancy.Augmentation
	for i := range dst {
		dst[i].Label = int32(i % 2)
		if i%2 == 0 {
			if view, err = m.Glance(c, d.Rand); err != nil {
				return err
			}
			augmentation = discrepancy.DrawAugmentation(m.spec.Augment, d.Rand)
		}
		if err := m.blend(w, &dst[i], view, d.Rand); err != nil {
			return err
		}
		augmentation.Apply(w.Out, &w.Workspace)
		discrepancy.AppendRGB(dst[i].Images[:0], w.Out)
	}
	return nil
}

func (m *Boundary) Check(w *method.Worker, dst *method.Sample, c face.Clip, rng *rand.Rand) error {
	view, err := m.Look(c)
	if err != nil {
		return err
	}
	dst.Label = int32(rng.IntN(2))
	err = m.blend(w, dst, view, rng)
	discrepancy.AppendRGB(dst.Images[:0], w.Out)
	return err
}

// blend puts the face into w.Out, self-blended where the label is 1, and the boundary into the map: 4m(1−m) of the mask m that it
// was blended by, which is 1 half-way from the one copy to the other, the largest in each place.
func (m *Boundary) blend(w *method.Worker, dst *method.Sample, f face.Face, rng *rand.Rand) error {
	clear(dst.Map)
	if dst.Label == 0 {
		copy(w.Out.Pix, f.Image.Pix)
		return nil
	}
	mask, err := m.Generator().SelfBlendMask(w.Out, f, rng, &w.Workspace)
	if err != nil || mask.Rect.Empty() {
		return err
	}
	most := slices.Max(mask.Weight) // the ratio of the blend
	for i, weight := range mask.Weight {
		x, y := mask.Rect.Min.X+i%mask.Rect.Dx(), mask.Rect.Min.Y+i/mask.Rect.Dx()
		place := &dst.Map[y/cell*m.Layout().Map+x/cell]
		share := weight / most
		*place = max(*place, uint8(255*4*share*(1-share)))
	}
	return nil
}

// Forward builds the log odds of the head, [B, 1], and those of the map, [B, Map·Map].
func (m *Boundary) Forward(s *model.Scope, in method.Inputs) []*Node {
	side := m.Layout().Map
	stages := encoder.Maps(s, m.spec.Encoder, in.Images)
	at := slices.IndexFunc(stages, func(x *Node) bool { return x.Shape().Dimensions[1] == side })
	if at < 0 {
		panic("boundary: the encoder has no map of an eighth of its input's side")
	}
	head := s.In("map")
	places := Reshape(encoder.Convolution(head, stages[at], 1, 1, 1), -1, side*side)
	places = Add(places, encoder.Variable(head, places, "bias", 0, 1, 1))
	features := Concatenate([]*Node{ReduceMean(stages[len(stages)-1], 1, 2), places}, -1)
	return []*Node{encoder.Project(s.In("head"), features, m.spec.Encoder.Hidden, 1), places}
}

// Loss weighs the map against the head by a variable that is learned: e^−v·map + v (Kendall et al. 2018).
func (m *Boundary) Loss(s *model.Scope, out []*Node, in method.Inputs) []method.Term {
	head, _ := loss.SigmoidCrossEntropy(out[0], in.Label)
	wanted := DivScalar(ConvertDType(Reshape(in.Map, -1, out[1].Shape().Dimensions[1]), out[1].DType()), 255)
	x := out[1]
	// −t·log σ(x) − (1−t)·log(1−σ(x)), without a large exponential.
	places := ReduceAllMean(Add(Sub(MaxScalar(x, 0), Mul(x, wanted)), Log1P(Exp(Neg(Abs(x))))))
	v := Reshape(encoder.Variable(s, places, "doubt", 0, 1))
	return []method.Term{{Name: "head", Value: head}, {Name: "map", Value: MulScalar(Add(Mul(Exp(Neg(v)), places), v), m.own.Weight)}}
}

func (m *Boundary) Outputs(s *model.Scope, in method.Inputs) []*Node { return m.Forward(s, in) }

func (m *Boundary) Classes() int { return 2 }

func (m *Boundary) Guess(out []*Node, _ method.Inputs) *Node {
	return ConvertDType(Reshape(GreaterThan(out[0], ZerosLike(out[0])), -1), dtypes.Int32)
}

func (m *Boundary) Scores() []string { return info.ScoreNames() }

// Probe takes the face, and its mirror image when the spec says so.
func (m *Boundary) Probe(_ *method.Worker, dst *method.Samples, _ string, _ method.Fit, c face.Clip, _ string) error {
	view, err := m.Look(c)
	if err != nil {
		return err
	}
	dst.Images = discrepancy.AppendRGB(dst.Images, view.Image)
	if m.spec.Score.Flip {
		dst.Images = discrepancy.AppendRGB(dst.Images, face.Mirror(view).Image)
	}
	return nil
}

func (m *Boundary) Score(score string, rows []method.Row, _ method.Fit) float64 {
	total := 0.0
	for _, row := range rows {
		if score == "map" {
			total += float64(slices.Max(row[1]))
		} else {
			total += float64(row[0][0])
		}
	}
	return total / float64(len(rows))
}

// Explain shows the chance of a boundary at each place; the map of the mirror image is mirrored back.
func (m *Boundary) Explain(c face.Clip, rows []method.Row, _ method.Fit) (method.Map, error) {
	view, err := m.Look(c)
	if err != nil {
		return method.Map{}, err
	}
	side := m.Layout().Map
	values := make([]float64, side*side)
	for i, row := range rows {
		for at, x := range row[1] {
			if i == 1 {
				at += side - 1 - 2*(at%side)
			}
			values[at] += sigmoid(float64(x)) / float64(len(rows))
		}
	}
	return method.Map{
		Label: "chance of a blending boundary", Image: view.Image, Marks: view.Landmarks, Side: side, Values: values, High: 1,
	}, nil
}
