package region

import (
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
)

// A share of whole faces adds one region to any strategy, the last, and leaves the others as they are.
func TestWithWhole(t *testing.T) {
	var file masks
	golden(t, "masks.json", &file)
	points := file.points()[:face.Landmarks]
	for _, name := range strategies {
		if name == "whole" {
			continue // the spec refuses it
		}
		d := spec.Default().Discrepancy
		d.Regions, d.Rows, d.Cols = name, 3, 5
		plain, err := New(d)
		if err != nil {
			t.Fatal(err)
		}
		d.Whole = 0.3
		both, err := New(d)
		if err != nil {
			t.Fatal(err)
		}
		n := plain.Len()
		if both.Len() != n+1 || both.Len() != d.Locations() {
			t.Fatalf("%s: %d regions, with the whole face %d, the spec counts %d", name, n, both.Len(), d.Locations())
		}
		for i := range n {
			if both.Name(i) != plain.Name(i) || both.Mirror(i) != plain.Mirror(i) ||
				!equal(both.Mask(i, points, frame), plain.Mask(i, points, frame)) {
				t.Errorf("%s: region %d (%s) became another", name, i, plain.Name(i))
			}
			if both.Name(i) == both.Name(n) {
				t.Errorf("%s: regions %d and %d are both called %s", name, i, n, both.Name(n))
			}
		}
		if both.Mirror(n) != n {
			t.Errorf("%s: the whole face mirrored is region %d", name, both.Mirror(n))
		}
		if got, want := both.Mask(n, points, frame), whole.Mask(0, points, frame); !equal(got, want) || got.Rect.Empty() {
			t.Errorf("%s: the last region is not the face", name)
		}
		if got := both.Mask(n, nil, frame); !got.Rect.Empty() {
			t.Errorf("%s: without landmarks the face is %v", name, got.Rect)
		}
		for _, metric := range spec.Distances {
			inner, err := plain.Distances(metric)
			if err != nil {
				t.Fatal(err)
			}
			table, err := both.Distances(metric)
			if err != nil {
				t.Fatal(err)
			}
			if len(table) != n+1 {
				t.Fatalf("%s: %d rows of distances, want %d", name, len(table), n+1)
			}
			for i, row := range table {
				if len(row) != n+1 {
					t.Fatalf("%s: %d distances from region %d, want %d", name, len(row), i, n+1)
				}
				for j, got := range row {
					want := 1
					switch {
					case i == j:
						want = 0
					case i < n && j < n:
						want = inner[i][j]
					}
					if got != want {
						t.Errorf("%s %s: d(%d, %d) = %d, want %d", name, metric, i, j, got, want)
					}
				}
			}
		}
		if _, err := both.Distances("euclid"); err == nil {
			t.Errorf("%s: an unknown metric is no error", name)
		}
	}
}

func equal(a, b Mask) bool { return a.Rect == b.Rect && slices.Equal(a.Weight, b.Weight) }
