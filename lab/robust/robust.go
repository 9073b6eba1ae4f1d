// Package robust damages pictures as the field does to see what a detector bears: the seven kinds of DeeperForensics-1.0 (Jiang et
// al. 2020) at five levels each, written from their description, and two more, JPEG and another size. Each is a pure function of the
// picture, of a seed and of an id, whatever detector sees the picture, and in whatever order and process.
//
// DeeperForensics' "JPEG" is no JPEG but large pixels, and is called pixel here.
package robust

import (
	"context"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/stream"
)

// Version counts the changes of this package after which a picture is damaged in another way.
const Version = 1

// H264 is the name of the kind that ffmpeg makes.
const H264 = "h264"

// Resize is the name of the kind that changes the size of a picture.
const Resize = "resize"

// Kind is a way to damage a picture.
type Kind struct {
	Name      string
	Parameter string    // what Values are
	Values    []float64 // of levels 1, 2, …
	Seven     bool      // it is one of the seven whose mean papers print

	apply func(img *image.RGBA, value float64, draws *rand.Rand) (*image.RGBA, error) // nil for H264
}

var kinds = []Kind{
	{"saturation", "factor", []float64{.4, .3, .2, .1, 0}, true, saturation},
	{"contrast", "factor", []float64{.85, .725, .6, .475, .35}, true, contrast},
	{"block", "count at 256 × 256", []float64{16, 32, 48, 64, 80}, true, block},
	{"noise", "variance", []float64{.001, .002, .005, .01, .05}, true, noise},
	{"blur", "kernel in pixels", []float64{7, 9, 13, 17, 21}, true, blur},
	{"pixel", "divisor", []float64{2, 3, 4, 5, 6}, true, pixel},
	{H264, "crf", []float64{30, 32, 35, 38, 40}, true, nil},
	{"jpeg", "quality", []float64{80, 60, 40, 20, 10}, false, compress},
	{Resize, "shorter side in pixels", []float64{224, 112, 64}, false, resize},
}

// Kinds are all kinds, the seven first.
func Kinds() []Kind { return slices.Clone(kinds) }

// Find returns the kind of a name.
func Find(name string) (Kind, error) {
	var names []string
	for _, k := range kinds {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Kind{}, fmt.Errorf("robust: there is no kind of damage %q; want one of %s", name, strings.Join(names, ", "))
}

// Value is the parameter of a level, counted from 1.
func (k Kind) Value(level int) (float64, error) {
	if level < 1 || level > len(k.Values) {
		return 0, fmt.Errorf("robust: %s has no level %d; want 1 to %d", k.Name, level, len(k.Values))
	}
	return k.Values[level-1], nil
}

// Damager damages pictures. It may be used by several goroutines.
type Damager struct {
	Seed    uint64
	Encoder *Encoder // of H264; nil if that is not wanted
}

// Apply returns a damaged copy of an opaque picture whose bounds start at (0, 0). What is drawn at random depends on the seed, the kind,
// the level and the id of the picture. Level 0 is the picture itself.
func (d Damager) Apply(ctx context.Context, kind Kind, level int, id string, img *image.RGBA) (*image.RGBA, error) {
	if level == 0 {
		return img, nil
	}
	value, err := kind.Value(level)
	if err != nil {
		return nil, err
	}
	if img.Rect.Min != (image.Point{}) || img.Rect.Empty() {
		return nil, fmt.Errorf("robust: a picture at %v; want one that starts at (0, 0)", img.Rect)
	}
	var out *image.RGBA
	switch {
	case kind.apply != nil:
		out, err = kind.apply(img, value, stream.New(d.Seed, "robust", kind.Name, level, id))
	case d.Encoder == nil:
		err = fmt.Errorf("no encoder was looked for")
	default:
		out, err = d.Encoder.Still(ctx, img, int(value))
	}
	if err != nil {
		return nil, fmt.Errorf("robust: %s at level %d: %w", kind.Name, level, err)
	}
	return out, nil
}

// Face is Apply for a face: its landmarks follow where the picture gets another size.
func (d Damager) Face(ctx context.Context, kind Kind, level int, id string, f face.Face) (face.Face, error) {
	was := f.Image.Rect.Size()
	img, err := d.Apply(ctx, kind, level, id, f.Image)
	if err != nil {
		return face.Face{}, err
	}
	f.Image = img
	if is := img.Rect.Size(); is != was {
		x, y := float64(is.X)/float64(was.X), float64(is.Y)/float64(was.Y)
		f.Landmarks = slices.Clone(f.Landmarks)
		for i, p := range f.Landmarks {
			f.Landmarks[i] = face.Point{X: (p.X+.5)*x - .5, Y: (p.Y+.5)*y - .5}
		}
	}
	return f, nil
}
