package region

import (
	"image"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
)

// The union of a strategy's regions holds each of them and nothing else.
func TestUnion(t *testing.T) {
	var file masks
	golden(t, "masks.json", &file)
	points := file.points()[:face.Landmarks]
	for i, shape := range Faces() {
		var n, sum float64
		all := Union(shape, points, frame)
		for _, v := range all.Weight {
			n += float64(v)
		}
		covered := map[image.Point]bool{}
		for i := range shape.Len() {
			each(t, shape.Mask(i, points, frame), func(p image.Point) { covered[p] = true })
		}
		each(t, all, func(p image.Point) {
			if covered[p] {
				sum++
			}
		})
		if int(n) != len(covered) || sum != n || n == 0 {
			t.Errorf("face %d: union of %v pixels, %v of them in a region, want %d", i, n, sum, len(covered))
		}
		if empty := Union(shape, nil, frame); !empty.Rect.Empty() {
			t.Errorf("face %d: without landmarks the union is %v", i, empty.Rect)
		}
	}
}

// All masks at once are those that the strategy makes one by one, and only the wanted ones are made.
func TestMasks(t *testing.T) {
	var file masks
	golden(t, "masks.json", &file)
	points := file.points()
	for _, name := range strategies {
		r := regions(t, name, 4, 3)
		even := func(i int) bool { return i%2 == 0 }
		all := Masks(r, points, frame, even)
		if len(all) != r.Len() {
			t.Fatalf("%s: %d masks, want %d", name, len(all), r.Len())
		}
		for i, got := range all {
			if want := r.Mask(i, points, frame); even(i) && !equal(got, want) || !even(i) && !got.Rect.Empty() {
				t.Errorf("%s: mask %d at %v, want %v where it is wanted", name, i, got.Rect, want.Rect)
			}
		}
		for i, got := range Masks(r, nil, frame, even) {
			if !got.Rect.Empty() {
				t.Errorf("%s: without landmarks mask %d is at %v", name, i, got.Rect)
			}
		}
	}
}
