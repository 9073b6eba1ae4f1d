package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/robust"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/yardstick"
)

// Runs are measured on the same faces and compared with one of them; nothing depends on who else is measured, and what is written is
// what is printed. Another seed holds out other people.
func TestYardstick(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	if _, err := robust.OpenEncoder(t.Context()); err != nil {
		t.Skip(err)
	}
	acceltest.ForTest(t)
	data, _ := drawData(t)
	results := t.TempDir()
	train := func(sets ...string) (r store.Record) {
		t.Helper()
		path, _ := tinySpec(t, sets...)
		if err := json.Unmarshal([]byte(must(t, "run", path, "--data", data, "--results", results, "--json")), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	first, second, other := train("score.name=cosine"), train("score.name=norm"), train("score.name=cosine", "seed=5")
	before := folder(t, filepath.Join(results, first.Run))
	measure := func(args ...string) (found []lab.Measured) {
		t.Helper()
		text := must(t, append([]string{"yardstick", "--data", data, "--results", results, "--limit", "3", "--json"}, args...)...)
		var all struct{ Yardstick []lab.Measured }
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			t.Fatal(err)
		}
		return all.Yardstick
	}

	both := measure("--run", second.Run, "--run", other.Run, "--against", first.Run)
	if len(both) != 3 || both[0].Run != first.Run || both[1].Run != second.Run || both[0].Score != "cosine" || both[0].Against != nil {
		t.Fatalf("%+v", both)
	}
	r := both[0].Reference
	if r.Version != yardstick.Version || r.Faces != 3 || r.People < 1 || !strings.Contains(r.Encoder, "ffmpeg") || r != both[1].Reference {
		t.Errorf("references %+v and %+v", r, both[1].Reference)
	}
	// They are the faces of lowest rank of those who chose.
	_, spec := tinySpec(t)
	_, held, _, err := datasets.Train(data, spec.Data, spec.Seed, datasets.Skip)
	if err != nil {
		t.Fatal(err)
	}
	reports := datasets.Halves(held.Items, false, spec.Seed)
	var choosing []yardstick.Candidate
	for _, it := range held.Items {
		f, err := datasets.Load(it)
		if err != nil {
			t.Fatal(err)
		}
		if !reports(it) {
			choosing = append(choosing, yardstick.Candidate{Digest: face.Still(f).Digest(), Person: it.Identity})
		}
	}
	var digests []string
	for _, c := range yardstick.Choose(choosing, 3) {
		digests = append(digests, c.Digest)
	}
	slices.Sort(digests)
	if sum := sha256.Sum256([]byte(strings.Join(digests, "\n"))); len(choosing) == len(held.Items) || r.Digest != hex.EncodeToString(sum[:16]) {
		t.Errorf("faces %s are not those of %d that chose, of %d held out", r.Digest, len(choosing), len(held.Items))
	}
	for _, m := range both {
		if len(m.Rows) != len(yardstick.Families())+1 || len(m.Rivals) != len(yardstick.Rivals()) {
			t.Fatalf("%d rows, %d rivals", len(m.Rows), len(m.Rivals))
		}
		for _, row := range m.Rows {
			if len(row.Rungs) != len(yardstick.Rungs()) {
				t.Errorf("%s has %d rungs", row.Family, len(row.Rungs))
			}
		}
	}
	a := both[1].Against
	if a == nil || a.Run != first.Run || a.Faces != 3 {
		t.Fatalf("against %+v", a)
	}
	for i, row := range a.Rows {
		if d := both[1].Rows[i].Hard.AUC - both[0].Rows[i].Hard.AUC; row.Family != both[0].Rows[i].Family || row.Hard.Diff-d > 1e-12 || d-row.Hard.Diff > 1e-12 {
			t.Errorf("%s: %+v, want %v", row.Family, row.Hard, d)
		}
	}
	var kept lab.Measured
	text, err := os.ReadFile(filepath.Join(results, "yardstick", second.Run, "yardstick.json"))
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil || !reflect.DeepEqual(kept, both[1]) {
		t.Errorf("%v: %s", err, text)
	}

	// The mean of two is measured beside them, on the faces that both have. Twice the same order is that order.
	third := train("score.name=cosine", "name=again")
	together := measure("--run", first.Run, "--run", third.Run, "--run", second.Run, "--average")
	if len(together) != 4 || together[3].Run != first.Run+"+"+third.Run+"+"+second.Run || together[3].Score != "average" || together[3].Reference != r ||
		together[3].Against == nil || len(together[3].Rows) != len(together[0].Rows) || !reflect.DeepEqual(together[0], both[0]) {
		t.Errorf("together %+v", together)
	}
	twice := measure("--run", first.Run, "--run", third.Run, "--average")
	if !reflect.DeepEqual(twice[0].Rows, twice[1].Rows) || !reflect.DeepEqual(twice[2].Rows, twice[0].Rows) {
		t.Errorf("the mean of two equal runs is %+v, want %+v", twice[2].Rows, twice[0].Rows)
	}
	if code, _, stderr := seelab(t, "yardstick", "--run", first.Run, "--average", "--data", data, "--results", results); code == 0 || !strings.Contains(stderr, "an average of 1 run") {
		t.Errorf("code %d, %s", code, stderr)
	}

	alone := measure("--run", first.Run)
	if !reflect.DeepEqual(alone[0], both[0]) {
		t.Errorf("alone %+v, want %+v", alone[0], both[0])
	}
	if a := both[2].Against; a == nil || a.Rows != nil && a.Faces == 3 || a.Rows == nil && !strings.Contains(a.Reason, "hold out other people") {
		t.Errorf("another seed: %+v", a)
	}
	// Runs are not hidden or added to.
	if !reflect.DeepEqual(before, folder(t, filepath.Join(results, first.Run))) {
		t.Error("the folder of the run has changed")
	}
	if list := must(t, "runs", "--results", results); strings.Contains(list, "yardstick") {
		t.Errorf("runs:\n%s", list)
	}
	if code, _, stderr := seelab(t, "yardstick", "--run", first.Run, "--data", data, "--results", results, "--limit", "1"); code == 0 || !strings.Contains(stderr, "want 2 or more") {
		t.Errorf("code %d, %s", code, stderr)
	}
}

// Without libx264 nothing is scored.
func TestYardstickWithoutX264(t *testing.T) {
	ffmpeg := withoutX264(t)
	results := t.TempDir()
	id := untrainedRun(t, results, "compact")
	code, _, stderr := seelab(t, "yardstick", "--run", id, "--data", t.TempDir(), "--results", results)
	if want := "ffmpeg " + ffmpeg + " has no encoder libx264 (it has libopenh264): want a build with --enable-libx264"; code == 0 || !strings.Contains(stderr, want) {
		t.Errorf("code %d, %s\nwant %s", code, stderr, want)
	}
}
