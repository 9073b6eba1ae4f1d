package train

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
)

// toy is a method whose images tell how they were made, and whose network is one number.
type toy struct {
	method.Method // only what the loop calls is there
	loss          func(weight, share *Node) *Node
	views         int // 0 is 2
}

const toySize = 4

var errBad = errors.New("a bad face")

// toyFaces are numbered faces.
func toyFaces(n int) source.Clips {
	faces := make([]face.Face, n)
	for i := range faces {
		faces[i].Landmarks = []face.Point{{X: float64(i)}}
	}
	return source.Stills(faces)
}

func toySpec() spec.Spec {
	s := spec.Default()
	s.Encoder.Size = toySize
	s.Train.Batch, s.Train.Views, s.Train.Steps = 8, 2, 10
	return s
}

func (m toy) Layout() method.Layout { return method.Layout{Side: toySize, Views: cmp.Or(m.views, 2)} }

// Sample writes the face, the view, the factor and a draw into the first bytes of an image.
func (toy) Sample(_ *method.Worker, dst []method.Sample, c face.Clip, d method.Draw) error {
	f := c.Frames[0]
	if f.Fallback {
		return errBad
	}
	for view := range dst {
		pixels := dst[view].Images
		pixels[0], pixels[1] = uint8(f.Landmarks[0].X), uint8(view)
		binary.LittleEndian.PutUint64(pixels[2:], math.Float64bits(d.Strength))
		binary.LittleEndian.PutUint64(pixels[10:], d.Rand.Uint64())
		dst[view].Label = int32(f.Landmarks[0].X)
	}
	return nil
}

// Check makes images of which three quarters show their label.
func (toy) Check(_ *method.Worker, dst *method.Sample, c face.Clip, rng *rand.Rand) error {
	if c.Frames[0].Fallback {
		return errBad
	}
	dst.Label = int32(rng.IntN(100))
	dst.Images[0] = uint8(dst.Label)
	if rng.IntN(4) == 0 {
		dst.Images[0] = 200
	}
	return nil
}

func (toy) Classes() int { return 256 }

// Guess is the first column of what Forward made.
func (toy) Guess(out []*Node, _ method.Inputs) *Node {
	return ConvertDType(Reshape(Slice(out[0], AxisRange(), AxisElem(0)), -1), dtypes.Int32)
}

// Forward has the guess and the weight of the network in each row.
func (m toy) Forward(scope *model.Scope, in method.Inputs) []*Node {
	weight := scope.VariableWithValue("weight", float32(1)).NodeValue(in.Images)
	first := Slice(in.Images, AxisRange(), AxisRange(0, 1), AxisRange(0, 1), AxisRange(0, 1))
	guesses := ConvertDType(Reshape(first, -1), dtypes.Float32)
	return []*Node{Stack([]*Node{guesses, Add(ZerosLike(guesses), weight)}, -1)}
}

func (m toy) Loss(_ *model.Scope, out []*Node, in method.Inputs) []method.Term {
	weight := ReduceAllMean(Slice(out[0], AxisRange(), AxisElem(1)))
	return []method.Term{{Name: "toy", Value: m.loss(weight, in.Share(dtypes.Float32))}}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.9g, want %.9g", what, got, want)
	}
}
