package evaluation

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
)

func TestCrowd(t *testing.T) {
	var c crowd
	for _, v := range []metric.Video{
		{Name: "a", Identity: "000"},
		{Name: "b", Identity: "000", Source: "003", Fake: true},
		{Name: "c", Identity: "003", Source: "000", Fake: true},
		{Name: "d"}, // nobody is known
		{Name: "e", Fake: true},
		{Name: "f", Identity: "d"}, // a person of the name of a video
		{Name: "g", Source: "003", Fake: true},
	} {
		c.add("mine", v)
	}
	if want := [][2]int32{{1, -1}, {1, 0}, {0, 1}, {2, -1}, {3, -1}, {4, -1}, {5, 0}}; !sameCrowd(c.shown, want) {
		t.Errorf("found %v, want %v but for the numbers", c.shown, want)
	}
}

// sameCrowd tells whether numbers are those of another list by another name.
func sameCrowd(a, b [][2]int32) bool {
	to, from := map[int32]int32{-1: -1}, map[int32]int32{-1: -1}
	for i := range a {
		for j := range a[i] {
			x, y := a[i][j], b[i][j]
			if got, known := to[x]; known && got != y {
				return false
			}
			if got, known := from[y]; known && got != x {
				return false
			}
			to[x], from[y] = y, x
		}
	}
	return len(a) == len(b)
}

// crossed are 12 people with two real videos each, and with the faces of three others; scores are those of the people.
func crossed(source bool) []store.Item {
	var faces []store.Item
	effect := func(p int) float64 { return 2 * stream.New(1, "crossed", p).NormFloat64() }
	add := func(method, video string, target, from int, score float64) {
		it := store.Item{Dataset: "mine", Method: method, Video: video, Identity: fmt.Sprint("id", target), File: video, Frame: 0, Scores: []float64{score}}
		if it.Fake = from >= 0; it.Fake && source {
			it.Source = fmt.Sprint("id", from)
		}
		faces = append(faces, it)
	}
	for p := range 12 {
		for i := range 2 {
			name := fmt.Sprintf("%d_%d", p, i)
			add("original", name, p, -1, effect(p)+stream.New(2, name).NormFloat64())
		}
	}
	for p := range 12 {
		for i := range 3 {
			q := (p + 1 + 3*i) % 12
			name := fmt.Sprintf("%d_%d", p, q)
			add("swap", name, p, q, 1.5-effect(q)+stream.New(3, name).NormFloat64())
		}
	}
	return faces
}

// The column source of scores.csv counts: scores that go with the sources of fakes say less than if each were by itself. Files without
// the column have no sources.
func TestSourceIsInTheInterval(t *testing.T) {
	dir := t.TempDir()
	read := func(name string) store.Test {
		t.Helper()
		test, err := mustRead(t, filepath.Join(dir, name), "s")[0].Test(All)
		if err != nil {
			t.Fatal(err)
		}
		return test
	}
	for name, source := range map[string]bool{"known.csv": true, "unknown.csv": false} {
		if err := store.WriteItems(filepath.Join(dir, name), []string{"s"}, slices.Values(crossed(source))); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "unknown.csv"))
	if err != nil {
		t.Fatal(err)
	}
	// As it was before.
	old := strings.NewReplacer("fake,source,s\n", "fake,s\n", "true,,", "true,", "false,,", "false,").Replace(string(text))
	if err := os.WriteFile(filepath.Join(dir, "old.csv"), []byte(old), 0o644); err != nil {
		t.Fatal(err)
	}
	known, unknown := read("known.csv"), read("unknown.csv")
	if known.AUC != unknown.AUC || known.RealPeople != 12 || known.FakePeople != 12 || known.NReal != 24 || known.NFake != 36 {
		t.Errorf("%+v and %+v", known, unknown)
	}
	if known.High-known.Low < 1.15*(unknown.High-unknown.Low) {
		t.Errorf("%+v with sources, %+v without: want the first to be wider", known, unknown)
	}
	if got := read("old.csv"); !reflect.DeepEqual(got, unknown) {
		t.Errorf("without the column %+v, with an empty one %+v", got, unknown)
	}
}

// A mean over seeds is on the videos that all have scored.
func TestMean(t *testing.T) {
	sets := []Set{}
	for column := range 2 {
		s, err := Pool(each(drawn("DFDC", 12, 8)), column)
		if err != nil {
			t.Fatal(err)
		}
		sets = append(sets, s[0])
	}
	// The last FaceSwap video has no first score; the first video of all is taken out of the second.
	sets[1].Videos = sets[1].Videos[1:]
	mean, aucs, err := Mean(sets, All)
	if err != nil {
		t.Fatal(err)
	}
	if mean.Reals != 11 || mean.Fakes != 23 || mean.RealPeople != 11 || len(aucs) != 2 || mean.TooFew != "" {
		t.Errorf("%+v of %v", mean, aucs)
	}
	common := Set{Name: "DFDC", Videos: sets[0].Videos[1:]}
	first, err := common.Test(All)
	if err != nil || first.AUC != aucs[0] || mean.Value != (aucs[0]+aucs[1])/2 {
		t.Errorf("%+v of %v, the first %+v (error %v)", mean, aucs, first, err)
	}
	one, _, err := Mean([]Set{common, common}, All)
	if err != nil || one.Low != first.Low || one.High != first.High {
		t.Errorf("twice the same: %+v, once %+v (error %v)", one, first, err)
	}
	if _, _, err := Mean([]Set{common, {Name: "DFDC"}}, All); !NothingShared(err) {
		t.Errorf("error %v of sets that share nothing", err)
	}
}
