package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/store"
)

// leakyData is drawData with a test person who is trained on.
func leakyData(t *testing.T) string {
	t.Helper()
	data, _ := drawData(t)
	path := filepath.Join(data, "crops/drawn/manifest.csv")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	leaky := bytes.ReplaceAll(text, []byte(",test_001,"), []byte(",train_003,")) // video and target
	if bytes.Equal(leaky, text) {
		t.Fatalf("nobody is called test_001:\n%s", text)
	}
	write(t, path, leaky)
	return data
}

const leakyPerson = "drawn shows 1 person that training knows: train_003 ("

// What leaks is refused by name before anything is made, by sweep and its cells too.
func TestLeaksAreRefused(t *testing.T) {
	t.Setenv(programEnv, "1") // for the cells
	data, results := leakyData(t), filepath.Join(t.TempDir(), "runs")
	experiment, sweep := filepath.Join(t.TempDir(), "tiny.toml"), filepath.Join(t.TempDir(), "sweep.toml")
	write(t, experiment, []byte(tiny))
	write(t, sweep, []byte(tiny+"\n[sweep]\ncells = [{ seed = 1 }, { seed = 2 }]\n"))
	for _, args := range [][]string{{"run", experiment}, {"sweep", sweep}, {"cell", sweep, "1"}} {
		code, _, stderr := seelab(t, append(args, "--data", data, "--results", results)...)
		for _, want := range []string{leakyPerson, `--set 'data.exclude=["Ben_Kingsley","Ethan_Hawke","train_003"]'`, "--allow-leaks"} {
			if code != failed || !strings.Contains(stderr, want) {
				t.Errorf("%v: exit code %d, no %q in %s", args, code, want, stderr)
			}
		}
	}
	if entries, err := os.ReadDir(results); err == nil && len(entries) > 0 {
		t.Errorf("it has made %v", entries)
	}
}

// Doctor names crops that look like real faces to train on: the same picture in another file, and one that is smaller.
func TestDoctorNamesWhatIsAlike(t *testing.T) {
	data, _ := drawData(t)
	near := func() (all []layout.Near) {
		t.Helper()
		var report layout.Report
		if err := json.Unmarshal([]byte(must(t, "doctor", "--data", data, "--json")), &report); err != nil {
			t.Fatal(err)
		}
		return report.Near
	}
	if all := near(); all != nil {
		t.Errorf("without a copy: %+v", all)
	}
	m, err := face.Open(filepath.Join(data, "real/drawn/real/train_003_0.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	half := image.NewRGBA(image.Rect(0, 0, m.Rect.Dx()/2, m.Rect.Dy()/2))
	for y := range half.Rect.Dy() {
		for x := range half.Rect.Dx() {
			half.SetRGBA(x, y, m.RGBAAt(2*x, 2*y))
		}
	}
	manifest := filepath.Join(data, "crops/drawn/manifest.csv")
	rows, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	for name, img := range map[string]image.Image{"same": m, "half": half} {
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(data, "crops/drawn", name+".png"), b.Bytes())
		rows = fmt.Appendf(rows, "%s.png,0,original,%s,0,%[1]s,,,,,\n", name, name)
	}
	write(t, manifest, rows)
	all := near()
	if len(all) != 1 || all[0].From != "drawn" || all[0].To != "drawn" || len(all[0].Faces) != 2 {
		t.Fatalf("%+v; want two faces", all)
	}
	const like = "drawn/real/train_003:real/train_003_0.jpg"
	same, halved := all[0].Faces[0], all[0].Faces[1]
	if same.Face != "drawn/original/same:same.png" || !same.Same || same.Like != like || halved.Face != "drawn/original/half:half.png" || halved.Same {
		t.Errorf("%+v", all[0].Faces)
	}
	if text := must(t, "doctor", "--data", data); !strings.Contains(text, same.Face+" is the same picture as "+like) {
		t.Errorf("no name in\n%s", text)
	}
}

// With --allow-leaks the figures are made, and marked wherever they show.
func TestAllowLeaks(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	acceltest.ForTest(t)
	data, results := leakyData(t), filepath.Join(t.TempDir(), "runs")
	experiment := filepath.Join(t.TempDir(), "tiny.toml")
	write(t, experiment, []byte(tiny))
	where := []string{"--data", data, "--results", results}
	var record store.Record
	if err := json.Unmarshal([]byte(must(t, append([]string{"run", experiment, "--set", "score.name=cosine", "--allow-leaks", "--json"}, where...)...)), &record); err != nil {
		t.Fatal(err)
	}
	if len(record.Leaks) != 1 || record.Leaks[0] != "drawn" || len(record.Tests) != 2 || record.Tests[0].Leaks != "1 person, 1 video" || record.Tests[1].Leaks != "1 person, 1 video" {
		t.Errorf("leaks of %v, tests %+v", record.Leaks, record.Tests)
	}
	report, err := os.ReadFile(filepath.Join(results, record.Run, store.ReportFile))
	if err != nil || !bytes.Contains(report, []byte("<strong>LEAKS.</strong>")) {
		t.Errorf("the report says nothing of leaks, %v", err)
	}
	for name, args := range map[string][]string{
		"run again": append([]string{"run", experiment, "--set", "score.name=cosine"}, where...),
		"table":     {"table", "--results", results},
		"runs":      {"runs", "--results", results},
		"show":      {"show", record.Run, "--results", results},
		"eval":      append([]string{"eval", "--run", "tiny", "--allow-leaks"}, where...),
	} {
		if text := must(t, args...); !strings.Contains(text, "leaks") {
			t.Errorf("%s says nothing of leaks:\n%s", name, text)
		}
	}
	code, _, stderr := seelab(t, append([]string{"eval", "--run", "tiny"}, where...)...)
	if code != failed || !strings.Contains(stderr, leakyPerson) {
		t.Errorf("eval: exit code %d, %s", code, stderr)
	}

	// Where the training set is not there, nobody knows.
	elsewhere := t.TempDir()
	if err := os.CopyFS(filepath.Join(elsewhere, "crops"), os.DirFS(filepath.Join(data, "crops"))); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := seelab(t, "eval", "--run", "tiny", "--data", elsewhere, "--results", results)
	if code != 0 || !strings.Contains(stdout, "leaks: unknown") || !strings.Contains(stderr, "is not known") {
		t.Errorf("without the training set: exit code %d, %s, %s", code, stdout, stderr)
	}
}
