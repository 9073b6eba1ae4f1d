// Package extracttest finds what tests of face extraction need.
package extracttest

import (
	"testing"

	"github.com/seeable-lab/seeable/lab/toolbox"
	"github.com/seeable-lab/seeable/lab/video"
)

// Need returns the ffmpeg of this machine, or skips the test where it or the nets lack: tests download nothing.
func Need(t testing.TB) (ffmpeg string) {
	t.Helper()
	ffmpeg, err := video.Find(t.Context())
	if err != nil {
		t.Skipf("%v", err)
	}
	Nets(t)
	return ffmpeg
}

// Nets skips the test where the nets that find faces lack: tests download nothing.
func Nets(t testing.TB) {
	t.Helper()
	cache, err := toolbox.OpenCache()
	if err != nil {
		t.Skipf("%v", err)
	}
	for _, a := range []toolbox.Artifact{toolbox.CenterFace, toolbox.FaceMesh} {
		if _, ok := cache.Find(a); !ok {
			t.Skipf("no %s in the cache: seelab faces brings them", a.Name)
		}
	}
}
