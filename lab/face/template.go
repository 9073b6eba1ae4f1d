package face

import "image"

// mean is the mean of the landmarks of the 1,870 faces of the ytfaces set, each first scaled to a box of side 1, then
// made symmetric by averaging with its mirror, and scaled to fill the box again. The two identities that a test set shows
// (Ben_Kingsley, Ethan_Hawke) are left out. TestTemplate repeats the measurement where the set is at hand.
var mean = [Landmarks]Point{
	// jaw
	{0, 0.1857}, {0.0063, 0.3245}, {0.0280, 0.4509}, {0.0525, 0.5725}, {0.0942, 0.7069}, {0.1657, 0.8185},
	{0.2442, 0.8928}, {0.3454, 0.9578}, {0.5000, 1}, {0.6546, 0.9578}, {0.7558, 0.8928}, {0.8343, 0.8185},
	{0.9058, 0.7069}, {0.9475, 0.5725}, {0.9720, 0.4509}, {0.9937, 0.3245}, {1, 0.1857},
	// eyebrows
	{0.1200, 0.0555}, {0.1774, 0.0134}, {0.2503, 0}, {0.3177, 0.0071}, {0.3775, 0.0248}, {0.6225, 0.0248},
	{0.6823, 0.0071}, {0.7497, 0}, {0.8226, 0.0134}, {0.8800, 0.0555},
	// nose
	{0.5000, 0.1747}, {0.5000, 0.2676}, {0.5000, 0.3547}, {0.5000, 0.4299}, {0.4185, 0.4854}, {0.4537, 0.4962},
	{0.5000, 0.5078}, {0.5463, 0.4962}, {0.5815, 0.4854},
	// eyes
	{0.2106, 0.1670}, {0.2573, 0.1470}, {0.3172, 0.1470}, {0.3718, 0.1734}, {0.3212, 0.1921}, {0.2586, 0.1927},
	{0.6282, 0.1734}, {0.6828, 0.1470}, {0.7427, 0.1470}, {0.7894, 0.1670}, {0.7414, 0.1927}, {0.6788, 0.1921},
	// outer lip
	{0.3279, 0.6596}, {0.3864, 0.6208}, {0.4611, 0.5971}, {0.5000, 0.6054}, {0.5389, 0.5971}, {0.6136, 0.6208},
	{0.6721, 0.6596}, {0.6108, 0.7147}, {0.5578, 0.7456}, {0.5000, 0.7515}, {0.4422, 0.7456}, {0.3892, 0.7147},
	// inner lip
	{0.3401, 0.6575}, {0.4492, 0.6437}, {0.5000, 0.6418}, {0.5508, 0.6437}, {0.6599, 0.6575}, {0.5504, 0.6823},
	{0.5000, 0.6875}, {0.4496, 0.6823},
}

// Template lays a mean frontal face into the box: the landmarks that a face without any is given. Its outermost
// landmarks lie on the outermost pixels of the box.
func Template(box image.Rectangle) []Point {
	points := make([]Point, Landmarks)
	for i, p := range mean {
		points[i] = Point{
			X: float64(box.Min.X) + p.X*float64(box.Dx()-1),
			Y: float64(box.Min.Y) + p.Y*float64(box.Dy()-1),
		}
	}
	return points
}

// Where the landmark box lies in a crop, as the mean over the ytfaces set, whose crops are squares of 1.9 times the
// longer side of the box.
const (
	boxAspect = 0.968 // height by width of the landmark box
	above     = 0.63  // share of the vertical margin that lies above the box, with the forehead
)

// CropBox is where the landmarks of a face are assumed in a crop of which nothing else is known, in pixels: a box with
// 1/margin of the crop's width, 0.968/margin of its height, in the middle from left to right and somewhat below the
// middle, as measured at margin 1.9. Together with [Template] it replaces a landmark detector; such faces are marked as
// [Face.Fallback]. A margin below 1 counts as 1.
func CropBox(bounds image.Rectangle, margin float64) image.Rectangle {
	// Written so that NaN counts as 1 too.
	if !(margin > 1) {
		margin = 1
	}
	width, height := float64(bounds.Dx())/margin, float64(bounds.Dy())*boxAspect/margin
	left := (float64(bounds.Dx()) - width) / 2
	top := (float64(bounds.Dy()) - height) * above
	return image.Rect(
		round(left), round(top), round(left+width), round(top+height),
	).Add(bounds.Min)
}
