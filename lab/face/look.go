package face

import "image"

// Look is how sharp and how bright a picture is in its centre: what trivial rivals of detectors see of it.
type Look struct {
	// Sharpness is the variance of the Laplacian over the centre of the picture, in [0, 1020²]: that of 4g(x,y) − g(x−1,y) −
	// g(x+1,y) − g(x,y−1) − g(x,y+1), g the grey value. NaN for a picture with a side below three pixels.
	Sharpness float64
	// Brightness is the mean grey value of the centre, in [0, 255].
	Brightness float64
}

// NewLook looks at a picture as it is decoded, at its own size. Its centre is the middle half of its width and of its height,
// within the face in a crop around one; grey is the luma of ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B, not rounded.
//
// The variance of the Laplacian is the usual measure of focus (Pech-Pacheco et al. 2000; LAPV of Pertuz et al. 2013). The frames of
// a real video agree in it as well as in the mean absolute value (variance between videos over that within, on those of our FF++
// c23: 31 and 28).
func NewLook(m *image.RGBA) Look {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	centre := image.Rect(w/4, h/4, w-w/4, h-h/4)
	inner := centre.Intersect(image.Rectangle{image.Point{1, 1}, image.Point{w - 1, h - 1}}) // what has four neighbours
	// Rows y−1, y and y+1 of a window one pixel wider than the centre on each side.
	left, right := max(0, centre.Min.X-1), min(w, centre.Max.X+1)
	rows := make([][]float64, 3)
	for i := range rows {
		rows[i] = make([]float64, right-left)
	}
	top := max(0, centre.Min.Y-1)
	var bright, sum, squares float64
	for y := top; y < min(h, centre.Max.Y+1); y++ {
		rows[0], rows[1], rows[2] = rows[1], rows[2], rows[0]
		grey := rows[2]
		at := m.PixOffset(m.Rect.Min.X+left, m.Rect.Min.Y+y)
		for x := range grey {
			p := m.Pix[at+4*x : at+4*x+3]
			grey[x] = (299*float64(p[0]) + 587*float64(p[1]) + 114*float64(p[2])) / 1000
		}
		if y >= centre.Min.Y && y < centre.Max.Y {
			for _, g := range grey[centre.Min.X-left : centre.Max.X-left] {
				bright += g
			}
		}
		if y-1 >= inner.Min.Y && y-1 < inner.Max.Y {
			for x := inner.Min.X - left; x < inner.Max.X-left; x++ {
				l := 4*rows[1][x] - rows[1][x-1] - rows[1][x+1] - rows[0][x] - grey[x]
				sum, squares = sum+l, squares+l*l
			}
		}
	}
	n := float64(inner.Dx() * inner.Dy()) // 0/0 is NaN
	return Look{
		Sharpness:  max(0, squares/n-sum/n*(sum/n)),
		Brightness: bright / float64(centre.Dx()*centre.Dy()),
	}
}
