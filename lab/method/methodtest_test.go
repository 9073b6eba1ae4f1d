package method_test

import (
	"testing"

	"github.com/seeable-lab/seeable/lab/method/methodtest"
	"github.com/seeable-lab/seeable/lab/spec"
)

// The lab's own methods keep the contract, also with what is off by default.
func TestMethods(t *testing.T) {
	for _, info := range spec.Methods() {
		s := spec.Default()
		s.Method = info.Name
		s.Discrepancy.Rows, s.Discrepancy.Cols, s.Discrepancy.Strength = 2, 2, 2
		s.Encoder.Dim, s.Train.LearningRate = 16, 3e-3
		s.Augment.JPEGP, s.Augment.ContrastP, s.Augment.HSVShiftP, s.Augment.RGBShiftP = 0, 0, 0, 0
		if info.Default {
			s.Discrepancy.Whole, s.Discrepancy.Pristine, s.Loss.Name = 0.8, 0.5, "ce"
		}
		t.Run(info.Name, func(t *testing.T) { methodtest.Run(t, s, methodtest.Options{}) })
		s.Discrepancy.Paired = true
		if info.Default {
			s.Discrepancy.Types = []string{"combined"}
		} else {
			s.Discrepancy.SoftLabel = true
		}
		t.Run(info.Name+", off by default", func(t *testing.T) { methodtest.Run(t, s, methodtest.Options{}) })
	}
}
