package lab_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/internal/release050"
	"github.com/seeable-lab/seeable/lab/store"
)

// madeBy050 holds what release 0.5.0 has made; see make.go there.
const madeBy050 = "testdata/v0.5.0"

// unpack copies what release 0.5.0 has made.
func unpack(t *testing.T) (dir string) { return release050.Unpack(t, madeBy050) }

// open050 opens the lab that release 0.5.0 has left. Notes are gathered.
func open050(t *testing.T, dir string, notes *[]string, more ...lab.Option) *lab.Lab {
	t.Helper()
	l, err := lab.Open(filepath.Join(dir, "runs"), append(more,
		lab.WithData(filepath.Join(dir, "data")), lab.WithFaces(filepath.Join(dir, "faces"), extract.Params{Frames: 2, Margin: 0.5, Side: 128}),
		lab.WithBackend("xla:cpu"), lab.WithStrict(),
		lab.WithReport(func(e lab.Event) {
			if e.Note != "" {
				*notes = append(*notes, e.Note)
			}
		}))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// The faces that release 0.5.0 has cut stay as they are: those of another version of cutting lie in a folder of their own.
func TestFacesOfRelease050(t *testing.T) {
	dir := unpack(t)
	was, err := os.ReadDir(filepath.Join(dir, "faces"))
	if err != nil || len(was) == 0 {
		t.Fatal(was, err)
	}
	text := func() (all string) {
		err := filepath.WalkDir(filepath.Join(dir, "faces", was[0].Name()), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || filepath.Ext(path) == ".lock" {
				return err
			}
			file, err := os.ReadFile(path)
			all += fmt.Sprintf("%s %x\n", path, sha256.Sum256(file))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := text()
	var notes []string
	reports, err := open050(t, dir, &notes).Faces(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if len(reports) != 1 || reports[0].Videos != 3 || reports[0].Fresh != 3 || reports[0].Faces != 6 || len(reports[0].Problems) != 0 {
		t.Errorf("%+v, want 6 faces of 3 videos, all fresh", reports)
	}
	if is, err := os.ReadDir(filepath.Join(dir, "faces")); err != nil || len(is) < 2 || text() != before {
		t.Errorf("%v, %v: want the old folder as it was and a new one beside it", is, err)
	}
}

// A run that release 0.5.0 has finished is not taken for one of this release, which measures otherwise; it opens, and its network
// scores as it did.
func TestRunOfRelease050(t *testing.T) {
	dir := unpack(t)
	s, err := experiments.Load(filepath.Join(dir, "finished.toml"))
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	l := open050(t, dir, &notes)
	if err := l.Verify(lab.ID(s)); err != nil {
		t.Error(err)
	}
	// The faces must be known before the run can tell that the sets are the same.
	if _, err := l.Faces(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Run(t.Context(), s); !errors.Is(err, lab.ErrChanged) || !strings.Contains(err.Error(), "numerics of version 0.5.0, this lab has "+lab.Numerics) {
		t.Errorf("%v, want other numerics", err)
	}
	run, err := l.Load(lab.ID(s))
	if err != nil || run.Spec.Hash() != s.Hash() || run.Record.Versions["seelab"] != "0.5.0" {
		t.Fatalf("%v, hash %s, want %s", err, run.Spec.Hash(), s.Hash())
	}
	if testing.Short() {
		t.Skip("scores: seconds to compile")
	}
	acceltest.ForTest(t)

	names, items, err := store.ReadItems(filepath.Join(run.Dir, store.ScoresFile))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{}
	for _, it := range items {
		if it.Dataset == "drawn" {
			want[it.File] = it.Scores[slices.Index(names, "onepass")]
		}
	}
	set, _, err := datasets.OpenCrops(filepath.Join(dir, "data/crops/drawn"), datasets.Strict)
	if err != nil {
		t.Fatal(err)
	}
	// The score of the run is made of variants, whose draws were others before version 0.6; this one needs none.
	plain := *run
	plain.Record.Score = "onepass"
	found, err := l.ScoreItems(t.Context(), &plain, set.Items...)
	if err != nil || len(found) != 8 || len(want) != 8 {
		t.Fatalf("%d scores, %d recorded: %v", len(found), len(want), err)
	}
	for i, it := range set.Items {
		// Another processor may round otherwise.
		if w, ok := want[it.File]; !ok || !(math.Abs(found[i].Score-w) < tolerance050) {
			t.Errorf("%s: %v, want %v", it.File, found[i].Score, w)
		}
	}
	if found, err = l.ScoreItems(t.Context(), run, set.Items...); err != nil {
		t.Fatal(err)
	}
	for i, w := range scores060 {
		if !(math.Abs(found[i].Score-w) < tolerance060) {
			t.Errorf("%s: score %s is %v, want %v", set.Items[i].File, run.Record.Score, found[i].Score, w)
		}
	}
	again, err := l.Evaluate(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	// What was called a frame then was a face; of single stills there are none any more.
	at := func(r store.Record, set, level string) []store.Test {
		return slices.DeleteFunc(slices.Clone(r.Tests), func(t store.Test) bool { return t.Dataset != set || t.Level != level })
	}
	for _, set := range []string{"drawn", "clips"} {
		was, is := at(run.Record, set, store.LevelVideo), at(again, set, store.LevelVideo)
		// Faces of videos are cut anew, with other landmarks.
		same := len(was) == 1 && len(is) == 1 && (is[0].Digest == was[0].Digest) == (set == "drawn")
		if !same || is[0].NFake != was[0].NFake || is[0].NReal != was[0].NReal {
			t.Errorf("%s: %+v, was %+v", set, is, was)
		}
		if len(at(run.Record, set, store.LevelFrame)) != 0 || len(at(run.Record, set, store.LevelFace)) != 1 {
			t.Errorf("the record has %+v", run.Record.Tests)
		}
	}
}

// tolerance050 is small beside the spread of the recorded scores, 0.017.
const tolerance050 = 1e-4

// scores060 are what the run scores with the draws of version 0.6, which go by the pixels of a picture; made when they came.
// tolerance060 is small beside their spread, 5.
var scores060 = []float64{
	-673.6892242431641, -682.1556396484375, -681.1592102050781, -687.0405578613281,
	-673.1165618896484, -683.0195465087891, -684.6435089111328, -684.6920166015625,
}

const tolerance060 = 1e-2

// A run that was killed in release 0.5.0, on a machine that is not this one, goes on after its checkpoint.
func TestHalfDoneCellOfRelease050(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	acceltest.ForTest(t)
	dir := unpack(t)
	s, err := experiments.Load(filepath.Join(dir, "half.toml"))
	if err != nil {
		t.Fatal(err)
	}
	id := lab.ID(s)
	checkpoints, _ := filepath.Glob(filepath.Join(dir, "runs/unfinished", id, "attempt-*/checkpoints/step-000000003"))
	if len(checkpoints) != 1 {
		t.Fatalf("checkpoints %q", checkpoints)
	}
	before, err := store.ReadSteps(filepath.Join(checkpoints[0], store.TrainingFile))
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	l := open050(t, dir, &notes)
	if _, err := l.Faces(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	run, err := l.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(notes, id+" goes on after step 3 of 6") {
		t.Errorf("notes %q", notes)
	}
	after, err := store.ReadSteps(filepath.Join(run.Dir, store.TrainingFile))
	if err != nil || len(after) != 6 || len(before) != 3 || !slices.Equal(after[:3], before) {
		t.Errorf("%v\nsteps %v\nwant them to begin with %v", err, after, before)
	}
	r := run.Record
	if len(r.Sessions) != 2 || r.Sessions[1].From != 3 || r.Versions["seelab"] != lab.Version || r.Versions["numerics"] != lab.Numerics || len(r.Tests) == 0 {
		t.Errorf("sessions %+v, versions %v, %d tests", r.Sessions, r.Versions, len(r.Tests))
	}
	if _, err := os.Stat(filepath.Join(dir, "runs/unfinished", id)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cell is still there: %v", err)
	}
}
