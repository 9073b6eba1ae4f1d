package train

import (
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
	"github.com/seeable-lab/seeable/lab/spec"
)

// toy is a method whose images tell how they were made, and whose network is one number.
type toy struct {
	method.Method // only what the loop calls is there
	loss          func(weight, warmUp *Node) *Node
}

const toySize = 4

var errBad = errors.New("a bad face")

// toyFaces are numbered faces.
func toyFaces(n int) []face.Face {
	faces := make([]face.Face, n)
	for i := range faces {
		faces[i].Landmarks = []face.Point{{X: float64(i)}}
	}
	return faces
}

func toySpec() spec.Spec {
	s := spec.Default()
	s.Encoder.Size = toySize
	s.Train.Batch, s.Train.Views, s.Train.Steps = 8, 2, 10
	return s
}

func (toy) Sampler() *method.Sampler { return nil }

// Views writes the face, the view, the factor and a draw into the first bytes of an image.
func (toy) Views(_ *method.Sampler, dst [][]uint8, labels []int32, f face.Face, factor float64, rng *rand.Rand) error {
	if f.Fallback {
		return errBad
	}
	for view, pixels := range dst {
		pixels[0], pixels[1] = uint8(f.Landmarks[0].X), uint8(view)
		binary.LittleEndian.PutUint64(pixels[2:], math.Float64bits(factor))
		binary.LittleEndian.PutUint64(pixels[10:], rng.Uint64())
		labels[view] = int32(f.Landmarks[0].X)
	}
	return nil
}

// Check makes images of which three quarters show their label.
func (toy) Check(_ *method.Sampler, dst []uint8, f face.Face, rng *rand.Rand) (int, error) {
	if f.Fallback {
		return 0, errBad
	}
	label := rng.IntN(100)
	dst[0] = uint8(label)
	if rng.IntN(4) == 0 {
		dst[0] = 200
	}
	return label, nil
}

func (toy) Guesses(_ *model.Scope, images *Node) *Node {
	first := Slice(images, AxisRange(), AxisRange(0, 1), AxisRange(0, 1), AxisRange(0, 1))
	return ConvertDType(Reshape(first, -1), dtypes.Int32)
}

// Embeddings has the guess and the weight of the network in each row.
func (m toy) Embeddings(scope *model.Scope, images *Node) *Node {
	weight := scope.VariableWithValue("weight", float32(1)).NodeValue(images)
	guesses := ConvertDType(m.Guesses(scope, images), dtypes.Float32)
	return Stack([]*Node{guesses, Add(ZerosLike(guesses), weight)}, -1)
}

func (m toy) Loss(z, labels, warmUp *Node) (loss, hits *Node) {
	column := func(i int) *Node { return Slice(z, AxisRange(), AxisElem(i)) }
	right := Equal(ConvertDType(Reshape(column(0), -1), dtypes.Int32), labels)
	return m.loss(ReduceAllMean(column(1)), warmUp), ReduceAllSum(ConvertDType(right, dtypes.Float32))
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.9g, want %.9g", what, got, want)
	}
}
