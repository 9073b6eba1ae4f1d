package layout

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
)

// Sets of folders of one name get names by their paths, with their videos and people; two copies of one list are told.
func TestDistinct(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a/test/real/x.mp4", mp4, "a/test/fake/x.mp4", mp4, "b/test/real/x.mp4", mp4, "b/test/fake/x.mp4", mp4, "c/Real/x.mp4", mp4, "c/FAKE/y.mp4", mp4, "c/FAKE/empty.mp4", "")
	open := func() (sets []Dataset) {
		for _, dir := range []string{"a/test", "b/test", "c"} {
			d, err := Open(filepath.Join(root, dir), datasets.Skip)
			if err != nil {
				t.Fatal(err)
			}
			sets = append(sets, d...)
		}
		return sets
	}
	sets, notes, err := Distinct(root, open())
	if err != nil || len(notes) != 2 || !strings.Contains(notes[0], "2 sets are called test: that of "+filepath.Join(root, "a/test")+" is called a-test here") {
		t.Fatalf("notes %q, error %v", notes, err)
	}
	var got []string
	for _, d := range sets {
		for _, v := range d.Videos {
			got = append(got, d.Name+": "+v.ID()+" "+v.Identity)
		}
	}
	want := []string{
		"a-test: a-test/fake/x a-test/fake/x", "a-test: a-test/real/x a-test/real/x", "b-test: b-test/fake/x b-test/fake/x", "b-test: b-test/real/x b-test/real/x",
		"c: c/fake/y c/fake/y", "c: c/real/x c/real/x",
	}
	if !slices.Equal(got, want) {
		t.Errorf("videos are %q, want %q", got, want)
	}
	if u := sets[2].TestUnread(false); len(u) != 1 || u[0].ID() != "c/fake/empty" || u[0].Item().Fault() != datasets.Empty || u[0].Item().Name() != "FAKE/empty.mp4" {
		t.Errorf("unread are %+v", u)
	}
	twice := append(open(), open()[0])
	twice[3].Layout, twice[0].Layout = "Published", "Published"
	twice = []Dataset{twice[0], twice[3]}
	if _, _, err := Distinct(root, twice); err == nil || !strings.Contains(err.Error(), "to tell them apart, rename") {
		t.Errorf("two copies: %v", err)
	}
	var report Report
	if report, err = Examine(root, false, datasets.Skip); err != nil || len(report.Datasets) != 3 || report.Datasets[1].Name != "b-test" || len(report.Datasets[1].Notes) != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}

// Names in a plain folder: files of one name with two endings, a method of both classes, frames in the order of their numbers.
func TestPlainFolderNames(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "wild")
	png, jpg := "\x89PNG", "\xff\xd8"
	write(t, dir, "real/a.JPG", jpg, "real/a.png", png, "real/sub/x.mp4", mp4, "fake/sub/x.mp4", mp4, "fake/sub/clip/10.png", png, "fake/sub/clip/2.png", png,
		"fake/clip/frame_9.png", png, "fake/clip/frame_10.png", png, "fake/clip/frame_1.png", png, "fake/odd\tname.png", png, "fake/x.heic", "heic", "fake/notes.txt", "text")
	d := open(t, dir)
	var got []string
	for _, v := range d.Videos {
		line := v.ID() + " " + v.File
		if v.Pixels == FrameFolder {
			files, err := v.FrameFiles()
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				line += " " + filepath.Base(file)
			}
		}
		got = append(got, line)
	}
	want := []string{
		"wild/fake%2Fsub/clip fake/sub/clip 2.png 10.png", "wild/fake%2Fsub/x fake/sub/x.mp4", "wild/fake/clip fake/clip frame_1.png frame_9.png frame_10.png",
		"wild/real/a real/a.JPG", "wild/real/a.png real/a.png", "wild/sub/x real/sub/x.mp4",
	}
	if !slices.Equal(got, want) {
		t.Errorf("videos are %q, want %q", got, want)
	}
	unread := map[string]datasets.Fault{}
	for _, u := range d.Unread {
		unread[u.File] = u.Fault
	}
	if len(unread) != 2 || unread["fake/odd\tname.png"] != datasets.OddName || unread["fake/x.heic"] != datasets.Format {
		t.Errorf("unread are %v", unread)
	}
}

// What lies beside the videos of a list and is in no row is named, but not what a bad row names.
func TestBesideVideosCSV(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mine")
	write(t, dir, "videos.csv", "file,label\nclips/a.mp4,real\nclips/b.mp4,perhaps\n", "clips/a.mp4", mp4, "clips/b.mp4", mp4, "clips/c.mp4", mp4, "clips/notes.txt", "", "other/d.mp4", mp4)
	d := open(t, dir)
	var got []string
	for _, p := range d.Problems {
		got = append(got, string(p.Fault)+" "+filepath.Base(p.File))
	}
	if want := []string{"bad row videos.csv", "unlisted c.mp4"}; !slices.Equal(got, want) {
		t.Errorf("problems are %q, want %q", got, want)
	}
}

func TestClassOf(t *testing.T) {
	for name, want := range map[string]string{
		"real": "real", "FAKE": "fake", "Real": "real", "0_real": "real", "1_fake": "fake", "training_fake": "fake", "Real Videos": "real", "fake-images": "fake", "fakes": "fake",
		"real_and_fake_face": "", "real-vs-fake": "", "Celeb-real": "", "YouTube-real": "", "real_train": "", "images": "", "": "", "unreal": "",
	} {
		if got := classOf(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}
