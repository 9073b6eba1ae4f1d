package yardstick

import (
	"context"
	"image"
	"math/rand/v2"
	"slices"

	"golang.org/x/image/draw"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
)

// A Rung is a compression, of real pictures and fakes alike and by the same draws.
type Rung struct {
	Name, Doc string
	crf       int          // of H.264; 0 for none
	augment   spec.Augment // of stills
}

// rungs are the ladder, from the mildest on; those of video are neighbours.
var rungs = []Rung{
	{Name: "L0", Doc: "plain"},
	{Name: "L1", Doc: "resampled to 0.4-1 in 40 %, JPEG 20-95 in 60 %, as seeable-small trains", augment: spec.Augment{
		Resample: [2]float64{0.4, 1}, ResampleP: 0.4, JPEG: [2]int{20, 95}, JPEGP: 0.6,
	}},
	{Name: "L2", Doc: "H.264 of crf 32 at twice the size", crf: 32},
	{Name: "L3", Doc: "H.264 of crf 40 at twice the size", crf: 40},
	{Name: "L4", Doc: "resampled to 0.35-0.6, JPEG 15-40", augment: spec.Augment{
		Resample: [2]float64{0.35, 0.6}, ResampleP: 1, JPEG: [2]int{15, 40}, JPEGP: 1,
	}},
	{Name: "L5", Doc: "resampled to 0.25-0.4, JPEG 10-25", augment: spec.Augment{
		Resample: [2]float64{0.25, 0.4}, ResampleP: 1, JPEG: [2]int{10, 25}, JPEGP: 1,
	}},
}

// Rungs are the compressions of the ladder. Candidates are compared by the mean from L2 on, [FirstHard], and may not fall at L0.
func Rungs() []Rung { return slices.Clone(rungs) }

// FirstHard is the place in [Rungs] of the first that counts as hard; all after it do, too.
const FirstHard = 2

// firstVideo is the place in rungs of the first of video.
const firstVideo = 2

// still compresses the pictures of a face as stills.
func still(plain [Sides]face.Face, rung Rung, rng *rand.Rand, w *discrepancy.Workspace) [Sides]face.Face {
	augmentation := discrepancy.DrawAugmentation(rung.augment, rng)
	for i := range plain {
		img := image.NewRGBA(plain[i].Image.Rect)
		copy(img.Pix, plain[i].Image.Pix)
		augmentation.Apply(img, w)
		plain[i].Image = img
	}
	return plain
}

// A face in video is a frame of a clip of a still that moves by a pixel a frame, one of eight ways, beyond whose border the
// outermost pixels go on; the frame is that in which it is in its place.
const clipFrames, clipFrame = 10, 5

// ways are the eight.
var ways = [...]image.Point{{-1, -1}, {0, -1}, {1, -1}, {-1, 0}, {1, 0}, {-1, 1}, {0, 1}, {1, 1}}

// video compresses the pictures of a face, at twice their size, by each rung of video.
func (r *Reference) video(ctx context.Context, plain [Sides]face.Face, rng *rand.Rand) ([][Sides]face.Face, error) {
	way := ways[rng.IntN(len(ways))]
	var clips [][]*image.RGBA
	for _, f := range plain {
		clips = append(clips, moving(twice(f.Image), way))
	}
	var crfs []int
	for _, rung := range rungs {
		if rung.crf > 0 {
			crfs = append(crfs, rung.crf)
		}
	}
	coded, err := r.encoder.Clips(ctx, clips, crfs, clipFrame)
	if err != nil {
		return nil, err
	}
	out := make([][Sides]face.Face, len(crfs))
	for i, f := range plain {
		points := make([]face.Point, len(f.Landmarks))
		for k, p := range f.Landmarks {
			points[k] = face.Point{X: 2*p.X + 0.5, Y: 2*p.Y + 0.5}
		}
		for j := range crfs {
			out[j][i] = face.Face{Image: coded[i][j], Landmarks: points, Fallback: f.Fallback}
		}
	}
	return out, nil
}

// twice enlarges a picture (bicubic).
func twice(img *image.RGBA) *image.RGBA {
	out := image.NewRGBA(image.Rectangle{Max: img.Rect.Size().Mul(2)})
	draw.CatmullRom.Scale(out, out.Rect, img, img.Rect, draw.Src, nil)
	return out
}

// moving is the clip of a still.
func moving(img *image.RGBA, way image.Point) (frames []*image.RGBA) {
	size := img.Rect.Size()
	for k := range clipFrames {
		by := way.Mul(k - clipFrame)
		frame := image.NewRGBA(img.Rect)
		for y := range size.Y {
			from, to := img.Pix[min(max(y+by.Y, 0), size.Y-1)*img.Stride:], frame.Pix[y*frame.Stride:]
			for x := range size.X {
				copy(to[4*x:4*x+4], from[4*min(max(x+by.X, 0), size.X-1):])
			}
		}
		frames = append(frames, frame)
	}
	return frames
}
