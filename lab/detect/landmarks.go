package detect

import (
	_ "embed"
	"encoding/binary"
	"image"
	"math"
	"slices"

	"github.com/seeable-lab/seeable/lab/face"
)

// Version counts the changes of what the detector finds in a picture with the same weights: whoever keeps landmarks or faces
// notes it. In 2 landmarks are a linear map of the mesh, which is looked for twice, and fitted to annotated faces.
const Version = 2

// landmarks finds the 68 landmarks of the face in a region, and how sure the face mesh is that there is one. The face mesh
// looks twice: at the region, and at the mirrored picture in a region around what it saw first. The mean of both is nearer to
// where people put landmarks than either, as what a net errs by is not the same on both sides.
func (d *Detector) landmarks(img *image.RGBA, r region) (points []face.Point, presence float64, err error) {
	mesh, presence, err := d.vertices(img, r, false)
	if err != nil {
		return nil, 0, err
	}
	if mesh, err = d.refine(img, mesh); err != nil {
		return nil, 0, err
	}
	return readOff(mesh), presence, nil
}

// second is the weight of the second look, which sees the face in its middle; 0.4 and 0.6 did better in cross-validation on
// the faces of [landmarkWeights] than 0.5 and 0.5 (4.14 % against 4.17 %). Our choice.
const second = 0.6

// refine looks again, mirrored, where a mesh was found, and returns the mean of both.
func (d *Detector) refine(img *image.RGBA, mesh []face.Point) ([]face.Point, error) {
	again, _, err := d.vertices(img, poseOf(mesh).region(mesh), true)
	if err != nil {
		return nil, err
	}
	for i, p := range mesh {
		again[i] = face.Point{X: (1-second)*p.X + second*again[i].X, Y: (1-second)*p.Y + second*again[i].Y}
	}
	return again, nil
}

// midline are the vertices between left and right, in order.
var midline = []int{0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 94, 151, 152, 164, 168, 175, 195, 197, 199, 200}

// opposite is the vertex that each becomes when the face is mirrored: of the others, the first half lies on the right side of
// the face and the second half, in the same order, on the left.
var opposite = func() (table [meshVertices]int) {
	left := (meshVertices + len(midline)) / 2
	for i, k := 0, 0; i < left; i++ {
		if k < len(midline) && midline[k] == i {
			table[i] = i
			k++
			continue
		}
		other := left + i - k
		table[i], table[other] = other, i
	}
	return table
}()

// anchors are the vertices that landmarks are read off: every eighth of the right side, those opposite, and every fourth of the
// midline. More do no better, as the mesh is smooth.
var anchors = func() (list []int) {
	for i, k := 0, 0; i < meshVertices; i++ {
		if opposite[i] > i {
			if k%8 == 0 {
				list = append(list, i, opposite[i])
			}
			k++
		}
	}
	for k := 0; k < len(midline); k += 4 {
		list = append(list, midline[k])
	}
	return list
}()

// pose is where and how a mesh lies in the picture: the mean of its vertices, their root mean square distance from it, and the
// direction from the eye on the left of the picture to that on the right, of length 1.
type pose struct{ x, y, size, dx, dy float64 }

func poseOf(mesh []face.Point) pose {
	m := middle(mesh)
	p := pose{x: m.X, y: m.Y, dx: 1}
	for _, v := range mesh {
		p.size += ((v.X-m.X)*(v.X-m.X) + (v.Y-m.Y)*(v.Y-m.Y)) / float64(len(mesh))
	}
	p.size = math.Sqrt(p.size)
	// The corners of each eye and the middles of its lids.
	var dx, dy float64
	for _, v := range []int{33, 133, 159, 145} {
		dx, dy = dx+mesh[opposite[v]].X-mesh[v].X, dy+mesh[opposite[v]].Y-mesh[v].Y
	}
	if length := math.Hypot(dx, dy); length > 0 {
		p.dx, p.dy = dx/length, dy/length
	}
	return p
}

// inside turns a point into the frame of the face, in pixels from the middle of the mesh.
func (p pose) inside(v face.Point) face.Point {
	x, y := v.X-p.x, v.Y-p.y
	return face.Point{X: x*p.dx + y*p.dy, Y: y*p.dx - x*p.dy}
}

// outside is the inverse of inside.
func (p pose) outside(v face.Point) face.Point {
	return face.Point{X: p.x + v.X*p.dx - v.Y*p.dy, Y: p.y + v.X*p.dy + v.Y*p.dx}
}

// around is the side of the region of the second look by the longer side of the mesh, as MediaPipe has it for the next frame.
const around = 1.5

// region is the square around a mesh, level with its eyes.
func (p pose) region(mesh []face.Point) region {
	turned := make([]face.Point, len(mesh))
	for i, v := range mesh {
		turned[i] = p.inside(v)
	}
	b := face.Bounds(turned)
	// Bounds reach half a pixel beyond the centres of pixels, and regions are measured between pixels.
	c := p.outside(face.Point{X: (b.X0+b.X1)/2 - 0.5, Y: (b.Y0+b.Y1)/2 - 0.5})
	return region{c.X + 0.5, c.Y + 0.5, around * max(b.Width(), b.Height()), p.dx, p.dy}
}

// landmarkWeights hold for the landmarks of the right side of the face and the midline, in order, two rows each, for x and y: the
// landmark of a mesh of size 1 whose anchors lie at the middle, and the weights of x and y of each anchor, as 32-bit floats,
// the lowest byte first. TestFit measures them anew and says on what.
//
//go:embed landmarks.f32
var landmarkWeights []byte

// row gives one coordinate of a landmark in the frame of the face: the weights of the mesh's size and of x and y of each anchor.
type row []float64

// of is the coordinate for what was measured of a mesh.
func (r row) of(measured []float64) (sum float64) {
	for i, w := range r {
		sum += w * measured[i]
	}
	return sum
}

// mirrored is the row of the same coordinate, x or y, of the landmark on the other side of the face.
func (r row) mirrored(isX bool) row {
	out := make(row, len(r))
	for i, w := range r {
		if weighsX := i%2 == 1; weighsX != isX {
			w = -w
		}
		if i > 0 {
			k := slices.Index(anchors, opposite[anchors[(i-1)/2]])
			i = 1 + 2*k + (i-1)%2
		}
		out[i] = w
	}
	return out
}

// rows are those for x and y of each landmark. Left and right are exactly alike.
var rows = func() (table [face.Landmarks][2]row) {
	at := 0
	for l := range table {
		other := face.MirrorIndex(l)
		if other < l {
			continue
		}
		for c := range table[l] {
			r := make(row, 1+2*len(anchors))
			for i := range r {
				r[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(landmarkWeights[at:])))
				at += 4
			}
			back := r.mirrored(c == 0)
			if other == l {
				for i := range r {
					r[i] = (r[i] + back[i]) / 2
				}
				back = r
			}
			table[l][c], table[other][c] = r, back
		}
	}
	return table
}()

// measure is what rows weigh of a mesh: its size, and where its anchors lie in the frame of the face.
func (p pose) measure(mesh []face.Point) []float64 {
	list := []float64{p.size}
	for _, v := range anchors {
		at := p.inside(mesh[v])
		list = append(list, at.X, at.Y)
	}
	return list
}

// readOff gives the landmarks of a mesh.
func readOff(mesh []face.Point) []face.Point {
	p := poseOf(mesh)
	measured := p.measure(mesh)
	points := make([]face.Point, face.Landmarks)
	for l, r := range rows {
		points[l] = p.outside(face.Point{X: r[0].of(measured), Y: r[1].of(measured)})
	}
	return points
}
