package discrepancy

import (
	"image"
	"math"
)

// A blendMask is the weight of the source image at each pixel of a rectangle, in 65,536ths.
type blendMask struct {
	rect    image.Rectangle
	weights []int32
}

const full = 1 << 16

// feather turns a region into a blend mask (spec section 2.5) without making the mask at its own size, 192 to 256
// pixels, and only where it is not zero:
//
//   - the first blur keeps the pixels whose blurred weight is 1. Those are the pixels whose whole kernel lies in the
//     region, so this is an erosion, done on runs of pixels;
//   - where the kernel fits nowhere, the official code keeps the pixel with the largest blurred weight. Here the largest
//     kernel that fits is taken, which keeps the deepest pixels;
//   - the second blur and the way back to the image's size are one linear map along each axis;
//   - the mask is 0 beyond the image's edge;
//   - the mask is divided by its largest weight at the image's pixels, not at its own, so its peak is exactly Ratio.
//
// A region too small to hold a pixel of the mask, or to be seen at a pixel of the image afterwards, is left as it is:
// weight Ratio on it, 0 elsewhere. Nothing is divided by zero.
func feather(out *blendMask, region *bitmap, f Feather, size image.Point, w *Workspace) {
	f = f.sane()
	x, y := scaling{size.X, f.Size[0]}, scaling{size.Y, f.Size[1]}
	if !erodeDeep(&w.core, region, x, y, f.Erode/2, w) || !blur(out, &w.core, x, y, f, size, w) {
		out.flat(region, f.Ratio)
	}
}

// erodeDeep erodes the region by radius or, if nothing is left, by the largest radius that leaves something.
func erodeDeep(core, region *bitmap, x, y scaling, radius int, w *Workspace) bool {
	box := region.bounds()
	if erode(core, region, box, x, y, radius, w) {
		return true
	}
	// What is eroded by more lies within what is eroded by less. Off the image's edges a side loses twice the radius.
	if box.Min.X > 0 && box.Min.Y > 0 && box.Max.X < x.n && box.Max.Y < y.n {
		radius = min(radius, (min(core.rect.Dx(), core.rect.Dy())+1)/2)
	}
	low, high := -1, radius
	for high-low > 1 {
		middle := (low + high) / 2
		if erode(core, region, box, x, y, middle, w) {
			low = middle
		} else {
			high = middle
		}
	}
	return low >= 0 && erode(core, region, box, x, y, low, w)
}

// sane fills in what is 0 and brings the rest into range, so that a feather made by hand can be applied too.
func (f Feather) sane() Feather {
	for i, n := range f.Size {
		if n < 1 {
			f.Size[i] = reference
		}
	}
	most := 2*max(f.Size[0], f.Size[1]) + 1
	f.Erode, f.Blur = min(max(f.Erode, 1), most), min(max(f.Blur, 1), most)
	if !(f.Sigma > 0) {
		f.Sigma = 0.3*(float64(f.Blur-1)*0.5-1) + 0.8
	}
	if !(f.Ratio > 0) {
		f.Ratio = 0
	}
	f.Ratio = min(f.Ratio, 1)
	return f
}

// flat gives each pixel of the region the same weight.
func (m *blendMask) flat(region *bitmap, ratio float64) {
	m.rect = region.bounds()
	m.weights = grown(m.weights, m.rect.Dx()*m.rect.Dy())
	clear(m.weights)
	for y := m.rect.Min.Y; y < m.rect.Max.Y; y++ {
		row, weights := region.row(y), m.weights[(y-m.rect.Min.Y)*m.rect.Dx():]
		for from, to, ok := region.nextRun(row, m.rect.Min.X); ok; from, to, ok = region.nextRun(row, to+1) {
			for x := from; x <= to; x++ {
				weights[x-m.rect.Min.X] = int32(ratio*full + 0.5)
			}
		}
	}
}

// A scaling relates the n pixels of an image's axis to the m of the mask's, both spread evenly over the same length, as
// OpenCV's bilinear resizing does: mask pixel X lies at image pixel (X + 1/2)·n/m − 1/2.
type scaling struct{ n, m int }

// fullFrom is the first mask pixel that has no weight from image pixels before a.
func (s scaling) fullFrom(a int) int {
	if a <= 0 {
		return 0
	}
	return -floorDiv(-(2*s.m*a + s.m - s.n), 2*s.n)
}

// fullTo is the last mask pixel that has no weight from image pixels after b.
func (s scaling) fullTo(b int) int {
	if b >= s.n-1 {
		return s.m - 1
	}
	return floorDiv(2*s.m*b+s.m-s.n, 2*s.n)
}

// span is the image pixels between which mask pixel x lies.
func (s scaling) span(x int) (low, high int) {
	twice := (2*x+1)*s.n - s.m
	low = floorDiv(twice, 2*s.m)
	high = low
	if low*2*s.m != twice {
		high++
	}
	return min(max(low, 0), s.n-1), min(max(high, 0), s.n-1)
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// erode sets core, in the mask's pixels, to those whose surroundings of radius pixels lie in the region altogether, and
// tells whether there are any. box is the region's bounds. What lies beyond the image's edge mirrors what lies within.
func erode(core, region *bitmap, box image.Rectangle, x, y scaling, radius int, w *Workspace) bool {
	rect := image.Rectangle{
		Min: image.Pt(x.fullFrom(box.Min.X), y.fullFrom(box.Min.Y)),
		Max: image.Pt(x.fullTo(box.Max.X-1)+1, y.fullTo(box.Max.Y-1)+1),
	}
	if box.Empty() || rect.Empty() {
		core.reset(image.Rectangle{})
		return false
	}
	core.reset(rect)
	// Along x first: narrowed holds, for each row of the image, the mask's columns that fit.
	narrowed := &w.narrowed
	narrowed.reset(image.Rect(rect.Min.X, box.Min.Y, rect.Max.X, box.Max.Y))
	for v := box.Min.Y; v < box.Max.Y; v++ {
		from, to := region.row(v), narrowed.row(v)
		for a, b, ok := region.nextRun(from, box.Min.X); ok; a, b, ok = region.nextRun(from, b+1) {
			first, last := x.fullFrom(a), x.fullTo(b)
			if a > 0 {
				first += radius
			}
			if b < x.n-1 {
				last -= radius
			}
			narrowed.setRun(to, first, last)
		}
	}
	// Then along y: all rows that the kernel touches.
	w.spans = grown(w.spans, rect.Dy()+2*radius)
	for i := range w.spans {
		low, high := y.span(min(max(rect.Min.Y-radius+i, 0), y.m-1))
		w.spans[i] = [2]int{low, high}
	}
	var any uint64
	for v := rect.Min.Y; v < rect.Max.Y; v++ {
		low, high := w.spans[v-rect.Min.Y][0], w.spans[v-rect.Min.Y+2*radius][1]
		if low < box.Min.Y || high >= box.Max.Y {
			continue
		}
		out := core.row(v)
		copy(out, narrowed.row(low))
		for u := low + 1; u <= high; u++ {
			for i, word := range narrowed.row(u) {
				out[i] &= word
			}
		}
		for _, word := range out {
			any |= word
		}
	}
	return any != 0
}

// blur sets out to the core blurred by the feather's second kernel, at the pixels of the image, and tells whether any of
// them has weight.
func blur(out *blendMask, core *bitmap, x, y scaling, f Feather, size image.Point, w *Workspace) bool {
	radius := f.Blur / 2
	box := core.bounds()
	reachX, reachY := x.touched(box.Min.X-radius, box.Max.X-1+radius), y.touched(box.Min.Y-radius, box.Max.Y-1+radius)
	out.rect = image.Rect(reachX[0], reachY[0], reachX[1]+1, reachY[1]+1).Intersect(image.Rectangle{Max: size})
	width, height := out.rect.Dx(), out.rect.Dy()
	if out.rect.Empty() {
		return false
	}

	kernel := w.gaussian(radius, f.Sigma)

	// Along x: a blurred run of ones rises as the kernel's sum at its start and falls so after its end.
	columns := places(&w.columnPlaces, out.rect.Min.X, out.rect.Max.X, x)
	left := box.Min.X - radius - 1
	w.line = grown(w.line, box.Dx()+2*radius+4)
	w.lines = grown(w.lines, box.Dy()*width)
	for v := box.Min.Y; v < box.Max.Y; v++ {
		clear(w.line)
		row := core.row(v)
		for a, b, ok := core.nextRun(row, box.Min.X); ok; a, b, ok = core.nextRun(row, b+1) {
			rise, fall := w.line[a-radius-left:][:len(kernel)], w.line[b+1-radius-left:][:len(kernel)]
			for i, k := range kernel {
				rise[i] += k
				fall[i] -= k
			}
		}
		var sum float32
		for i, step := range w.line {
			sum += step
			w.line[i] = sum
		}
		line := w.lines[(v-box.Min.Y)*width:][:width]
		for i, c := range columns {
			at := uint(c.at - left)
			if at >= uint(len(w.line)-1) {
				line[i] = 0
				continue
			}
			line[i] = w.line[at] + c.frac*(w.line[at+1]-w.line[at])
		}
	}

	// Along y: a weighted sum of those lines.
	rows := places(&w.rowPlaces, out.rect.Min.Y, out.rect.Max.Y, y)
	w.soft = grown(w.soft, width*height)
	clear(w.soft)
	var peak float32
	for i, r := range rows {
		soft := w.soft[i*width:][:width]
		// The kernel around the place of this row, between the kernels around the two mask rows that it lies between.
		weight := func(v int) (weight float32) {
			if d := v - r.at + radius; d < len(kernel) {
				weight = (1 - r.frac) * kernel[d]
			}
			if d := v - r.at - 1 + radius; d >= 0 {
				weight += r.frac * kernel[d]
			}
			return weight
		}
		end := min(box.Max.Y, r.at+radius+2)
		for v := max(box.Min.Y, r.at-radius); v < end; v += 4 { // four lines at a time
			var lines [4][]float32
			var weights [4]float32
			for j := range lines {
				lines[j] = w.lines[(min(v+j, end-1)-box.Min.Y)*width:][:len(soft)]
				if v+j < end {
					weights[j] = weight(v + j)
				}
			}
			a, b, c, d := lines[0], lines[1][:len(lines[0])], lines[2][:len(lines[0])], lines[3][:len(lines[0])]
			for j := range soft {
				soft[j] += weights[0]*a[j] + weights[1]*b[j] + (weights[2]*c[j] + weights[3]*d[j])
			}
		}
		for _, value := range soft {
			if value > peak {
				peak = value
			}
		}
	}

	if peak < 1e-6 { // rounding of the sums
		return false
	}
	out.weights = grown(out.weights, width*height)
	norm := float32(f.Ratio) * full / peak
	for i, value := range w.soft {
		out.weights[i] = int32(value*norm + 0.5)
	}
	return true
}

// touched is the range of image pixels that take weight from mask pixels low to high, at most one more at each end.
func (s scaling) touched(low, high int) [2]int {
	at := func(x int) float64 { return (float64(x)+0.5)*float64(s.n)/float64(s.m) - 0.5 }
	return [2]int{int(math.Floor(at(low - 1))), int(math.Ceil(at(high + 1)))}
}

// A place is where an image pixel lies among the mask's pixels: frac of the way from at to at + 1.
type place struct {
	at   int
	frac float32
}

func places(list *[]place, from, to int, s scaling) []place {
	*list = (*list)[:0]
	for x := from; x < to; x++ {
		at := (float64(x)+0.5)*float64(s.m)/float64(s.n) - 0.5
		whole, frac := split(min(max(at, 0), float64(s.m-1)))
		*list = append(*list, place{whole, frac})
	}
	return *list
}

// gaussian is a Gaussian of 2·radius + 1 weights that add up to 1.
func (w *Workspace) gaussian(radius int, sigma float64) []float32 {
	w.kernel = grown(w.kernel, 2*radius+1)
	sum := float32(1)
	w.kernel[radius] = 1
	for i := 1; i <= radius; i++ {
		v := float32(math.Exp(-float64(i*i) / (2 * sigma * sigma)))
		w.kernel[radius-i], w.kernel[radius+i] = v, v
		sum += 2 * v
	}
	for i := range w.kernel {
		w.kernel[i] /= sum
	}
	return w.kernel
}
