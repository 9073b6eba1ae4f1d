package detect

import (
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
)

// best returns the detection that overlaps the face most, if any does by more than 0.4. The boxes have a forehead and the
// landmarks' bounds none, so even a perfect box overlaps by about 0.75.
func best(found []Detection, points []face.Point) (Detection, bool) {
	var top Detection
	overlap := 0.4
	for _, f := range found {
		if o := f.Box.Overlap(face.Bounds(points)); o > overlap {
			top, overlap = f, o
		}
	}
	return top, overlap > 0.4
}

// report runs the detector over labelled pictures.
func report(t testing.TB, d *Detector, faces []labelled) (found float64, errors []float64) {
	t.Helper()
	n := 0
	for _, f := range faces {
		got, err := d.Faces(open(t, f.path))
		if err != nil {
			t.Log(f.path, err)
			continue
		}
		if b, ok := best(got, f.points); ok {
			n++
			errors = append(errors, miss(b.Landmarks, f.points))
		}
	}
	return float64(n) / float64(len(faces)), errors
}

// tested are the ytfaces frames of people who had no part in measuring [spots].
func tested(t testing.TB) (list []labelled) {
	faces, people := youtube(t)
	for _, f := range faces {
		if !fitted(people, f.person) {
			list = append(list, f)
		}
	}
	return list
}

func TestYouTubeFaces(t *testing.T) {
	d := detector(t)
	step := 10
	if testing.Short() {
		step = 50
	}
	var faces []labelled
	for i, f := range tested(t) {
		if i%step == 0 {
			faces = append(faces, f)
		}
	}
	found, errors := report(t, d, faces)
	median := quantile(errors, 0.5)
	t.Logf("%d faces: %.1f %% found, landmarks off by %.2f %% of the distance of the eyes (median), 90 %% by less than %.2f %%",
		len(faces), 100*found, 100*median, 100*quantile(errors, 0.9))
	if found < 0.98 || !(median < 0.05) {
		t.Errorf("%.3f found with a median error of %.4f; want at least 0.98 and less than 0.05", found, median)
	}
}

func BenchmarkYouTubeFaces(b *testing.B) {
	d := detector(b)
	faces := tested(b)
	for b.Loop() {
		found, errors := report(b, d, faces)
		b.ReportMetric(100*found, "%found")
		b.ReportMetric(100*quantile(errors, 0.5), "%median")
		b.ReportMetric(100*quantile(errors, 0.9), "%p90")
	}
}
