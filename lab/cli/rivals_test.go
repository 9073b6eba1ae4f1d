package cli

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/rival"
	"github.com/seeable-lab/seeable/lab/store"
)

// checkRivals compares the columns of the trivial rivals with the pictures that were tested, and the record with the columns.
func checkRivals(t *testing.T, r store.Record, scores, pictures string) {
	t.Helper()
	names, items, err := store.ReadItems(scores)
	if err != nil {
		t.Fatal(err)
	}
	n := len(names) - rival.Count
	if !slices.Equal(names[n:], rival.Names()) || slices.ContainsFunc(names[:n], rival.Is) {
		t.Fatalf("columns %q, want the rivals behind the scores", names)
	}
	scored := slices.Index(names, r.Score)
	type video struct {
		total [rival.Count]float64
		n     float64
		fake  bool
	}
	videos := map[string]*video{}
	for _, it := range items {
		path := filepath.Join(pictures, filepath.FromSlash(it.File))
		picture, err := face.Open(path)
		if err != nil {
			for _, score := range it.Scores {
				if !math.IsNaN(score) {
					t.Errorf("%s cannot be read and has %v", it.File, it.Scores)
				}
			}
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		want := rival.Scores(face.NewLook(picture), info.Size())
		if !slices.Equal(it.Scores[n:], want[:]) || math.IsNaN(it.Scores[scored]) {
			t.Errorf("%s: rivals %v, want %v", it.File, it.Scores[n:], want)
		}
		id := it.Method + it.Video
		if videos[id] == nil {
			videos[id] = &video{fake: it.Fake}
		}
		videos[id].n++
		for i := range want {
			videos[id].total[i] += want[i]
		}
	}
	if len(r.Rivals) != rival.Count {
		t.Fatalf("%+v, want three rivals", r.Rivals)
	}
	for i, got := range r.Rivals {
		auc, pairs := 0., 0.
		for _, f := range videos {
			for _, v := range videos {
				if !f.fake || v.fake {
					continue
				}
				pairs++
				switch a, b := f.total[i]/f.n, v.total[i]/v.n; {
				case a > b:
					auc++
				case a == b:
					auc += 0.5
				}
			}
		}
		if got.Name != names[n+i] || got.Dataset != "drawn" || got.Method != "all" || math.Abs(got.AUC-auc/pairs) > 1e-12 || got.NReal != 4 || got.NFake != 4 {
			t.Errorf("%+v, by hand AUC %v", got, auc/pairs)
		}
	}
}
