package run

import (
	"bytes"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/store"
)

// pictures makes a set of files with these contents: "good", "half" and "none" bytes; "" is a frame without a face.
func pictures(t *testing.T, items ...datasets.Item) datasets.Set {
	t.Helper()
	var whole bytes.Buffer
	if err := png.Encode(&whole, image.NewGray(image.Rect(0, 0, 16, 16))); err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"good": whole.String(), "half": whole.String()[:whole.Len()/2], "none": ""}
	set := datasets.Set{Name: "s", Items: items}
	for i := range set.Items {
		it := &set.Items[i]
		if it.File == "" {
			continue
		}
		it.Path = filepath.Join(t.TempDir(), it.File)
		kind, _, _ := strings.Cut(it.File, "-")
		if err := os.WriteFile(it.Path, []byte(texts[kind]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return set
}

// Each thing that a set holds is scored or is named with its fault; a frame of a clip has the fault of the frame that spoils it.
func TestCoverage(t *testing.T) {
	at := func(file string, frame int) datasets.Item {
		return datasets.Item{Dataset: "s", Method: "m", Video: "v", File: file, Frame: frame}
	}
	set := pictures(t, at("good-0.png", 0), at("good-1.png", 1), at("good-2.png", 2), at("none-3.png", 3), at("good-9.png", 9), at("", 11))
	set.Left = []datasets.Left{{Name: "other.webp", Fault: datasets.Format}}
	nan := math.NaN()
	for name, c := range map[string]struct {
		scores    []float64 // two of each face
		frames    int
		landmarks string
		scored    int
		want      []store.Unscored
	}{
		"stills": {[]float64{nan, 1, nan, 1, nan, 1, 1, nan, nan, 1, nan, nan}, 1, "", 4,
			[]store.Unscored{{Item: "none-3.png", Fault: "empty"}, {Item: "s/m/v:/11", Fault: "no face"}, {Item: "other.webp", Fault: "format"}}},
		"no landmarks": {[]float64{1, nan, 1, 1, 1, 1, 1, nan, 1, 1, 1, nan}, 1, source.DetectLandmarks, 3,
			[]store.Unscored{{Item: "good-0.png", Fault: "no face"}, {Item: "none-3.png", Fault: "empty"}, {Item: "s/m/v:/11", Fault: "no face"}, {Item: "other.webp", Fault: "format"}}},
		"clips": {[]float64{nan, 1, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan}, 2, "", 2,
			[]store.Unscored{{Item: "good-2.png", Fault: "empty"}, {Item: "none-3.png", Fault: "empty"}, {Item: "good-9.png", Fault: "gap"},
				{Item: "s/m/v:/11", Fault: "no face"}, {Item: "other.webp", Fault: "format"}}},
	} {
		got := coverage(set, scoredSet{faces: set.Items, scores: c.scores}, 1, c.frames, c.landmarks)
		want := store.Coverage{Dataset: "s", Holds: 7, Scored: c.scored, Unscored: c.want}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v,\nwant %+v", name, got, want)
		}
		if got.Holds != got.Scored+len(got.Unscored) {
			t.Errorf("%s: %d of %d scored and %d not", name, got.Scored, got.Holds, len(got.Unscored))
		}
	}
}

func TestForesee(t *testing.T) {
	at := func(file string, fake bool, frame int) datasets.Item {
		return datasets.Item{Dataset: "s", Method: "m", Video: "v", File: file, Fake: fake, Frame: frame}
	}
	sets := map[string]struct {
		set    datasets.Set
		frames int
		want   string
	}{
		"both":          {pictures(t, at("half-0.png", false, 0), at("good-1.png", false, 1), at("good-2.png", true, 2)), 1, ""},
		"reals":         {pictures(t, at("good-0.png", false, 0)), 1, "only real videos"},
		"fakes":         {pictures(t, at("good-0.png", true, 0), at("half-1.png", true, 1)), 1, "only fake videos"},
		"broken fakes":  {pictures(t, at("good-0.png", false, 0), at("half-1.png", true, 1)), 1, "none of its fake faces can be read"},
		"broken reals":  {pictures(t, at("none-0.png", false, 0), at("good-1.png", true, 1)), 1, "none of its real faces can be read"},
		"no face":       {pictures(t, at("", false, 0), at("", true, 1)), 1, "none of its 2 faces can be read"},
		"no clip":       {pictures(t, at("good-0.png", false, 0), at("good-2.png", true, 2)), 2, "not consecutive"},
		"broken clip":   {pictures(t, at("good-0.png", false, 0), at("half-1.png", false, 1)), 2, "none of its 2 faces can be read"},
		"unbroken clip": {pictures(t, at("good-0.png", false, 0), at("good-1.png", false, 1)), 2, "only real videos"},
	}
	for name, c := range sets {
		why, err := lacking(t.Context(), c.set, c.frames)
		if err != nil || !strings.Contains(why, c.want) || (why == "") != (c.want == "") {
			t.Errorf("%s: %q, error %v, want %q", name, why, err, c.want)
		}
	}

	var notes []string
	e := env.New(t.TempDir())
	e.Tell = func(event env.Event) { notes = append(notes, event.Note) }
	both, reals := sets["both"].set, sets["reals"].set
	for _, c := range []struct {
		sets  []datasets.Set
		named bool
		notes int
		err   string
	}{
		{[]datasets.Set{both}, true, 0, ""},
		{[]datasets.Set{both, reals}, true, 1, ""},
		{[]datasets.Set{reals, reals}, false, 2, ""},
		{[]datasets.Set{reals, reals}, true, 0, "s: only real videos; s: only real videos"},
		{nil, true, 0, ""},
	} {
		notes = nil
		err := foresee(t.Context(), e, brightness{}, c.sets, c.named)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || len(notes) != c.notes {
			t.Errorf("%d sets, named %t: notes %q, error %v, want %d notes and error %q", len(c.sets), c.named, notes, err, c.notes, c.err)
		}
	}
	gone := pictures(t, at("good-0.png", false, 0), at("good-1.png", true, 1), at("good-2.png", true, 2))
	if err := os.Remove(gone.Items[2].Path); err != nil {
		t.Fatal(err)
	}
	if err := foresee(t.Context(), e, brightness{}, []datasets.Set{gone}, false); err == nil || !strings.Contains(err.Error(), gone.Items[2].Path) {
		t.Errorf("error %v of a file that cannot be opened", err)
	}
}
