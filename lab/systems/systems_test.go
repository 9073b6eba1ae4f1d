package systems

import (
	"testing"

	"github.com/seeable-lab/seeable/lab/method/methodtest"
	"github.com/seeable-lab/seeable/lab/spec"
)

// small is a spec of a system for tests, of a small network that learns fast from faces drawn by code.
func small(t testing.TB, name, keys string) spec.Spec {
	t.Helper()
	s, err := spec.Parse("small", []byte("name = \"small\"\nmethod = \""+name+"\"\n"+keys))
	if err != nil {
		t.Fatal(err)
	}
	s.Encoder.Name, s.Encoder.Size, s.Train.LearningRate = "compact", 32, 3e-3
	s.Augment.JPEGP, s.Augment.ContrastP, s.Augment.HSVShiftP, s.Augment.RGBShiftP = 0, 0, 0, 0
	return s
}

func TestXRay(t *testing.T) {
	methodtest.Run(t, small(t, "xray", "[xray]\nfrozen = 0.0\n"), methodtest.Options{Steps: 60})
}
