package discrepancy

import "math"

// An Elastic field bends a region: white noise, uniform in [−1, 1) at each pixel of an image of 224 × 224, smoothed by a
// Gaussian of Sigma pixels and multiplied by Alpha (albumentations' ElasticTransform). On an image of another size the
// field is that of the 224 × 224 image, scaled. It is a function of Seed, not of the place where it is needed.
type Elastic struct {
	Seed  uint64
	Alpha float64 // 0 switches it off
	Sigma float64 // pixels at 224; less than 1 switches it off
}

// reference is the side of the image that lengths in pixels refer to.
const reference = 224

// bends tells whether the field does anything.
func (e Elastic) bends() bool { return e.Alpha > 0 && e.Sigma >= 1 }

// deviation is the standard deviation of a displacement along one axis, in pixels at 224.
func (e Elastic) deviation() float64 {
	return e.Alpha / (e.Sigma * math.Sqrt(12*math.Pi))
}

// reach is the largest displacement along one axis, in pixels at 224: rarer ones are cut, so that a region's surroundings
// are bounded.
func (e Elastic) reach() float64 { return 3 * e.deviation() }

// The smoothing kernel at one, two and three times its sigma, relative to its centre. Beyond it is below 0.0004.
var bell = [3]float32{
	float32(math.Exp(-0.5)),
	float32(math.Exp(-2)),
	float32(math.Exp(-4.5)),
}

// A bend is an Elastic field around a place: displacements at nodes that lie Sigma apart. The smoothed field has no
// detail finer than that, so neither the noise nor the displacement needs to be known at every pixel.
type bend struct {
	elastic        Elastic
	x0, y0         int // first node
	cols, rows     int
	nodes          []float32 // x and y displacements in turn, pixels at 224
	source, across []float32
}

// cover computes the nodes that surround places from (left, top) to (right, bottom), in pixels at 224, unless they are
// known.
func (b *bend) cover(e Elastic, left, top, right, bottom float64) {
	x0, y0 := int(math.Floor(left/e.Sigma)), int(math.Floor(top/e.Sigma))
	x1, y1 := int(math.Floor(right/e.Sigma))+2, int(math.Floor(bottom/e.Sigma))+2
	if b.elastic == e && x0 >= b.x0 && y0 >= b.y0 && x1 <= b.x0+b.cols && y1 <= b.y0+b.rows {
		return
	}
	b.elastic, b.x0, b.y0, b.cols, b.rows = e, x0, y0, x1-x0, y1-y0

	const radius = len(bell)
	width, height := 2*b.cols, b.rows+2*radius
	b.source = grown(b.source, width+4*radius)
	b.across = grown(b.across, width*height)
	for j := range height {
		for i := range b.cols + 2*radius {
			b.source[2*i], b.source[2*i+1] = noise(e.Seed, x0+i-radius, y0+j-radius)
		}
		smooth(b.across[j*width:][:width], b.source, 2)
	}
	b.nodes = grown(b.nodes, width*b.rows)
	smooth(b.nodes, b.across, width)

	// One value stands for Sigma × Sigma values of the noise, so its amplitude is Sigma times theirs; the kernel's peak is
	// 1/(2π·Sigma²).
	amplitude := float32(e.Alpha / (2 * math.Pi * e.Sigma))
	reach := float32(e.reach())
	for i, v := range b.nodes {
		v *= amplitude
		if v > reach {
			v = reach
		} else if v < -reach {
			v = -reach
		}
		b.nodes[i] = v
	}
}

// smooth sums seven values of from that lie step apart, weighted by the bell.
func smooth(to, from []float32, step int) {
	n := len(to)
	a, b, c, d := from[:n], from[step:][:n], from[2*step:][:n], from[3*step:][:n]
	e, f, g := from[4*step:][:n], from[5*step:][:n], from[6*step:][:n]
	for i := range to {
		to[i] = d[i] + bell[0]*(c[i]+e[i]) + bell[1]*(b[i]+f[i]) + bell[2]*(a[i]+g[i])
	}
}

// noise is two values in [−1, 1) that belong to a node.
func noise(seed uint64, x, y int) (float32, float32) {
	// The finalizer of SplitMix64 over distinct odd multiples.
	z := seed + uint64(int64(x))*0x9e3779b97f4a7c15 + uint64(int64(y))*0xd1342543de82ef95
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return float32(int32(z)) / (1 << 31), float32(int32(z>>32)) / (1 << 31)
}
