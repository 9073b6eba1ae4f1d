package layout

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
)

func TestExamine(t *testing.T) {
	root := t.TempDir()
	write(t, root,
		"FF/original_sequences/youtube/c23/videos/755.mp4", mp4, "FF/original_sequences/youtube/c23/videos/756.mp4", mp4,
		"FF/original_sequences/youtube/c23/videos/000.mp4", "<!DOCTYPE html><title>404</title>", "FF/original_sequences/youtube/c23/videos/001.mp4", "",
		"DFDC/metadata.json", `{"aaaaaaaaaa.mp4": `, "DFDC/aaaaaaaaaa.mp4", mp4,
		"P/dataset.json", `{"original_videos/1/a.mp4": {"label": "real", "set": "test", "target_id": "1"}, "original_videos/1/b.mp4": {"label": "real", "set": "test", "target_id": "1"}}`,
		"P/original_videos/1/a.mp4", mp4, "P/original_videos/1/b.mp4", "moov",
		"stray/a.mp4", mp4,
		"crops/ffpp_c23/a.jpg", "", "crops/ffpp_c23/manifest.csv", header+"a.jpg,0,original,756,0,756,,,,,\nb.jpg,0,original,756,0,756,,,,,\n")
	report, err := Examine(root, true, datasets.Skip)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Datasets) != 2 || len(report.Sets) != 1 || len(report.Strange) != 2 {
		t.Fatalf("%+v", report)
	}
	p, ff := report.Datasets[0], report.Datasets[1]
	if ff.Name != "FF++ c23" || ff.Dir != "FF" || !ff.Partial || ff.Real != 2 || ff.Fake != 0 || ff.Listed != 5000 || ff.Missing != 4998 || ff.Faces != nil {
		t.Errorf("FF++: %+v", ff)
	}
	if ff.Faults[datasets.Unreadable] != 1 || ff.Faults[datasets.Empty] != 1 || len(ff.Problems) != 2 || !strings.Contains(ff.Problems[1], `000.mp4: it begins with "<!DOCTYPE html><"`) {
		t.Errorf("FF++: %v %v", ff.Faults, ff.Problems)
	}
	// 000 is a test sequence, 755 one, 756 a training one.
	if !slices.Contains(ff.Counts, Count{TestSplit, "original", false, 1, 140}) || !slices.Contains(ff.Counts, Count{TrainSplit, "original", false, 1, 720}) {
		t.Errorf("FF++: %v", ff.Counts)
	}
	if len(ff.MissingVideos) != 4998 || !slices.Contains(ff.MissingVideos, "FF++ c23/original/000") {
		t.Errorf("%d missing", len(ff.MissingVideos))
	}
	if p.Name != "DFDC preview" || p.Real != 1 || !slices.Contains(p.Counts, Count{TestSplit, "", false, 1, 276}) {
		t.Errorf("preview: %+v", p)
	}
	if s := report.Sets[0]; s.Name != "FF++ c23" || !s.Partial || s.Faces != 1 || s.Real != 1 || s.Fake != 0 || s.People != 1 || len(s.Problems) != 1 {
		t.Errorf("crops: %+v", s)
	}
	if len(report.Leaks) != 2 || report.Leaks[0].From != "FF++ train" || report.Leaks[0].To != "FF++ test" || report.Leaks[1].To != "crops FF++ c23" {
		t.Errorf("leaks: %+v", report.Leaks)
	}
	if s := report.Strange; s[0].Dir != "DFDC" || !strings.Contains(s[0].Why, "metadata.json is not as DFDC has it") || s[1].Dir != "stray" {
		t.Errorf("strange: %+v", s)
	}

	again, err := Examine(root, true, datasets.Skip)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := encode(t, report), encode(t, again); a != b {
		t.Error("two reports on the same files differ")
	}
	if _, err := Examine(root, true, datasets.Strict); err == nil || !strings.Contains(err.Error(), "001.mp4") {
		t.Errorf("strict: %v", err)
	}
	if _, err := Examine(filepath.Join(root, "absent"), true, datasets.Skip); err == nil || !strings.Contains(err.Error(), "is not there") {
		t.Errorf("absent: %v", err)
	}
}

func TestReportSetWithoutFaces(t *testing.T) {
	set := datasets.Set{Items: []datasets.Item{{Method: "original", Video: "1", Frame: 48}, {Method: "original", Video: "1", Frame: 16, File: "a.jpg"}}}
	if r := reportSet(set, datasets.FaceCrops, "", nil); r.Faces != 1 || r.Real != 1 {
		t.Errorf("%+v: a frame without a face is no face", r)
	}
}

func encode(t *testing.T, report Report) string {
	t.Helper()
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestExamineEmpty(t *testing.T) {
	report, err := Examine(t.TempDir(), false, datasets.Skip)
	if err != nil {
		t.Fatal(err)
	}
	report.Root = ""
	// Empty lists, not null, for programs that read it.
	if got := encode(t, report); got != `{"root":"","datasets":[],"sets":[],"leaks":[],"unrecognised":[]}` {
		t.Error(got)
	}
}

func TestCheckHeads(t *testing.T) {
	dir := t.TempDir()
	for name, good := range map[string]bool{
		"a.mp4": true, "b.mov": false, "c.avi": true, "d.avi": false, "e.png": true, "f.jpg": false, "g.wmv": true, "h.mkv": true, "i.webm": false, "j.mp4": false,
	} {
		content := map[string]string{"a.mp4": mp4, "c.avi": "RIFF1234AVI ", "e.png": "\x89PNG\r\n", "h.mkv": "\x1a\x45\xdf\xa3", "j.mp4": "abc"}[name]
		if content == "" {
			content = "something else"
		}
		write(t, dir, name, content)
		if err := checkHead(filepath.Join(dir, name)); (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := checkHead(filepath.Join(dir, "absent.mp4")); err == nil {
		t.Error("an absent file passes")
	}
	if err := os.Mkdir(filepath.Join(dir, "dir.mp4"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := checkHead(filepath.Join(dir, "dir.mp4")); err == nil || err.Error() != "not a file" {
		t.Error(err)
	}
}
