package train

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
)

// What has not been tried on several devices is refused.
func TestDevicesAlone(t *testing.T) {
	for _, train := range []spec.Train{{SAM: 0.05}, {EMA: 0.9}, {Accumulate: 2}} {
		s := toySpec()
		s.Train.SAM, s.Train.EMA, s.Train.Accumulate = train.SAM, train.EMA, train.Accumulate
		err := Run(t.Context(), s, toy{}, model.NewStore(), toyFaces(9), toyFaces(2), Options{Backend: acceltest.PureGo(t), Devices: 2})
		if err == nil || !strings.Contains(err.Error(), "for one device") {
			t.Errorf("%+v: error %v", train, err)
		}
	}
}

// Training on 2 and on 4 devices is training on 1, but for rounding: the loss and the batch statistics are of the whole
// batch, not of a device's share. So it is where 2 devices make the maps inside a block anew.
func TestDevices(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a network for each number of devices")
	}
	backend := acceltest.ForTest(t)
	if n := backend.NumDevices(); n < 4 {
		t.Skipf("the backend has %d devices: several were not tested", n)
	}
	s := spec.Default()
	s.Encoder.Size, s.Encoder.Hidden, s.Encoder.Dim = 32, 16, 8
	s.Discrepancy.Rows, s.Discrepancy.Cols = 2, 2
	s.Train.Steps, s.Train.Batch, s.Train.Validate, s.Train.WarmUp = 5, 16, 2, 0
	// AdamW divides by the size of a gradient and so makes rounding as large as a step where the gradient is next to nothing.
	s.Train.Optimizer, s.Train.LearningRate = "sgd", 0.01
	set, _ := synthetic.Sets(1)
	m, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	var faces source.Clips
	for _, it := range set.Items[:12] {
		f, err := datasets.Load(it)
		if err != nil {
			t.Fatal(err)
		}
		c, err := m.Keep(face.Still(f))
		if err != nil {
			t.Fatal(err)
		}
		faces = append(faces, c)
	}
	run := func(devices int, checkpoint bool) (map[string][]float32, []Progress) {
		s := s
		s.Train.Checkpoint = checkpoint
		m, err := method.New(s)
		if err != nil {
			t.Fatal(err)
		}
		store := model.NewStore()
		store.RootScope().SetParam(encoder.SeedParam, s.Seed)
		var reports []Progress
		err = Run(t.Context(), s, m, store, faces[:8], faces[8:], Options{
			Backend: backend, Devices: devices, Report: func(p Progress) { reports = append(reports, p) },
		})
		if err != nil {
			t.Fatalf("%d devices: %+v", devices, err)
		}
		return values(t, store), reports
	}
	want, one := run(1, false)
	for _, n := range []int{2, 4} {
		got, several := run(n, n == 2)
		for i, p := range several {
			if math.Abs(p.Loss-one[i].Loss) > 1e-5*one[i].Loss {
				t.Errorf("%d devices, step %d: loss %.7f, on one %.7f", n, i+1, p.Loss, one[i].Loss)
			}
		}
		t.Logf("%d devices: loss %.7f after %d steps, on one %.7f", n, several[4].Loss, len(several), one[4].Loss)
		if len(got) != len(want) {
			t.Fatalf("%d devices: %d variables, want %d", n, len(got), len(want))
		}
		for path, w := range want {
			var diff, norm float64
			for i := range w {
				diff += math.Pow(float64(got[path][i]-w[i]), 2)
				norm += math.Pow(float64(w[i]), 2)
			}
			if math.Sqrt(diff) > 1e-4*math.Sqrt(norm)+1e-7 { // a hundred times what was measured
				t.Errorf("%d devices: %s is off by %.2g of %.2g", n, path, math.Sqrt(diff), math.Sqrt(norm))
			}
		}
	}
	for devices, want := range map[int]string{3: "multiple of 3", 64: "has 4"} {
		err := Run(t.Context(), s, m, model.NewStore(), faces[:8], faces[8:], Options{Backend: backend, Devices: devices})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d devices: %v, want an error with %q", devices, err, want)
		}
	}
}
