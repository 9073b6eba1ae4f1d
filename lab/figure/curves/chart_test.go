package curves

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/seeable-lab/seeable/lab/figure"
)

// Chart and print show the same numbers.
func TestOptionHoldsTheData(t *testing.T) {
	var option struct {
		Series []struct {
			Name string
			Data []struct{ Value []float64 }
		}
	}
	curve, err := NewCurve("x", []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, []bool{false, false, true, true, false, true})
	if err != nil {
		t.Fatal(err)
	}
	text, err := figure.Option(ROC{Unit: "faces", Curves: []Curve{curve}})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &option); err != nil {
		t.Fatal(err)
	}
	if len(option.Series) != 2 || option.Series[0].Name != "x: AUC 0.778 (3 real, 3 fake faces)" {
		t.Fatalf("series %v, want the curve and chance", option.Series)
	}
	for i, p := range curve.Points {
		at := option.Series[0].Data[i].Value
		if math.Abs(at[0]-p.FPR) > 1e-5 || math.Abs(at[1]-p.TPR) > 1e-5 {
			t.Errorf("point %d at %g, want (%g, %g)", i, at, p.FPR, p.TPR)
		}
	}
}
