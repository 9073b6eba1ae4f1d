package layout

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
)

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

var published int // how often TestRegisterLayout has run

// A data set that another module might register: a folder with a file people.txt.
func TestRegisterLayout(t *testing.T) {
	published++
	name := fmt.Sprint("Mine", published) // published data sets stay registered
	old := slices.Clone(layouts)
	t.Cleanup(func() { layouts = old })
	before := Layouts()
	mine := Layout{
		Name: "Mine", Rank: 8,
		Recognise: func(dir string) (bool, string) {
			if exists(filepath.Join(dir, "people.txt")) {
				return true, ""
			}
			if exists(filepath.Join(dir, "persons.txt")) {
				return false, "people.txt is missing"
			}
			return false, ""
		},
		Open: func(dir string, mode datasets.Mode) ([]Dataset, error) {
			return []Dataset{{Name: name + " c23", Layout: "Mine", Dir: dir, Videos: []Video{
				{Dataset: name + " c23", Method: "real", Name: "a", Identity: "one", Split: TrainSplit, Path: filepath.Join(dir, "a.mp4")},
				{Dataset: name + " c23", Method: "real", Name: "b", Identity: "uno", Split: TestSplit, Path: filepath.Join(dir, "b.mp4")},
			}}}, nil
		},
		Published: []datasets.Published{{
			Name: name, Folders: map[string]string{strings.ToLower(name) + "_c23": name + " c23"}, Lacks: func([]datasets.Item) bool { return true },
			Person: func(name string) string { return strings.Replace(name, "uno", "one", 1) },
		}},
	}
	Register(mine)
	// Its rank is between those of the published data sets and of the plain folder.
	want := slices.Insert(slices.Clone(before), slices.Index(before, Folder), "Mine")
	if !slices.Equal(Layouts(), want) {
		t.Errorf("layouts %q; want %q", Layouts(), want)
	}
	root := t.TempDir()
	write(t, root, "set/people.txt", "", "set/a.mp4", mp4, "set/b.mp4", mp4, "set/real/c.mp4", mp4, "set/fake/d.mp4", mp4, "other/persons.txt", "")
	sets, err := Open(filepath.Join(root, "set"), datasets.Strict)
	if err != nil || len(sets) != 1 || sets[0].Name != name+" c23" || len(sets[0].Videos) != 2 {
		t.Fatalf("opened %v, %v; want the data set of the new layout", sets, err)
	}
	if _, err := Open(filepath.Join(root, "other"), datasets.Strict); err == nil || !strings.Contains(err.Error(), "looks like Mine, but people.txt is missing") {
		t.Errorf("error %v; want what the folder lacks", err)
	}
	if leaks := Leaks(sets, nil, nil); len(leaks) != 1 || !slices.Equal(leaks[0].People, []string{name + " one"}) || leaks[0].From != name+" train" {
		t.Errorf("leaks %v; want the person who has two names", leaks)
	}
	if datasets.SetName(strings.ToLower(name)+"_c23") != name+" c23" {
		t.Error("the name of its crops is not as registered")
	}
	if !sets[0].TrainedOn([]string{name + " raw"}) || sets[0].TrainedOn([]string{"Yours raw"}) {
		t.Error("another compression is not told to be the same data set, or another set is")
	}
	again, taken := mine, mine
	again.Published = nil
	taken.Name = "Other"
	for what, l := range map[string]Layout{"registered once, with": again, "registered once, and Lacks": taken, "with Recognise and Open": {Name: "Empty"}} {
		if got := panics(func() { Register(l) }); !strings.Contains(got, what) {
			t.Errorf("panics with %q; want %q", got, what)
		}
	}
}

// The order in which folders are recognised is part of what [Open] does: a folder that two layouts recognise has the first.
func TestLayouts(t *testing.T) {
	want := []string{"videos.csv", "FaceForensics++", "Celeb-DF v2", "DFDC preview", "DFDC", "FakeAVCeleb", "WildDeepfake", "DF40", "FFIW", "DeepfakeBench", "folder"}
	if !slices.Equal(Layouts(), want) {
		t.Errorf("layouts %q; want %q", Layouts(), want)
	}
	dir := t.TempDir()
	write(t, dir, "videos.csv", "file,label\na.mp4,0\n", "a.mp4", mp4, "real/b.mp4", mp4, "fake/c.mp4", mp4)
	if sets, err := Open(dir, datasets.Strict); err != nil || sets[0].Layout != "videos.csv" || len(sets[0].Videos) != 1 {
		t.Errorf("opened %v, %v; want what videos.csv lists", sets, err)
	}
	if err := os.Remove(filepath.Join(dir, "videos.csv")); err != nil {
		t.Fatal(err)
	}
	if sets, err := Open(dir, datasets.Strict); err != nil || sets[0].Layout != "folder" || len(sets[0].Videos) != 2 {
		t.Errorf("opened %v, %v; want the videos of the plain folder", sets, err)
	}
}
