package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/detect"
	"github.com/seeable-lab/seeable/lab/face"
)

// picture is a square of noise.
func picture(seed uint64, side int) *image.RGBA {
	rng := rand.New(rand.NewPCG(seed, 1))
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	for i := range img.Pix {
		if img.Pix[i] = byte(rng.Uint32()); i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	return img
}

// folder writes a set of n real faces with landmarks, of which every seventh file is no image, and opens it.
func folder(t testing.TB, n, side int) datasets.Set {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "faces")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var rows bytes.Buffer
	fmt.Fprint(&rows, "file,person,width,height")
	for i := range face.Landmarks {
		fmt.Fprintf(&rows, ",x%d,y%d", i, i)
	}
	old := time.Now().Add(-time.Hour)
	for i := range n {
		name := fmt.Sprintf("%06d.png", i)
		var file bytes.Buffer
		if i%7 == 3 {
			file.WriteString("no image")
		} else if err := png.Encode(&file, picture(uint64(i), side)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, file.Bytes(), 0o600), os.Chtimes(path, old, old)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&rows, "\n%s,person %d,%d,%d", name, i/3, side, side)
		for _, p := range face.Template(image.Rect(side/4, side/4, side*3/4, side*3/4)) {
			fmt.Fprintf(&rows, ",%.2f,%.2f", p.X, p.Y)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "landmarks.csv"), rows.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	set, _, err := datasets.OpenReal(dir, datasets.Strict)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// small keeps a corner of each frame, and counts.
type small struct{ calls atomic.Int64 }

func (s *small) keep(c face.Clip) (face.Clip, error) {
	s.calls.Add(1)
	c.Frames = slices.Clone(c.Frames)
	for i, f := range c.Frames {
		var err error
		if c.Frames[i], err = face.Crop(f, image.Rect(2, 2, 18, 18), 16); err != nil {
			return face.Clip{}, err
		}
	}
	return c, nil
}

// naive reads the faces of a set one by one, as package lab did before there were sources.
func naive(set datasets.Set, keep func(face.Clip) (face.Clip, error)) (clips []face.Clip, items []datasets.Item, skipped []string) {
	for _, it := range set.Items {
		if it.NoFace() {
			continue
		}
		f, err := datasets.Load(it)
		c := face.Still(f)
		c.Fake, c.Person = it.Fake, it.Identity
		if err == nil {
			c, err = keep(c)
		}
		if err != nil {
			skipped = append(skipped, err.Error())
			continue
		}
		clips, items = append(clips, c), append(items, it)
	}
	return clips, items, skipped
}

// same compares what a source hands out with what is wanted, in a random order on several goroutines.
func same(t *testing.T, s *Set, want []face.Clip, items []datasets.Item) {
	t.Helper()
	if s.Len() != len(want) {
		t.Fatalf("%d clips, want %d", s.Len(), len(want))
	}
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			for _, i := range rand.New(rand.NewPCG(uint64(g), 2)).Perm(len(want)) {
				c, err := s.Clip(t.Context(), i)
				if err != nil || !reflect.DeepEqual(c, want[i]) {
					t.Errorf("clip %d (%v) is not the one of the reference", i, err)
					return
				}
				if info := s.Info(i); info.ID != items[i].ID() || info.Person != items[i].Identity || !slices.Equal(info.Landmarks, items[i].Landmarks()) {
					t.Errorf("clip %d is said to be %+v, want %+v", i, info, items[i])
					return
				}
			}
		})
	}
	wait.Wait()
}

func TestOpenIsTheReference(t *testing.T) {
	set := folder(t, 40, 24)
	drawn, _ := synthetic.Sets(1)
	set.Items = append(set.Items, drawn.Items[:6]...)
	set.Items = append(set.Items, datasets.Item{Dataset: "faces", Video: "empty", Frame: 3})
	want, items, wantSkipped := naive(set, (&small{}).keep)
	if len(wantSkipped) != 6 {
		t.Fatalf("%d skipped", len(wantSkipped))
	}
	for _, memory := range []int64{0, 110e3, 1e9} {
		var k small
		c := NewCache(memory)
		var last, total int
		s, skipped, err := Open(t.Context(), set, Options{
			Keep: k.keep, KeepID: "small", Cache: c, Settled: t.TempDir(), Progress: func(d, n int) { last, total = d, n },
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(skipped, wantSkipped) || last != 46 || total != 46 {
			t.Errorf("skipped %q, want %q; progress %d of %d", skipped, wantSkipped, last, total)
		}
		same(t, s, want, items)
		// Opening has read each of the 40 once; what has no room is read again.
		if calls := k.calls.Load(); memory == 1e9 && calls != 40 || memory < 1e9 && calls <= 40 {
			t.Errorf("%d clips were decoded at %d bytes", calls, memory)
		}
		described := sizeOfItems(set.Items)
		if used := c.Used(); used > max(c.Room(), described) {
			t.Errorf("%d bytes in use, room is for %d", used, c.Room())
		}
		if memory == 1e9 {
			pixels := described
			for _, clip := range want {
				pixels += sizeOf(clip)
			}
			if c.Used() != pixels {
				t.Errorf("%d bytes are counted, want %d", c.Used(), pixels)
			}
		}
		s.Close()
		if c.Used() != 0 {
			t.Errorf("%d bytes in use after Close", c.Used())
		}
		same(t, s, want, items)
		if c.Used() != 0 {
			t.Errorf("%d bytes in use of a closed set", c.Used())
		}
	}
}

// Who opens a set that was opened before decodes nothing, finds the same, and decodes as it reads.
func TestSettledOnce(t *testing.T) {
	set, dir := folder(t, 30, 24), t.TempDir()
	want, items, wantSkipped := naive(set, (&small{}).keep)
	open := func(o Options) (s *Set, calls int64) {
		var k small
		o.Keep, o.Settled = k.keep, dir
		s, skipped, err := Open(t.Context(), set, o)
		if err != nil || !slices.Equal(skipped, wantSkipped) {
			t.Fatalf("skipped %q, %v; want %q", skipped, err, wantSkipped)
		}
		calls = k.calls.Load()
		same(t, s, want, items)
		return s, calls
	}
	for i, wantCalls := range []int64{26, 0, 0} {
		if _, calls := open(Options{KeepID: "small", Cache: NewCache(1e9)}); calls != wantCalls {
			t.Errorf("opening it for the %d. time decodes %d clips, want %d", i+1, calls, wantCalls)
		}
	}
	if _, calls := open(Options{KeepID: "other"}); calls != 26 {
		t.Errorf("another Keep decodes %d clips, want 26", calls)
	}
	if _, calls := open(Options{}); calls != 26 {
		t.Errorf("a Keep without a name decodes %d clips, want 26", calls)
	}
	// The folder has moved: what is skipped has its new name.
	moved := filepath.Join(t.TempDir(), "faces")
	if err := os.Rename(filepath.Dir(set.Items[0].Path), moved); err != nil {
		t.Fatal(err)
	}
	set, _, err := datasets.OpenReal(moved, datasets.Strict)
	if err != nil {
		t.Fatal(err)
	}
	want, items, wantSkipped = naive(set, (&small{}).keep)
	if !strings.Contains(wantSkipped[0], moved) {
		t.Fatalf("%q lacks %s", wantSkipped[0], moved)
	}
	if _, calls := open(Options{KeepID: "small"}); calls != 0 {
		t.Errorf("%d clips are decoded after a move", calls)
	}
	// Another content is another set.
	wantSkipped[0] = strings.ReplaceAll(wantSkipped[0], `"no image"`, `"no image either"`)
	if err := os.WriteFile(set.Items[3].Path, []byte("no image either"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, calls := open(Options{KeepID: "small"}); calls != 26 {
		t.Errorf("%d clips are decoded after a change, want 26", calls)
	}
	// A damaged settlement is made anew.
	found, err := filepath.Glob(filepath.Join(dir, "*.settled"))
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	for _, path := range found {
		if err := os.WriteFile(path, []byte("damaged"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, calls := open(Options{KeepID: "small"}); calls != 26 {
		t.Errorf("%d clips are decoded after damage, want 26", calls)
	}
}

func TestOpenFails(t *testing.T) {
	set := folder(t, 10, 24)
	dir := t.TempDir()
	for range 2 { // the second knows
		_, _, err := Open(t.Context(), set, Options{Strict: true, Settled: dir})
		if err == nil || !strings.Contains(err.Error(), "000003.png") {
			t.Errorf("strict: %v", err)
		}
		if _, _, err := Open(t.Context(), set, Options{Settled: dir}); err != nil {
			t.Fatal(err)
		}
	}
	bad := set
	bad.Items = set.Items[3:4]
	if _, _, err := Open(t.Context(), bad, Options{}); err == nil || !strings.Contains(err.Error(), "none of the 1 faces of faces") {
		t.Errorf("no face: %v", err)
	}
	if _, _, err := Open(t.Context(), set, Options{Landmarks: "guess"}); err == nil || !strings.Contains(err.Error(), `"guess" of faces; want "set" or "detect"`) {
		t.Errorf("landmarks: %v", err)
	}
	if _, _, err := Open(t.Context(), set, Options{Frames: 4}); err == nil || !strings.Contains(err.Error(), "not consecutive") {
		t.Errorf("clips: %v", err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	stop(errors.New("enough"))
	if _, _, err := Open(ctx, set, Options{}); err == nil || err.Error() != "enough" {
		t.Errorf("cancelled: %v", err)
	}
	// A face that fails later says its name.
	s, _, err := Open(t.Context(), set, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(set.Items[4].Path); err != nil {
		t.Fatal(err)
	}
	_, err = s.Clip(t.Context(), 3)
	if err == nil || !strings.Contains(err.Error(), set.Items[4].Path) || !strings.Contains(err.Error(), "restore") || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("vanished: %v", err)
	}
	if _, err := s.Clip(t.Context(), 4); err != nil {
		t.Error(err)
	}
	if _, err := s.Clip(ctx, 4); err == nil || err.Error() != "enough" {
		t.Errorf("cancelled: %v", err)
	}
}

// A listed set has all faces, and the bad ones fail when they are read.
func TestList(t *testing.T) {
	set := folder(t, 10, 24)
	s, err := List(set, Options{})
	if err != nil || s.Len() != 10 {
		t.Fatal(s.Len(), err)
	}
	for i := range 10 {
		c, err := s.Clip(t.Context(), i)
		f, wantErr := datasets.Load(set.Items[i])
		want := face.Still(f)
		want.Person = set.Items[i].Identity
		if fmt.Sprint(err) != fmt.Sprint(wantErr) || err == nil && !reflect.DeepEqual(c, want) {
			t.Errorf("clip %d: %v, want %v", i, err, wantErr)
		}
	}
	if _, err := List(set, Options{Landmarks: DetectLandmarks}); err == nil {
		t.Error("landmarks of a listed set are detected")
	}
}

// Clips of several frames hold them in order, also where they overlap.
func TestOpenClips(t *testing.T) {
	var set datasets.Set
	drawn, _ := synthetic.Sets(1)
	for i := range 8 {
		it := drawn.Items[i]
		it.Video, it.Frame, it.File, it.Fake = "one", i, fmt.Sprint(i), true
		set.Items = append(set.Items, it)
	}
	s, skipped, err := Open(t.Context(), set, Options{Frames: 3, Step: 2, Cache: NewCache(1e9)})
	if err != nil || skipped != nil || s.Len() != 3 {
		t.Fatal(s.Len(), skipped, err)
	}
	for i := range 3 {
		c, err := s.Clip(t.Context(), i)
		if err != nil || len(c.Frames) != 3 || !c.Fake || s.Item(i).Frame != 2*i {
			t.Fatalf("clip %d: %d frames from %d, fake %t (%v)", i, len(c.Frames), s.Item(i).Frame, c.Fake, err)
		}
		for k := range 3 {
			want, err := datasets.Load(set.Items[2*i+k])
			if err != nil || !reflect.DeepEqual(c.Frames[k], want) {
				t.Errorf("frame %d of clip %d is another", k, i)
			}
		}
	}
}

// corner finds landmarks that depend on the first pixel, and none where it is dark.
type corner struct{ calls atomic.Int64 }

func (*corner) ID() string { return "corner" }

func (d *corner) Find(img *image.RGBA) ([]face.Point, error) {
	d.calls.Add(1)
	if img.Pix[0] < 40 {
		return nil, fmt.Errorf("test: %w", detect.ErrNoFace)
	}
	points := face.Template(image.Rect(4, 4, 20, 20))
	points[30].X += float64(img.Pix[0]) / 1000
	return points, nil
}

func TestDetectedLandmarks(t *testing.T) {
	set, dir := folder(t, 60, 24), t.TempDir()
	for i, wantCalls := range []int64{51, 0, 0} {
		var d corner
		var k small
		o := Options{Landmarks: DetectLandmarks, Detector: &d, Settled: dir, Keep: k.keep, KeepID: "small", Cache: NewCache(0)}
		if i == 2 {
			o.KeepID = "other" // settled anew; what was found in an image stays
		}
		s, skipped, err := Open(t.Context(), set, o)
		if err != nil {
			t.Fatal(err)
		}
		if calls := d.calls.Load(); calls != wantCalls {
			t.Errorf("the detector looked at %d images, want %d", calls, wantCalls)
		}
		if i == 1 && k.calls.Load() != 0 {
			t.Errorf("%d clips are decoded again", k.calls.Load())
		}
		n := 0
		for _, it := range set.Items {
			f, err := datasets.Load(it)
			if err != nil || f.Image.Pix[0] < 40 {
				if !slices.ContainsFunc(skipped, func(why string) bool { return strings.Contains(why, it.Path) }) {
					t.Errorf("%s is not among the skipped", it.File)
				}
				continue
			}
			want, _ := d.Find(f.Image)
			f.Landmarks = fromHundredths(appendHundredths(nil, want))
			whole := face.Still(f)
			whole.Person = it.Identity
			kept, err := k.keep(whole)
			if err != nil {
				t.Fatal(err)
			}
			c, err := s.Clip(t.Context(), n)
			if err != nil || !reflect.DeepEqual(c, kept) {
				t.Fatalf("clip %d (%v) is not the one with detected landmarks", n, err)
			}
			if info := s.Info(n); info.ID != it.ID() || !slices.Equal(info.Landmarks, f.Landmarks) {
				t.Errorf("clip %d is said to be %s with landmarks %v", n, info.ID, info.Landmarks[30])
			}
			n++
		}
		if s.Len() != n || len(skipped) != 60-n || s.Fallbacks() != 0 {
			t.Errorf("%d clips, %d skipped, %d fallbacks; want %d, %d, 0", s.Len(), len(skipped), s.Fallbacks(), n, 60-n)
		}
		if set.Items[0].Landmarks()[30] == s.Item(0).Landmarks()[30] {
			t.Error("the set's own landmarks were kept")
		}
	}
}

type broken struct{ corner }

func (*broken) Find(*image.RGBA) ([]face.Point, error) { return nil, errors.New("no weights") }

// What is wrong with the detector is no face's fault.
func TestDetectorFails(t *testing.T) {
	_, _, err := Open(t.Context(), folder(t, 5, 24), Options{Landmarks: DetectLandmarks, Detector: &broken{}})
	if err == nil || !strings.Contains(err.Error(), "no weights") {
		t.Errorf("found %v", err)
	}
}

func TestCacheWithinItsRoom(t *testing.T) {
	c := NewCache(6000) // 1,500 live bytes at GOGC = 100
	if c.Room() < 1000 || c.Room() > 3000 {
		t.Skipf("GOGC gives room for %d bytes", c.Room())
	}
	var wait sync.WaitGroup
	var taken atomic.Int64
	for range 8 {
		wait.Go(func() {
			for range 100 {
				if c.take(7) {
					taken.Add(7)
				}
			}
		})
	}
	wait.Wait()
	if n := taken.Load(); n != c.Used() || n > c.Room() || n < min(c.Room(), 8*700)-7 {
		t.Errorf("%d bytes were taken, %d counted, room for %d", n, c.Used(), c.Room())
	}
	var none *Cache
	if none.take(1) || none.Used() != 0 || none.Room() != 0 {
		t.Error("no cache holds something")
	}
}
