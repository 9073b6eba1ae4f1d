package train

import (
	"fmt"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
)

// Training drops other paths at each step, in the networks that drop any, and the same ones when a step is made again.
func TestEveryStepDropsItsPaths(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles an EfficientNet")
	}
	for _, parts := range []int{1, 2} {
		t.Run(fmt.Sprint(parts, " parts"), func(t *testing.T) {
			s := spec.Default()
			s.Encoder.Name, s.Encoder.Size, s.Train.Batch, s.Train.Accumulate = "efficientnet-b0", 32, 12, parts
			step := stepperOn(t, acceltest.Large(t), s)
			b := colourBatch(s, 0)
			var losses []float64
			for _, b.step = range []int{3, 4, 3} {
				o, err := step.run(b, 0, 0)
				if err != nil {
					t.Fatalf("%+v", err)
				}
				losses = append(losses, o.loss)
			}
			if losses[0] == losses[1] || losses[0] != losses[2] {
				t.Errorf("losses of the steps 3, 4 and 3 on one batch: %v", losses)
			}
		})
	}
}

// stepperForTest makes steps of the network that s says, from its first weights.
func stepperForTest(t testing.TB, s spec.Spec) stepper {
	t.Helper()
	return stepperOn(t, acceltest.ForTest(t), s)
}

func stepperOn(t testing.TB, backend compute.Backend, s spec.Spec) stepper {
	t.Helper()
	m, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	store.RootScope().SetParam(encoder.SeedParam, s.Seed)
	step, err := newStepper(backend, store, s, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(step.Finalize)
	return step
}
