package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// writeRun writes a run folder with made-up scores.
func writeRun(t *testing.T, results, name string, seed uint64) {
	t.Helper()
	s := spec.Default()
	s.Name, s.Seed = name, seed
	dir := filepath.Join(results, lab.ID(s))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var faces []store.Item
	for i := range 20 {
		method := []string{"original", "Deepfakes", "FaceSwap"}[i%3]
		faces = append(faces, store.Item{Dataset: "FF++ c40", Method: method, Video: fmt.Sprint(i), Fake: i%3 > 0, Scores: []float64{float64(i * int(seed+3) % 7)}})
	}
	write(t, filepath.Join(dir, store.SpecFile), []byte(s.TOML()))
	if err := store.WriteItems(filepath.Join(dir, store.ScoresFile), []string{"cosine"}, slices.Values(faces)); err != nil {
		t.Fatal(err)
	}
	if err := store.WriteSteps(filepath.Join(dir, store.TrainingFile), []store.Step{{Step: 1, Loss: 2}}); err != nil {
		t.Fatal(err)
	}
	if err := store.WriteRecord(dir, store.Record{Run: lab.ID(s), Name: name, Hash: s.Hash(), Score: "cosine", Versions: map[string]string{"metric": metric.Version}, Started: "2026-11-23T05:28:57Z"}); err != nil {
		t.Fatal(err)
	}
}

func TestTable(t *testing.T) {
	results := t.TempDir()
	writeRun(t, results, "one", 1)
	writeRun(t, results, "one", 2)
	writeRun(t, results, "two", 1)
	base := []string{"table", "--results", results}
	for want, args := range map[string][]string{
		"FF++ c40":                     nil,
		"| one<br>2 seeds: ":           {"--over-seeds", "--format", "markdown"},
		"\\usepackage{booktabs}":       {"--format", "latex", "--paper"},
		"Published, not measured here": {"--paper"},
		"<caption>Mine</caption>":      {"--format", "html", "--title", "Mine"},
		"measured,two,two-":            {"--format", "csv", "--runs", "two"},
		"Measured here on FF++ c40":    {"--columns", "cross-manipulation"},
		"OC-FD1":                       {"cross-manipulation", "--paper", "--runs", "two"},
		"p: against this":              {"--against", "two", "--runs", "two"},
	} {
		if text := must(t, append(base, args...)...); !strings.Contains(text, want) {
			t.Errorf("seelab table %q lacks %q:\n%s", args, want, text)
		}
	}
	out := filepath.Join(t.TempDir(), "table.tex")
	if text := must(t, append(base, "--format", "latex", "--out", out)...); text != "" {
		t.Errorf("with --out it prints %q", text)
	}
	text, err := os.ReadFile(out)
	if again := must(t, append(base, "--format", "latex")...); err != nil || string(text) != again {
		t.Errorf("the file has %q, error %v; printed is %q", text, err, again)
	}
	for line, want := range map[string]string{
		"--format pdf":               "want text, markdown, latex, csv or html",
		"--columns frames":           `columns "frames"`,
		"--against nothing":          `no run "nothing"`,
		"--runs nothing":             `no run "nothing"`,
		"nothing":                    "nothing",
		"--set seed=2":               "--set",
		"ablate-lambda-mini":         "is finished",
		"--over-seeds --against two": "exclude each other",
	} {
		code, stdout, stderr := seelab(t, append(base, strings.Fields(line)...)...)
		if code != failed || stdout != "" || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("seelab table %s: exit code %d, %q, %q, want one line with %q", line, code, stdout, stderr, want)
		}
	}
}

func TestExport(t *testing.T) {
	results, to := t.TempDir(), t.TempDir()
	writeRun(t, results, "one", 1)
	writeRun(t, results, "two", 1)
	one := must(t, "export", "one", "--to", to, "--results", results)
	if lines := strings.Fields(one); len(lines) != 1 || !strings.HasPrefix(lines[0], filepath.Join(to, "one-")) {
		t.Errorf("export of one run prints %q", one)
	}
	all := strings.Fields(must(t, "export", "--to", to, "--results", results))
	if len(all) != 2 || all[0] != strings.TrimSpace(one) {
		t.Errorf("export of all runs prints %q", all)
	}
	for _, path := range all {
		if info, err := os.Stat(path); err != nil || info.Size() < 1000 {
			t.Errorf("%s: %v", path, err)
		}
	}
	if code, _, stderr := seelab(t, "export", "--to", to, "--results", t.TempDir()); code != failed || !strings.Contains(stderr, "no finished run") {
		t.Errorf("exit code %d, %q of no runs", code, stderr)
	}
}
