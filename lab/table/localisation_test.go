package table

import (
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/store"
)

func TestLocalisation(t *testing.T) {
	end := func(x float64) *float64 { return &x }
	between := func(value, low, high float64) store.Estimate {
		return store.Estimate{Value: value, Low: end(low), High: end(high)}
	}
	rival := &store.LocalisationRival{
		AUC: store.Estimate{Value: 0.9}, IoU: store.Estimate{Value: 0.5},
		AUCDifference: between(-0.2, -0.25, -0.15), IoUDifference: between(0.1, 0.05, 0.15),
	}
	r := store.Record{Name: "mine", Localisation: []store.Localisation{
		{On: store.PseudoFakes, Method: "selfblend", Images: 40, People: 30, AUC: between(0.7, 0.65, 0.75), IoU: between(0.6, 0.5, 0.7), Rival: rival, BlindAUC: store.Estimate{Value: 0.55}, BlindDifference: between(0.1, 0.05, 0.15)},
		{On: "FF++ c23", Method: "all", Images: 3, People: 1, AUC: store.Estimate{Value: 0.8}, IoU: store.Estimate{Value: 0.4},
			Unmeasured: []store.Unscored{{Item: "a", Fault: "no mask"}, {Item: "b", Fault: "no mask"}, {Item: "c", Fault: "mask without area"}}},
	}}
	got := Localisation(r)
	want := [][]string{
		{"pseudo-fakes", "selfblend", "0.700", "0.650", "0.750", "0.550", "0.900", "0.600", "0.500", "0.700", "0.500", "40", "30", "not shown to beat the rival's AUC"},
		{"FF++ c23", "all", "0.800", tooFew, none, "0.000", none, "0.400", tooFew, none, none, "3", "1", "not shown to beat blind"},
	}
	if !slices.EqualFunc(got.Rows, want, slices.Equal) {
		t.Errorf("rows %q, want %q", got.Rows, want)
	}
	if last := got.Notes[len(got.Notes)-1]; last != "FF++ c23: 3 fakes were not measured: 2 no mask, 1 mask without area." {
		t.Errorf("the last note is %q", last)
	}
	if text := got.Text(); !strings.Contains(text, "not shown to beat the rival's AUC") {
		t.Error(text)
	}
	rival.AUCDifference, rival.IoUDifference = between(0.1, 0.01, 0.2), between(0.1, 0, 0.2)
	for want, iou := range map[string]store.Estimate{"not shown to beat the rival's IoU": between(0.1, 0, 0.2), "": between(0.1, 0.01, 0.2)} {
		if rival.IoUDifference = iou; notBetter(r.Localisation[0]) != want {
			t.Errorf("%+v: %q, want %q", iou, notBetter(r.Localisation[0]), want)
		}
	}
	if rows := Localisation(store.Record{Name: "none"}).Rows; rows != nil {
		t.Errorf("a run without maps has rows: %q", rows)
	}
}
