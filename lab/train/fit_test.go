package train

import (
	"context"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/accel/onednn"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
)

func fitSpec() spec.Spec {
	s := spec.Default()
	s.Encoder.Size, s.Encoder.Hidden, s.Encoder.Dim = 64, 16, 8
	s.Discrepancy.Rows, s.Discrepancy.Cols = 2, 2
	s.Train.Batch = 512
	return s
}

// A batch that does not fit is refused before the first step, and each thing that the message says would fit does.
func TestFits(t *testing.T) {
	backend := acceltest.ForTest(t)
	s := fitSpec()
	m, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	// So much that less of the maps fits.
	step := stepperForTest(t, s)
	programs, err := step.compile(s.Train.Batch)
	if err != nil {
		t.Fatal(err)
	}
	n := needOf(programs, s.Train, m.Layout())
	if n.maps < 1e5 {
		t.Fatalf("the compiler told of %g bytes for each sample", n.maps)
	}
	memory := int64(0.9 * n.bytes(s.Train.Batch, 1))
	store := model.NewStore()
	store.RootScope().SetParam(encoder.SeedParam, s.Seed)
	err = Run(context.Background(), s, m, store, toyFaces(4), toyFaces(2), Options{
		Backend: backend, Memory: memory, Report: func(Progress) { t.Error("a step was made") },
	})
	if err == nil {
		t.Fatal("a batch that takes more than there is was not refused")
	}
	t.Log(err)
	advice := regexp.MustCompile(`([a-z]+\.[a-z]+) = (\S+) \(about`).FindAllStringSubmatch(err.Error(), -1)
	var keys []string
	for _, a := range advice {
		keys = append(keys, a[1])
		fixed := fitSpec()
		if err := fixed.Set(a[1] + "=" + a[2]); err != nil {
			t.Fatal(err)
		}
		if err := fixed.Validate(); err != nil {
			t.Fatal(err)
		}
		if err := fits(stepperForTest(t, fixed), fixed, m.Layout(), memory); err != nil {
			t.Errorf("%s = %s was to fit: %v", a[1], a[2], err)
		}
	}
	want := "train.accumulate train.checkpoint encoder.precision train.batch"
	if !onednn.Narrow() {
		want = strings.Replace(want, "encoder.precision ", "", 1)
	}
	if got := strings.Join(keys, " "); got != want {
		t.Errorf("advice on %s, want %s", got, want)
	}
	if err := fits(step, s, m.Layout(), 1e6); err == nil || !strings.Contains(err.Error(), "smaller encoder.size than 64") {
		t.Errorf("1 MB: %v", err)
	}
	if err := fits(step, s, m.Layout(), 1e10); err != nil {
		t.Errorf("10 GB: %v", err)
	}
}

// Where the compiler tells nothing, the batches count.
func TestFitsUnknown(t *testing.T) {
	s := toySpec()
	s.Train.Batch = 1 << 16
	m := toy{loss: nil}
	if err := (need{sample: copies * float64(m.Layout().Bytes())}).error(s, m.Layout(), 10e6); !strings.Contains(err.Error(), "train.batch = ") ||
		strings.Contains(err.Error(), "accumulate") {
		t.Error(err)
	}
}

// The reckoning is within 30 % of what steps take in truth.
func TestFitsTruly(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute where nothing is compiled yet")
	}
	for _, name := range []string{"compact", "efficientnet-lite0"} {
		t.Run(name, func(t *testing.T) {
			s := spec.Default()
			s.Encoder.Name, s.Encoder.Size, s.Train.Batch = name, 128, 64
			step := stepperForTest(t, s)
			programs, err := step.compile(s.Train.Batch)
			if err != nil {
				t.Fatal(err)
			}
			n := needOf(programs, s.Train, method.Layout{Side: s.Encoder.Size})
			n.fixed -= checkImages * float64(method.Layout{Side: s.Encoder.Size}.Bytes()) // no samples are held out here
			made := colourBatch(s, 0)
			if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
				t.Skip("the system does not forget the peak: ", err)
			}
			before := memoryStatus(t, "VmRSS")
			for range 2 {
				if _, err := step.run(made, 1e-4, 0); err != nil {
					t.Fatal(err)
				}
			}
			took, want := memoryStatus(t, "VmHWM")-before, n.bytes(s.Train.Batch, 1)
			t.Logf("%.0f MB taken, %.0f MB reckoned", took/1e6, want/1e6)
			if took < 0.7*want || took > 1.3*want {
				t.Errorf("steps took %.0f MB, reckoned were %.0f", took/1e6, want/1e6)
			}
		})
	}
}

// memoryStatus is an entry of /proc/self/status in bytes.
func memoryStatus(t *testing.T, key string) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, key+":"); ok {
			kB, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				t.Fatal(err)
			}
			return 1024 * kB
		}
	}
	t.Skipf("no %s in the status of the process", key)
	return 0
}

// Steps that were compiled before the first are those that are compiled by it, to the bit, and nothing is compiled twice.
func TestCompiledBefore(t *testing.T) {
	s := accumulationSpec()
	m, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, parts := range []int{1, 3} {
		s.Train.Accumulate = parts
		run := func(before bool) (state map[string]safetensors.Tensor, order string) {
			store := model.NewStore()
			store.RootScope().SetParam(encoder.SeedParam, s.Seed)
			step, err := newStepper(acceltest.PureGo(t), store, s, plain{m}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if before {
				programs, err := step.compile(s.Train.Batch)
				if err != nil {
					t.Fatal(err)
				}
				if want := 2*min(parts, 2) - 1; len(programs) != want {
					t.Errorf("%d programs of a step in %d parts, want %d", len(programs), parts, want)
				}
				var execs []*model.Exec
				switch step := step.(type) {
				case *whole:
					execs = []*model.Exec{step.exec}
				case *accumulation:
					execs = []*model.Exec{step.forward, step.loss, step.backward}
				}
				for _, e := range execs {
					e.SetMaxCache(1)
				}
			}
			for i := range 2 {
				if _, err := step.run(colourBatch(s, i), 0.1, 0.5); err != nil {
					t.Fatal(err)
				}
			}
			step.Finalize()
			file, err := State(store)
			if err != nil {
				t.Fatal(err)
			}
			return file.Tensors, file.Metadata[orderKey]
		}
		first, order := run(false)
		second, orderToo := run(true)
		if !reflect.DeepEqual(first, second) || order != orderToo {
			t.Errorf("%d parts: steps compiled before end in another state", parts)
		}
	}
}
