package official

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

// The first pairs of the three official files, and the numbers of dataset/README.md: "We used 720 videos for train and 140
// videos for validation as well as testing".
func TestFFPPSplits(t *testing.T) {
	all := ffppSequences()
	count := map[layout.Split]int{}
	for name, of := range all {
		count[of.split]++
		if partner := all[of.partner]; partner.partner != name || partner.split != of.split || of.partner == name {
			t.Errorf("%s is paired with %s, and that with %s", name, of.partner, partner.partner)
		}
	}
	if len(all) != 1000 || count[layout.TrainSplit] != 720 || count[layout.ValSplit] != 140 || count[layout.TestSplit] != 140 {
		t.Errorf("%d sequences: %v; want 720, 140 and 140", len(all), count)
	}
	for i := range 1000 {
		if _, ok := all[fmt.Sprintf("%03d", i)]; !ok {
			t.Errorf("sequence %03d is in no part", i)
		}
	}
	for name, want := range map[string]ffppSequence{
		"071": {layout.TrainSplit, "054"}, "087": {layout.TrainSplit, "081"}, "881": {layout.TrainSplit, "856"}, "187": {layout.TrainSplit, "234"},
		"720": {layout.ValSplit, "672"}, "939": {layout.ValSplit, "115"}, "284": {layout.ValSplit, "263"},
		"953": {layout.TestSplit, "974"}, "012": {layout.TestSplit, "026"}, "078": {layout.TestSplit, "955"}, "000": {layout.TestSplit, "003"},
	} {
		if all[name] != want {
			t.Errorf("%s is %v; want %v", name, all[name], want)
		}
	}
	shared, divided := 0, 0
	for _, same := range ffppSameVideo {
		shared += len(same) - 1
		if slices.ContainsFunc(same, func(s string) bool { return all[s].split != all[same[0]].split }) {
			divided++
		}
	}
	if shared != 1000-977 || divided != 7 {
		t.Errorf("%d sequences share a video with an earlier one, %d videos are divided; want 23 and 7", shared, divided)
	}
}

// ffppTree writes a whole FF++ of one compression, without FaceShifter.
func ffppTree(t *testing.T, dir, folder string) {
	t.Helper()
	file := func(kind, name string) {
		path := filepath.Join(dir, kind, folder, "videos")
		if name == "" {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			return
		}
		if err := os.WriteFile(filepath.Join(path, name+".mp4"), []byte(mp4), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file("original_sequences/youtube", "")
	for _, method := range ffppMethods[:4] {
		file("manipulated_sequences/"+method, "")
	}
	for name, of := range ffppSequences() {
		file("original_sequences/youtube", name)
		for _, method := range ffppMethods[:4] {
			file("manipulated_sequences/"+method, name+"_"+of.partner)
		}
	}
}

func TestFFPPWholeAndPart(t *testing.T) {
	dir := t.TempDir()
	ffppTree(t, dir, "c0")
	d := open(t, dir)
	if d.Name != "FF++ raw" || d.Partial() || len(d.Videos) != 5000 || len(d.Missing)+len(d.Problems) > 0 {
		t.Fatalf("%s: partial %v, %d videos, %d missing, problems %v", d.Name, d.Partial(), len(d.Videos), len(d.Missing), d.Problems)
	}
	if test := d.Part(layout.TestSplit); len(test) != 5*140 {
		t.Errorf("%d test videos; want 700", len(test))
	}
	i := slices.IndexFunc(d.Videos, func(v layout.Video) bool { return v.ID() == "FF++ raw/FaceSwap/000_003" })
	want := layout.Video{Dataset: "FF++ raw", Compression: "raw", Method: "FaceSwap", Name: "000_003", Identity: "000", Source: "003", Fake: true,
		Split: layout.TestSplit, Pixels: layout.VideoFile,
		File: "manipulated_sequences/FaceSwap/c0/videos/000_003.mp4", Path: filepath.Join(dir, "manipulated_sequences/FaceSwap/c0/videos/000_003.mp4")}
	if i < 0 || d.Videos[i] != want {
		t.Errorf("video %d is %+v", i, d.Videos[max(i, 0)])
	}

	if err := os.Remove(want.Path); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "manipulated_sequences/FaceSwap/c0/videos/000_004.mp4", mp4, // no official pair
		"original_sequences/youtube/c0/videos/007.mp4", "", // empty
		"original_sequences/youtube/c0/videos/notes.txt", "not a video",
		"manipulated_sequences/Face2Face/c0/images/001_870/0000.png", "\x89PNG")
	d = open(t, dir)
	if got := videoIDs(d.Missing); !slices.Equal(got, []string{"FF++ raw/FaceSwap/000_003", "FF++ raw/original/007"}) {
		t.Errorf("missing are %v", got)
	}
	if !d.Partial() || !d.Partial(layout.TestSplit) || !d.Partial(layout.TrainSplit) || d.Partial(layout.ValSplit) || d.Frames != 1 || len(d.Videos) != 4998 {
		t.Errorf("partial %v, %v, %v, %v; %d frames, %d videos", d.Partial(), d.Partial(layout.TestSplit), d.Partial(layout.TrainSplit), d.Partial(layout.ValSplit), d.Frames, len(d.Videos))
	}
	wantFaults(t, d, "unlisted: 000_004.mp4", "empty: 007.mp4: the file is empty")
	if _, err := layout.Open(dir, datasets.Strict); err == nil || !strings.Contains(err.Error(), "007.mp4: the file is empty") {
		t.Errorf("strict: %v", err)
	}
}

func TestFFPPCompressionsAndDFD(t *testing.T) {
	dir := t.TempDir()
	write(t, dir,
		"original_sequences/youtube/c40/videos/003.mp4", mp4,
		"original_sequences/youtube/c23/frames/000/0001.jpg", "\xff\xd8",
		"original_sequences/youtube/c23/frames/001/readme.txt", "",
		"manipulated_sequences/FaceShifter/c23/videos/003_000.mp4", mp4,
		"original_sequences/actors/c23/videos/01__exit_phone_room.mp4", mp4,
		"original_sequences/actors/c23/videos/1__exit.mp4", mp4,
		"manipulated_sequences/DeepFakeDetection/c23/videos/01_02__walking_outside_cafe_disgusted__YVGY8LOK.mp4", mp4)
	sets, err := layout.Open(dir, datasets.Skip)
	if err != nil || len(sets) != 3 {
		t.Fatal(len(sets), err)
	}
	ff23, dfd, ff40 := sets[0], sets[1], sets[2]
	if ff23.Name != "FF++ c23" || dfd.Name != "DFD c23" || ff40.Name != "FF++ c40" {
		t.Fatal(ff23.Name, dfd.Name, ff40.Name)
	}
	if v := ff23.Videos[1]; len(ff23.Videos) != 2 || v.ID() != "FF++ c23/original/000" || v.Pixels != layout.FrameFolder || v.Identity != "000" ||
		v.File != "original_sequences/youtube/c23/frames/000" || v.Split != layout.TestSplit {
		t.Errorf("frames are %+v", v)
	}
	wantFaults(t, ff23, "unreadable: frames/001: no frame")
	// With FaceShifter there are six kinds, without it five.
	if a, b := len(ff23.Missing), len(ff40.Missing); a != 6000-2 || b != 5000-1 {
		t.Errorf("%d and %d missing", a, b)
	}
	real, fake := dfd.Videos[1], dfd.Videos[0]
	if len(dfd.Videos) != 2 || real.Identity != "01" || real.Fake || fake.Identity != "01" || fake.Source != "02" || !fake.Fake || fake.Split != layout.NoSplit {
		t.Errorf("DFD: %+v", dfd.Videos)
	}
	if !dfd.Partial() || !slices.Equal(dfd.Counts, []layout.Count{
		{Method: dfdOriginal, There: 1, Listed: 363}, {Method: dfdMethod, Fake: true, There: 1, Listed: 3068}}) {
		t.Errorf("DFD counts: %v", dfd.Counts)
	}
	wantFaults(t, dfd, "unlisted: 1__exit.mp4")
}
