package official

import (
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

func TestDFDCTrainParts(t *testing.T) {
	dir := t.TempDir()
	write(t, dir,
		"train/dfdc_train_part_0/metadata.json", `{"aaaaaaaaaa.mp4": {"label": "FAKE", "split": "train", "original": "bbbbbbbbbb.mp4"},
"bbbbbbbbbb.mp4": {"label": "REAL", "split": "train", "original": null},
"cccccccccc.mp4": {"label": "FAKE", "split": "train", "original": "bbbbbbbbbb.mp4"},
"bbbbbbbbbb.mp4": {"label": "REAL", "split": "train"},
"dddddddddd.mp4": {"label": "MAYBE"}, "eeeeeeeeee.mp4": {}, "ffffffffff.mp4": 3,
"../gggggggggg.mp4": {"label": "REAL"}, "gggggggggg.avi": {"label": "REAL"}, "h.mp4": {"label": "FAKE", "original": "../h.mp4"},
"iiiiiiiiii.mp4": {"label": "FAKE"}, "iiiiiiiiii.mp4": {"label": "REAL"}}`,
		"train/dfdc_train_part_0/aaaaaaaaaa.mp4", mp4, "train/dfdc_train_part_0/bbbbbbbbbb.mp4", mp4,
		"train/dfdc_train_part_0/zzzzzzzzzz.mp4", mp4, "train/dfdc_train_part_0/iiiiiiiiii.mp4", mp4,
		"train/dfdc_train_part_1/metadata.json", `{"jjjjjjjjjj.mp4":{"label":"REAL"},"aaaaaaaaaa.mp4":{"label":"FAKE","original":"bbbbbbbbbb.mp4"}}`,
		"train/dfdc_train_part_1/jjjjjjjjjj.mp4", mp4, "train/dfdc_train_part_1/aaaaaaaaaa.mp4", mp4,
		"validation/labels.csv", "filename,label\nkkkkkkkkkk.mp4,1\n", "validation/kkkkkkkkkk.mp4", mp4,
		"test/metadata.json", `{"llllllllll.mp4": {"augmentations": {"noise": {"at": 1}}, "is_fake": 1}, "mmmmmmmmmm.mp4": {"is_fake": 0}}`,
		"test/labels.csv", "filename,label\nllllllllll.mp4,1\nmmmmmmmmmm.mp4,1\n",
		"test/llllllllll.mp4", mp4, "test/mmmmmmmmmm.mp4", mp4)
	d := open(t, dir)
	var got []string
	for _, v := range d.Videos {
		label := "real"
		if v.Fake {
			label = "fake"
		}
		got = append(got, strings.Join([]string{v.ID(), v.Identity, label, string(v.Split)}, " "))
	}
	want := []string{
		"DFDC/DFDC/aaaaaaaaaa bbbbbbbbbb fake train",
		"DFDC/DFDC/bbbbbbbbbb bbbbbbbbbb real train",
		"DFDC/DFDC/jjjjjjjjjj jjjjjjjjjj real train",
		"DFDC/DFDC/kkkkkkkkkk kkkkkkkkkk fake val",
		"DFDC/DFDC/llllllllll llllllllll fake test",
	}
	if !slices.Equal(got, want) {
		t.Errorf("videos are %q", got)
	}
	if got := videoIDs(d.Missing); !slices.Equal(got, []string{"DFDC/DFDC/cccccccccc"}) {
		t.Errorf("missing are %v", got)
	}
	wantFaults(t, d,
		"duplicate: metadata.json:4: bbbbbbbbbb.mp4 is listed already in line 2",
		"bad row: metadata.json:5: the entry of dddddddddd", "bad row: metadata.json:5: the entry of eeeeeeeeee", "bad row: metadata.json:5: the entry of ffffffffff",
		"bad row: metadata.json:6: file \"../ggg", "bad row: metadata.json:6: file \"gggggggggg.avi", "bad row: metadata.json:6: the original of h.mp4",
		"conflict: metadata.json:7: iiiiiiiiii.mp4 is labelled otherwise", "absent: metadata.json:3: cccccccccc.mp4",
		"unlisted: zzzzzzzzzz.mp4", "duplicate: dfdc_train_part_1/aaaaaaaaaa.mp4", "conflict: labels.csv:3: mmmmmmmmmm.mp4")
}

func TestDFDCTestFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "labels.csv", "filename,label\naaaaaaaaaa.mp4,0\nbbbbbbbbbb.mp4,1\naaaaaaaaaa.mp4,0\ncccccccccc.mp4,maybe\n", "videos/aaaaaaaaaa.mp4", mp4)
	d := open(t, dir)
	if len(d.Videos) != 1 || d.Videos[0].Split != layout.TestSplit || d.Videos[0].Fake || d.Videos[0].File != "videos/aaaaaaaaaa.mp4" || !d.Partial(layout.TestSplit) {
		t.Errorf("%+v", d.Videos)
	}
	// 5,000 test videos, half of them fake; 119,154 to train on, 100,000 of them fake.
	if !slices.Contains(d.Counts, layout.Count{Split: layout.TestSplit, Method: "DFDC", Fake: false, There: 1, Listed: 2500}) || !slices.Contains(d.Counts, layout.Count{Split: layout.TestSplit, Method: "DFDC", Fake: true, There: 0, Listed: 2500}) ||
		!slices.Contains(d.Counts, layout.Count{Split: layout.TrainSplit, Method: "DFDC", Fake: false, There: 0, Listed: 119154 - 100000}) {
		t.Errorf("counts %v", d.Counts)
	}
	wantFaults(t, d, "duplicate: csv:4: ", "bad row: csv:5: cccccccccc.mp4: label is", "absent: csv:3: bbbbbbbbbb.mp4")
}

func TestDFDCBrokenLabels(t *testing.T) {
	for _, c := range []struct{ labels, want string }{
		{`{"aaaaaaaaaa.mp4": {"label": "REAL"},` + "\n" + `"bbbbbbbbbb.mp4"`, "metadata.json:2: "},
		{`{"aaaaaaaaaa.mp4": {"label": "REAL"}}` + "\n" + `{}`, "something follows"},
		{`{"aaaaaaaaaa.mp4": {"label": "REAL"}`, "unexpected EOF"},
		{`["label"]`, "metadata.json is not as DFDC has it"},
	} {
		dir := t.TempDir()
		write(t, dir, "metadata.json", c.labels, "aaaaaaaaaa.mp4", mp4)
		if _, err := layout.Open(dir, datasets.Skip); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: error %v; want %q", c.labels, err, c.want)
		}
	}
}

func FuzzReadDFDCMetadata(f *testing.F) {
	f.Add(`{"aaaaaaaaaa.mp4": {"label": "FAKE", "split": "train", "original": "b.mp4"}, "b.mp4": {"is_fake": 0}}`)
	f.Add(`{"a.mp4": {"label": "REAL"}, "a.mp4": {"label": "FAKE"}, "../a.mp4": null}`)
	f.Add("\ufeff{\n\"a\\n.mp4\": [[[1]]]}x")
	f.Fuzz(func(t *testing.T, text string) {
		fuzzLabels(t, func(c *layout.Collector, labels map[string]dfdcLabel) error {
			return readDFDCMetadata(c, strings.NewReader(text), "metadata.json", layout.NoSplit, labels)
		})
	})
}

func FuzzReadDFDCLabels(f *testing.F) {
	f.Add("filename,label\naaaaaaaaaa.mp4,0\nb.mp4,1\nb.mp4,0\n")
	f.Add("filename,label,original\n\"a\nb.mp4\",0,\n../a.mp4,1,x\n")
	f.Fuzz(func(t *testing.T, text string) {
		fuzzLabels(t, func(c *layout.Collector, labels map[string]dfdcLabel) error {
			return readDFDCLabels(c, strings.NewReader(text), "labels.csv", layout.TestSplit, labels)
		})
	})
}

func fuzzLabels(t *testing.T, read func(*layout.Collector, map[string]dfdcLabel) error) {
	c, labels := layout.NewCollector(dfdcLayout, dfdcLayout, "dir", datasets.Skip), map[string]dfdcLabel{}
	err := read(c, labels)
	for name, label := range labels {
		if name == "" || strings.ContainsAny(name, "/\n") || label.line < 1 || strings.Contains(label.original, "/") {
			t.Fatalf("%q: %+v", name, label)
		}
	}
	strict := layout.NewCollector(dfdcLayout, dfdcLayout, "dir", datasets.Strict)
	if serr := read(strict, map[string]dfdcLabel{}); (serr == nil) != (err == nil && len(c.Problems) == 0) {
		t.Fatalf("strict error %v, but problems %v and error %v when skipping", serr, c.Problems, err)
	}
}
