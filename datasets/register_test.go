package datasets

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/spec"
)

// registries puts the registries back when the test is over.
func registries(t *testing.T) {
	d, l, p, n := maps.Clone(drawn), slices.Clone(layouts), maps.Clone(published), maps.Clone(displayNames)
	t.Cleanup(func() { drawn, layouts, published, displayNames = d, l, p, n })
}

// panics returns what f panics with, "" if it returns.
func panics(f func()) (what string) {
	defer func() {
		if r := recover(); r != nil {
			what = r.(string)
		}
	}()
	f()
	return ""
}

func TestDrawnSetThatIsNotLinked(t *testing.T) {
	registries(t)
	delete(drawn, "synthetic")
	root := t.TempDir()
	people(t, root+"/synthetic", 20, 1) // a folder of the name is not the set
	_, _, _, err := Train(root, spec.Data{Train: []string{"synthetic"}, Holdout: 0.5}, 1, Strict)
	_, _, err2 := Tests("", []string{"synthetic"}, Strict)
	for _, err := range []error{err, err2} {
		if err == nil || !strings.Contains(err.Error(), `import _ "github.com/seeable-lab/seeable/datasets/synthetic"`) {
			t.Errorf("error %v; want one that names the missing import", err)
		}
	}
}

func TestRegisterDrawn(t *testing.T) {
	registries(t)
	RegisterDrawn("mine", func(seed uint64) (train, test Set) {
		train = Set{Name: "mine", Synthetic: true}
		for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
			train.Items = append(train.Items, Item{Dataset: "mine", Video: name, Identity: name, File: name})
		}
		return train, train
	})
	train, held, _, err := Train("", spec.Data{Train: []string{"mine"}, Holdout: 0.5}, 1, Strict)
	if err != nil || len(train.Items)+len(held.Items) != 6 || !train.Synthetic {
		t.Errorf("%d + %d faces, synthetic %v, %v; want the 6 that are registered", len(train.Items), len(held.Items), train.Synthetic, err)
	}
	if tests, _, err := Tests("", []string{"mine"}, Strict); err != nil || len(tests) != 1 || len(tests[0].Items) != 6 {
		t.Errorf("tests %v, %v; want the set that is registered", tests, err)
	}
	draw := drawn["mine"]
	for _, f := range []func(){func() { RegisterDrawn("mine", draw) }, func() { RegisterDrawn("", draw) }, func() { RegisterDrawn("new", nil) }} {
		if what := panics(f); !strings.Contains(what, "RegisterDrawn") {
			t.Errorf("panics with %q; want the name of the function", what)
		}
	}
}

// A data set that another module might register: a folder with a file people.txt.
func TestRegisterLayout(t *testing.T) {
	registries(t)
	before := Layouts()
	mine := Layout{
		Name: "Mine", Rank: 5,
		Recognise: func(dir string) (bool, string) {
			if regular(filepath.Join(dir, "people.txt")) {
				return true, ""
			}
			if exists(filepath.Join(dir, "persons.txt")) {
				return false, "people.txt is missing"
			}
			return false, ""
		},
		Open: func(dir string, mode Mode) ([]Dataset, error) {
			return []Dataset{{Name: "Mine c23", Layout: "Mine", Dir: dir, Videos: []Video{
				{Dataset: "Mine c23", Method: "real", Name: "a", Identity: "one", Split: TrainSplit, Path: filepath.Join(dir, "a.mp4")},
				{Dataset: "Mine c23", Method: "real", Name: "b", Identity: "uno", Split: TestSplit, Path: filepath.Join(dir, "b.mp4")},
			}}}, nil
		},
		Published: []Published{{
			Name: "Mine", Folders: map[string]string{"mine_c23": "Mine c23"}, Lacks: fewerThan(1, 1),
			Person: func(name string) string { return strings.Replace(name, "uno", "one", 1) },
		}},
	}
	Register(mine)
	// Its rank is between those of the published data sets and of the plain folder.
	want := slices.Insert(slices.Clone(before), slices.Index(before, folderLayout), "Mine")
	if !slices.Equal(Layouts(), want) {
		t.Errorf("layouts %q; want %q", Layouts(), want)
	}
	root := t.TempDir()
	write(t, root, "set/people.txt", "", "set/a.mp4", mp4, "set/b.mp4", mp4, "set/real/c.mp4", mp4, "set/fake/d.mp4", mp4, "other/persons.txt", "")
	sets, err := Open(filepath.Join(root, "set"), Strict)
	if err != nil || len(sets) != 1 || sets[0].Name != "Mine c23" || len(sets[0].Videos) != 2 {
		t.Fatalf("opened %v, %v; want the data set of the new layout", sets, err)
	}
	if _, err := Open(filepath.Join(root, "other"), Strict); err == nil || !strings.Contains(err.Error(), "looks like Mine, but people.txt is missing") {
		t.Errorf("error %v; want what the folder lacks", err)
	}
	if leaks := Leaks(sets, nil, nil); len(leaks) != 1 || !slices.Equal(leaks[0].People, []string{"Mine one"}) || leaks[0].From != "Mine train" {
		t.Errorf("leaks %v; want the person who has two names", leaks)
	}
	if SetName("mine_c23") != "Mine c23" || !partialTest("Mine c40", []Item{{Video: "a"}}) || partialTest("Mine", []Item{{Video: "a"}, {Video: "b", Fake: true}}) {
		t.Error("the name of its crops, or whether they lack videos, is not as registered")
	}
	if !sets[0].TrainedOn([]string{"Mine raw"}) || sets[0].TrainedOn([]string{"Yours raw"}) {
		t.Error("another compression is not told to be the same data set, or another set is")
	}
	again, folder := mine, mine
	again.Published = nil
	folder.Name, folder.Published = "Other", []Published{{Name: "Other", Folders: map[string]string{"dfdc": "Other"}, Lacks: fewerThan(1, 1)}}
	for what, l := range map[string]Layout{"registered once": again, "the folder dfdc is called both": folder, "with Recognise and Open": {Name: "Empty"}} {
		if got := panics(func() { Register(l) }); !strings.Contains(got, what) {
			t.Errorf("panics with %q; want %q", got, what)
		}
	}
}

// The order in which folders are recognised is part of what [Open] does: a folder that two layouts recognise has the first.
func TestLayouts(t *testing.T) {
	want := []string{"videos.csv", "FaceForensics++", "Celeb-DF v2", "DFDC preview", "DFDC", "folder"}
	if !slices.Equal(Layouts(), want) {
		t.Errorf("layouts %q; want %q", Layouts(), want)
	}
	dir := t.TempDir()
	write(t, dir, "videos.csv", "file,label\na.mp4,0\n", "a.mp4", mp4, "real/b.mp4", mp4, "fake/c.mp4", mp4)
	if sets, err := Open(dir, Strict); err != nil || sets[0].Layout != "videos.csv" || len(sets[0].Videos) != 1 {
		t.Errorf("opened %v, %v; want what videos.csv lists", sets, err)
	}
	if err := os.Remove(filepath.Join(dir, "videos.csv")); err != nil {
		t.Fatal(err)
	}
	if sets, err := Open(dir, Strict); err != nil || sets[0].Layout != "folder" || len(sets[0].Videos) != 2 {
		t.Errorf("opened %v, %v; want the videos of the plain folder", sets, err)
	}
}
