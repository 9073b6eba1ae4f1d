package face

import "image"

// pairs are the landmarks that change places when a face is mirrored; the others lie on the midline.
var pairs = [...][2]int{
	{0, 16}, {1, 15}, {2, 14}, {3, 13}, {4, 12}, {5, 11}, {6, 10}, {7, 9}, // jaw
	{17, 26}, {18, 25}, {19, 24}, {20, 23}, {21, 22}, // eyebrows
	{31, 35}, {32, 34}, // nostrils
	{36, 45}, {37, 44}, {38, 43}, {39, 42}, {40, 47}, {41, 46}, // eyes
	{48, 54}, {49, 53}, {50, 52}, {55, 59}, {56, 58}, // outer lip
	{60, 64}, {61, 63}, {65, 67}, // inner lip
}

var mirrored = func() (table [Landmarks]int) {
	for i := range table {
		table[i] = i
	}
	for _, pair := range pairs {
		table[pair[0]], table[pair[1]] = pair[1], pair[0]
	}
	return table
}()

// MirrorIndex is the landmark that landmark i, in [0, 68), becomes when the face is mirrored left to right.
func MirrorIndex(i int) int { return mirrored[i] }

// Mirror returns the face with left and right exchanged: pixel x moves to W−1−x, and so do the landmarks, which also
// change their numbers, so that landmark 0 stays at the left of the picture (spec section 1.3). Mirroring twice gives the
// face back. Landmarks that are not 68 keep their order.
func Mirror(f Face) Face {
	bounds := f.Image.Bounds()
	flipped := image.NewRGBA(bounds)
	for y := range bounds.Dy() {
		from, to := f.Image.Pix[y*f.Image.Stride:], flipped.Pix[y*flipped.Stride:]
		for x := 0; x < 4*bounds.Dx(); x += 4 {
			mirrorX := 4*(bounds.Dx()-1) - x
			copy(to[mirrorX:mirrorX+4], from[x:x+4])
		}
	}
	points := make([]Point, len(f.Landmarks))
	for i, p := range f.Landmarks {
		if len(points) == Landmarks {
			i = MirrorIndex(i)
		}
		points[i] = Point{X: float64(bounds.Dx()-1) - p.X, Y: p.Y}
	}
	f.Image, f.Landmarks = flipped, points
	return f
}
