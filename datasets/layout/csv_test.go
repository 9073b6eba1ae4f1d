package layout

import (
	"errors"
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
	wantFaults(t, d, "empty: e.mp4: the file is empty", "absent: csv:7: file gone.mp4", "duplicate: csv:8: file a.mp4 is listed already in line 2",
		"format: f.txt: its extension", "unreadable: empty: no frame", "bad row: csv:11: ", "bad row: csv:12: label", "bad row: csv:13: split", "bad row: csv:14: ", "bad row: csv:16: ")
	if !d.Partial(TestSplit) || d.Partial(TrainSplit) || len(d.Missing) != 4 {
		t.Errorf("partial %v and %v, missing %v", d.Partial(TestSplit), d.Partial(TrainSplit), videoIDs(d.Missing))
	}
	if !slices.Contains(d.Counts, Count{TestSplit, "real", false, 0, 2}) || !slices.Contains(d.Counts, Count{TestSplit, "FaceSwap", true, 1, 1}) {
		t.Errorf("counts %v", d.Counts)
	}
}

// A list may name images of every format that is read; what is in a folder without a list, only JPEG and PNG.
func TestImagesOfOtherFormats(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mine")
	const webp = "RIFF\x10\x00\x00\x00WEBPVP8 "
	write(t, dir, "a.webp", webp, "b.TIF", "II*\x00", "c.bmp", "BM", "h.heic", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "n.jpg", webp, "p.png", "\x89PNG\r\n\x1a\n",
		"videos.csv", "file,label\na.webp,0\nb.TIF,1\nh.heic,0\nn.jpg,1\n")
	d := open(t, dir)
	if got := videoIDs(d.Videos); !slices.Equal(got, []string{"mine/fake/b.TIF", "mine/fake/n", "mine/real/a"}) || d.Videos[0].Pixels != StillImage || d.Videos[2].Pixels != StillImage {
		t.Errorf("videos are %v", d.Videos)
	}
	wantFaults(t, d, "format: h.heic: its extension", "unlisted: c.bmp: ", "unlisted: p.png: ")
	if err := d.Videos[1].Check(); err == nil || !strings.Contains(err.Error(), "n.jpg: it is a picture in the format WebP and its name says another") {
		t.Errorf("a WebP called .jpg: %v", err)
	} else if p, ok := errors.AsType[datasets.Problem](err); !ok || p.Fault != datasets.Format {
		t.Errorf("a WebP called .jpg is %v", err)
	}

	plain := filepath.Join(t.TempDir(), "plain")
	write(t, plain, "real/a.webp", webp, "real/b.jpg", "\xff\xd8", "fake/c.bmp", "BM", "fake/d.png", "\x89PNG")
	d = open(t, plain)
	if got := videoIDs(d.Videos); !slices.Equal(got, []string{"plain/fake/d", "plain/real/b"}) || len(d.Unread) != 2 || d.Unread[0].Fault != datasets.Format {
		t.Errorf("videos are %v, unread %v", got, d.Unread)
	}
	wantFaults(t, d, "format: real/a.webp: images of its format", "format: fake/c.bmp: images of its format")
	// Not even one who wants no problem is stopped by them.
	if _, err := Open(plain, datasets.Strict); err != nil {
		t.Error(err)
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
		_, err := c.readVideos(strings.NewReader(text), "videos.csv")
		if len(c.Videos) > 3 { // a file may be spelled once, and the folder b holds one more
			t.Fatalf("%d videos of 2", len(c.Videos))
		}
		for _, v := range c.Videos {
			if rel, err := filepath.Rel(dir, v.Path); err != nil || !filepath.IsLocal(rel) || v.Method == "" || v.Name == "" || v.Identity == "" {
				t.Fatalf("%+v", v)
			}
		}
		strict := NewCollector("mine", csvLayout, dir, datasets.Strict)
		if _, serr := strict.readVideos(strings.NewReader(text), "videos.csv"); (serr == nil) != (err == nil && len(c.Problems) == 0) {
			t.Fatalf("strict error %v, but problems %v and error %v when skipping", serr, c.Problems, err)
		}
	})
}
