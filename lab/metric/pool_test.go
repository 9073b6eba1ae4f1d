package metric

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/stream"
)

// Specification 7.2: normality 2.10, {1.40, 0.65}, 1.95 has the video anomaly −1.566667.
func TestPoolGolden(t *testing.T) {
	videos, err := Pool([]Face{
		{Video: "v", Frame: "0", Score: -2.10},
		{Video: "v", Frame: "10", Score: -1.40},
		{Video: "v", Frame: "10", Score: -0.65},
		{Video: "v", Frame: "20", Score: -1.95},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(videos) != 1 || videos[0].Frames != 3 || videos[0].Scored != 3 {
		t.Fatalf("videos %+v, want one of 3 frames", videos)
	}
	wantClose(t, "video anomaly", videos[0].Score, -1.5666666666666667, 1e-12)
}

func TestPool(t *testing.T) {
	videos, err := Pool([]Face{
		{Video: "b", Identity: "x", Fake: true, Score: 4},
		{Video: "a", Identity: "x", Frame: "1", Score: 1},
		{Video: "empty", Frame: "1", Missing: true, Score: math.NaN()},
		{Video: "b", Identity: "x", Fake: true, Score: 1}, // no frame named: another frame
		{Video: "a", Identity: "x", Frame: "2", Missing: true},
		{Video: "b", Identity: "x", Fake: true, Missing: true},
		{Video: "a", Identity: "x", Frame: "3", Missing: true},
		{Video: "a", Identity: "x", Frame: "3", Score: 5}, // a second face makes up for the first
		{Video: "b", Identity: "x", Frame: "1", Fake: true, Score: -2},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Videos{
		{Name: "b", Identity: "x", Fake: true, Score: 1, Frames: 4, Scored: 3},
		{Name: "a", Identity: "x", Score: 3, Frames: 3, Scored: 2},
	}
	if len(videos) != 3 || !slices.Equal(videos[:2], want) {
		t.Fatalf("videos %+v, want %+v and an empty one", videos, want)
	}
	if v := videos[2]; v.Name != "empty" || !math.IsNaN(v.Score) || v.Frames != 1 || v.Scored != 0 {
		t.Errorf("video without a face: %+v", v)
	}
	wantClose(t, "coverage", videos.Coverage(), 2./3, 1e-15)
	scores, fake, identities := videos.Scored()
	if !slices.Equal(scores, []float64{1, 3}) || !slices.Equal(fake, []bool{true, false}) || !slices.Equal(identities, []string{"x", "x"}) {
		t.Errorf("scored: %v %v %v", scores, fake, identities)
	}
	if !math.IsNaN(Videos(nil).Coverage()) {
		t.Error("no videos have a coverage")
	}
}

func TestPoolErrors(t *testing.T) {
	if _, err := Pool(nil); !errors.Is(err, ErrEmpty) {
		t.Errorf("no faces: error %v", err)
	}
	var score *ScoreError
	if _, err := Pool([]Face{{Video: "a"}, {Video: "a", Score: math.Inf(1)}}); !errors.As(err, &score) || score.Index != 1 {
		t.Errorf("infinite score: error %v", err)
	}
	// The same name under two methods must not become one video.
	_, err := Pool([]Face{{Video: "000_003", Fake: true}, {Video: "000_003"}})
	if err == nil || !strings.Contains(err.Error(), `"000_003"`) {
		t.Errorf("video of two classes: error %v", err)
	}
	_, err = Pool([]Face{{Video: "v", Identity: "p"}, {Video: "v", Identity: "q"}})
	if err == nil || !strings.Contains(err.Error(), `"p" and "q"`) {
		t.Errorf("video of two identities: error %v", err)
	}
	_, err = Pool([]Face{{Video: "v", Identity: "p", Source: "q"}, {Video: "v", Identity: "p", Source: "r"}})
	if err == nil || !strings.Contains(err.Error(), `"q" and "r"`) {
		t.Errorf("video of two sources: error %v", err)
	}
}

// A video's score must not depend on whether its faces come in a row.
func TestPoolerAgainstPool(t *testing.T) {
	rng := stream.New(4, "pooler")
	for range 100 {
		var faces []Face
		for range 1 + rng.IntN(60) {
			v := rng.IntN(6)
			f := Face{Video: fmt.Sprint("v", v), Fake: v%2 == 0, Score: rng.NormFloat64(), Missing: rng.IntN(4) == 0}
			if rng.IntN(3) > 0 {
				f.Frame = fmt.Sprint(rng.IntN(5))
			}
			faces = append(faces, f)
		}
		want, err := Pool(faces)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortStableFunc(faces, func(a, b Face) int { return strings.Compare(a.Video, b.Video) })
		slices.SortFunc(want, func(a, b Video) int { return strings.Compare(a.Name, b.Name) })
		var p Pooler
		for _, f := range faces {
			if err := p.Add(f); err != nil {
				t.Fatal(err)
			}
		}
		got := p.Videos()
		// NaN is not equal to itself.
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func TestPoolerErrors(t *testing.T) {
	var p Pooler
	for i, name := range []string{"a", "b", "a"} {
		err := p.Add(Face{Video: name, Score: 1})
		if i < 2 && err != nil {
			t.Fatal(err)
		}
		if i == 2 && (err == nil || !strings.Contains(err.Error(), `"a" are apart (face 2)`)) {
			t.Errorf("a video in two pieces: error %v", err)
		}
	}
	if v := new(Pooler).Videos(); len(v) != 0 {
		t.Errorf("no faces make %v", v)
	}
}
