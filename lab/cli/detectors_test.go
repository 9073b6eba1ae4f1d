package cli

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/extract/extracttest"
	"github.com/seeable-lab/seeable/lab/pack"
	"github.com/seeable-lab/seeable/lab/store"
)

// carrying is seelab for a program that carries detectors along.
func carrying(t *testing.T, detectors fs.FS, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = execute(t.Context(), args, &out, &err, detectors)
	return code, out.String(), err.String()
}

// The whole way of a detector: a run, its export, the same figures and nearly the same scores from the folder, and faces scored by
// it where it comes along.
func TestDetectorTravels(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	acceltest.ForTest(t)
	extracttest.Nets(t)
	t.Setenv(lab.DataEnv, "")
	data, _ := drawData(t)
	results := filepath.Join(t.TempDir(), "runs")
	experiment := filepath.Join(t.TempDir(), "tiny.toml")
	write(t, experiment, []byte(tiny))
	var record store.Record
	if err := json.Unmarshal([]byte(must(t, "run", experiment, "--set", "score.name=cosine", "--data", data, "--results", results, "--json")), &record); err != nil {
		t.Fatal(err)
	}

	folder := filepath.Join(t.TempDir(), "detectors")
	dir := filepath.Join(folder, "first")
	if text := must(t, "export", "--run", "tiny", "--detector", dir, "--results", results); !strings.HasPrefix(text, dir+": ") {
		t.Errorf("export prints %q", text)
	}
	size := func(dir string) int64 {
		info, err := os.Stat(filepath.Join(dir, store.WeightsFile))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	if whole, half := size(filepath.Join(results, record.Run)), size(dir); half > whole*6/10 {
		t.Errorf("%d bytes of weights of %d: no more than half was wanted", half, whole)
	}

	var again store.Record
	if err := json.Unmarshal([]byte(must(t, "eval", "--run", dir, "--data", data, "--json")), &again); err != nil {
		t.Fatal(err)
	}
	if len(again.Tests) != len(record.Tests) {
		t.Fatalf("%d tests, in the run %d", len(again.Tests), len(record.Tests))
	}
	for i, was := range record.Tests {
		if is := again.Tests[i]; is.Dataset != was.Dataset || is.Method != was.Method || is.Level != was.Level || math.Abs(is.AUC-was.AUC) > 0.002 {
			t.Errorf("%+v, in the run %+v", is, was)
		}
	}

	faces, err := filepath.Glob(filepath.Join(data, "crops/drawn/*/*.jpg"))
	if more, _ := filepath.Glob(filepath.Join(data, "crops/drawn/*.jpg")); len(faces) == 0 {
		faces = more
	}
	if err != nil || len(faces) < 4 {
		t.Fatalf("%q, error %v", faces, err)
	}
	scores := func(args ...string) (run, detector string, scores []float64) {
		t.Helper()
		var found struct {
			Run, Detector string
			Faces         []struct{ Score float64 }
		}
		code, stdout, stderr := carrying(t, os.DirFS(folder), append(append([]string{"score", "--mean-face", "--json", "--out", t.TempDir()}, args...), faces[:4]...)...)
		if err := json.Unmarshal([]byte(stdout), &found); err != nil || code != 0 || (found.Detector != "") != strings.Contains(stderr, "scored by the detector "+found.Detector+" (") {
			t.Fatalf("%q: exit code %d, %v, %s", args, code, err, stderr)
		}
		for _, f := range found.Faces {
			scores = append(scores, f.Score)
		}
		return found.Run, found.Detector, scores
	}
	_, none, want := scores("--run", "tiny", "--results", results)
	if none != "" {
		t.Errorf("a run is called the detector %q", none)
	}
	must(t, "export", "--run", "tiny", "--detector", filepath.Join(folder, "second"), "--results", results, "--kind", "final")
	write(t, filepath.Join(folder, pack.OrderFile), []byte("second\nfirst\n"))
	for _, c := range []struct {
		args []string
		want string
	}{{nil, "second"}, {[]string{"--detector", "first"}, "first"}, {[]string{"--detector", dir}, "first"}} {
		run, detector, got := scores(c.args...)
		if run != record.Run || detector != c.want || len(got) != len(want) {
			t.Fatalf("%q: %v by %q of run %q", c.args, got, detector, run)
		}
		for i := range got {
			// By the largest: a score may be near 0.
			if largest := max(slices.Max(want), -slices.Min(want)); math.Abs(got[i]-want[i]) > 1e-2*largest {
				t.Errorf("%q: face %d has %v, by the run %v", c.args, i, got[i], want[i])
			}
		}
	}

	code, stdout, stderr := carrying(t, os.DirFS(folder), "detectors")
	if lines := strings.Split(strings.TrimSpace(stdout), "\n"); code != 0 || len(lines) != 3 || !strings.HasPrefix(lines[1], "second ") ||
		!strings.Contains(lines[1], "final sets") || !strings.Contains(lines[2], "development sets") || !strings.Contains(lines[2], pack.Terms) {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	var listed []detectorLine
	_, stdout, _ = carrying(t, os.DirFS(folder), "detectors", "--json")
	if err := json.Unmarshal([]byte(stdout), &listed); err != nil || len(listed) != 2 || listed[1].Name != "first" || listed[1].Bytes != size(dir) || listed[1].AUC["drawn"] != record.AUC["drawn"] {
		t.Errorf("%+v, error %v", listed, err)
	}

	damaged := filepath.Join(t.TempDir(), "damaged")
	if err := os.CopyFS(damaged, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(damaged, store.WeightsFile), []byte("none"))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"score", "--detector", damaged, faces[0]}, damaged + ": store: damaged: weights.safetensors has changed"},
		{[]string{"eval", "--run", damaged, "--data", data}, damaged + ": store: damaged: weights.safetensors has changed"},
		{[]string{"eval", "--run", filepath.Join(folder, "third"), "--data", data}, "third: no such file or directory"},
		{[]string{"score", "--detector", "third", faces[0]}, `no detector "third": there are second, first`},
		{[]string{"score", "--detector", data, faces[0]}, "no detector here"},
		{[]string{"export", "--run", "tiny", "--detector", dir, "--results", results}, dir + " is there already"},
		{[]string{"export", "tiny", "--run", "tiny", "--detector", dir, "--results", results}, "takes its run by --run"},
		{[]string{"export", "--run", "tiny", "--detector", dir + "3", "--results", results, "--kind", "good"}, `kind "good"`},
	} {
		code, stdout, stderr := carrying(t, os.DirFS(folder), c.args...)
		if code != failed || stdout != "" || !strings.Contains(stderr, c.want) || strings.Count(stderr, "seelab: ") != 1 {
			t.Errorf("%q: exit code %d, %q, %s", c.args, code, stdout, stderr)
		}
	}
}
