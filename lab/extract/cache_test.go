package extract

import (
	"context"
	"errors"
	"image"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/detect"
	"github.com/seeable-lab/seeable/lab/face"
)

func extracted(t testing.TB, c *Cache, d layout.Dataset, nets *fakeNets) Report {
	t.Helper()
	r, err := c.Extract(t.Context(), d, d.Videos, Options{Extractor: nets.extractor()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFacesAreFoundAsAnySetOfCrops(t *testing.T) {
	d := wild(t, map[string]string{
		"real/anna.mp4": "pair", "real/ben.mp4": "blank", "real/cleo.mp4": "late", "fake/swap/anna.mp4": "x", "fake/swap/ben.mp4": "damaged", "fake/swap/cleo.mp4": "garbage",
	})
	c, nets := cached(t, small), &fakeNets{}
	r := extracted(t, c, d, nets)
	if r.Videos != 6 || r.Fresh != 6 || r.Frames != 3*4+2 || r.FreshFrames != r.Frames || r.Blank != 3+1 || r.Faces != 2*3+2+3+2 {
		t.Errorf("%+v", r)
	}
	if !slices.Equal(r.Missing, []string{"wild/real/ben", "wild/swap/cleo"}) {
		t.Errorf("without a face: %v", r.Missing)
	}
	if len(r.Problems) != 2 || !strings.HasPrefix(r.Problems[0], "wild/swap/ben: ") || !strings.Contains(r.Problems[0], "damaged") ||
		!strings.HasPrefix(r.Problems[1], "wild/swap/cleo: ") || !strings.Contains(r.Problems[1], "not a readable video") {
		t.Errorf("problems %q", r.Problems)
	}

	set, problems, err := c.Test(d, false, datasets.Strict)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	faces, missing := map[string]int{}, map[string]int{}
	for _, it := range set.Items {
		if it.NoFace() {
			missing[it.VideoID()]++
			continue
		}
		faces[it.VideoID()]++
		f, err := datasets.Load(it)
		if err != nil || f.Fallback || f.Image.Rect.Dx() != 48 {
			t.Errorf("%s: %v, fallback %v, %v", it.ID(), err, f.Fallback, f.Image.Rect)
		}
		if it.Fake != strings.HasPrefix(it.VideoID(), "wild/swap/") {
			t.Errorf("%s is fake: %v", it.ID(), it.Fake)
		}
	}
	if want := map[string]int{"wild/real/anna": 6, "wild/real/cleo": 2, "wild/swap/anna": 3, "wild/swap/ben": 2}; !maps.Equal(faces, want) {
		t.Errorf("faces %v, want %v", faces, want)
	}
	if want := map[string]int{"wild/real/ben": 3, "wild/real/cleo": 1, "wild/swap/cleo": 1}; !maps.Equal(missing, want) {
		t.Errorf("without a face %v, want %v", missing, want)
	}

	// The folder is itself a data root.
	sets, problems, err := datasets.Tests(c.Dir(), []string{"wild"}, datasets.Strict)
	if err != nil || len(problems) > 0 || len(sets[0].Items) != len(set.Items) {
		t.Errorf("as a data root: %v, %v", err, problems)
	}
	reals, _, err := c.Train(d, false, datasets.Strict)
	if err != nil || len(reals.Items) != 3+2 || reals.Items[0].Identity != "wild/real/anna" || len(reals.Items[0].Landmarks()) != 68 {
		t.Errorf("to train on: %v, %+v", err, reals.Items)
	}
}

func TestNothingIsDoneTwice(t *testing.T) {
	d, nets := usual(t), &fakeNets{}
	c := cached(t, small)
	if r := extracted(t, c, d, nets); r.Fresh != 5 || len(nets.calls()) != 5 {
		t.Fatalf("%+v", r)
	}
	before := tree(t, c.dir)
	r := extracted(t, again(t, c), d, nets)
	if calls := nets.calls(); r.Fresh != 0 || r.FreshFrames != 0 || r.Videos != 5 || r.Faces != 15 || len(calls) != 0 {
		t.Errorf("again: %+v, decoded %v", r, calls)
	}
	if !maps.Equal(before, tree(t, c.dir)) {
		t.Error("the second time has changed files")
	}

	// The same files elsewhere.
	moved := filepath.Join(t.TempDir(), "wild")
	if err := os.Rename(d.Dir, moved); err != nil {
		t.Fatal(err)
	}
	d = reopen(t, moved)
	if _, _, err := c.Test(d, false, datasets.Strict); !isLacking(err) {
		t.Errorf("files that were never read here: %v", err)
	}
	if r := extracted(t, c, d, nets); r.Fresh != 0 || len(nets.calls()) != 0 {
		t.Errorf("moved: %+v", r)
	}

	// One of them changes, with its size.
	if err := os.WriteFile(filepath.Join(moved, "real/ben.mp4"), []byte(mp4+"another"), 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Minute)
	if err := os.Chtimes(filepath.Join(moved, "real/ben.mp4"), old, old); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Test(d, false, datasets.Strict); !isLacking(err) {
		t.Errorf("a changed video meets the faces of the old: %v", err)
	}
	if r, calls := extracted(t, c, d, nets), nets.calls(); r.Fresh != 1 || !slices.Equal(calls, []string{"real/ben.mp4"}) {
		t.Errorf("after a change: %+v, decoded %v", r, calls)
	}
	set, _, err := c.Test(d, false, datasets.Strict)
	if err != nil || len(set.Items) != 15 {
		t.Errorf("%d faces, %v", len(set.Items), err)
	}
}

func TestOtherParametersAreOtherFaces(t *testing.T) {
	d, nets := usual(t), &fakeNets{}
	c := cached(t, small)
	extracted(t, c, d, nets)
	for _, p := range []Params{{4, 0.5, 48, 1, ""}, {3, 0.25, 48, 1, ""}, {3, 0.5, 40, 1, ""}, {3, 0.5, 48, 3, ""}, {3, 0.5, 48, 1, "blur-3"}} {
		other, err := Open(c.root, "", p)
		if err != nil {
			t.Fatal(err)
		}
		nets.calls()
		if _, _, err := other.Test(d, false, datasets.Strict); !isLacking(err) {
			t.Errorf("%+v meets the faces of %+v: %v", p, small, err)
		}
		if n := other.Extracted(d.Videos); n != 0 {
			t.Errorf("%+v: %d videos count", p, n)
		}
		if r := extracted(t, other, d, nets); r.Fresh != 5 || len(nets.calls()) != 5 || other.Extracted(d.Videos) != 5 {
			t.Errorf("%+v: %+v", p, r)
		}
	}
	if c.Extracted(d.Videos) != 5 {
		t.Error("the first faces are gone")
	}
	was := small.recipe()
	was.Version++
	if a, _ := was.folder(); a == filepath.Base(c.dir) {
		t.Error("another version has the same folder")
	}
	for _, p := range []Params{
		{}, {0, 0.5, 48, 1, ""}, {3, -0.1, 48, 1, ""}, {3, 9, 48, 1, ""}, {3, 0.5, 8, 1, ""}, {1 << 20, 0.5, 48, 1, ""}, {3, 0.5, 1 << 20, 1, ""},
		{3, 0.5, 48, -1, ""}, {3, 0.5, 48, 2, ""}, {3, 0.5, 48, 1, "../x"},
	} {
		if _, err := Open(c.root, "", p); err == nil {
			t.Errorf("%+v is taken", p)
		}
	}
}

func TestLackingFacesAreAnError(t *testing.T) {
	d, nets := usual(t), &fakeNets{}
	c := cached(t, small)
	lacks := func(of int) {
		t.Helper()
		_, _, err := c.Test(d, false, datasets.Skip)
		lacking, ok := errors.AsType[*LackingError](err)
		if !ok || lacking.Lacking != of || lacking.Of != 5 || lacking.Dataset != "wild" || lacking.Dir != c.root {
			t.Errorf("lacking %+v, %v; want %d of 5", lacking, err, of)
		}
	}
	lacks(5)
	if _, err := os.Stat(c.root); !os.IsNotExist(err) {
		t.Error("asking makes the folder")
	}
	some := []layout.Video{d.Videos[0], d.Videos[3]}
	if _, err := c.Extract(t.Context(), d, some, Options{Extractor: nets.extractor()}); err != nil {
		t.Fatal(err)
	}
	lacks(3)
	if n := c.Extracted(d.Videos); n != 2 {
		t.Errorf("%d videos are extracted, want 2", n)
	}
	if _, err := os.Stat(filepath.Join(c.set(d), "manifest.csv")); !os.IsNotExist(err) {
		t.Error("there is a manifest of a part")
	}
}

// A file that is no video to look at is left out; one whose decoder fails is a video without a face, and tried again.
func TestBrokenVideos(t *testing.T) {
	d := wild(t, map[string]string{"real/anna.mp4": "x", "real/ben.mp4": "garbage", "fake/swap/anna.mp4": "damaged"})
	page := filepath.Join(d.Dir, "fake/swap/page.mp4")
	if err := os.WriteFile(page, []byte("<html>not found</html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	d = reopen(t, d.Dir)
	nets, c := &fakeNets{}, cached(t, small)
	r := extracted(t, c, d, nets)
	if r.Videos != 3 || len(r.Problems) != 3 || !strings.Contains(r.Problems[0], "page.mp4") || !slices.Equal(r.Missing, []string{"wild/real/ben"}) {
		t.Errorf("%+v", r)
	}
	nets.calls()
	r = extracted(t, c, d, nets)
	if calls := nets.calls(); !slices.Equal(calls, []string{"real/ben.mp4"}) || r.Videos != 3 || len(r.Problems) != 3 {
		t.Errorf("again: decoded %v, %+v", calls, r)
	}
	set, problems, err := c.Test(d, false, datasets.Skip)
	if err != nil || len(problems) != 1 || len(set.Items) != 3+1+2+1 {
		t.Errorf("%d items, problems %v, %v", len(set.Items), problems, err)
	}
	unread := map[string]datasets.Fault{}
	for _, it := range set.Items {
		if it.NoFace() && it.Frame < 0 {
			unread[it.Name()] = it.Fault()
		}
	}
	if want := map[string]datasets.Fault{"real/ben.mp4": datasets.Unreadable, "fake/swap/page.mp4": datasets.Unreadable}; !maps.Equal(unread, want) {
		t.Errorf("videos that cannot be read are %v, want %v", unread, want)
	}
	if _, _, err := c.Test(d, false, datasets.Strict); err == nil || !strings.Contains(err.Error(), "page.mp4") {
		t.Errorf("strict: %v", err)
	}
	if err := os.Remove(page); err != nil {
		t.Fatal(err)
	}
	d = reopen(t, d.Dir)
	for _, cache := range []*Cache{c, cached(t, small)} { // with what is there, and from the beginning
		_, err := cache.Extract(t.Context(), d, d.Videos, Options{Extractor: nets.extractor(), Strict: true, Workers: 1})
		if err == nil || !strings.Contains(err.Error(), "wild/") || !strings.Contains(err.Error(), "damaged") && !strings.Contains(err.Error(), "not a readable") {
			t.Errorf("strict: %v", err)
		}
	}
}

func TestCancelLeavesNothingHalf(t *testing.T) {
	d, nets := wild(t, map[string]string{"real/a.mp4": "slow", "real/b.mp4": "slow", "fake/x/a.mp4": "slow"}), &fakeNets{}
	c := cached(t, Params{Frames: 1000, Margin: 0.5, Side: 48})
	ctx, stop := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	time.AfterFunc(20*time.Millisecond, func() { stop(why) })
	if _, err := c.Extract(ctx, d, d.Videos, Options{Extractor: nets.extractor(), Workers: 2}); !errors.Is(err, why) {
		t.Fatalf("error %v, want %v", err, why)
	}
	for name := range tree(t, c.set(d)) {
		t.Errorf("%s is left", name)
	}
}

func TestProgressGoesOnWhereItWas(t *testing.T) {
	d, nets := usual(t), &fakeNets{}
	c := cached(t, small)
	if _, err := c.Extract(t.Context(), d, d.Videos[:2], Options{Extractor: nets.extractor()}); err != nil {
		t.Fatal(err)
	}
	var got [][2]int
	o := Options{Extractor: nets.extractor(), Report: func(stage string, done, total int) {
		if stage == "faces of wild" {
			got = append(got, [2]int{done, total})
		}
	}}
	if _, err := c.Extract(t.Context(), d, d.Videos, o); err != nil {
		t.Fatal(err)
	}
	if want := [][2]int{{2, 5}, {3, 5}, {4, 5}, {5, 5}}; !slices.Equal(got, want) {
		t.Errorf("reported %v, want %v", got, want)
	}
}

func TestCacheStaysOutOfTheData(t *testing.T) {
	d, nets := usual(t), &fakeNets{}
	data := filepath.Dir(d.Dir)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(d.Dir, link); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{d.Dir, filepath.Join(d.Dir, "faces"), filepath.Join(d.Dir, "real"), filepath.Join(link, "deep", "faces")} {
		if _, err := Open(dir, data, small); err == nil {
			t.Errorf("%s lies in %s", dir, data)
		}
		c, err := Open(dir, "", small)
		if err != nil {
			t.Fatal(err)
		}
		before := tree(t, data)
		if _, err := c.Extract(t.Context(), d, d.Videos, Options{Extractor: nets.extractor()}); err == nil || !strings.Contains(err.Error(), "choose another") {
			t.Errorf("%s lies in the data set: %v", dir, err)
		}
		if !maps.Equal(before, tree(t, data)) {
			t.Error("something was written there")
		}
	}
	if _, err := Open(filepath.Join(data, "faces"), data, small); err == nil {
		t.Error("a folder of the data root is taken")
	}
	if _, err := Open(data+"-faces", data, small); err != nil {
		t.Errorf("a neighbour: %v", err)
	}
}

func TestTrainedSetsAreTestedOnTheRest(t *testing.T) {
	d, nets := usual(t), &fakeNets{}
	c := cached(t, small)
	extracted(t, c, d, nets)
	set, _, err := c.Test(d, true, datasets.Strict)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range set.Items {
		if !it.Fake {
			t.Errorf("%s is trained on", it.ID())
		}
	}
	d = wild(t, map[string]string{"real/a.mp4": "x", "real/b.mp4": "x"})
	extracted(t, c, d, nets)
	if _, _, err := c.Test(d, true, datasets.Strict); err == nil || !strings.Contains(err.Error(), "trained on") {
		t.Errorf("nothing is left: %v", err)
	}
}

func TestFramesAndImages(t *testing.T) {
	dir, nets, d := filepath.Join(t.TempDir(), "wild"), &fakeNets{}, usual(t)
	c := cached(t, small)
	extracted(t, c, d, nets)
	// Cut faces serve as frames.
	files, err := filepath.Glob(filepath.Join(c.set(d), "faces/*/*/*.jpg"))
	if err != nil || len(files) != 15 {
		t.Fatal(len(files), err)
	}
	old := time.Now().Add(-time.Hour)
	put := func(name string, content []byte) {
		t.Helper()
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600), os.Chtimes(path, old, old)); err != nil {
			t.Fatal(err)
		}
	}
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case i == 0:
			put("real/still.jpg", text)
		case i < 8:
			put("real/clip/000"+string(rune('0'+i))+".jpg", text)
		default:
			if i == 11 {
				text = text[:len(text)/2]
			}
			put("fake/swap/torn/00"+string(rune('a'+i))+".jpg", text)
		}
	}
	x := &Extractor{reader{}.pictures, func() tracker { return oneFace{} }}
	d = reopen(t, dir)
	r, err := c.Extract(t.Context(), d, d.Videos, Options{Extractor: x})
	if err != nil {
		t.Fatal(err)
	}
	// Of 7 frames those in the middles of thirds are 1, 3 and 5, so is the torn one (the fourth).
	if r.Videos != 3 || r.Frames != 1+3+2 || len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "1 of 3 frames") {
		t.Errorf("%+v", r)
	}
	set, _, err := c.Test(d, false, datasets.Strict)
	if err != nil {
		t.Fatal(err)
	}
	frames := map[string][]int{}
	for _, it := range set.Items {
		frames[it.VideoID()] = append(frames[it.VideoID()], it.Frame)
	}
	want := map[string][]int{"wild/real/still": {0}, "wild/real/clip": {1, 3, 5}, "wild/swap/torn": {1, 5}}
	if !maps.EqualFunc(frames, want, slices.Equal[[]int]) {
		t.Errorf("frames %v, want %v", frames, want)
	}
}

// oneFace sees a face in the middle of any picture.
type oneFace struct{}

func (oneFace) Next(img *image.RGBA) ([]detect.Tracked, error) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	at := image.Rect(w/4, h/4, 3*w/4, 3*h/4)
	box := face.Box{X0: float64(at.Min.X), Y0: float64(at.Min.Y), X1: float64(at.Max.X), Y1: float64(at.Max.Y)}
	return []detect.Tracked{{Detection: detect.Detection{Box: box, Score: 1, Landmarks: face.Template(at)}}}, nil
}
