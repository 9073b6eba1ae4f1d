package train

import (
	"fmt"
	"testing"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
)

// Steps that make the maps inside a block anew are those that keep them, but for rounding: loss, norm of the gradient, weights,
// running averages, and what the optimizer and the average of the network remember; also where SAM takes two gradients a step,
// and in parts.
func TestCheckpointIsTheSame(t *testing.T) {
	ways := []spec.Train{{Accumulate: 1, SAM: 0.05, EMA: 0.5}, {Accumulate: 2}, {Accumulate: 1}, {Accumulate: 2, SAM: 0.05}}
	switch { // compiling takes the time
	case testing.Short():
		ways = ways[:1]
	case !acceltest.Networks():
		ways = ways[:2]
	}
	for _, train := range ways {
		t.Run(fmt.Sprintf("%d parts/sam %v", train.Accumulate, train.SAM), func(t *testing.T) {
			s := accumulationSpec()
			s.Train.Accumulate, s.Train.SAM, s.Train.EMA, s.Train.Momentum = train.Accumulate, train.SAM, train.EMA, 0.9
			m, err := method.New(s)
			if err != nil {
				t.Fatal(err)
			}
			var stores [2]*model.Store
			var outcomes [2][]outcome
			for i := range stores {
				s.Train.Checkpoint = i == 1
				stores[i] = model.NewStore()
				stores[i].RootScope().SetParam(encoder.SeedParam, s.Seed)
				step, err := newStepper(acceltest.ForTest(t), stores[i], s, m, nil)
				if err != nil {
					t.Fatal(err)
				}
				for n := range 3 {
					o, err := step.run(colourBatch(s, n), 0.01, 0.4375)
					if err != nil {
						t.Fatalf("%+v", err)
					}
					outcomes[i] = append(outcomes[i], o)
				}
				step.Finalize()
			}
			for n, want := range outcomes[0] {
				got := outcomes[1][n]
				near(t, "loss", got.loss, want.loss, 1e-5*want.loss)
				near(t, "accuracy", got.accuracy, want.accuracy, 0)
				near(t, "gradient norm", got.gradient, want.gradient, 1e-5*want.gradient)
			}
			got := values(t, stores[1])
			sameNear(t, got, values(t, stores[0]), 1e-5)
			if n := got["/net/backbone/stage2/conv1/avg_weight"]; len(n) == 0 || n[0] != float32(3*train.Accumulate) {
				t.Errorf("a BatchNorm has counted %v batches, want %d", n, 3*train.Accumulate)
			}
		})
	}
}
