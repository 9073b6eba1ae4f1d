package extract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/detect"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/video"
)

// small are parameters that make little work.
var small = Params{Frames: 3, Margin: 0.5, Side: 48}

// mp4 is how a video file begins.
const mp4 = "\x00\x00\x00\x18ftypisom"

// wild writes a data set of made-up videos in a plain folder and opens it. What follows the head of a file is what fakeNets
// find in it.
func wild(t testing.TB, files map[string]string) layout.Dataset {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "wild")
	old := time.Now().Add(-time.Hour)
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(mp4+content), 0o600), os.Chtimes(path, old, old)); err != nil {
			t.Fatal(err)
		}
	}
	return reopen(t, dir)
}

func reopen(t testing.TB, dir string) layout.Dataset {
	t.Helper()
	sets, err := layout.Open(dir, datasets.Skip)
	if err != nil || len(sets) != 1 {
		t.Fatal(len(sets), err)
	}
	return sets[0]
}

// usual is a data set of two real videos and three fakes.
func usual(t testing.TB) layout.Dataset {
	return wild(t, map[string]string{
		"real/anna.mp4": "one", "real/ben.mp4": "two", "fake/swap/anna.mp4": "three", "fake/swap/ben.mp4": "two", "fake/morph/ben.mp4": "four",
	})
}

// fakeNets stand for decoder and nets: the picture is made of the file's content, with one face in its middle. Words in the
// content say what else there is:
//
//	pair     a second face of more than half the size, and a third of less, which is too small
//	crowd    a face of less than half the size that is large enough, and one of the same size that is not surely a face
//	lying    the face lies on its side
//	blank    no face
//	late     no face in the first frame
//	damaged  the last frame is missing
//	garbage  no frame
//	slow     a frame takes 3 ms
type fakeNets struct {
	mu      sync.Mutex
	decoded []string // file names
}

func (f *fakeNets) extractor() *Extractor {
	return &Extractor{f.pictures, func() tracker { return &fakeTracker{} }}
}

// calls are the files that were decoded since the last call, sorted.
func (f *fakeNets) calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.decoded
	f.decoded = nil
	slices.Sort(calls)
	return calls
}

const fakeWidth, fakeHeight = 160, 120

func (f *fakeNets) pictures(ctx context.Context, v layout.Video, n, run int) iter.Seq2[video.Frame, error] {
	return func(yield func(video.Frame, error) bool) {
		f.mu.Lock()
		f.decoded = append(f.decoded, filepath.Base(filepath.Dir(v.Path))+"/"+filepath.Base(v.Path))
		f.mu.Unlock()
		text, err := os.ReadFile(v.Path)
		if err != nil {
			yield(video.Frame{}, err)
			return
		}
		has := func(word string) bool { return strings.Contains(string(text), word) }
		if has("garbage") {
			yield(video.Frame{}, fmt.Errorf("video: %w: %q", video.ErrNotVideo, v.Path))
			return
		}
		for i := range n {
			if ctx.Err() != nil {
				yield(video.Frame{}, context.Cause(ctx))
				return
			}
			if has("slow") {
				time.Sleep(3 * time.Millisecond)
			}
			if has("damaged") && i == n-1 {
				yield(video.Frame{}, fmt.Errorf("video: %w: %q gave %d of %d frames", video.ErrDamaged, v.Path, i, n))
				return
			}
			img := image.NewRGBA(image.Rect(0, 0, fakeWidth, fakeHeight))
			sum := sha256.Sum256([]byte(fmt.Sprint(string(text), i)))
			for j := range img.Pix {
				img.Pix[j] = sum[j/64%32]
				if j%4 == 3 {
					img.Pix[j] = 0xff
				}
			}
			// The tracker sees nothing but pixels: the first one tells how many faces there are.
			img.Pix[0] = 1
			switch {
			case has("pair"):
				img.Pix[0] = 3
			case has("crowd"):
				img.Pix[0] = 4
			case has("lying"):
				img.Pix[0] = 5
			case has("blank"), has("late") && i == 0:
				img.Pix[0] = 0
			}
			if !yield(video.Frame{Image: img, Index: 10*(i-i%run) + i%run, Time: time.Duration(i) * time.Second}, nil) {
				return
			}
		}
	}
}

type fakeTracker struct{}

// fakeBoxes are the faces that a fakeTracker can see, the largest first: the second is a little over half of the first.
var fakeBoxes = []face.Box{{X0: 60, Y0: 40, X1: 90, Y1: 80}, {X0: 10, Y0: 10, X1: 36, Y1: 36}, {X0: 110, Y0: 10, X1: 130, Y1: 38}}

// crowdBoxes are those of a crowd, fakeBoxes those of all others.
var crowdBoxes = []face.Box{{X0: 0, Y0: 20, X1: 90, Y1: 110}, {X0: 100, Y0: 10, X1: 140, Y1: 50}, {X0: 110, Y0: 70, X1: 150, Y1: 110}}

func (*fakeTracker) Next(img *image.RGBA) (found []detect.Tracked, err error) {
	template := func(b face.Box) []face.Point {
		return face.Template(image.Rect(int(b.X0), int(b.Y0), int(b.X1), int(b.Y1)))
	}
	switch img.Pix[0] {
	case 4:
		for i, b := range crowdBoxes {
			d := detect.Detection{Box: b, Score: 1, Landmarks: template(b), Presence: 1 - float64(i)/3}
			found = append(found, detect.Tracked{Detection: d, ID: i})
		}
		return found, nil
	case 5:
		b := fakeBoxes[0]
		lying := face.Turn(face.Face{Image: img, Landmarks: template(b)}, 1).Landmarks
		d := detect.Detection{Box: face.Box{X0: fakeHeight - b.Y1, Y0: b.X0, X1: fakeHeight - b.Y0, Y1: b.X1}, Score: 1, Landmarks: lying}
		return []detect.Tracked{{Detection: d}}, nil
	}
	for i, b := range fakeBoxes[:img.Pix[0]] {
		found = append(found, detect.Tracked{Detection: detect.Detection{Box: b, Score: 1, Landmarks: template(b)}, ID: i})
	}
	return found, nil
}

// cached opens a cache in a new folder.
func cached(t testing.TB, p Params) *Cache {
	t.Helper()
	c, err := Open(filepath.Join(t.TempDir(), "faces"), "", p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// again is the cache as another process opens it.
func again(t testing.TB, c *Cache) *Cache {
	t.Helper()
	c, err := Open(c.root, "", c.params)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tree are the files below dir with their digests, without locks.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, ".lock") || filepath.Base(filepath.Dir(path)) == "locks" {
			return err
		}
		text, err := os.ReadFile(path)
		sum := sha256.Sum256(text)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
