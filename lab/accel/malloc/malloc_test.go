//go:build cgo

package malloc_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/accel/malloc"
)

// childEnv makes this test binary a program that says whether malloc is kept.
const childEnv = "SEEABLE_MALLOC_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	fmt.Println(malloc.Kept())
}

// Where the user tunes malloc, the package leaves it alone.
func TestKept(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the package is for glibc")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for tunables, want := range map[string]string{"": "true", "GLIBC_TUNABLES=glibc.malloc.arena_max=2": "false"} {
		cmd := exec.Command(self)
		cmd.Env = []string{childEnv + "=1"}
		if tunables != "" {
			cmd.Env = append(cmd.Env, tunables)
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(string(out)); got != want {
			t.Errorf("with %q: kept %s, want %s (on glibc)", tunables, got, want)
		}
	}
}
