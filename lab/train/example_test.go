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
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/train"
)

// linear is SBI with one linear layer in the place of its network: small enough for the pure Go backend.
type linear struct{ method.Method }

func (m linear) Forward(scope *model.Scope, in method.Inputs) []*Node {
	x := AddScalar(DivScalar(ConvertDType(in.Images, dtypes.Float32), 255), -0.5)
	x = Reshape(x, x.Shape().Dimensions[0], -1)
	weight := scope.VariableWithShape("weight", shapes.Make(dtypes.Float32, x.Shape().Dimensions[1], 2)).NodeValue(x)
	return []*Node{MatMul(x, weight)}
}

// Unwrap has the trainer find what SBI makes of the logits.
func (m linear) Unwrap() method.Method { return m.Method }

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
	var faces source.Clips
	for _, item := range people.Items[:12] {
		f, err := datasets.Load(item)
		if err != nil {
			fmt.Println(err)
			return
		}
		c, err := sbi.Keep(face.Still(f))
		if err != nil {
			fmt.Println(err)
			return
		}
		faces = append(faces, c)
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
