package lab_test

import (
	"bytes"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	_ "github.com/seeable-lab/seeable/lab/cli" // what seelab links
)

// outsider is the module of testdata/outside, copied out of this one.
type outsider struct {
	*testing.T
	dir string
}

func newOutsider(t *testing.T) outsider {
	o := outsider{t, t.TempDir()}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(o.dir, os.DirFS("testdata/outside")); err != nil {
		t.Fatal(err)
	}
	// The versions are those of this module; what lies in the module cache already is all that is needed.
	for name, change := range map[string]func(string) string{
		"go.mod": func(text string) string {
			_, requires, _ := strings.Cut(text, "\n")
			return "module example.org/boundary\n" + requires +
				"\nrequire github.com/seeable-lab/seeable v0.0.0\n\nreplace github.com/seeable-lab/seeable => " + strconv.Quote(root) + "\n"
		},
		"go.sum": func(text string) string { return text },
	} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(o.dir, name), []byte(change(string(text))), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// run runs a program in the module and returns what it prints.
func (o outsider) run(name string, args ...string) string {
	o.Helper()
	cmd := exec.CommandContext(o.Context(), name, args...)
	cmd.Dir = o.dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod -buildvcs=false", "GOPROXY=off", "GOWORK=off", lab.DataEnv+"=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		o.Fatalf("%s %q: %v\n%s%s", filepath.Base(name), args, err, out, stderr.String())
	}
	return string(out)
}

// has demands that a text has parts, and lacks those that begin with "!".
func (o outsider) has(what, text string, parts ...string) {
	o.Helper()
	for _, part := range parts {
		lacked, lacks := strings.CutPrefix(part, "!")
		if strings.Contains(text, lacked) == lacks {
			o.Errorf("%s: want %q in it (! is not): %s", what, part, text)
		}
	}
}

// A module outside of this one registers a method with a map head, an encoder, a loss and a method that classifies nothing, each
// in one file. They keep the contract, train, score, explain and stand in a table and in every command of seelab.
func TestOutside(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and trains in another module")
	}
	acceltest.ForTest(t) // skips where there is no XLA
	o := newOutsider(t)
	results := filepath.Join(o.dir, "results")

	o.run("go", "vet", "./...")
	checked := o.run("go", "test", "-v", ".")
	o.has("methodtest", checked, "--- PASS: TestBoundary/score", "--- PASS: TestBoundary/gradient", "--- PASS: TestRebuild/resume", "!SKIP")
	o.run("go", "build", "-o", "bin"+string(filepath.Separator), "./look", "./seelab")

	told := o.run(filepath.Join(o.dir, "bin", "look"), results)
	found := regexp.MustCompile(`score (?:head|map) -?\d+\.\d{4}\nmap of 5×5, 25 values from (\S+) to (\S+) in \[0, 1\]: chance of a blending boundary\n`).FindStringSubmatch(told)
	if found == nil {
		t.Fatalf("no score and no map in %s", told)
	}
	low, _ := strconv.ParseFloat(found[1], 64)
	high, _ := strconv.ParseFloat(found[2], 64)
	if !(0 <= low && low < high && high <= 1) {
		t.Errorf("a map from %v to %v, want different values in [0, 1]", low, high)
	}
	for _, row := range []string{"boundary-small", "own-loss", "rebuild-small"} {
		if !regexp.MustCompile(`(?m)^\| ` + row + `<br>seed 1<br>trained on [^|]* \| \d+\.\d`).MatchString(told) {
			t.Errorf("no row of %s in %s", row, told)
		}
	}
	heat, err := os.ReadFile(filepath.Join(results, "heat.png"))
	if err == nil {
		_, err = png.Decode(bytes.NewReader(heat))
	}
	if err != nil {
		t.Errorf("the heat map: %v", err)
	}

	seelab := func(args ...string) string {
		t.Helper()
		if !slices.Contains([]string{"list", "spec"}, args[0]) {
			args = append(args, "--results", results)
		}
		return o.run(filepath.Join(o.dir, "bin", "seelab"), args...)
	}
	o.has("list", seelab("list"), "boundary", "rebuild", "tiny", "cosface")
	o.has("spec --keys", seelab("spec", "--keys"), "boundary.weight", "weight of the map's loss")
	o.has("runs", seelab("runs"), "boundary-small", "rebuild-small", "own-loss")
	o.has("run", seelab("run", "small.toml"), "Accuracy on held-out faces", "by guessing 0.500")
	o.has("show", seelab("show", "rebuild-small"), "Held-out loss 0.", "!by guessing", "!NaN")
	o.has("show", seelab("show", "own-loss"), "by guessing 0.031")
	o.has("table", seelab("table", "--runs", "boundary-small,rebuild-small", "--against", "rebuild-small"), "boundary-small", "rebuild-small")
	o.has("verify", seelab("verify", "boundary-small"), "!damaged")
	scored := seelab("score", "--run", "boundary-small", "--out", results, filepath.Join(results, "face.png"))
	o.has("score", scored, "(", "heat map: "+filepath.Join(results, "face.heat.png"))
	if _, err := os.Stat(filepath.Join(results, "face.heat.png")); err != nil {
		t.Error(err)
	}
	o.has("score without a map", seelab("score", "--run", "rebuild-small", filepath.Join(results, "face.png")), "(error)", "!heat map")
	for _, run := range []string{"boundary-small", "rebuild-small"} {
		seelab("export", run, "--to", filepath.Join(results, "events"))
	}
	for run, parts := range map[string][]string{
		"boundary-small": {"accuracy on held-out faces", "weight = 2.0", "method boundary"},
		"rebuild-small":  {"loss on held-out faces", "!accuracy on held-out faces", "!guessing gives", "method rebuild"},
		"own-loss":       {`name = &#34;cosface&#34;`, `name = &#34;tiny&#34;`},
	} {
		reports, err := filepath.Glob(filepath.Join(results, run+"-*", "report.html"))
		if err != nil || len(reports) != 1 {
			t.Fatalf("reports of %s: %q, %v", run, reports, err)
		}
		page, err := os.ReadFile(reports[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range parts {
			lacked, lacks := strings.CutPrefix(part, "!")
			if strings.Contains(string(page), lacked) == lacks {
				t.Errorf("the report of %s: want %q in it (! is not)", run, part)
			}
		}
	}

	// Whoever has not linked the module is told what to import: this process has what seelab has.
	needed := `import _ "example.org/boundary", which registers `
	if _, err := experiments.Load("testdata/outside/small.toml"); err == nil || !strings.Contains(err.Error(), `method = "boundary" is not linked; `+needed) {
		t.Errorf("error %v, want the import", err)
	}
	l, err := lab.Open(results)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for run, want := range map[string]string{
		"rebuild-small": `method = "rebuild" is not linked; ` + needed + "it",
		"own-loss":      `encoder.name = "tiny" is not linked; ` + needed + `encoder "tiny"`,
	} {
		if _, err := l.Load(run); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", run, err, want)
		}
	}
}

// The README shows what is there.
func TestReadmeShowsOutside(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## A detector of your own\n")
	section, _, _ = strings.Cut(section, "\n## ")
	files, err := filepath.Glob("testdata/outside/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code string
	for _, file := range append(files, "testdata/outside/seelab/main.go") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code += string(text)
	}
	shown := 0
	for i, block := range strings.Split(section, "```") {
		block, isGo := strings.CutPrefix(block, "go\n")
		if i%2 == 0 || !isGo {
			continue
		}
		for piece := range strings.SplitSeq(block, "…\n") {
			shown++
			if !strings.Contains(code, piece) {
				t.Errorf("the README shows what is not in testdata/outside:\n%s", piece)
			}
		}
	}
	if shown < 5 {
		t.Errorf("the README shows %d pieces of testdata/outside, want some", shown)
	}
}
