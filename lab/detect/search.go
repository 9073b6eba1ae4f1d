package detect

import (
	"image"
	"math"
	"slices"

	"github.com/seeable-lab/seeable/lab/face"
)

// sides are the lengths in pixels to which the longer side of an image is brought, one after the other until a face is
// found. The smallest faces that are found have about 12 pixels there: in a frame of 1280×720, 48 at 320, and 24 at 640.
var sides = []int{320, 640}

const (
	// smallest is the longer side in pixels of the smallest faces that a fine look is for, whatever the size of the image, and
	// seen how many of them the detector is shown: 14 of 40, so that nothing is finer than it need be.
	smallest = 40
	seen     = 14
	// A face that only a fine or a turned look finds has to be a clearer one: such looks are more, so more of them are wrong.
	clear = 0.5
)

// Smallest is about how long the longer side of a face must be in pixels to be found in an image whose longer side is longest.
func Smallest(longest int) int {
	if longest <= fineSide(longest) {
		return 12
	}
	return int(math.Ceil(12 * float64(longest) / float64(fineSide(longest))))
}

// SmallestBeside is [Smallest] for faces beside larger ones, which a [Tracker] looks for.
func SmallestBeside(longest int) int {
	side := max(sides[0], longest*seen/smallest)
	return int(math.Ceil(12 * max(1, float64(longest)/float64(side))))
}

// fineSide is the length to which a fine look brings the longer side.
func fineSide(longest int) int { return max(sides[len(sides)-1], longest*seen/smallest) }

// boxes finds faces without their landmarks. It looks at the image as it is, at a finer scale if there is no face or if fine
// asks for small faces beside large ones, and at the turned image if faces lie on their side or if there is none.
func (d *Detector) boxes(img *image.RGBA, fine bool) ([]candidate, error) {
	longest := max(img.Rect.Dx(), img.Rect.Dy())
	var found []candidate
	looked := 0
	for _, side := range append(slices.Clone(sides), fineSide(longest)) {
		if looked >= min(side, longest) || len(found) > 0 {
			continue // nothing new to see
		}
		var err error
		if found, err = d.look(img, side); err != nil {
			return nil, err
		}
		looked = side
	}
	if side := longest * seen / smallest; fine && looked < side {
		more, err := d.look(img, side)
		if err != nil {
			return nil, err
		}
		found = join(found, more)
	}
	turns, want := lying(found)
	for _, quarters := range turns {
		upright, err := d.lookTurned(img, quarters, want)
		if err != nil {
			return nil, err
		}
		if len(upright) > 0 {
			return join(upright, found), nil
		}
	}
	return found, nil
}

// join adds to what was found those of more that are clear and lie on no face that is there already.
func join(found, more []candidate) []candidate {
	for _, m := range more {
		if m.score >= clear && !slices.ContainsFunc(found, func(f candidate) bool { return onFace(f.box, m.box) }) {
			found = append(found, m)
		}
	}
	return found
}

// onFace tells that one box lies on the other, as of one face that was found twice, or of a part of a face.
func onFace(a, b face.Box) bool {
	w := max(0, min(a.X1, b.X1)-max(a.X0, b.X0))
	h := max(0, min(a.Y1, b.Y1)-max(a.Y0, b.Y0))
	return w*h > overlap*min(a.Area(), b.Area())
}

const (
	// A face that is bent by more than bent, in degrees, and found with a lower score than good may lie on its side, as eyes are
	// not found well in faces that are not upright. Then a turned look has to find a better one, by gain.
	bent = 15
	good = 0.65
	gain = 0.1
)

// lying are the turns, in quarters clockwise, after which to look again, the likeliest first, and the score from which a face
// counts then: those that may bring the largest face upright, none if it is so, all if there is none.
func lying(found []candidate) (turns []int, want float64) {
	if len(found) == 0 {
		return []int{1, 3, 2}, clear
	}
	largest := found[0]
	for _, f := range found {
		if f.box.Area() > largest.box.Area() {
			largest = f
		}
	}
	want = clear
	q := largest.quarters()
	if dx, dy := largest.direction(); q == 0 && largest.score < good && math.Abs(math.Atan2(dy, dx)) > bent*math.Pi/180 {
		want = largest.score + gain
		if q = 1; dy > 0 {
			q = 3
		}
	}
	if q == 0 {
		return nil, 0
	}
	return append([]int{q}, slices.DeleteFunc([]int{1, 2, 3}, func(other int) bool { return other == q })...), want
}

// direction is that of the eyes.
func (c candidate) direction() (dx, dy float64) {
	return c.eyes[1].X - c.eyes[0].X, c.eyes[1].Y - c.eyes[0].Y
}

// quarters is by how many quarter turns clockwise the face comes upright.
func (c candidate) quarters() int { return face.QuartersOf(c.direction()) }

// lookTurned finds the faces that are upright in the image once it is turned clockwise, in pixels of the image as it is, if
// the best has the score want.
func (d *Detector) lookTurned(img *image.RGBA, quarters int, want float64) ([]candidate, error) {
	turned := face.TurnImage(img, quarters)
	found, err := d.look(turned, sides[0])
	if err != nil {
		return nil, err
	}
	if len(found) == 0 || found[0].score < want || found[0].quarters() != 0 {
		return nil, nil
	}
	w, h := turned.Rect.Dx(), turned.Rect.Dy()
	back := func(p face.Point) face.Point { return face.TurnPoint(p, w, h, 4-quarters) }
	var kept []candidate
	for _, f := range found {
		if f.score < clear || f.quarters() != 0 {
			continue
		}
		a, b := back(face.Point{X: f.box.X0, Y: f.box.Y0}), back(face.Point{X: f.box.X1, Y: f.box.Y1})
		f.box = face.Box{X0: min(a.X, b.X), Y0: min(a.Y, b.Y), X1: max(a.X, b.X), Y1: max(a.Y, b.Y)}
		f.eyes = [2]face.Point{back(f.eyes[0]), back(f.eyes[1])}
		kept = append(kept, f)
	}
	return kept, nil
}
