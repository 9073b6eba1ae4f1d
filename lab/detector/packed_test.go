package detector

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/pack"
	"github.com/seeable-lab/seeable/lab/record"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// A packed detector opens as a run does, without what the training alone needed: its scores differ by the rounding of its kernels,
// and what was fitted and its points do not.
func TestOpenPacked(t *testing.T) {
	d := untrained(t, func(s *spec.Spec) { s.Encoder.Size = 64 })
	loss := network + "/" + method.LossScope + "/prototypes"
	if _, err := d.Weights.CreateVariable(loss, tensors.FromFlatDataAndDimensions([]float32{1, 2}, 2)); err != nil {
		t.Fatal(err)
	}
	d.Fit = method.Fit{Score: "calibrated", Values: map[string][]float64{"calibration/mean": make([]float64, 8), "calibration/spread": slices.Repeat([]float64{0.75}, 8)}}
	d.Points = &operating.Points{Score: d.Record.Score, Level: operating.Level, Real: []float64{0.25, 1.0 / 3}}
	run := t.TempDir()
	if err := d.Save(run); err != nil {
		t.Fatal(err)
	}
	d.Record.Hash = d.Spec.Hash()
	if err := errors.Join(os.WriteFile(filepath.Join(run, store.SpecFile), []byte(d.Spec.Stored()), 0o600), store.WriteRecord(run, d.Record)); err != nil {
		t.Fatal(err)
	}
	opened, err := Open(t.Context(), run, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	file, err := opened.Tensors()
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := file.Tensors[loss]; ok {
		t.Errorf("%s is packed: the training alone needs it", loss)
	}
	small, err := record.New(d.Record, d.Spec, record.Development)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "packed")
	if _, err := pack.Write(dir, small, d.Spec, file, opened.Points); err != nil {
		t.Fatal(err)
	}
	packed, err := OpenFS(t.Context(), os.DirFS(dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	if !reflect.DeepEqual(packed.Fit.Values, d.Fit.Values) || !reflect.DeepEqual(packed.Points, d.Points) || packed.Record.Score != d.Record.Score {
		t.Errorf("%+v, %+v, %q; want %+v, %+v, %q", packed.Fit, packed.Points, packed.Record.Score, d.Fit, d.Points, d.Record.Score)
	}
	halves := 0
	whole, err := safetensors.Read(filepath.Join(dir, store.WeightsFile))
	if err != nil {
		t.Fatal(err)
	}
	for name, tensor := range whole.Tensors {
		if tensor.Half != (len(tensor.Shape) > 1) {
			t.Errorf("%s of shape %v: half %v", name, tensor.Shape, tensor.Half)
		}
		if tensor.Half {
			halves++
		}
	}
	if halves == 0 {
		t.Error("no tensor is of float16")
	}

	clips := drawn(t, 12)
	largest, furthest := 0.0, 0.0
	for _, c := range clips {
		for _, score := range []string{"cosine", "onepass"} {
			want, err := opened.Rows(t.Context(), score, c)
			if err != nil {
				t.Fatal(err)
			}
			got, err := packed.Rows(t.Context(), score, c)
			if err != nil {
				t.Fatal(err)
			}
			for i, row := range want {
				for j, values := range row {
					for k, v := range values {
						largest = max(largest, math.Abs(float64(v)))
						furthest = max(furthest, math.Abs(float64(v-got[i][j][k])))
					}
				}
			}
		}
	}
	t.Logf("outputs of the network up to %.3f differ by up to %.2g", largest, furthest)
	if furthest == 0 || furthest > 1e-2*largest {
		t.Errorf("outputs of the network up to %v differ by up to %v; want more than nothing and less than a hundredth", largest, furthest)
	}

	if err := os.WriteFile(filepath.Join(dir, store.SpecFile), []byte(d.Spec.Stored()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, nil); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), dir+": ") || !strings.Contains(err.Error(), "spec.toml has changed") {
		t.Errorf("a changed spec: %v", err)
	}
}
