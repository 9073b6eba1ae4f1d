package boundary

import (
	"testing"

	"github.com/seeable-lab/seeable/lab/method/methodtest"
	"github.com/seeable-lab/seeable/lab/spec"
)

func small(name string) spec.Spec {
	s := spec.Default()
	s.Method, s.Encoder.Name, s.Encoder.Size = name, "tiny", 40
	s.Discrepancy.Strength, s.Train.LearningRate = 2, 3e-3
	s.Augment.JPEGP, s.Augment.ContrastP, s.Augment.HSVShiftP, s.Augment.RGBShiftP = 0, 0, 0, 0
	return s
}

func TestBoundary(t *testing.T) { methodtest.Run(t, small("boundary"), methodtest.Options{}) }

// Self-blended faces are as smooth as real ones, so nothing is asked of the score.
func TestRebuild(t *testing.T) { methodtest.Run(t, small("rebuild"), methodtest.Options{Steps: -1}) }
