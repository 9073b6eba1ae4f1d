package figure

import (
	"fmt"
	"math"

	"github.com/seeable-lab/seeable/lab/figure/look"
)

// Estimate is a measured value with the ends of its interval.
type Estimate struct {
	Value     float64 // NaN where nothing was measured
	Low, High float64 // NaN, or both 0, for no interval
	N         string  // what it rests on: "16 real, 24 fake videos"
}

// interval tells whether the estimate has one.
func (e Estimate) interval() bool {
	return look.Finite(e.Low) && look.Finite(e.High) && (e.Low != 0 || e.High != 0)
}

func (e Estimate) check() error {
	switch {
	case math.IsInf(e.Value, 0):
		return fmt.Errorf("value %g: want a finite one, or NaN where nothing was measured", e.Value)
	case math.IsNaN(e.Value) || !e.interval():
		return nil
	case !(e.Low <= e.Value && e.Value <= e.High):
		return fmt.Errorf("value %g lies outside of its interval from %g to %g", e.Value, e.Low, e.High)
	}
	return nil
}

// String gives value and interval with three digits, without N.
func (e Estimate) String() string {
	switch {
	case math.IsNaN(e.Value):
		return "not measured"
	case e.interval():
		return fmt.Sprintf("%.3f [%.2f, %.2f]", e.Value, e.Low, e.High)
	}
	return fmt.Sprintf("%.3f", e.Value)
}

// described is the estimate with all that is known.
func (e Estimate) described() string {
	if e.N == "" {
		return e.String()
	}
	return e.String() + " (" + e.N + ")"
}

// partial says how many of a figure's values are missing, "" for none.
func partial(measured, all int) string {
	if measured == all {
		return ""
	}
	return fmt.Sprintf("partial: %d of %d measured", measured, all)
}
