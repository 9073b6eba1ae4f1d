package detect

import (
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/internal/sharedtest"
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
	dir := filepath.Join(sharedtest.Data(t), filepath.FromSlash(name))
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

// youtube returns the frames of the ytfaces set without the two people whom a test set of the lab shows too.
func youtube(t testing.TB) []labelled {
	t.Helper()
	return slices.DeleteFunc(labels(t, shared(t, "real/ytfaces")), func(f labelled) bool {
		return f.person == "Ben_Kingsley" || f.person == "Ethan_Hawke"
	})
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
