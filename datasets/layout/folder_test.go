package layout

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
)

func TestPlainFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "wild")
	write(t, dir, "real/a.mp4", mp4, "real/b.jpg", "\xff\xd8", "real/clip/01.png", "\x89PNG", "real/clip/02.png", "\x89PNG", "real/notes.txt", "",
		"fake/a.mp4", mp4, "fake/a.avi", "RIFF", "fake/FaceSwap/a.mp4", mp4, "fake/FaceSwap/clip/01.png", "\x89PNG", "fake/.hidden.mp4", mp4,
		"fake/empty.mp4", "", "fake/two\nlines.mp4", mp4, "fake/two\nlines/a.mp4", mp4, "fake/strange.xyz", "x")
	for link, target := range map[string]string{
		"fake/gone.mp4":       "nowhere.mp4",                       // broken
		"fake/again":          filepath.Join(dir, "fake/FaceSwap"), // a folder twice
		"fake/FaceSwap/round": dir,                                 // a circle
		"fake/self":           "self",                              // a link to itself
		"fake/linked.mp4":     filepath.Join(dir, "real", "a.mp4"), // a good one
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	d := open(t, dir)
	var got []string
	for _, v := range d.Videos {
		label := "real"
		if v.Fake {
			label = "fake"
		}
		got = append(got, strings.Join([]string{v.ID(), label, v.Pixels.String()}, " "))
	}
	for _, want := range []string{
		"wild/real/a real video", "wild/real/b real image", "wild/real/clip real frames",
		"wild/fake/a fake video", "wild/fake/a.mp4 fake video", "wild/FaceSwap/a fake video", "wild/FaceSwap/clip fake frames", "wild/fake/linked fake video",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no %s in %q", want, got)
		}
	}
	faults := map[datasets.Fault]int{}
	for _, p := range d.Problems {
		faults[p.Fault]++
		if strings.Contains(p.Error(), "\n") {
			t.Errorf("two lines: %s", p.Error())
		}
	}
	// Two broken links, two names, a file that is empty and one that is no video; the folder that is linked again.
	if faults[datasets.Unreadable] != 2 || faults[datasets.OddName] != 2 || faults[datasets.Empty] != 1 || faults[datasets.Format] != 1 || faults[datasets.Duplicate] < 2 {
		t.Errorf("faults %v: %v", faults, d.Problems)
	}
	if d.Partial() {
		t.Error("a plain folder has no list to be part of")
	}
}

func TestFolderOfRealFaces(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.jpg", "\xff\xd8", "deep/b.mp4", mp4)
	d := open(t, dir)
	if len(d.Videos) != 2 || d.Videos[0].Fake || d.Videos[1].Fake || len(d.Notes) != 1 {
		t.Errorf("%+v, notes %v", d.Videos, d.Notes)
	}
}
