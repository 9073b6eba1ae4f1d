package datasets

import (
	"errors"
	"fmt"
	"image"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
)

// landmarksHeader is that of shared/data/real/ytfaces.
func landmarksHeader() string {
	h := "file,person,orig,width,height,face_w"
	for i := range face.Landmarks {
		h += fmt.Sprintf(",x%d,y%d", i, i)
	}
	return h + "\n"
}

// landmarksRow returns a row with a mean face in an image of 100 × 100 pixels, changed by edit.
func landmarksRow(file, person string, edit func(p []face.Point)) string {
	points := face.Template(image.Rect(20, 20, 80, 80))
	if edit != nil {
		edit(points)
	}
	row := file + "," + person + ",,100,100,60"
	for _, p := range points {
		row += fmt.Sprintf(",%g,%g", p.X, p.Y)
	}
	return row + "\n"
}

func TestOpenRealLandmarks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "faces")
	write(t, dir, "b.jpg", "", "a.jpg", "", "landmarks.csv", landmarksHeader()+
		landmarksRow("b.jpg", "Ann", func(p []face.Point) { p[3] = face.Point{X: -8.5, Y: 44.25} })+landmarksRow("a.jpg", "Bob", nil))
	set, problems, err := OpenReal(dir, Strict)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	ann := set.Items[0]
	if len(set.Items) != 2 || set.Name != "faces" || ann.File != "b.jpg" || ann.Identity != "Ann" || ann.Fake || ann.Frame != -1 {
		t.Fatalf("%+v", set)
	}
	if len(ann.Landmarks()) != face.Landmarks || ann.Landmarks()[3] != (face.Point{X: -8.5, Y: 44.25}) {
		t.Errorf("landmarks %v", ann.Landmarks())
	}
}

func TestOpenRealWithoutLandmarks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "utkface")
	write(t, dir, "images/1.jpg", "", "images/2.jpg", "", "manifest.csv", "file,age\nimages/2.jpg,3\nimages/1.jpg,4\n")
	set, _, err := OpenReal(dir, Strict)
	if err != nil || len(set.Items) != 2 {
		t.Fatal(set, err)
	}
	if a, b := set.Items[0], set.Items[1]; a.Identity == b.Identity || a.VideoID() == b.VideoID() || a.Landmarks() != nil || a.File != "images/1.jpg" {
		t.Errorf("%+v and %+v", a, b)
	}
}

func TestOpenRealNamesBadRows(t *testing.T) {
	set := func(i int, x, y float64) func([]face.Point) {
		return func(p []face.Point) { p[i] = face.Point{X: x, Y: y} }
	}
	short := strings.TrimSuffix(landmarksRow("x.jpg", "Bob", nil), "\n")
	short = short[:strings.LastIndex(short, ",")] + "\n"
	for _, c := range []struct{ name, row, want string }{
		{"outside", landmarksRow("x.jpg", "Bob", set(40, 50, 131)), "landmark 40"},
		{"outside to the left", landmarksRow("x.jpg", "Bob", set(0, -60, 50)), "landmark 0"},
		{"NaN", strings.Replace(landmarksRow("x.jpg", "Bob", set(5, 12345, 1)), "12345", "NaN", 1), "landmark 5"},
		{"infinite", strings.Replace(landmarksRow("x.jpg", "Bob", set(5, 12345, 1)), "12345", "Inf", 1), "landmark 5"},
		{"no number", strings.Replace(landmarksRow("x.jpg", "Bob", set(5, 12345, 1)), "12345", "12a", 1), "x5"},
		{"one too few", short, "fields; want the"},
		{"flat", landmarksRow("x.jpg", "Bob", func(p []face.Point) {
			for i := range p {
				p[i].Y = p[i].X
			}
		}), "area"},
		{"no person", landmarksRow("x.jpg", "", nil), "person"},
		{"size", strings.Replace(landmarksRow("x.jpg", "Bob", nil), ",100,100,", ",0,100,", 1), "width"},
		{"duplicate", landmarksRow("good.jpg", "Ann", nil), "line 2"},
		{"absent", landmarksRow("absent.jpg", "Ann", nil), "not there"},
		{"parent", landmarksRow("../x.jpg", "Ann", nil), "leaves the folder"},
	} {
		dir := t.TempDir()
		write(t, dir, "good.jpg", "", "x.jpg", "", "landmarks.csv", landmarksHeader()+landmarksRow("good.jpg", "Ann", nil)+c.row)
		_, _, err := OpenReal(dir, Strict)
		var p Problem
		if !errors.As(err, &p) || p.Line != 3 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v; want a problem in line 3 about %q", c.name, err, c.want)
		}
		got, problems, err := OpenReal(dir, Skip)
		if err != nil || len(got.Items) != 1 || len(problems) != 1 {
			t.Errorf("%s, skipped: %d items, %v, %v", c.name, len(got.Items), problems, err)
		}
	}
}

func TestOpenRealRefusesTestSetsAndOtherFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.jpg", "", "manifest.csv", header+"a.jpg,0,m,v,0,t,,0,0,9,9\n")
	if _, _, err := OpenReal(dir, Strict); err == nil || !strings.Contains(err.Error(), "label") {
		t.Errorf("a test manifest: %v", err)
	}
	write(t, dir, "manifest.csv", "path\na.jpg\n")
	if _, _, err := OpenReal(dir, Strict); err == nil || !strings.Contains(err.Error(), "column file is missing") {
		t.Errorf("no column file: %v", err)
	}
	write(t, dir, "landmarks.csv", "file,person,width,height,x0,y0\n")
	if _, _, err := OpenReal(dir, Strict); err == nil || !strings.Contains(err.Error(), "column x1 is missing") {
		t.Errorf("five landmarks: %v", err)
	}
}

func FuzzReadLandmarks(f *testing.F) {
	dir := f.TempDir()
	write(f, dir, "a.jpg", "", "b.jpg", "")
	f.Add(landmarksHeader() + landmarksRow("a.jpg", "Ann", nil) + landmarksRow("b.jpg", "Bob", nil))
	f.Add(landmarksHeader() + landmarksRow("a.jpg", "Ann", func(p []face.Point) { p[0].X = 1e300 }))
	f.Add(strings.Replace(landmarksHeader(), "x7", "x8", 1))
	f.Fuzz(func(t *testing.T, table string) {
		m := manifest{dir: dir, path: "landmarks.csv", mode: Skip}
		items, err := readLandmarks(&m, strings.NewReader(table), "fuzz")
		if err != nil {
			return
		}
		for _, it := range items {
			if filepath.Dir(it.Path) != dir || len(it.Landmarks()) != face.Landmarks || it.Identity == "" {
				t.Fatalf("item %+v", it)
			}
			for _, p := range it.Landmarks() {
				if !(p.X > -1e9 && p.X < 1e19 && p.Y > -1e9 && p.Y < 1e19) {
					t.Fatalf("landmark %v", p)
				}
			}
		}
	})
}
