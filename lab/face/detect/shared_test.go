package detect

import (
	"encoding/csv"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// weights returns the files of the two nets, or skips the test: tests bring nothing from a network.
func weights(t testing.TB) (center, mesh []byte) {
	t.Helper()
	cache, err := toolbox.OpenCache()
	if err != nil {
		t.Skip(err)
	}
	var files [2][]byte
	for i, a := range []toolbox.Artifact{toolbox.CenterFace, toolbox.FaceMesh} {
		path, ok := cache.Find(a)
		if !ok {
			t.Skipf("the %s are not in %s: detect.Open brings them", a.Name, cache.Dir())
		}
		if files[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return files[0], files[1]
}

func detector(t testing.TB) *Detector {
	t.Helper()
	d, err := New(weights(t))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// shared returns a folder of the research data, or skips the test.
func shared(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("SEEABLE_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	dir := filepath.Join(root, filepath.FromSlash(name))
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no research data at %s: set SEEABLE_DATA to test with it", dir)
	}
	return dir
}

func open(t testing.TB, path string) *image.RGBA {
	t.Helper()
	img, err := face.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// labelled is a picture of one face with the landmarks that it should have.
type labelled struct {
	path, person string
	points       []face.Point
}

// fitted tells whether a person's faces are for measuring the landmarks' places on the mesh. The others are for testing.
func fitted(people []string, person string) bool {
	i, _ := slices.BinarySearch(people, person)
	return i%2 == 0
}

// youtube returns the frames of the ytfaces set without the two people whom a test set of the lab shows too, and the
// people's names in order.
func youtube(t testing.TB) (faces []labelled, people []string) {
	t.Helper()
	dir := shared(t, "real/ytfaces")
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
		if row[person] == "Ben_Kingsley" || row[person] == "Ethan_Hawke" {
			continue
		}
		f := labelled{path: filepath.Join(dir, filepath.FromSlash(row[name])), person: row[person]}
		for at := first; len(f.points) < face.Landmarks; at += 2 {
			x, errX := strconv.ParseFloat(row[at], 64)
			y, errY := strconv.ParseFloat(row[at+1], 64)
			if errX != nil || errY != nil {
				t.Fatal(errX, errY)
			}
			f.points = append(f.points, face.Point{X: x, Y: y})
		}
		faces, people = append(faces, f), append(people, f.person)
	}
	slices.Sort(people)
	return faces, slices.Compact(people)
}

// eyes is the distance of the outer corners of the eyes, by which errors are divided.
func eyes(points []face.Point) float64 {
	return math.Hypot(points[36].X-points[45].X, points[36].Y-points[45].Y)
}

// miss is the mean distance of landmarks from where they should be, by that of the outer corners of the eyes.
func miss(got, want []face.Point) float64 {
	var sum float64
	for i, p := range got {
		sum += math.Hypot(p.X-want[i].X, p.Y-want[i].Y)
	}
	return sum / float64(len(got)) / eyes(want)
}

// quantile is the share-th value of an unsorted list.
func quantile(values []float64, share float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
