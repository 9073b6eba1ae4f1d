package official

import (
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

const dfdcpLabels = `{
"original_videos/643049/643049_A_001.mp4": {"label": "real", "set": "test", "target_id": 643049, "swapped_id": null, "augmentations": []},
"method_A/1224068/1224068_A/1224068_643049_A_001.mp4": {"label": "fake", "set": "train", "target_id": "1224068", "swapped_id": "643049"},
"method_B/1/1_C/1_2_C_001.mp4": {"label": "fake", "set": "test", "target_id": "1", "swapped_id": "2"},
"method_B/1/1_C/1_2_C_002.mp4": {"label": "real", "set": "test"},
"method_B/1/1_C/1_2_C_001.mp4": {"label": "fake", "set": "test"},
"method_B/1/../../x.mp4": {"label": "fake", "set": "test"},
"method_B/1/y.mp4": {"label": "fake", "set": "dev"},
"method_B/1/z.mp4": {"label": "fake", "set": "test", "target_id": [1]}}`

func TestDFDCP(t *testing.T) {
	for _, videos := range []string{"", "videos/"} { // the official layout, and one with a folder more
		dir := t.TempDir()
		write(t, dir, "dataset.json", dfdcpLabels,
			"original_videos/"+videos+"643049/643049_A_001.mp4", mp4,
			"method_A/"+videos+"1224068/1224068_A/1224068_643049_A_001.mp4", mp4,
			"method_A/"+videos+"1224068/1224068_A/more.mp4", mp4)
		d := open(t, dir)
		if d.Name != "DFDC preview" || len(d.Videos) != 2 {
			t.Fatalf("%s, videos %+v", d.Name, d.Videos)
		}
		fake, real := d.Videos[0], d.Videos[1]
		if real.ID() != "DFDC preview/original_videos/643049_A_001" || real.Fake || real.Split != layout.TestSplit || real.Identity != "643049" || real.Source != "" {
			t.Errorf("real is %+v", real)
		}
		if fake.ID() != "DFDC preview/method_A/1224068_643049_A_001" || !fake.Fake || fake.Split != layout.TrainSplit || fake.Identity != "1224068" ||
			fake.Source != "643049" || fake.File != "method_A/"+videos+"1224068/1224068_A/1224068_643049_A_001.mp4" {
			t.Errorf("fake is %+v", fake)
		}
		if got := videoIDs(d.Missing); !slices.Equal(got, []string{"DFDC preview/method_B/1_2_C_001"}) {
			t.Errorf("missing are %v", got)
		}
		wantFaults(t, d, "absent: json:4: method_B/1/1_C/1_2_C_001.mp4", "conflict: json:5: ", "duplicate: json:6: ", "bad row: json:7: ",
			"bad row: json:8: set of", "bad row: json:9: ", "unlisted: more.mp4")
		// The paper: 4,464 clips to train on and 780 to test.
		listed := map[layout.Split]int{}
		for _, c := range d.Counts {
			listed[c.Split] += c.Listed
		}
		if !d.Partial(layout.TestSplit) || listed[layout.TestSplit] != 780 || listed[layout.TrainSplit] != 4464 {
			t.Errorf("partial %v, listed %v", d.Partial(layout.TestSplit), listed)
		}
	}
}

func FuzzReadDFDCP(f *testing.F) {
	f.Add(dfdcpLabels)
	f.Add(`{"original_videos/.mp4": {"label": "real", "set": "test"}}`)
	f.Add(`{"method_A/a.mp4": {"label": "fake", "set": "test", "target_id": 1e999}}`)
	f.Fuzz(func(t *testing.T, text string) {
		c := layout.NewCollector(dfdcpLayout, dfdcpLayout, "dir", datasets.Skip)
		videos, err := readDFDCP(c, strings.NewReader(text), "dataset.json")
		for name, v := range videos {
			if err := layout.CheckLocal(name); err != nil || v.Name == "" || v.Identity == "" || v.line < 1 || v.Fake == (v.Method == dfdcpOriginal) {
				t.Fatalf("%q: %+v, %v", name, v, err)
			}
		}
		strict := layout.NewCollector(dfdcpLayout, dfdcpLayout, "dir", datasets.Strict)
		if _, serr := readDFDCP(strict, strings.NewReader(text), "dataset.json"); (serr == nil) != (err == nil && len(c.Problems) == 0) {
			t.Fatalf("strict error %v, but problems %v and error %v when skipping", serr, c.Problems, err)
		}
	})
}
