package detect

import (
	"fmt"
	"image"
	"math"

	"github.com/seeable-lab/seeable/lab/detect/internal/cnn"
	"github.com/seeable-lab/seeable/lab/detect/internal/tflite"
	"github.com/seeable-lab/seeable/lab/face"
)

const (
	meshSide     = 192 // the side of the face mesh's input, in pixels
	meshVertices = 468 // of which each has x, y and depth in these pixels
)

// checkMesh makes sure that a network has the input and outputs of the face mesh.
func checkMesh(n *tflite.Network) error {
	if want := (cnn.Shape{H: meshSide, W: meshSide, C: 3}); n.Input != want {
		return fmt.Errorf("detect: face mesh: input %v, want %v", n.Input, want)
	}
	got, err := n.Shapes(n.Input)
	if err != nil {
		return fmt.Errorf("detect: face mesh: %w", err)
	}
	if len(got) != 2 || got[0] != (cnn.Shape{H: 1, W: 1, C: 3 * meshVertices}) || got[1] != (cnn.Shape{H: 1, W: 1, C: 1}) {
		return fmt.Errorf("detect: face mesh: outputs %v, want %d and 1 numbers", got, 3*meshVertices)
	}
	return nil
}

// region is the turned square that the face mesh looks at: its middle between pixels, its side, and the direction of its
// upper edge as a vector of length 1.
type region struct {
	x, y, side float64
	dx, dy     float64
}

// zoom is the side of the region by the longer side of the box.
const zoom = 1.3

// region is the square around the box, turned so that the eyes lie level.
func (c candidate) region() region {
	r := upright(c.box)
	dx, dy := c.eyes[1].X-c.eyes[0].X, c.eyes[1].Y-c.eyes[0].Y
	if length := math.Hypot(dx, dy); length > 0 {
		r.dx, r.dy = dx/length, dy/length
	}
	return r
}

func upright(b face.Box) region {
	return region{(b.X0 + b.X1) / 2, (b.Y0 + b.Y1) / 2, zoom * max(b.Width(), b.Height()), 1, 0}
}

// follow is the region for the next frame of a video, around the landmarks that were found in this one.
func follow(points []face.Point) region {
	return oriented(points).region()
}

// oriented is a candidate as the detector would give for a face with these landmarks: their bounds in the direction of
// the eyes, and a forehead above.
func oriented(points []face.Point) candidate {
	left, right := middle(points[36:42]), middle(points[42:48])
	dx, dy := right.X-left.X, right.Y-left.Y
	if length := math.Hypot(dx, dy); length > 0 {
		dx, dy = dx/length, dy/length
	} else {
		dx, dy = 1, 0
	}
	turned := make([]face.Point, len(points))
	for i, p := range points {
		turned[i] = face.Point{X: p.X*dx + p.Y*dy, Y: p.Y*dx - p.X*dy}
	}
	b := face.Bounds(turned)
	b.Y0 -= forehead * b.Height()
	// The box of an upright face with the same middle and size; pixels' centres lie half a pixel in.
	cx, cy := (b.X0+b.X1)/2-0.5, (b.Y0+b.Y1)/2-0.5
	cx, cy = cx*dx-cy*dy+0.5, cy*dx+cx*dy+0.5
	w, h := b.Width(), b.Height()
	return candidate{
		box:  face.Box{X0: cx - w/2, Y0: cy - h/2, X1: cx + w/2, Y1: cy + h/2},
		eyes: [2]face.Point{{X: left.X + 0.5, Y: left.Y + 0.5}, {X: right.X + 0.5, Y: right.Y + 0.5}},
	}
}

// forehead is how far the detector's box reaches above that of the landmarks, in heights of the latter: the median over
// the ytfaces set.
const forehead = 0.33

func middle(points []face.Point) (m face.Point) {
	for _, p := range points {
		m.X += p.X / float64(len(points))
		m.Y += p.Y / float64(len(points))
	}
	return m
}

// vertices runs the face mesh: the places of its vertices in the image, without their depth. It sees the region mirrored if
// that is asked for, and the vertices are again those of the image as it is.
func (d *Detector) vertices(img *image.RGBA, r region, mirrored bool) ([]face.Point, float64, error) {
	in := cnn.Tensor{Shape: cnn.Shape{H: meshSide, W: meshSide, C: 3}, Data: make([]float32, meshSide*meshSide*3)}
	r.sample(in, img)
	if mirrored {
		mirror(in)
	}
	out, err := d.mesh.Run(in)
	if err != nil {
		return nil, 0, fmt.Errorf("detect: %w", err)
	}
	points := make([]face.Point, meshVertices)
	for i := range points {
		from := i
		u := float64(out[0].Data[3*i])
		if mirrored {
			from = opposite[i]
			u = meshSide - float64(out[0].Data[3*from])
		}
		p := r.place(u, float64(out[0].Data[3*from+1]))
		points[i] = face.Point{X: p.X - 0.5, Y: p.Y - 0.5}
	}
	return points, 1 / (1 + math.Exp(-float64(out[1].Data[0]))), nil
}

// mirror exchanges left and right.
func mirror(t cnn.Tensor) {
	for y := range t.H {
		line := t.Data[y*t.W*t.C:][:t.W*t.C]
		for a, b := 0, t.W-1; a < b; a, b = a+1, b-1 {
			for c := range t.C {
				line[a*t.C+c], line[b*t.C+c] = line[b*t.C+c], line[a*t.C+c]
			}
		}
	}
}

// place is where a point of the net's input lies in the image, both measured between pixels.
func (r region) place(u, v float64) face.Point {
	u, v = (u/meshSide-0.5)*r.side, (v/meshSide-0.5)*r.side
	return face.Point{X: r.x + u*r.dx - v*r.dy, Y: r.y + u*r.dy + v*r.dx}
}

// maxTaps bounds the samples across one pixel of the net's input.
const maxTaps = 6

// sample fills the net's input with the region's pixels, from 0 to 1, and black outside the image. Where the region is
// larger than the input, each pixel is the mean of several samples; else it lies between four.
func (r region) sample(dst cnn.Tensor, img *image.RGBA) {
	taps := min(int(math.Round(r.side/meshSide)), maxTaps)
	if taps < 2 {
		r.interpolate(dst, img)
		return
	}
	step := 1 / float64(taps)
	unit := 1 / float32(255*taps*taps)
	across := r.side / meshSide * step
	ax, ay := across*r.dx, across*r.dy
	w, h := img.Rect.Dx(), img.Rect.Dy()
	for v := range meshSide {
		out := dst.Data[v*meshSide*3:][:meshSide*3]
		for k := range taps {
			p := r.place(step/2, float64(v)+(float64(k)+0.5)*step)
			for u := range meshSide {
				var red, green, blue int
				for range taps {
					// Truncation is floor here: what is below zero is sent out of the image.
					if p.X >= 0 && p.Y >= 0 {
						if x, y := int(p.X), int(p.Y); x < w && y < h {
							c := img.Pix[y*img.Stride+4*x:]
							red, green, blue = red+int(c[0]), green+int(c[1]), blue+int(c[2])
						}
					}
					p.X += ax
					p.Y += ay
				}
				out[3*u] += float32(red) * unit
				out[3*u+1] += float32(green) * unit
				out[3*u+2] += float32(blue) * unit
			}
		}
	}
}

// interpolate fills the net's input bilinearly.
func (r region) interpolate(dst cnn.Tensor, img *image.RGBA) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	step := r.side / meshSide
	for v := range meshSide {
		p := r.place(0.5, float64(v)+0.5)
		x, y := p.X-0.5, p.Y-0.5
		for u := range meshSide {
			out := dst.Data[(v*meshSide+u)*3:][:3]
			fx, fy := math.Floor(x), math.Floor(y)
			if fx >= -1 && fy >= -1 && fx < float64(w) && fy < float64(h) {
				tx, ty := float32(x-fx), float32(y-fy)
				weights := [4]float32{(1 - tx) * (1 - ty) / 255, tx * (1 - ty) / 255, (1 - tx) * ty / 255, tx * ty / 255}
				for k, weight := range weights {
					px, py := int(fx)+k%2, int(fy)+k/2
					if px < 0 || py < 0 || px >= w || py >= h {
						continue
					}
					c := img.Pix[py*img.Stride+4*px:]
					out[0] += weight * float32(c[0])
					out[1] += weight * float32(c[1])
					out[2] += weight * float32(c[2])
				}
			}
			x += step * r.dx
			y += step * r.dy
		}
	}
}
