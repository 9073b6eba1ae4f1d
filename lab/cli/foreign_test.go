package cli

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// theirScores writes scores for the videos of writeRun but one, and for one more; a video has no score.
func theirScores(t *testing.T) string {
	t.Helper()
	text := "dataset,method,video,fake,score\n"
	for i := 1; i < 21; i++ {
		method := []string{"original", "Deepfakes", "FaceSwap"}[i%3]
		score := fmt.Sprint(float64(i*5%11) / 4)
		if i == 4 {
			score = ""
		}
		text += fmt.Sprintf("FF++ c40,%s,%d,%t,%s\n", method, i, i%3 > 0, score)
	}
	path := filepath.Join(t.TempDir(), "theirs.csv")
	write(t, path, []byte(text))
	return path
}

func TestEvalScores(t *testing.T) {
	results := t.TempDir()
	writeRun(t, results, "one", 1)
	path := theirScores(t)
	alone := must(t, "eval", "--scores", path)
	for _, want := range []string{`theirs: AUC of the anomaly score "score"`, "FF++ c40  all        video", "FF++ c40  FaceSwap   video", "not known", "theirs.csv: scores of another tool"} {
		if !strings.Contains(alone, want) {
			t.Errorf("%q is not in\n%s", want, alone)
		}
	}
	text := must(t, "eval", "--scores", path, "--against", "one", "--results", results)
	s := spec.Default()
	s.Name, s.Seed = "one", 1
	for _, want := range []string{"theirs against " + lab.ID(s) + ": AUC over the videos that both have scored", "videos that theirs alone has scored", "95 % interval by people"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}

	var record struct {
		store.Record
		Against string
		Pairs   []lab.Pair
	}
	if err := json.Unmarshal([]byte(must(t, "eval", "--scores", path, "--against", "one", "--results", results, "--json")), &record); err != nil {
		t.Fatal(err)
	}
	// By hand: of 1 to 19 all but 4 are scored by both, 6 of each kind; theirs has 20 alone, the run 0 and 4.
	auc := func(manipulation int, score func(i int) float64) float64 {
		wins, n := 0.0, 0
		for i := 1; i < 20; i++ {
			for j := 1; j < 20; j++ {
				if i == 4 || i%3 == 0 || manipulation > 0 && i%3 != manipulation || j%3 != 0 {
					continue
				}
				n++
				if score(i) > score(j) {
					wins++
				} else if score(i) == score(j) {
					wins += 0.5
				}
			}
		}
		return wins / float64(n)
	}
	if record.Against != lab.ID(s) || len(record.Pairs) != 3 || record.Tests[0].Coverage != 0.95 || record.Name != "theirs" {
		t.Fatalf("got %+v", record)
	}
	for i, want := range []struct{ fake, only, other int }{{12, 1, 2}, {6, 0, 2}, {6, 1, 1}} {
		p := record.Pairs[i]
		theirs := auc(i, func(i int) float64 { return float64(i * 5 % 11) })
		ours := auc(i, func(i int) float64 { return float64(i * 4 % 7) })
		if p.Real != 6 || p.Fake != want.fake || p.Only != want.only || p.OnlyOther != want.other || math.Abs(*p.AUC-theirs) > 1e-12 || math.Abs(*p.OtherAUC-ours) > 1e-12 || p.P == nil {
			t.Errorf("%+v, want %+v, AUC %v and %v", p, want, theirs, ours)
		}
	}

	// In a table beside the run, with its own figures.
	rows, err := csv.NewReader(strings.NewReader(must(t,
		"table", "--results", results, "--runs", "one", "--scores", "tool="+path, "--against", "one", "--format", "csv"))).ReadAll()
	if err != nil || len(rows) != 3 || rows[2][1] != "tool" || rows[2][3] != "" || rows[2][18] != "18" {
		t.Fatalf("%q, error %v, want a row of the run and one of the tool, with a test on 18 videos", rows, err)
	}
	test := record.Tests[0]
	if want := fmt.Sprintf("%.6g %.6g %.6g", 100*test.AUC, 100*test.Low, 100*test.High); strings.Join(rows[2][6:9], " ") != want {
		t.Errorf("the table has %q, eval %s", rows[2][6:9], want)
	}
	code, stdout, stderr := seelab(t, "eval", "--scores", filepath.Join(results, lab.ID(s), store.SpecFile))
	if code != failed || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, store.SpecFile+": line 1") {
		t.Errorf("exit code %d, %q, %q of a file that is no table", code, stdout, stderr)
	}
}

// What the help says of the columns is what go doc says, and each is one that the reader knows.
func TestEvalHelpNamesTheColumns(t *testing.T) {
	help := must(t, "eval", "--help")
	source, err := os.ReadFile("../evaluation/foreign.go")
	if err != nil {
		t.Fatal(err)
	}
	columns := 0
	for line := range strings.Lines(help) {
		name, about, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.HasPrefix(line, "  ") || strings.HasPrefix(name, "-") || !strings.Contains(string(source), "//\t"+name+" ") {
			continue
		}
		columns++
		if !strings.Contains(string(source), `"`+name+`"`) || about == "" {
			t.Errorf("column %s is not one of the reader's", name)
		}
	}
	if columns != 9 {
		t.Errorf("help names %d columns that go doc has too, want 9:\n%s", columns, help)
	}
}
