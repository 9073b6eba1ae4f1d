package official

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

func TestCelebDF(t *testing.T) {
	dir := t.TempDir()
	write(t, dir,
		"Celeb-real/id0_0000.mp4", mp4, "Celeb-real/id0_0001.mp4", mp4, "Celeb-real/id12_0009.mp4", mp4, "Celeb-real/holiday.mp4", mp4,
		"Youtube-real/videos/00170.mp4", mp4, // as one popular copy spells and lays it
		"Celeb-synthesis/id0_id1_0000.mp4", mp4, "Celeb-synthesis/id0_id12_0001.mp4", "",
		"List_of_testing_videos.txt", "\ufeff1 YouTube-real/00170.mp4\r\n"+
			"1 Celeb-real/id0_0000.mp4\r\n\r\n"+
			"1 Celeb-real/id0_0000.mp4\n"+ // twice
			"0 Celeb-synthesis/id0_id1_0000.mp4\n"+
			"1 Celeb-synthesis/id0_id12_0001.mp4\n"+ // wrong label, and empty
			"1 Celeb-real/id5_0000.mp4\n"+ // not there
			"0 ../Celeb-real/id0_0001.mp4\n2 Celeb-real/id0_0001.mp4\n1\n1 Celeb-real/id0.mp4\n1 elsewhere/id0_0001.mp4\n")
	d := open(t, dir)
	if d.Name != "Celeb-DF v2" || d.Layout != "Celeb-DF v2" || !d.Partial(layout.TestSplit) || !strings.Contains(strings.Join(d.Notes, ""), "not the official list: 5 ") {
		t.Errorf("%s, %s, partial %v, notes %v", d.Name, d.Layout, d.Partial(layout.TestSplit), d.Notes)
	}
	var got []string
	for _, v := range d.Videos {
		got = append(got, strings.Join([]string{v.ID(), v.Identity, v.Source, string(v.Split), v.Pixels.String()}, " "))
		if v.Fake != (v.Method == "Celeb-synthesis") {
			t.Errorf("%s is fake: %v", v.ID(), v.Fake)
		}
	}
	want := []string{
		"Celeb-DF v2/Celeb-real/id0_0000 id0  test video",
		"Celeb-DF v2/Celeb-real/id0_0001 id0  train video",
		"Celeb-DF v2/Celeb-real/id12_0009 id12  train video",
		"Celeb-DF v2/Celeb-synthesis/id0_id1_0000 id0 id1 test video",
		"Celeb-DF v2/YouTube-real/00170 00170  test video",
	}
	if !slices.Equal(got, want) {
		t.Errorf("videos are %q", got)
	}
	if got := videoIDs(d.Missing); !slices.Equal(got, []string{"Celeb-DF v2/Celeb-real/id5_0000", "Celeb-DF v2/Celeb-synthesis/id0_id12_0001"}) {
		t.Errorf("missing are %v", got)
	}
	wantFaults(t, d, "duplicate: txt:4: Celeb-real/id0_0000.mp4 is listed already in line 2", "conflict: txt:6: ",
		"bad row: txt:8: ", "bad row: txt:9: ", "bad row: txt:10: ", "bad row: txt:11: ", "bad row: txt:12: elsewhere",
		"empty: id0_id12_0001.mp4: the file is empty", "unlisted: holiday.mp4",
		"absent: txt:7: Celeb-real/id5_0000.mp4", "absent: txt:6: Celeb-synthesis/id0_id12_0001.mp4")
	var p datasets.Problem
	if _, err := layout.Open(dir, datasets.Strict); !errors.As(err, &p) || p.Line != 4 || p.Fault != datasets.Duplicate {
		t.Errorf("strict: %v", err)
	}
	// 590 + 300 real and 5,639 fake videos of the paper; 518 of them in the official list, 178 real.
	published := map[layout.Split][2]int{}
	for _, c := range d.Counts {
		n := published[c.Split]
		if c.Fake {
			n[1] += c.Listed
		} else {
			n[0] += c.Listed
		}
		published[c.Split] = n
	}
	if published[layout.TestSplit] != [2]int{178, 340} || published[layout.TrainSplit] != [2]int{890 - 178, 5639 - 340} {
		t.Errorf("published: %v", published)
	}
}

func TestCelebDFListWithoutLines(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "Celeb-real/id0_0000.mp4", mp4, "List_of_testing_videos.txt", "real: id0_0000\n")
	if _, err := layout.Open(dir, datasets.Skip); err == nil || !strings.Contains(err.Error(), "no usable line") {
		t.Error(err)
	}
}

func FuzzReadCelebList(f *testing.F) {
	f.Add("1 Celeb-real/id0_0000.mp4\n0 Celeb-synthesis/id0_id1_0000.mp4\n")
	f.Add("\ufeff1 YouTube-real/00000.mp4\r\n1 YouTube-real/00000.mp4\n0 YouTube-real/00001.mp4\n1 ../x.mp4")
	f.Fuzz(func(t *testing.T, list string) {
		c := layout.NewCollector(celebLayout, celebLayout, "dir", datasets.Skip)
		tests, err := readCelebList(c, strings.NewReader(list), "list")
		for id := range tests {
			folder, name, _ := strings.Cut(id, "/")
			if v, ok := celebVideo(folder, name); !ok || v.Fake != (folder == "Celeb-synthesis") {
				t.Fatalf("%q", id)
			}
		}
		strict := layout.NewCollector(celebLayout, celebLayout, "dir", datasets.Strict)
		if _, serr := readCelebList(strict, strings.NewReader(list), "list"); (serr == nil) != (err == nil && len(c.Problems) == 0) {
			t.Fatalf("strict error %v, but problems %v and error %v when skipping", serr, c.Problems, err)
		}
	})
}
