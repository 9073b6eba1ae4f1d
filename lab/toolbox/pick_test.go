package toolbox_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/toolbox"
)

func TestPick(t *testing.T) {
	here := toolbox.Artifact{Name: "probe", OS: runtime.GOOS, Arch: runtime.GOARCH}
	other := toolbox.Artifact{Name: "probe", OS: "plan9", Arch: "mips"}
	elsewhere := toolbox.Artifact{Name: "probe", OS: runtime.GOOS, Arch: "mips"}
	if got, err := toolbox.Pick([]toolbox.Artifact{other, elsewhere, here}); err != nil || got != here {
		t.Errorf("picked %v, %v; want %v", got, err, here)
	}
	for _, c := range []struct {
		from []toolbox.Artifact
		want string
	}{
		{[]toolbox.Artifact{other, elsewhere}, "probe is published for plan9/mips, " + runtime.GOOS + "/mips, not for " + runtime.GOOS + "/" + runtime.GOARCH},
		{nil, "no artefacts"},
	} {
		_, err := toolbox.Pick(c.from)
		if !errors.Is(err, toolbox.ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want ErrUnsupported with %q", err, c.want)
		}
	}
}

// No two platforms share a pin of ffmpeg.
func TestFFmpegPins(t *testing.T) {
	seen := map[string]string{}
	for _, a := range toolbox.FFmpeg {
		platform := a.OS + "/" + a.Arch
		if a.OS == "" || a.Arch == "" || !a.Program {
			t.Errorf("%s: want a program for one platform", platform)
		}
		for _, key := range []string{platform, a.WheelSHA256, a.MemberSHA256} {
			if first, ok := seen[key]; ok {
				t.Errorf("%s and %s share %s", first, platform, key)
			}
			seen[key] = platform
		}
	}
}

func TestFetchMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no mode for programs")
	}
	wheel, a := probe(t)
	for program, want := range map[bool]os.FileMode{false: 0o600, true: 0o700} {
		c := newCache(t)
		fakePip(t, "cp '"+wheel+"' \"$dest\"")
		a.Program = program
		path, err := c.Fetch(context.Background(), a, nil)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("program %v: mode %o, want %o", program, got, want)
		}
	}
}
