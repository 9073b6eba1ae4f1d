package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/store"
)

// A run of few people says that it has no threshold, and a run with points says in words what scores mean; one without says so.
func TestOperatingPoints(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	acceltest.ForTest(t)
	data, _ := drawData(t)
	results := filepath.Join(t.TempDir(), "runs")
	experiment := filepath.Join(t.TempDir(), "tiny.toml")
	write(t, experiment, []byte(tiny))
	at := func(args ...string) []string { return append(args, "--results", results) }
	var record store.Record
	if err := json.Unmarshal([]byte(must(t, at("run", experiment, "--set", "score.name=onepass", "--data", data, "--json")...)), &record); err != nil {
		t.Fatal(err)
	}
	if record.Alarms != nil || !strings.Contains(record.NoAlarms, "too few people for 5 %") {
		t.Errorf("alarms %+v, %q", record.Alarms, record.NoAlarms)
	}
	if text := must(t, at("show", "tiny")...); !strings.Contains(text, "No operating point: too few people") {
		t.Errorf("show prints %s", text)
	}
	code, _, stderr := seelab(t, at("alarms", "--run", "tiny", "--data", data)...)
	if code != failed || !strings.Contains(stderr, "has no threshold: too few people") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	file := filepath.Join(results, record.Run, operating.File)
	var points operating.Points
	if text, err := os.ReadFile(file); err != nil || json.Unmarshal(text, &points) != nil || len(points.Real) == 0 || len(points.Real) > 10 {
		t.Fatalf("%s: %s, error %v", file, text, err)
	}

	// As if more people had been held out: all score lower than any face does.
	points = operating.Points{Score: "onepass", Level: operating.Level, Fake: []float64{}}
	for i := range 40 {
		points.Real = append(points.Real, float64(i-1000))
	}
	text, err := points.Text()
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, text)
	faces, err := filepath.Glob(filepath.Join(data, "real/drawn/*.jpg"))
	if more, _ := filepath.Glob(filepath.Join(data, "real/drawn/*/*.jpg")); len(faces) == 0 {
		faces = more
	}
	if err != nil || len(faces) < 2 {
		t.Fatalf("%q, error %v", faces, err)
	}
	out := at("score", "--run", "tiny", "--out", t.TempDir(), "--mean-face")
	said := must(t, append(out, faces[:2]...)...)
	for part, n := range map[string]int{"  flagged: 0 % of real faces score as high or higher, 95 % interval 0 % to 8.81 % (40 people)": 2, "flagged above -962.0000, for 5 % of real faces": 1,
		"there is no threshold: too few people for 5 %: 0, want 19": 1} {
		if strings.Count(said, part) != n {
			t.Errorf("not %d times %q in %s", n, part, said)
		}
	}
	var scored struct {
		Faces []struct {
			Meaning operating.Meaning `json:"meaning"`
		}
	}
	if err := json.Unmarshal([]byte(must(t, append(out, "--json", "--false-alarms", "0.1", faces[0])...)), &scored); err != nil {
		t.Fatal(err)
	}
	m := scored.Faces[0].Meaning
	if m.Word != operating.Flagged || m.Level != "face" || m.Share.N != 40 || math.Abs(m.Share.High-0.0881) > 1e-4 || m.Limits.FalseAlarms != 0.1 || *m.Limits.Alarm != -964 {
		t.Errorf("%+v, %+v, %+v", m, m.Share, m.Limits)
	}
	code, _, stderr = seelab(t, append(out, "--false-alarms", "5", faces[0])...)
	if code != failed || !strings.Contains(stderr, "a rate of false alarms of 5") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	var alarms struct {
		Alarms []operating.Alarms
	}
	labels := filepath.Join(t.TempDir(), "labels.csv")
	write(t, labels, []byte("file,side\n"))
	if err := json.Unmarshal([]byte(must(t, at("alarms", "--run", "tiny", "--data", data, "--json")...)), &alarms); err != nil {
		t.Fatal(err)
	}
	a := alarms.Alarms[0]
	if a.Set != "real/drawn" || !strings.Contains(a.Whom, "did not train or choose") || a.All.Share != 1 || a.Hidden == 0 || len(a.Groups) != 0 || a.Threshold != -962 {
		t.Errorf("%+v", a)
	}
	if text := must(t, at("alarms", "--run", "tiny", "--data", data, "--allow-leaks", "drawn")...); !strings.Contains(text, fmt.Sprintf("%d groups of fewer than 20 people", 6)) {
		t.Errorf("alarms on the test set: %s", text)
	}
	code, _, stderr = seelab(t, at("alarms", "--run", "tiny", "--data", data, "--by", "side", "--labels", labels)...)
	if code != failed || !strings.Contains(stderr, `no column "side" is known of its faces`) {
		t.Errorf("exit code %d: %s", code, stderr)
	}

	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if said := must(t, append(out, faces[:2]...)...); strings.Count(said, "the run has no calibration on real faces") != 1 {
		t.Errorf("an old run: %s", said)
	}
	code, _, stderr = seelab(t, at("alarms", "--run", "tiny", "--data", data)...)
	if code != failed || !strings.Contains(stderr, "no calibration on real faces") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
