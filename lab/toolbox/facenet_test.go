package toolbox_test

import (
	"context"
	"errors"
	"testing"

	"github.com/seeable-lab/seeable/lab/toolbox"
)

func TestFaceNetsArePinned(t *testing.T) {
	c := newCache(t)
	fakePip(t, `echo "ERROR: no index in this test" >&2; exit 1`)
	for _, a := range []toolbox.Artifact{toolbox.CenterFace, toolbox.FaceMesh} {
		// Getting as far as pip means that the pins are well formed.
		if _, err := c.Fetch(context.Background(), a, nil); !errors.Is(err, toolbox.ErrUnreachable) {
			t.Errorf("%s: error %v, want ErrUnreachable", a.Name, err)
		}
	}
}
