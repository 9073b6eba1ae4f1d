package run

import (
	"context"
	"strings"
	"testing"

	_ "github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/env"
)

// A batch that no machine holds ends the run with one error, before its first step and before a batch is made.
func TestBatchTooLarge(t *testing.T) {
	acceltest.ForTest(t)
	s, err := experiments.Load("demo")
	if err != nil {
		t.Fatal(err)
	}
	s.Train.Batch, s.Encoder.Size = 60000, 512
	e := env.New(t.TempDir())
	defer e.Close()
	e.Tell = func(event env.Event) {
		if event.Training != nil {
			t.Error("a step was made")
		}
	}
	if _, err := Do(context.Background(), e, s); err == nil || !strings.Contains(err.Error(), "train.batch = ") {
		t.Errorf("%v; want an error that says which batch would fit", err)
	}
}
