package datasets

import (
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
)

const header = "file,label,method,video,frame,target,source,x,y,side,stored\n"

func TestOpenCrops(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ffpp_c40")
	write(t, dir, "faces/a.jpg", "", "faces/b.jpg", "", "manifest.csv", header+
		"faces/b.jpg,1,Deepfakes,183_253,16,183,253,397,-2,637,320\n"+
		"faces/a.jpg,0,original,183,,,,,,,\n")
	set, problems, err := OpenCrops(dir, Strict)
	if err != nil || len(problems) != 0 {
		t.Fatal(err, problems)
	}
	if set.Name != "FF++ c40" || set.Synthetic || len(set.Items) != 2 {
		t.Fatalf("set %q, synthetic %v, %d items", set.Name, set.Synthetic, len(set.Items))
	}
	fake, real := set.Items[0], set.Items[1]
	if fake.ID() != "FF++ c40/Deepfakes/183_253:faces/b.jpg" || !fake.Fake || fake.Identity != "183" || fake.Source != "253" ||
		fake.Frame != 16 || fake.Box != (Square{397, -2, 637}) || fake.Path != filepath.Join(dir, "faces", "b.jpg") {
		t.Errorf("fake is %+v", fake)
	}
	if real.Fake || real.Frame != -1 || real.Identity != "183" || real.Box != (Square{}) || real.Method != "original" {
		t.Errorf("real is %+v", real)
	}
}

func TestOpenCropsNamesBadRows(t *testing.T) {
	const good = "good.jpg,0,original,1,0,1,,0,0,9,9\n"
	for _, c := range []struct{ name, row, want string }{
		{"label", "x.jpg,2,m,v,0,t,,0,0,9,9", "label"},
		{"no label", "x.jpg,,m,v,0,t,,0,0,9,9", "label"},
		{"absent", "absent.jpg,1,m,v,0,t,,0,0,9,9", "not there"},
		{"folder", "faces,1,m,v,0,t,,0,0,9,9", "not a file"},
		{"parent", "../secret.jpg,1,m,v,0,t,,0,0,9,9", "leaves the folder"},
		{"inner parent", "faces/../../secret.jpg,1,m,v,0,t,,0,0,9,9", "leaves the folder"},
		{"absolute", "/etc/hostname,1,m,v,0,t,,0,0,9,9", "leaves the folder"},
		{"no file", ",1,m,v,0,t,,0,0,9,9", "file is empty"},
		{"no file, but its side", ",1,m,v,0,t,,,,,9", "file is empty"},
		{"other spelling", "./good.jpg,1,m,v,0,t,,0,0,9,9", "listed already"},
		{"duplicate", "good.jpg,0,original,1,0,1,,0,0,9,9", "line 2"},
		{"method", "x.jpg,1,,v,0,t,,0,0,9,9", "method or video"},
		{"frame", "x.jpg,1,m,v,-3,t,,0,0,9,9", "frame"},
		{"half a square", "x.jpg,1,m,v,0,t,,1,,9,9", "y is"},
		{"side", "x.jpg,1,m,v,0,t,,1,1,0,9", "side is"},
		{"overflow", "x.jpg,1,m,v,0,t,,9223372036854775807,1,9,9", "x is"},
		{"stored", "x.jpg,1,m,v,0,t,,1,1,9,wide", "stored"},
		{"both labels", "x.jpg,1,original,1,0,1,,0,0,9,9", "one label per video"},
		{"fields", "x.jpg,1,m", "fields; want the"},
		{"quote", `x.jpg,1,"m"x,v,0,t,,0,0,9,9`, `"`},
	} {
		dir := t.TempDir()
		write(t, dir, "good.jpg", "", "x.jpg", "", "faces/a.jpg", "", "manifest.csv", header+good+c.row+"\n")
		_, _, err := OpenCrops(dir, Strict)
		var p Problem
		if !errors.As(err, &p) || p.Line != 3 || p.File != filepath.Join(dir, "manifest.csv") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v; want a problem in line 3 about %q", c.name, err, c.want)
		}
		set, problems, err := OpenCrops(dir, Skip)
		if err != nil || len(set.Items) != 1 || set.Items[0].File != "good.jpg" || len(problems) != 1 || problems[0].Line != 3 {
			t.Errorf("%s, skipped: %d items, problems %v, error %v; want the good row and one problem", c.name, len(set.Items), problems, err)
		}
	}
}

// landmarkText is the 68 landmarks of a mean face in an image of this side, as the last columns of a row.
func landmarkText(side int) string {
	var b strings.Builder
	for _, p := range face.Template(face.CropBox(image.Rect(0, 0, side, side), 1.9)) {
		fmt.Fprintf(&b, ",%.2f,%.2f", p.X, p.Y)
	}
	return b.String()
}

func TestOpenCropsWithLandmarks(t *testing.T) {
	wide := strings.TrimSuffix(header, "\n") + "," + strings.Join(landmarkColumns, ",") + "\n"
	good := landmarkText(100)
	empty := strings.Repeat(",", len(landmarkColumns))
	dir := t.TempDir()
	write(t, dir, "a.jpg", "", "b.jpg", "", "manifest.csv", wide+
		"a.jpg,0,original,1,16,1,,397,-2,637,100"+good+"\n"+
		",0,original,1,48,1,,,,,"+empty+"\n"+
		",1,Deepfakes,2,,2,1,,,,"+empty+"\n")
	set, _, err := OpenCrops(dir, Strict)
	if err != nil || len(set.Items) != 3 {
		t.Fatal(err, set.Items)
	}
	video, frame, found := set.Items[0], set.Items[1], set.Items[2]
	if !video.NoFace() || !video.Fake || video.Frame != -1 || video.Path != "" || !frame.NoFace() || frame.Frame != 48 || frame.VideoID() != found.VideoID() {
		t.Errorf("without faces: %+v and %+v", video, frame)
	}
	if found.NoFace() || len(found.Landmarks()) != face.Landmarks || fmt.Sprintf("%.2f", found.Landmarks()[67].Y) != good[strings.LastIndex(good, ",")+1:] {
		t.Errorf("landmarks %v, want the last to be %s", found.Landmarks(), good[len(good)-12:])
	}
	if _, err := Load(frame); !errors.Is(err, ErrNoFace) {
		t.Errorf("loading nothing: %v", err)
	}
	// What is not there counts in the digest, but needs no file.
	all, err := Digest(set)
	set.Items = set.Items[1:]
	less, err2 := Digest(set)
	if err != nil || err2 != nil || all == less {
		t.Errorf("digests %s and %s of one item less: %v, %v", all, less, err, err2)
	}

	for name, row := range map[string]string{
		"fewer columns": "a.jpg,0,original,1,16,1,,397,-2,637,100",
		"not a number":  "a.jpg,0,original,1,16,1,,397,-2,637,100" + strings.Replace(good, ",", ",x", 1),
		"too far out":   "a.jpg,0,original,1,16,1,,397,-2,637,20" + good,
		"no points":     "a.jpg,0,original,1,16,1,,397,-2,637,100" + empty,
		"NaN":           "a.jpg,0,original,1,16,1,,397,-2,637,100,NaN" + good[strings.Index(good[1:], ",")+1:],
	} {
		write(t, dir, "manifest.csv", wide+"b.jpg,0,original,1,17,1,,397,-2,637,100"+good+"\n"+row+"\n")
		if _, problems, err := OpenCrops(dir, Skip); err != nil || len(problems) != 1 || problems[0].Line != 3 {
			t.Errorf("%s: problems %v, error %v; want one, in line 3", name, problems, err)
		}
	}
	write(t, dir, "manifest.csv", strings.Replace(wide, "x0,y0", "y0,x0", 1)+"b.jpg,0,original,1,17,1,,397,-2,637,100"+good+"\n")
	if _, _, err := OpenCrops(dir, Skip); err == nil || !strings.Contains(err.Error(), "header is") {
		t.Errorf("swapped columns: %v", err)
	}
}

func TestOpenCropsNeedsHeaderAndRows(t *testing.T) {
	for _, c := range []struct{ name, manifest, want string }{
		{"empty", "", "is empty"},
		{"header only", header, "no usable row"},
		{"other header", "file,label\na.jpg,1\n", "header is"},
		{"columns swapped", strings.Replace(header, "target,source", "source,target", 1), "header is"},
		{"all rows bad", header + "absent.jpg,1,m,v,0,t,,0,0,9,9\n", "no usable row"},
	} {
		dir := t.TempDir()
		write(t, dir, "manifest.csv", c.manifest)
		if _, _, err := OpenCrops(dir, Skip); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: error %v; want one about %q that names the file", c.name, err, c.want)
		}
	}
	if _, _, err := OpenCrops(t.TempDir(), Strict); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no manifest: %v", err)
	}
}

func FuzzReadCrops(f *testing.F) {
	dir := f.TempDir()
	write(f, dir, "a.jpg", "", "b.jpg", "")
	f.Add(header + "a.jpg,1,m,v,0,t,,0,0,9,9\nb.jpg,0,n,v,,t,s,,,,\n")
	f.Add(header + "a.jpg,1,m,v,0,t,,0,0,9,9\na.jpg,1,m,v,0,t,,0,0,9,9\n../a.jpg,1,m,v,0,t,,0,0,9,9\n")
	f.Add(header + "\"a.jpg,1\n")
	f.Add(header + ",1,m,v,0,t,,,,,\n,1,m,v,0,t,,,,,\n")
	f.Add(strings.TrimSuffix(header, "\n") + "," + strings.Join(landmarkColumns, ",") + "\na.jpg,1,m,v,0,t,,0,0,9,9" + landmarkText(9) + "\n")
	f.Fuzz(func(t *testing.T, manifest string) {
		set, problems, err := readCrops(strings.NewReader(manifest), filepath.Join(dir, "manifest.csv"), Skip, true)
		_, _, strict := readCrops(strings.NewReader(manifest), filepath.Join(dir, "manifest.csv"), Strict, true)
		if (strict == nil) != (err == nil && len(problems) == 0) {
			t.Fatalf("strict error %v, but %d problems and error %v when skipping", strict, len(problems), err)
		}
		if err != nil {
			return
		}
		faces := 0
		for _, it := range set.Items {
			if !it.NoFace() {
				faces++
			}
		}
		if len(set.Items) == 0 || faces > 2 {
			t.Fatalf("%d items, %d of them of 2 files", len(set.Items), faces)
		}
		for _, it := range set.Items {
			if it.NoFace() != (it.Path == "") || !it.NoFace() && filepath.Dir(it.Path) != dir || it.Frame < -1 || it.Method == "" || it.Video == "" || it.Identity == "" {
				t.Fatalf("item %+v", it)
			}
		}
	})
}
