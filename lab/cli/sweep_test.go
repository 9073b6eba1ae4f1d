package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/cli/sweeps"
	"github.com/seeable-lab/seeable/lab/cluster"
	"github.com/seeable-lab/seeable/lab/store"
)

// programEnv makes the test binary be the program, for the children of a sweep.
const programEnv = "SEEABLE_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programEnv) != "" {
		Main()
	}
	if paths := os.Getenv(toldEnv); paths != "" {
		tell(filepath.SplitList(paths))
	}
	os.Exit(m.Run())
}

func TestSweepErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.toml")
	write(t, path, []byte("[sweep]\naxes = [{ discrepancy.rows = [4, 16], discrepancy.cols = [4, 16] }]"))
	for _, c := range []struct {
		line string
		code int
		want []string
	}{
		{"sweep", misused, []string{"one sweep"}},
		{"cell ablate-grid-mini", misused, []string{"a sweep and the index"}},
		{"sweep nothing", failed, []string{`"nothing"`, "ablate-grid-mini"}},
		{"sweep demo", failed, []string{"no section [sweep]", "seelab run"}},
		{"run ablate-grid-mini", failed, []string{"seelab sweep"}},
		{"sweep " + path, failed, []string{"cell 1 (", "K − 1 = 511"}},
		{"sweep ablate-lambda-mini --set loss.lambda=1", failed, []string{"varies loss.lambda"}},
		{"sweep ablate-lambda-mini --set train.stepz=1", failed, []string{`"train.steps"`}},
		{"cell ablate-lambda-mini 4", failed, []string{"from 0 to 3"}},
		{"cell ablate-lambda-mini -- -1", failed, []string{"from 0 to 3"}},
		{"cell ablate-lambda-mini one", failed, []string{"from 0 to 3"}},
		{"sweep ablate-lambda-mini --kubernetes", failed, []string{"--image and --claim"}},
		{"sweep ablate-lambda-mini --memory 1MB", failed, []string{"--memory", "at least 100MB"}},
		{"sweep ablate-lambda-mini --memory 1MB --slurm", failed, []string{"--memory", "at least 100MB"}},
		{"cell ablate-lambda-mini 1 --memory much", failed, []string{"--memory", "500MB"}},
		{"run demo --memory 1MB", failed, []string{"--memory", "at least 100MB"}},
	} {
		code, stdout, stderr := seelab(t, strings.Fields(c.line)...)
		if code != c.code || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("seelab %s: exit code %d, want %d; stdout %q, stderr %q", c.line, code, c.code, stdout, stderr)
		}
		for _, want := range c.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("seelab %s: %q lacks %q", c.line, stderr, want)
			}
		}
	}
}

func TestSweepList(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(must(t, "sweep", "ablate-grid-mini", "--list")), "\n")
	if len(lines) != 5 || !strings.HasPrefix(lines[2], "1     rows=3, cols=3  ablation-mini-") {
		t.Errorf("found %q", lines)
	}
}

// What goes to a cluster names everything from anywhere.
func TestSweepForClusters(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	write(t, "mine.toml", []byte("[sweep]\naxes = [{ seed = [1, 2] }]"))
	script := must(t, "sweep", "mine.toml", "--slurm", "--data", "data", "--set", "train.steps=3", "--cores", "3", "--memory", "5", "--limit", "2h")
	for _, want := range []string{
		" cell " + here + `/mine.toml "$SLURM_ARRAY_TASK_ID" --results ` + here + "/results/runs --set train.steps=3 --data " + here + "/data --memory 5GB &\n",
		"--output=" + here + "/results/slurm/mine-%A_%a.log", "--array=0-1\n", "--cpus-per-task=3\n", "--mem=7G\n", "--time=120\n",
	} {
		if !strings.Contains(script, want) {
			t.Errorf("no %q in\n%s", want, script)
		}
	}
	if info, err := os.Stat("results/slurm"); err != nil || !info.IsDir() {
		t.Errorf("no folder for the logs: %v", err)
	}
	job := must(t, "sweep", "ablate-lambda-mini", "--kubernetes", "--image", "seelab:1", "--claim", "volume")
	for _, want := range []string{
		`- "--results"` + "\n            " + `- "/lab/runs"`, `- "--data"` + "\n            " + `- "/lab/data"`,
		"completions: 4\n", `image: "seelab:1"`, `claimName: "volume"`,
	} {
		if !strings.Contains(job, want) {
			t.Errorf("no %q in\n%s", want, job)
		}
	}
}

// Every flag of the surroundings reaches the cells: what a sweep is given, the command of a cell has, and a cell takes it.
func TestCellsGetAllFlags(t *testing.T) {
	t.Chdir(t.TempDir())
	values := map[string]string{
		"results": "/r", "data": "/d", "faces": "/f", "frames": "128", "consecutive": "32", "margin": "0.25", "side": "224", "strict": "true", "allow-leaks": "true",
		"backend": "go", "devices": "2", "memory": "3GB",
	}
	args := []string{"sweep", "ablate-lambda-mini", "--kubernetes", "--image", "i", "--claim", "c"}
	for name, value := range values {
		args = append(args, "--"+name+"="+value)
	}
	job := must(t, args...)
	if !strings.Contains(job, "memory: 5Gi\n") { // 2 GiB of the network's and 3 GB for faces
		t.Errorf("no memory for the faces is asked for in\n%s", job)
	}
	cell := sweeps.NewCell()
	sweeps.New().Flags().VisitAll(func(f *pflag.Flag) {
		if cell.Flags().Lookup(f.Name) == nil || f.Name == "set" || f.Name == "json" || f.Name == "help" {
			return // of the sweep alone, or tested elsewhere
		}
		value, ok := values[f.Name]
		want := fmt.Sprintf("- %q\n            - %q\n", "--"+f.Name, value)
		if f.Value.Type() == "bool" {
			want = fmt.Sprintf("- %q\n", "--"+f.Name)
		}
		if !ok || !strings.Contains(job, want) {
			t.Errorf("--%s does not reach the cells:\n%s", f.Name, job)
		}
	})
	sweeps.NewCell().Flags().VisitAll(func(f *pflag.Flag) {
		if sweeps.New().Flags().Lookup(f.Name) == nil && f.Name != "child" {
			t.Errorf("--%s of a cell is no flag of a sweep", f.Name)
		}
	})
}

// tinySweep writes a sweep of tiny cells on drawn faces.
func tinySweep(t *testing.T, steps int, cells string) (path, data string) {
	t.Helper()
	data, _ = drawData(t)
	path = filepath.Join(t.TempDir(), "tiny.toml")
	write(t, path, fmt.Appendf(nil, "%s\n[sweep]\ncells = [%s]\n", strings.Replace(tiny, "steps = 6", fmt.Sprint("steps = ", steps), 1), cells))
	return path, data
}

// results reads the scores of all finished runs.
func results(t *testing.T, dir string) map[string]string {
	t.Helper()
	ids, err := store.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, id := range ids {
		text, err := os.ReadFile(filepath.Join(dir, id, store.ScoresFile))
		if err != nil {
			t.Fatal(err)
		}
		found[id] = string(text)
	}
	return found
}

func TestSweep(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile in each child")
	}
	acceltest.ForTest(t)
	t.Setenv(programEnv, "1")
	// The third names a test set that is not there.
	path, data := tinySweep(t, 6, `{}, { loss.lambda = 0.5 }, { data.test = ["nothing"] }, { score.name = "norm" }`)
	runs := filepath.Join(t.TempDir(), "runs")
	sweep := func(more ...string) (code int, stdout, stderr string) {
		t.Helper()
		return seelab(t, append([]string{"sweep", path, "--data", data, "--results", runs, "--jobs", "2"}, more...)...)
	}

	code, stdout, stderr := sweep("--json")
	if code != failed || !strings.Contains(stderr, "1 of 4 cells failed") {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	final := map[int]cluster.Event{}
	networks := 0
	for line := range strings.Lines(stdout) {
		var e cluster.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if final[e.Cell].Stage != "training" && e.Stage == "training" {
			networks++
		}
		final[e.Cell] = e
	}
	for cell, want := range []cluster.State{cluster.Finished, cluster.Finished, cluster.Failed, cluster.Finished} {
		if e := final[cell]; e.State != want {
			t.Errorf("cell %d: %s, %s, want %s", cell, e.State, e.Error, want)
		}
	}
	if e := final[2]; !strings.Contains(e.Error, "nothing") || strings.Contains(e.Error, "seelab:") {
		t.Errorf("the failed cell says %q, want its reason", e.Error)
	}
	if networks != 2 {
		t.Errorf("%d networks were trained, want 2: a cell differs only in its score", networks)
	}
	first := results(t, runs)
	if len(first) != 3 {
		t.Fatalf("%d runs, want 3", len(first))
	}
	reports, err := filepath.Glob(filepath.Join(runs, "*.report.html"))
	if err != nil || len(reports) != 1 || !strings.Contains(stderr, "report: "+reports[0]) {
		t.Fatalf("reports %q, %v; want one, named in %s", reports, err, stderr)
	}
	if text, err := os.ReadFile(reports[0]); err != nil || !strings.Contains(string(text), "4 cells, 3 of them finished") {
		t.Errorf("error %v; the report does not tell of 3 finished cells", err)
	}

	// The same again: nothing is trained, the failed cell is tried and fails.
	code, stdout, stderr = sweep()
	if code != failed || strings.Contains(stderr, "training") || !strings.Contains(stderr, "cell 0 (tiny): finished, ") {
		t.Errorf("again: exit code %d: %s", code, stderr)
	}
	if !strings.Contains(stdout, "lambda=0.5") || !strings.Contains(stdout, "drawn") || !strings.Contains(stdout, "not done") {
		t.Errorf("the table lacks a cell or a test set: %s", stdout)
	}
	if !reflect.DeepEqual(results(t, runs), first) {
		t.Error("a finished run has changed")
	}
}

// A sweep that is stopped three times, by Ctrl-C, by the death of its child and by its own, ends with the scores of one
// that ran through.
func TestSweepInterrupted(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile in each child")
	}
	acceltest.ForTest(t)
	t.Setenv(programEnv, "1")
	path, data := tinySweep(t, 120, `{}, { score.name = "norm" }`)
	undisturbed, disturbed := filepath.Join(t.TempDir(), "runs"), filepath.Join(t.TempDir(), "runs")
	arguments := func(runs string) []string {
		return []string{"sweep", path, "--data", data, "--results", runs, "--jobs", "1", "--json"}
	}
	sweep := func(ctx context.Context, runs string, each func(cluster.Event)) (code int, stderr string) {
		var text bytes.Buffer
		code = execute(ctx, arguments(runs), &events{each: each}, &text)
		return code, text.String()
	}
	if code, text := sweep(t.Context(), undisturbed, nil); code != 0 {
		t.Fatalf("exit code %d: %s", code, text)
	}
	var reached []int // the steps at which training was seen to go on
	// once does something as soon as a cell trains: a step of this network takes a moment only.
	once := func(do func(cluster.Event)) func(cluster.Event) {
		seen := false
		return func(e cluster.Event) {
			if e.Stage == "training" && !seen {
				seen, reached = true, append(reached, e.Done)
				do(e)
			}
		}
	}
	kill := func(pid int) error {
		p, err := os.FindProcess(pid)
		if err != nil {
			return err
		}
		return p.Kill()
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if code, text := sweep(ctx, disturbed, once(func(cluster.Event) { cancel() })); code != interrupted {
		t.Fatalf("exit code %d, want %d: %s", code, interrupted, text)
	}
	// The second cell differs in its score only: it goes on where the first was killed. So that it does not, both are.
	code, text := sweep(t.Context(), disturbed, func() func(cluster.Event) {
		first := once(func(e cluster.Event) {
			if err := kill(e.PID); err != nil {
				t.Error(err)
			}
		})
		return func(e cluster.Event) {
			first(e)
			if e.Cell == 1 && e.Stage == "training" && e.State == cluster.Running {
				_ = kill(e.PID) // or it is dead already
			}
		}
	}())
	if code != failed || !strings.Contains(text, "2 of 2 cells failed") {
		t.Fatalf("exit code %d: %s", code, text)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	itself := exec.Command(program, arguments(disturbed)...)
	itself.Stdout = &events{each: once(func(cluster.Event) {
		if err := itself.Process.Kill(); err != nil {
			t.Error(err)
		}
	})}
	if err := itself.Run(); err == nil || itself.ProcessState.ExitCode() != -1 {
		t.Fatalf("the sweep was not killed: %v", err)
	}
	// Its child may still be at work: it saves that and ends.
	if code, text := sweep(t.Context(), disturbed, nil); code != 0 {
		t.Fatalf("exit code %d: %s", code, text)
	}

	if len(reached) != 3 || reached[1] <= reached[0] || reached[2] < reached[1] {
		t.Errorf("training went on with steps %v, want later ones", reached)
	}
	want, got := results(t, undisturbed), results(t, disturbed)
	if len(want) != 2 || !reflect.DeepEqual(got, want) {
		t.Errorf("scores of %d runs differ from those of %d that ran undisturbed", len(got), len(want))
	}
}

// events is a writer that takes the stream of a sweep apart.
type events struct {
	each func(cluster.Event)
	part []byte
}

func (w *events) Write(p []byte) (int, error) {
	w.part = append(w.part, p...)
	for {
		line, rest, found := bytes.Cut(w.part, []byte("\n"))
		if !found {
			return len(p), nil
		}
		w.part = rest
		var e cluster.Event
		if err := json.Unmarshal(line, &e); err != nil {
			return 0, err
		}
		if w.each != nil {
			w.each(e)
		}
	}
}
