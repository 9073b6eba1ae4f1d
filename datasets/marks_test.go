package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
)

// Landmarks come back with every bit, whatever they are.
func TestLandmarksKeepEveryBit(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	exact := 0
	for round := range 2000 {
		points := make([]face.Point, face.Landmarks)
		for i := range points {
			for _, v := range []*float64{&points[i].X, &points[i].Y} {
				// As manifests have them; in every tenth round with more digits or of larger images in one place.
				n := rng.IntN(52100) - 3000
				*v, _ = strconv.ParseFloat(fmt.Sprintf("%d.%02d", n/100, max(n, -n)%100), 64)
			}
		}
		special := []float64{math.NaN(), math.Copysign(0, -1), math.Inf(1), 1e300, -200, 492, 1.0 / 3, 655.36}
		if round%10 == 0 {
			points[rng.IntN(len(points))].Y = special[round/10%len(special)]
		}
		var it Item
		it.SetLandmarks(points)
		if it.marks.exact != nil {
			exact++
		}
		for i, p := range it.Landmarks() {
			if math.Float64bits(p.X) != math.Float64bits(points[i].X) || math.Float64bits(p.Y) != math.Float64bits(points[i].Y) {
				t.Fatalf("landmark %d is %v, want %v", i, p, points[i])
			}
		}
	}
	if exact != 200 {
		t.Errorf("%d of 2,000 faces take the memory of exact landmarks, want 200", exact)
	}
	var it Item
	if it.SetLandmarks(nil); it.Landmarks() != nil {
		t.Error("no landmarks are some")
	}
	if it.SetLandmarks(make([]face.Point, face.Landmarks)); it.LandmarkSize() != 272 {
		t.Errorf("landmarks take %d bytes", it.LandmarkSize())
	}
}
