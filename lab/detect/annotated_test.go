package detect

import (
	"crypto/sha256"
	"encoding/csv"
	"image"
	"image/color"
	"image/draw"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/internal/sharedtest"
)

// annotated is where sets lie whose landmarks people have drawn: SEEABLE_ANNOTATED names their folders, each with a
// landmarks.csv; else real/helen and real/afw of the development data.
func annotated(t testing.TB) (dirs []string) {
	t.Helper()
	list := os.Getenv("SEEABLE_ANNOTATED")
	if list == "" {
		root := filepath.Join(filepath.Dir(sharedtest.Data(t)), "data-dev", "real")
		list = filepath.Join(root, "helen") + string(filepath.ListSeparator) + filepath.Join(root, "afw")
	}
	for _, dir := range filepath.SplitList(list) {
		if _, err := os.Stat(filepath.Join(dir, "landmarks.csv")); err != nil {
			t.Skipf("no annotated landmarks in %s: set SEEABLE_ANNOTATED to folders with a landmarks.csv (file, person, x0, y0 … x67, y67)", dir)
		}
		dirs = append(dirs, dir)
	}
	return dirs
}

// labels reads the landmarks.csv of a folder.
func labels(t testing.TB, dir string) (faces []labelled) {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, "landmarks.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	name, person, first := slices.Index(rows[0], "file"), slices.Index(rows[0], "person"), slices.Index(rows[0], "x0")
	for _, row := range rows[1:] {
		f := labelled{path: filepath.Join(dir, filepath.FromSlash(row[name])), person: row[person]}
		for at := first; len(f.points) < face.Landmarks; at += 2 {
			x, errX := strconv.ParseFloat(row[at], 64)
			y, errY := strconv.ParseFloat(row[at+1], 64)
			if errX != nil || errY != nil {
				t.Fatal(errX, errY)
			}
			f.points = append(f.points, face.Point{X: x, Y: y})
		}
		faces = append(faces, f)
	}
	return faces
}

// fitted tells whether a person's faces are for measuring the weights of landmarks. The others are for testing.
func fitted(f labelled) bool { return sha256.Sum256([]byte(f.person))[0]%2 == 0 }

// each runs f for the indices below n on two cores.
func each(n int, f func(i int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// accuracy is how far landmarks lie from the annotated ones, in faces of about one size.
type accuracy struct {
	errors []float64 // by the distance of the outer corners of the eyes
	absent int       // faces that were not found
}

func (a accuracy) mean() (sum float64) {
	for _, e := range a.errors {
		sum += e / float64(len(a.errors))
	}
	return sum
}

func (a accuracy) failures() (n int) {
	for _, e := range a.errors {
		if e > 0.08 {
			n++
		}
	}
	return n
}

// compare finds the landmarks of faces in their pictures, brought down so that the longer side of the landmarks' box has the
// given length in pixels; 0 leaves them as they are.
func compare(t testing.TB, d *Detector, faces []labelled, length float64) (a accuracy) {
	errors := make([]float64, len(faces))
	each(len(faces), func(i int) {
		f := face.Face{Image: open(t, faces[i].path), Landmarks: faces[i].points}
		if b := face.Bounds(f.Landmarks); length > 0 {
			f = reduce(t, f, length/max(b.Width(), b.Height()))
		}
		errors[i] = math.NaN()
		found, err := d.Faces(f.Image)
		if err != nil {
			return
		}
		if b, ok := best(found, f.Landmarks); ok {
			errors[i] = miss(b.Landmarks, f.Landmarks)
		}
	})
	for _, e := range errors {
		if math.IsNaN(e) {
			a.absent++
			continue
		}
		a.errors = append(a.errors, e)
	}
	return a
}

// reduce brings a picture down by a factor below 1, in the upper left corner of a grey square.
func reduce(t testing.TB, f face.Face, factor float64) face.Face {
	t.Helper()
	side := max(f.Image.Rect.Dx(), f.Image.Rect.Dy())
	square := image.NewRGBA(image.Rect(0, 0, side, side))
	draw.Draw(square, square.Rect, image.NewUniform(color.Gray{90}), image.Point{}, draw.Src)
	draw.Draw(square, f.Image.Rect, f.Image, image.Point{}, draw.Src)
	small, err := face.Crop(face.Face{Image: square, Landmarks: f.Landmarks}, square.Rect, max(1, int(math.Round(float64(side)*factor))))
	if err != nil {
		t.Fatal(err)
	}
	return small
}

// unfitted are the faces of a set of which no part was fitted.
func unfitted(t testing.TB, dir string) []labelled {
	faces := labels(t, dir)
	if filepath.Base(dir) == fitSet {
		faces = slices.DeleteFunc(faces, fitted)
	}
	return faces
}

// The landmarks against those that people have drawn, on faces that had no part in fitting. The faces of both sets have 100
// pixels and more; [BenchmarkAnnotated] measures smaller ones.
func TestAnnotated(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the nets on hundreds of pictures")
	}
	dirs := annotated(t)
	d := detector(t)
	for _, dir := range dirs {
		faces := unfitted(t, dir)
		a := compare(t, d, faces, 0)
		t.Logf("%s: n %d, mean error %.2f %%, median %.2f %%, over 8 %%: %d (%.1f %%), not found %d", filepath.Base(dir), len(faces),
			100*a.mean(), 100*quantile(a.errors, 0.5), a.failures(), 100*float64(a.failures())/float64(len(a.errors)), a.absent)
		if !(a.mean() <= 0.05) || a.absent > len(faces)/100 {
			t.Errorf("%s: a mean error of %.2f %%, %d of %d faces not found; want at most 5 %% and one in a hundred", filepath.Base(dir), 100*a.mean(), a.absent, len(faces))
		}
	}
}

// BenchmarkAnnotated measures the landmarks as they are and in smaller pictures of the same faces: error_% is the mean distance by that
// of the outer corners of the eyes, over8_% the share of errors over 8 %, and absent_% that of faces that were not found.
//
//	go test -run '^$' -bench Annotated -benchtime 1x ./lab/detect
func BenchmarkAnnotated(b *testing.B) {
	dirs := annotated(b)
	d := detector(b)
	for _, dir := range dirs {
		faces := unfitted(b, dir)
		for _, length := range []float64{0, 80, 60, 40} {
			size := "asIs"
			if length > 0 {
				size = strconv.Itoa(int(length)) + "px"
			}
			b.Run(filepath.Base(dir)+"/"+size, func(b *testing.B) {
				for b.Loop() {
					a := compare(b, d, faces, length)
					b.ReportMetric(100*a.mean(), "error_%")
					b.ReportMetric(100*float64(a.failures())/float64(len(a.errors)), "over8_%")
					b.ReportMetric(100*float64(a.absent)/float64(len(faces)), "absent_%")
				}
			})
		}
	}
}
