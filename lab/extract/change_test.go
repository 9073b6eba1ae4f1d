package extract

import (
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

// Faces are looked for in what a change leaves of videos; what cannot be changed is a problem of its video alone.
func TestFacesAfterAChange(t *testing.T) {
	d := wild(t, map[string]string{"real/anna.mp4": "x", "real/ben.mp4": "y", "fake/swap/anna.mp4": "z"})
	p := small
	p.Damage = "grey-1"
	nets, c := &fakeNets{}, cached(t, p)
	other := filepath.Join(t.TempDir(), "other.mp4")
	if err := os.WriteFile(other, []byte(mp4+"pair"), 0o600); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var seen []string
	done := 0
	change := Change{
		Whole: func(_ context.Context, v layout.Video) (string, func() error, error) {
			if v.Name == "ben" {
				return "", nil, errors.New("no encoder today")
			}
			return other, func() error { mu.Lock(); defer mu.Unlock(); done++; return nil }, nil
		},
		Each: func(_ context.Context, v layout.Video, index int, frame *image.RGBA) (*image.RGBA, error) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, fmt.Sprintf("%s:/%d", v.ID(), index))
			grey := image.NewRGBA(frame.Rect)
			for i := range grey.Pix {
				grey.Pix[i] = 200 | uint8(i%4/3)*55
			}
			copy(grey.Pix[:4], frame.Pix[:4]) // by which fakeTracker counts faces
			return grey, nil
		},
	}
	r, err := c.Extract(t.Context(), d, d.Videos, Options{Extractor: nets.extractor().After(change)})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "wild/real/ben") || !strings.Contains(r.Problems[0], "no encoder today") {
		t.Errorf("problems %q", r.Problems)
	}
	if r.Faces != 2*3*2 || done != 2 || !slices.Equal(nets.calls(), []string{filepath.Base(filepath.Dir(other)) + "/other.mp4", filepath.Base(filepath.Dir(other)) + "/other.mp4"}) {
		t.Errorf("%+v, %d videos done with: want two faces in each frame of the other video", r, done)
	}
	slices.Sort(seen)
	if want := []string{"wild/real/anna:/0", "wild/real/anna:/10", "wild/real/anna:/20", "wild/swap/anna:/0", "wild/swap/anna:/10", "wild/swap/anna:/20"}; !slices.Equal(seen, want) {
		t.Errorf("frames %q, want %q", seen, want)
	}
	set, _, err := c.Test(d, false, datasets.Skip)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range set.Items {
		if it.NoFace() {
			continue
		}
		f, err := datasets.Load(it)
		if err != nil {
			t.Fatal(err)
		}
		if at := f.Image.RGBAAt(20, 20); at.R < 198 || at.R > 202 || at.B != at.R {
			t.Errorf("%s is of %v, want the grey of the change", it.Name(), at)
		}
	}
}
