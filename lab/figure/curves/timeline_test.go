package curves

import (
	"math"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/figure"
)

func TestTimelineBreaksWhereNoFaceIs(t *testing.T) {
	nan := math.NaN()
	tl := Timeline{Frames: []Frame{{0, nan, ""}, {1, 2, ""}, {2, 4, ""}, {3, nan, ""}, {4, 6, ""}}}
	lines := tl.lines()
	if len(lines) != 2 || len(lines[0]) != 2 || len(lines[1]) != 1 || lines[1][0].X != 4 {
		t.Errorf("lines %v, want (1, 2), (2, 4) and (4, 6)", lines)
	}
	if _, mean := tl.scores(); mean != 4 {
		t.Errorf("mean %g, want 4: frames without a face do not count", mean)
	}
	tl.Reference = []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	if low, high := tl.middle(); !(low >= 0 && low < 1.5 && high > 8.5 && high <= 10) {
		t.Errorf("the middle 90 %% is from %g to %g", low, high)
	}
}

func TestTimelineOfAFolderCountsFrames(t *testing.T) {
	tl := Timeline{Title: "folder", Score: "cosine", Untimed: true, Frames: []Frame{{0, 1, ""}, {1, math.NaN(), ""}, {2, 4, "1"}}}
	snippet, err := figure.Snippet(tl)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"number of the frame", "frame 2: 4", "frame 1: " + noFace} {
		if !strings.Contains(string(snippet), want) {
			t.Errorf("no %q in the chart", want)
		}
	}
	if strings.Contains(string(snippet), " s: ") {
		t.Error("the chart tells times, and there are none")
	}
}
