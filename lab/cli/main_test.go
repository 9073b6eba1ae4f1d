package cli

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/spec"
)

// seelab runs a command line in this process.
func seelab(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = execute(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

// must runs a command line that succeeds and returns what it prints.
func must(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := seelab(t, args...)
	if code != 0 {
		t.Fatalf("seelab %q: exit code %d, %s", args, code, stderr)
	}
	return stdout
}

func TestHelp(t *testing.T) {
	for _, cmd := range newRoot().Commands() {
		if cmd.Name() == "help" {
			continue
		}
		text := must(t, cmd.Name(), "--help")
		for _, want := range []string{"Usage:\n  seelab " + cmd.Name(), "Examples:\n  seelab " + cmd.Name()} {
			if !strings.Contains(text, want) {
				t.Errorf("help of %s lacks %q:\n%s", cmd.Name(), want, text)
			}
		}
	}
	if text := must(t); !strings.Contains(text, "seelab demo") {
		t.Errorf("seelab alone does not say how to begin:\n%s", text)
	}
}

func TestErrors(t *testing.T) {
	t.Setenv(lab.DataEnv, "")
	none := filepath.Join(t.TempDir(), "none")
	for _, c := range []struct {
		line string
		code int
		want []string // in the one line on stderr
	}{
		{"rum", misused, []string{`unknown command "rum"`, "did you mean rm or run"}},
		{"qwertyuiop", misused, []string{`unknown command "qwertyuiop"`, "seelab --help"}},
		{"run", misused, []string{"one experiment", "seelab run --help"}},
		{"run demo --stepz 3", misused, []string{"unknown flag: --stepz"}},
		{"eval", misused, []string{"[run scores]", "seelab eval --help"}},
		{"eval --run x --scores y.csv", misused, []string{"[scores run]"}},
		{"eval --scores y.csv --data z", misused, []string{"[scores data]"}},
		{"eval --run x --against y", misused, []string{"[run against]"}},
		{"eval --scores " + none, failed, []string{none + ": no such file"}},
		{"eval --scores=", failed, []string{"no such file"}},
		{"table --scores x.csv", failed, []string{"want NAME=FILE.csv"}},
		{"score --run x", misused, []string{"at least one image"}},
		{"score face.png", misused, []string{`required flag(s) "run" not set`, "carries no detector along", "seelab score --help"}},
		{"score face.png --run x --detector y", misused, []string{"[detector run]"}},
		{"score face.png --detector nothing", failed, []string{`no detector "nothing"`, "carries no detector along"}},
		{"export", misused, []string{"[to detector]"}},
		{"export --detector x", misused, []string{"[run detector]", "missing [run]"}},
		{"bench nothing", misused, []string{`"nothing"`, "discrepancy, variants, train, score, makers, systems"}},
		{"list all", misused, []string{"found 1 arguments, want none"}},

		{"run seeable-mini", failed, []string{"no data folder is given", "--data"}},
		{"run seeable-mini --data " + none, failed, []string{none + " is not there", "--data"}},
		{"run nothing", failed, []string{`no experiment "nothing"`, "demo"}},
		{"run nothing.toml", failed, []string{"nothing.toml"}},
		{"run demo --set train.stepz=3", failed, []string{`unknown key "train.stepz"`, `did you mean "train.steps"?`}},
		{"run demo --set train.steps=0", failed, []string{"train.steps = 0", "want"}},
		{"run demo --set encoder.dim=2 --set train.steps", failed, []string{"encoder.dim", "K − 1 = 20"}},
		{"run demo --set train.steps", failed, []string{"want key=value"}},
		{"spec demo --set seed=-1", failed, []string{"seed"}},
		{"eval --run nothing --results " + none, failed, []string{`no run "nothing"`, "no finished run yet"}},
		{"score --run nothing face.png --results " + none, failed, []string{`no run "nothing"`}},
		{"select-score --run nothing --results " + none, failed, []string{`no run "nothing"`}},
		{"bench discrepancy --size 50", failed, []string{"encoder.size = 50"}},
	} {
		code, stdout, stderr := seelab(t, strings.Fields(c.line)...)
		if code != c.code || stdout != "" {
			t.Errorf("seelab %s: exit code %d, want %d; stdout %q", c.line, code, c.code, stdout)
		}
		if !strings.HasPrefix(stderr, "seelab: ") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("seelab %s: not one line of seelab: %q", c.line, stderr)
		}
		for _, want := range c.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("seelab %s: %q lacks %q", c.line, stderr, want)
			}
		}
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, err bytes.Buffer
	code := execute(ctx, []string{"bench", "discrepancy"}, &out, &err)
	if code != interrupted || err.String() != "seelab: interrupted\n" {
		t.Errorf("exit code %d, %q", code, err.String())
	}
}

func TestSpec(t *testing.T) {
	want, err := experiments.Load("demo")
	if err != nil {
		t.Fatal(err)
	}
	text := must(t, "spec", "demo")
	if text != want.TOML() {
		t.Errorf("spec demo prints %s, want %s", text, want.TOML())
	}
	// What it prints is an experiment.
	path := filepath.Join(t.TempDir(), "mine.toml")
	write(t, path, []byte(text))
	if again := must(t, "spec", path); again != text {
		t.Errorf("its own text gives %s, want %s", again, text)
	}
	if text := must(t, "spec"); text != spec.Default().TOML() {
		t.Errorf("spec alone prints %s, want the defaults", text)
	}
	changed := want
	if err := changed.Set("train.steps=7"); err != nil {
		t.Fatal(err)
	}
	if text := must(t, "spec", "demo", "--set", "train.steps=7"); text != changed.TOML() || text == want.TOML() {
		t.Errorf("with --set it prints %s", text)
	}

	lines := strings.Split(strings.TrimSpace(must(t, "spec", "--keys")), "\n")
	keys := spec.Keys()
	if len(lines) != len(keys) {
		t.Fatalf("%d lines for %d keys", len(lines), len(keys))
	}
	for i, key := range keys {
		if strings.Fields(lines[i])[0] != key {
			t.Errorf("line %d is %q, want key %s", i, lines[i], key)
		}
	}
}

func TestList(t *testing.T) {
	text := must(t, "list")
	for _, name := range experiments.Names() {
		about, _, _ := strings.Cut(experiments.About(name), "\n")
		if !strings.Contains(text, name+"\n    "+about+"\n") {
			t.Errorf("no %s with %q in %s", name, about, text)
		}
	}
}

func TestVersion(t *testing.T) {
	if text := must(t, "version"); !strings.HasPrefix(text, "seelab "+lab.Version+" go1.") {
		t.Errorf("version prints %q", text)
	}
}
