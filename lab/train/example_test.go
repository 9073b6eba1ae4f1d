package train_test

import (
	"context"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/loss"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/train"
)

// linear is SBI with one linear layer in the place of its network: small enough for the pure Go backend.
type linear struct{ method.Method }

func (m linear) Embeddings(scope *model.Scope, images *Node) *Node {
	x := AddScalar(DivScalar(ConvertDType(images, dtypes.Float32), 255), -0.5)
	x = Reshape(x, x.Shape().Dimensions[0], -1)
	weight := scope.VariableWithShape("weight", shapes.Make(dtypes.Float32, x.Shape().Dimensions[1], m.Classes())).NodeValue(x)
	return MatMul(x, weight)
}

func (linear) Loss(logits, labels, _ *Node) (mean, hits *Node) {
	mean, _ = loss.SoftmaxCrossEntropy(logits, labels)
	right := Equal(ArgMax(logits, -1, dtypes.Int32), labels)
	return mean, ReduceAllSum(ConvertDType(right, dtypes.Float32))
}

func (m linear) Guesses(scope *model.Scope, images *Node) *Node {
	return ArgMax(m.Embeddings(scope, images), -1, dtypes.Int32)
}

// Three steps on drawn faces. Held-out faces are those of other people.
func Example() {
	s := spec.Default()
	s.Method, s.Encoder.Size = "sbi", 32
	s.Train.Steps, s.Train.Batch, s.Train.Validate = 3, 16, 1
	s.Train.LearningRate, s.Train.WarmUp, s.Train.Decay = 0.001, 0, "linear"
	s.Train.CurriculumFrom, s.Train.CurriculumEnd = 4, 0.5
	sbi, err := method.New(s)
	if err != nil {
		fmt.Println(err)
		return
	}
	people, _ := synthetic.Sets(s.Seed)
	var faces []face.Face
	for _, item := range people.Items[:12] {
		f, err := datasets.Load(item)
		if err == nil {
			f, err = method.Keep(s)(f)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		faces = append(faces, f)
	}
	weights := model.NewStore()
	err = train.Run(context.Background(), s, linear{sbi}, weights, faces[:8], faces[8:], train.Options{
		Backend: gobackend.GetBackend(),
		Report: func(p train.Progress) {
			fmt.Printf("step %d of %d: rate %.6f, strength %.1f, held-out measured: %t\n",
				p.Step, p.Steps, p.Rate, p.Strength, p.HeldOut >= 0)
		},
	})
	fmt.Println(err, weights.GetVariable("/net/weight").Shape())
	// Output:
	// step 1 of 3: rate 0.001000, strength 4.0, held-out measured: false
	// step 2 of 3: rate 0.000667, strength 1.9, held-out measured: false
	// step 3 of 3: rate 0.000333, strength 1.0, held-out measured: true
	// <nil> (Float32)[3072, 2]
}
