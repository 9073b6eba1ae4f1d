package detect

import (
	"bytes"
	"encoding/binary"
	"flag"
	"image"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/seeable-lab/seeable/lab/face"
)

var refit = flag.Bool("refit", false, "TestFit writes the weights of landmarks instead of comparing them")

// fitSet is the annotated set of which half of the people are for fitting.
const fitSet = "helen"

// ridge was chosen by five-fold cross-validation among the people for fitting.
const ridge = 0.003

// The weights of landmarks, measured anew by ridge regression on the faces of half of the people of HELEN, in the frame of the
// face and in its size, each face once as it is and once mirrored. The other half and AFW are for [TestAnnotated]. The 68
// landmarks of dlib's example pictures had no part, as a program has drawn them, nor those of AFLW2000, whose jaw is that of a
// 3-D model.
//
//	go test ./lab/detect -run TestFit -refit
func TestFit(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the nets on hundreds of pictures")
	}
	dirs := annotated(t)
	k := slices.IndexFunc(dirs, func(dir string) bool { return filepath.Base(dir) == fitSet })
	if k < 0 {
		t.Skipf("%s is not among the annotated sets %q", fitSet, dirs)
	}
	d := detector(t)
	faces := slices.DeleteFunc(labels(t, dirs[k]), func(f labelled) bool { return !fitted(f) })
	meshes := make([][]face.Point, len(faces))
	each(len(faces), func(i int) {
		img := open(t, faces[i].path)
		found, err := d.boxes(img, false)
		if err != nil {
			t.Error(err)
			return
		}
		for _, c := range found {
			if c.box.Overlap(face.Bounds(faces[i].points)) > 0.4 {
				mesh, _, err := d.vertices(img, c.region(), false)
				if err == nil {
					meshes[i], err = d.refine(img, mesh)
				}
				if err != nil {
					t.Error(err)
				}
				return
			}
		}
	})
	var x, y [][]float64
	n := 0
	for i, mesh := range meshes {
		if mesh == nil {
			continue
		}
		n++
		points := faces[i].points
		for range 2 {
			p := poseOf(mesh)
			scaled := func(list []float64) []float64 {
				for k := range list {
					list[k] /= p.size
				}
				return list
			}
			x = append(x, scaled(p.measure(mesh)))
			var at []float64
			for _, q := range points {
				q = p.inside(q)
				at = append(at, q.X, q.Y)
			}
			y = append(y, scaled(at))
			mesh, points = mirrorMesh(mesh), mirrorPoints(points)
		}
	}
	t.Logf("%d faces of %d", n, len(faces))
	got := regress(x, y)
	var file bytes.Buffer
	for l := range face.Landmarks {
		if face.MirrorIndex(l) < l {
			continue
		}
		for c := range 2 {
			for i := range 1 + 2*len(anchors) {
				if err := binary.Write(&file, binary.LittleEndian, float32(got.At(i, 2*l+c))); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if *refit {
		if err := os.WriteFile("landmarks.f32", file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	// Weights of neighbouring anchors trade against each other, so it is what they give that is compared.
	for i, measured := range x {
		for l, r := range rows {
			for c := range r {
				var want float64
				for k, v := range measured {
					want += v * got.At(k, 2*l+c)
				}
				if off := math.Abs(r[c].of(measured) - want); !(off < 0.002) {
					t.Fatalf("face %d, landmark %d: off by %.4f sizes of the mesh from what is fitted now: go test ./lab/detect -run TestFit -refit", i/2, l, off)
				}
			}
		}
	}
}

// regress gives the weights of the columns of x, of which the first is all ones and is not shrunk, for each column of y.
func regress(x, y [][]float64) *mat.Dense {
	matrix := func(rows [][]float64) *mat.Dense {
		return mat.NewDense(len(rows), len(rows[0]), slices.Concat(rows...))
	}
	a, b := matrix(x), matrix(y)
	var normal, right, fit mat.Dense
	normal.Mul(a.T(), a)
	for i := 1; i < len(x[0]); i++ {
		normal.Set(i, i, normal.At(i, i)+ridge)
	}
	right.Mul(a.T(), b)
	if err := fit.Solve(&normal, &right); err != nil {
		panic(err)
	}
	return &fit
}

// mirrorPoints mirrors landmarks at the line x = 0.
func mirrorPoints(points []face.Point) []face.Point {
	out := make([]face.Point, len(points))
	for i, p := range points {
		out[face.MirrorIndex(i)] = face.Point{X: -p.X, Y: p.Y}
	}
	return out
}

func mirrorMesh(mesh []face.Point) []face.Point {
	out := make([]face.Point, len(mesh))
	for i, p := range mesh {
		out[opposite[i]] = face.Point{X: -p.X, Y: p.Y}
	}
	return out
}

// randomMesh is a mesh of no face.
func randomMesh(seed uint64) []face.Point {
	rng := rand.New(rand.NewPCG(seed, 0))
	mesh := make([]face.Point, meshVertices)
	for i := range mesh {
		mesh[i] = face.Point{X: 200 * rng.Float64(), Y: 200 * rng.Float64()}
	}
	return mesh
}

func apart(a, b []face.Point) (most float64) {
	for i := range a {
		most = max(most, math.Hypot(a[i].X-b[i].X, a[i].Y-b[i].Y))
	}
	return most
}

// A mirrored mesh has the mirrored landmarks.
func TestLandmarksMirror(t *testing.T) {
	for seed := range uint64(5) {
		mesh := randomMesh(seed)
		if off := apart(readOff(mirrorMesh(mesh)), mirrorPoints(readOff(mesh))); off > 1e-9 {
			t.Errorf("mesh %d: off by %g pixels", seed, off)
		}
	}
}

// Landmarks move, turn and grow with the mesh.
func TestLandmarksMoveWithTheMesh(t *testing.T) {
	sin, cos := math.Sincos(0.7)
	moved := func(points []face.Point) []face.Point {
		out := make([]face.Point, len(points))
		for i, p := range points {
			out[i] = face.Point{X: 3*(cos*p.X-sin*p.Y) + 500, Y: 3*(sin*p.X+cos*p.Y) - 80}
		}
		return out
	}
	mesh := randomMesh(1)
	if off := apart(readOff(moved(mesh)), moved(readOff(mesh))); off > 1e-9 {
		t.Errorf("off by %g pixels", off)
	}
}

func TestOpposite(t *testing.T) {
	on := 0
	for i, o := range opposite {
		if opposite[o] != i {
			t.Errorf("opposite of %d is %d, and of that %d", i, o, opposite[o])
		}
		if o == i {
			on++
		}
	}
	// Corners of the eyes and of the mouth, and the ears' sides of the face oval, by MediaPipe's drawings of the mesh.
	for right, left := range map[int]int{33: 263, 133: 362, 61: 291, 78: 308, 234: 454, 127: 356, 10: 10, 152: 152} {
		if opposite[right] != left {
			t.Errorf("opposite of %d is %d, want %d", right, opposite[right], left)
		}
	}
	if on != len(midline) || len(landmarkWeights) != 4*39*2*(1+2*len(anchors)) {
		t.Errorf("%d vertices on the midline, %d bytes of weights", on, len(landmarkWeights))
	}
}

// The mesh of a picture seen mirrored is that of the mirrored picture.
func TestMirroredMesh(t *testing.T) {
	d := detector(t)
	img := image.NewRGBA(image.Rect(0, 0, 90, 70))
	for i := range img.Pix {
		img.Pix[i] = uint8(i*i/7 + i)
	}
	r := region{x: 40, y: 33, side: 80, dx: 0.8, dy: 0.6}
	got, _, err := d.vertices(img, r, true)
	if err != nil {
		t.Fatal(err)
	}
	flipped := r
	flipped.x, flipped.dy = 90-r.x, -r.dy
	of, _, err := d.vertices(face.Mirror(face.Face{Image: img}).Image, flipped, false)
	if err != nil {
		t.Fatal(err)
	}
	want := mirrorMesh(of)
	for i := range want {
		want[i].X += 89
	}
	if off := apart(got, want); off > 0.01 {
		t.Errorf("off by %g pixels", off)
	}
}
