package accel_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const (
	module     = "github.com/seeable-lab/seeable"
	mallocPath = module + "/lab/accel/malloc"
)

// tunes are the packages that may link lab/accel/malloc, which changes the process that it is linked into: the command and what
// notebooks are written with.
var tunes = []string{module + "/lab/cli", module + "/lab/cmd/seelab", module + "/lab/nb", mallocPath}

// guest is a program that tells how it is before it does anything. %s are its imports.
const guest = `package main

import (
	"encoding/json"
	"os"
	"runtime"
	"strings"
%s)

func main() {
	told := map[string]any{"goroutines": runtime.NumGoroutine(), "environment": os.Environ()}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(status)) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), ":"); name == "VmData" {
			told["data"] = strings.TrimSpace(value)
		}
	}
	stacks := make([]byte, 1<<20)
	told["stacks"] = string(stacks[:runtime.Stack(stacks, true)])
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		panic(err)
	}
}
`

type state struct {
	Data        string // such as "74056 kB"
	Goroutines  int
	Environment []string
	Stacks      string
}

func goTool(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// start builds the program with these imports and returns its state at its start, in a given environment.
func start(t *testing.T, environment []string, imports ...string) (got state, kB int) {
	t.Helper()
	dir := t.TempDir()
	var lines string
	for _, path := range imports {
		lines += fmt.Sprintf("\t_ %q\n", path)
	}
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "guest")
	if err := os.WriteFile(source, fmt.Appendf(nil, guest, lines), 0o600); err != nil {
		t.Fatal(err)
	}
	goTool(t, "build", "-o", binary, source)
	cmd := exec.Command(binary)
	cmd.Env = environment
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(got.Data, "%d kB", &kB); err != nil {
		t.Fatalf("VmData %q: %v", got.Data, err)
	}
	return got, kB
}

// A program that imports the lab, all packages but those that tune malloc on purpose, is as it was: no goroutine, no address
// space taken, no environment variable set.
func TestImportChangesNothing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells how much address space a process has taken")
	}
	if testing.Short() {
		t.Skip("builds two programs")
	}
	var imports []string
	for line := range strings.Lines(goTool(t, "list", "-f", "{{.ImportPath}} {{.Name}} {{join .Deps \" \"}}", module+"/lab/...", module+"/datasets/...", module+"/experiments/...")) {
		fields := strings.Fields(line)
		path, name, deps := fields[0], fields[1], fields[2:]
		switch {
		case slices.Contains(tunes, path):
		case slices.Contains(deps, mallocPath):
			t.Errorf("%s links %s; only %q may", path, mallocPath, tunes)
		case name == "main" || strings.Contains(path, "/internal/") || slices.Contains(deps, "testing"):
		default:
			imports = append(imports, path)
		}
	}
	if !slices.Contains(imports, module+"/lab") || len(imports) < 20 {
		t.Fatalf("the program would import %q only", imports)
	}
	environment := []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	_, before := start(t, environment)
	after, kB := start(t, environment, imports...)
	const most = 2_000_000 // kB
	t.Logf("VmData %d kB, %d kB with %d packages", before, kB, len(imports))
	if kB-before > most {
		t.Errorf("VmData grows from %d to %d kB, at most %d kB more are allowed", before, kB, most)
	}
	if after.Goroutines != 1 {
		t.Errorf("%d goroutines run:\n%s", after.Goroutines, after.Stacks)
	}
	// go-xla sets this one, for XLA to log nothing.
	want := append(environment, "TF_CPP_MIN_LOG_LEVEL=3")
	slices.Sort(want)
	slices.Sort(after.Environment)
	if !slices.Equal(after.Environment, want) {
		t.Errorf("environment %q, want %q", after.Environment, want)
	}
}
