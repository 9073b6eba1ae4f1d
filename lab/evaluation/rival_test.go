package evaluation

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
)

// withRivals gives faces a first score, one of a rival that knows as much as it plus noise, and one of a rival that has none.
func withRivals(dataset string) ([]store.Item, []string) {
	faces := drawn(dataset, 14, 4)
	for i := range faces {
		rng := stream.New(9, "rival", i)
		first := faces[i].Scores[0]
		rival := rng.NormFloat64()
		if faces[i].Fake {
			rival += 0.3
		}
		if faces[i].Video == "002" && faces[i].Method == "FaceSwap" {
			rival = math.NaN() // scored by the system alone
		}
		faces[i].Scores = []float64{first, rival, math.NaN()}
	}
	return faces, []string{"cosine", "rival_sharpness", "rival_size"}
}

// A rival is measured on the videos that the system has scored too, and nowhere else; from faces and from scores.csv alike.
func TestRivalsByHand(t *testing.T) {
	faces, names := withRivals("DFDC")
	systems, err := Pool(each(faces), 0)
	if err != nil {
		t.Fatal(err)
	}
	rivals, err := PoolRivals(slices.Values(faces), names)
	if err != nil || len(rivals) != 2 || rivals[0].Name != "rival_sharpness" || rivals[1].Name != "rival_size" {
		t.Fatalf("rivals %+v, error %v", rivals, err)
	}
	got, err := systems[0].Rivals(rivals)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Fatalf("%+v, want one rival for all fakes and two manipulations: the other has no score", got)
	}
	for i, kind := range []string{All, "Deepfakes", "FaceSwap"} {
		// Faces of videos that the other has not scored go.
		both := map[string]bool{}
		for _, it := range faces {
			if !math.IsNaN(it.Scores[0]) && !slices.ContainsFunc(faces, func(o store.Item) bool { return sameVideo(o, it) && math.IsNaN(o.Scores[1]) }) {
				both[videoID(it)] = true
			}
		}
		shared := slices.DeleteFunc(slices.Clone(faces), func(it store.Item) bool { return !both[videoID(it)] })
		rival, reals, fakes := byHand(shared, 1, kind)
		system, _, _ := byHand(shared, 0, kind)
		g := got[i]
		if g.Name != "rival_sharpness" || g.Dataset != "DFDC" || g.Method != kind || g.NReal != reals || g.NFake != fakes || math.Abs(g.AUC-rival) > 1e-12 {
			t.Errorf("%+v, by hand %v of %d and %d", g, rival, reals, fakes)
		}
		if g.Low == nil || *g.Low > g.AUC || *g.High < g.AUC {
			t.Errorf("%+v has no interval around its AUC", g)
		}
		d := g.Difference
		if d == nil || math.Abs(d.Value-(system-rival)) > 1e-12 || d.Low >= d.Value || d.High <= d.Value {
			t.Errorf("difference %+v, by hand %v", d, system-rival)
		}
	}

	path := filepath.Join(t.TempDir(), store.ScoresFile)
	if err := store.WriteItems(path, names, slices.Values(faces)); err != nil {
		t.Fatal(err)
	}
	read, err := ReadRivals(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := mustRead(t, path, "cosine")[0].Rivals(read)
	if err != nil || len(again) != 3 {
		t.Fatal(again, err)
	}
	for i := range again {
		if a, b := again[i], got[i]; a.AUC != b.AUC || *a.Low != *b.Low || *a.Difference != *b.Difference {
			t.Errorf("read %+v, the run had %+v", a, b)
		}
	}
}

// The sign of the difference, and what it must say to be a lead.
func TestRivalIsBeaten(t *testing.T) {
	faces, names := withRivals("DFDC")
	for name, c := range map[string]struct {
		system func(it store.Item) float64
		beaten bool
	}{
		"better":   {func(it store.Item) float64 { return it.Scores[1] + map[bool]float64{true: 3}[it.Fake] }, true},
		"the same": {func(it store.Item) float64 { return 2 * it.Scores[1] }, false},
		"worse":    {func(it store.Item) float64 { return -it.Scores[1] }, false},
	} {
		all := slices.Clone(faces)
		for i := range all {
			all[i].Scores = slices.Clone(all[i].Scores)
			all[i].Scores[0] = c.system(all[i])
		}
		systems, err := Pool(each(all), 0)
		if err != nil {
			t.Fatal(err)
		}
		rivals, err := PoolRivals(slices.Values(all), names)
		if err != nil {
			t.Fatal(err)
		}
		got, err := systems[0].Rivals(rivals)
		if err != nil {
			t.Fatal(err)
		}
		if got[0].Beaten() != c.beaten {
			t.Errorf("%s: %+v, difference %+v, beaten %v", name, got[0], got[0].Difference, got[0].Beaten())
		}
	}
}

func TestReadRivalsOfOldRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.ScoresFile)
	if err := store.WriteItems(path, []string{"figure", "cosine"}, slices.Values(drawn("DFDC", 3, 1))); err != nil {
		t.Fatal(err)
	}
	if rivals, err := ReadRivals(path); err != nil || rivals != nil {
		t.Errorf("%+v, error %v: want none", rivals, err)
	}
	if _, err := ReadRivals(path + ".none"); err == nil || !strings.HasPrefix(err.Error(), "evaluation: ") {
		t.Errorf("error %v of no file", err)
	}
}
