package detect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"slices"

	"github.com/seeable-lab/seeable/lab/detect/internal/cnn"
	"github.com/seeable-lab/seeable/lab/detect/internal/onnx"
	"github.com/seeable-lab/seeable/lab/detect/internal/tflite"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// ErrNoFace: the detector finds no face in the image.
var ErrNoFace = errors.New("no face found")

// Detection is one face in an image.
type Detection struct {
	// Box reaches from the hairline to the chin and from cheek to cheek, as in WIDER FACE, which RetinaFace was trained
	// on too: spec section 1.3 means this kind of box where it says "detector box". It is cut off at the image's border.
	Box face.Box
	// Score is how sure the detector is, from 0.4 to 1.
	Score float64
	// Landmarks are 68 points in the order of dlib, in pixels of the image as in [face.Face]. They can lie outside it.
	Landmarks []face.Point
	// Presence is how sure the landmark net is that it looks at a face, from 0 to 1. It knows frontal faces best: a face
	// in full profile can be found well and have a low presence.
	Presence float64
}

// threshold is the [Detection.Score] from which a detection counts.
const threshold = 0.4

// Detector finds faces and their landmarks. It is safe for several goroutines; each call runs on one core.
type Detector struct {
	center, mesh *cnn.Network
}

// Open brings the weights through [toolbox], once per user, and makes the detector. It writes to progress, which may be
// nil, when it downloads.
func Open(ctx context.Context, progress io.Writer) (*Detector, error) {
	cache, err := toolbox.OpenCache()
	if err != nil {
		return nil, err
	}
	var files [2][]byte
	for i, a := range []toolbox.Artifact{toolbox.CenterFace, toolbox.FaceMesh} {
		path, err := cache.Fetch(ctx, a, progress)
		if err != nil {
			return nil, err
		}
		if files[i], err = os.ReadFile(path); err != nil {
			return nil, fmt.Errorf("detect: %s: %w", a.Name, err)
		}
	}
	return New(files[0], files[1])
}

// New makes a detector from the content of the files of [toolbox.CenterFace] and [toolbox.FaceMesh].
func New(centerFace, faceMesh []byte) (*Detector, error) {
	center, err := onnx.Read(centerFace)
	if err != nil {
		return nil, fmt.Errorf("detect: CenterFace: %w", err)
	}
	if err := checkCenter(center.Network); err != nil {
		return nil, err
	}
	mesh, err := tflite.Read(faceMesh)
	if err != nil {
		return nil, fmt.Errorf("detect: face mesh: %w", err)
	}
	if err := checkMesh(mesh); err != nil {
		return nil, err
	}
	return &Detector{center.Network, mesh.Network}, nil
}

// Faces finds all faces of an image, the largest first, and their landmarks. It looks at the image with its longer side
// at 320 pixels, and at a finer scale and turned by quarters if there is none. If there is none either, the error wraps
// [ErrNoFace]. Faces that lie on their side have their landmarks as they lie; [face.Turn] brings them upright.
//
// The image must be opaque and begin at (0, 0), as those of [face.Decode] do.
func (d *Detector) Faces(img *image.RGBA) ([]Detection, error) {
	if err := check(img); err != nil {
		return nil, err
	}
	found, err := d.boxes(img, false)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("detect: %w in an image of %d×%d pixels", ErrNoFace, img.Rect.Dx(), img.Rect.Dy())
	}
	faces := make([]Detection, len(found))
	for i, f := range found {
		points, presence, err := d.landmarks(img, f.region())
		if err != nil {
			return nil, err
		}
		faces[i] = Detection{Box: f.box, Score: f.score, Landmarks: points, Presence: presence}
	}
	slices.SortStableFunc(faces, func(a, b Detection) int { return cmp.Compare(b.Box.Area(), a.Box.Area()) })
	return faces, nil
}

// Landmarks finds the landmarks of a face whose box is known, and how sure the net is that there is one.
func (d *Detector) Landmarks(img *image.RGBA, box face.Box) (points []face.Point, presence float64, err error) {
	if err := check(img); err != nil {
		return nil, 0, err
	}
	// Negated, so that NaN is refused as well.
	if !(box.Width() >= 1 && box.Height() >= 1 && box.Area() <= 16*face.MaxPixels) || box.Overlap(whole(img)) == 0 {
		return nil, 0, fmt.Errorf("detect: box %+v in an image of %d×%d pixels; want at least one pixel of the image", box, img.Rect.Dx(), img.Rect.Dy())
	}
	return d.landmarks(img, upright(box))
}

func check(img *image.RGBA) error {
	if img == nil || img.Rect.Empty() || img.Rect.Min != (image.Point{}) {
		return fmt.Errorf("detect: want an image with pixels that begins at (0, 0)")
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if w > face.MaxPixels/h {
		return fmt.Errorf("detect: an image of %d×%d pixels; want at most %d: scale it down", w, h, face.MaxPixels)
	}
	// A picture with one side of many times the other would be scaled to nothing.
	if max(w, h) > 64*min(w, h) {
		return fmt.Errorf("detect: an image of %d×%d pixels; want sides of at most 64 times each other", w, h)
	}
	return nil
}

func whole(img *image.RGBA) face.Box {
	return face.Box{X1: float64(img.Rect.Dx()), Y1: float64(img.Rect.Dy())}
}
