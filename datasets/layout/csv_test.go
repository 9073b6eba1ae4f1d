package layout

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
)

func TestVideosCSV(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mine")
	write(t, dir, "a.mp4", mp4, "sub/b.avi", "RIFF", "c/001.png", "\x89PNG", "c/002.png", "\x89PNG", "d.jpg", "\xff\xd8", "e.mp4", "", "f.txt", "f", "empty/x.txt", "",
		"videos.csv", "label,file,split,target,source,method,video,note\n"+
			"0,a.mp4,train,anna,,,,\n"+
			"1,sub/b.avi,test,anna,bert,FaceSwap,b one,x\n"+
			"1,c,,,,,,\n"+
			"0,d.jpg,,,,,,\n"+
			"0,e.mp4,test,,,,,\n"+ // empty
			"0,gone.mp4,test,,,,,\n"+
			"1,a.mp4,train,,,,,\n"+ // the same file
			"0,f.txt,,,,,,\n"+
			"0,empty,,,,,,\n"+
			"0,../a.mp4,,,,,,\n"+
			"2,x.mp4,,,,,,\n"+
			"0,y.mp4,dev,,,,,\n"+
			"0,\"z\nz.mp4\",,,,,,\n"+
			"0,w.mp4\n")
	d := open(t, dir)
	var got []string
	for _, v := range d.Videos {
		got = append(got, strings.Join([]string{v.ID(), v.Identity, v.Source, string(v.Split), v.Pixels.String()}, "|"))
	}
	want := []string{
		"mine/FaceSwap/b one|anna|bert|test|video",
		"mine/fake/c|mine/fake/c|||frames",
		"mine/real/a|anna||train|video",
		"mine/real/d|mine/real/d|||image",
	}
	if !slices.Equal(got, want) {
		t.Errorf("videos are %q", got)
	}
	wantFaults(t, d, "empty: csv:6: file e.mp4: the file is empty", "absent: csv:7: file gone.mp4", "duplicate: csv:8: file a.mp4 is listed already in line 2",
		"unreadable: csv:9: ", "unreadable: csv:10: ", "bad row: csv:11: ", "bad row: csv:12: label", "bad row: csv:13: split", "bad row: csv:14: ", "bad row: csv:16: ")
	if !d.Partial(TestSplit) || d.Partial(TrainSplit) || len(d.Missing) != 4 {
		t.Errorf("partial %v and %v, missing %v", d.Partial(TestSplit), d.Partial(TrainSplit), videoIDs(d.Missing))
	}
	if !slices.Contains(d.Counts, Count{TestSplit, "real", false, 0, 2}) || !slices.Contains(d.Counts, Count{TestSplit, "FaceSwap", true, 1, 1}) {
		t.Errorf("counts %v", d.Counts)
	}
}

func TestVideosCSVHeader(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "is empty"},
		{"file,labl\n", "column label is missing"},
		{"file,label,file\n", "column file is there twice"},
		{"file,label\n", "no usable row"},
	} {
		dir := t.TempDir()
		write(t, dir, "videos.csv", c.text)
		if _, err := Open(dir, datasets.Skip); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%q: error %v; want %q", c.text, err, c.want)
		}
	}
}

func FuzzReadVideos(f *testing.F) {
	dir := f.TempDir()
	write(f, dir, "a.mp4", mp4, "b/1.png", "\x89PNG")
	f.Add("file,label\na.mp4,0\nb,1\na.mp4,1\n")
	f.Add("label,file,split,method,video,target,source\n1,b,test,m,v,t,s\n0,../a.mp4,,,,,\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := NewCollector("mine", csvLayout, dir, datasets.Skip)
		err := c.readVideos(strings.NewReader(text), "videos.csv")
		if len(c.Videos) > 3 { // a file may be spelled once, and the folder b holds one more
			t.Fatalf("%d videos of 2", len(c.Videos))
		}
		for _, v := range c.Videos {
			if rel, err := filepath.Rel(dir, v.Path); err != nil || !filepath.IsLocal(rel) || v.Method == "" || v.Name == "" || v.Identity == "" {
				t.Fatalf("%+v", v)
			}
		}
		strict := NewCollector("mine", csvLayout, dir, datasets.Strict)
		if serr := strict.readVideos(strings.NewReader(text), "videos.csv"); (serr == nil) != (err == nil && len(c.Problems) == 0) {
			t.Fatalf("strict error %v, but problems %v and error %v when skipping", serr, c.Problems, err)
		}
	})
}
