// Package yardstick is one reference of real faces and pseudo-fakes of them, on which all detectors are measured alike, whatever they
// are trained on. A run chooses its score on pseudo-fakes of its own spec; a recipe that makes other fakes is measured on these.
//
// Each face gives two real pictures and a pseudo-fake of each family, under each compression of a ladder. A real picture and its
// fakes have the same draws, of the pixels of the face, and are equal outside of the blend mask before they are compressed, so that
// nothing but the blend tells them apart. All numbers are fixed here; where no source is named they are our choice.
package yardstick

import (
	"context"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/robust"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// Version counts the changes after which the same face gives other pictures. Figures of two versions are not to be compared.
const Version = 1

const (
	// seed is that of all draws.
	seed = 1
	// Side is that of the pictures in which faces are blended, in pixels. Those of video have twice as many.
	Side = 128
	// margin is the side of the picture in boxes of the landmarks: what seeable-small and sbi-small see in a test.
	margin = 1.45
)

// fakes are the numbers of SBI's official code (spec sections 2.4 to 2.6), but for types and regions, which are not used.
var fakes = spec.Discrepancy{
	Regions: "whole", Types: []string{"spatial", "frequency"}, Side: "random", Strength: 1,
	RGBShift: 20, RGBShiftP: 0.3, HSVShift: 0.3, Brightness: 0.1, Contrast: 0.1,
	Downscale: []int{2, 4}, SharpAlpha: [2]float64{0.2, 0.5}, SharpLight: [2]float64{0.5, 1},
	Translate: [2]float64{0.03, 0.015}, Elastic: 50, ElasticSig: 7,
	Kernel: [2]int{5, 25}, Ratios: []float64{0.25, 0.5, 0.75, 1, 1, 1},
}

// A Family is a way to make pseudo-fakes.
type Family struct {
	Name, Doc string
	real      int // of Sides: what its fakes are compared with
	fake      int
}

// Sides are the pictures that a face gives under a compression.
const Sides = 6

// sides make them, all from the same stream.
var sides = [Sides]method.Blend{
	(*discrepancy.Generator).SelfBlendBackground,
	(*discrepancy.Generator).SelfBlend,
	(*discrepancy.Generator).PoissonBlend,
	(*discrepancy.Generator).PartBlend,
	untouched,
	(*discrepancy.Generator).TwinBlend,
}

// Families are all families. The last two are held out: no recipe of the lab is made for them.
func Families() []Family {
	return []Family{
		{"selfblend", "whole faces by the four outlines of SBI, blended by weights", 0, 1},
		{"poisson", "whole faces by the four outlines of SBI, blended in the gradient domain", 0, 2},
		{"part", "a single one of eight parts of the face, blended by weights", 0, 3},
		{"twin", "the face through a smaller picture and back, by its hull or a blob", 4, 5},
	}
}

func untouched(_ *discrepancy.Generator, dst *image.RGBA, f face.Face, _ *rand.Rand, _ *discrepancy.Workspace) error {
	copy(dst.Pix, f.Image.Pix)
	return nil
}

// Reference makes pictures. It may be used by several goroutines.
type Reference struct {
	crops   method.Crops
	encoder *robust.Encoder
	workers sync.Pool // of *discrepancy.Workspace
}

// New opens the reference. It is an error if there is no ffmpeg with libx264.
func New(ctx context.Context) (*Reference, error) {
	r, err := newReference()
	if err != nil {
		return nil, err
	}
	if r.encoder, err = robust.OpenEncoder(ctx); err != nil {
		return nil, fmt.Errorf("yardstick: faces in video: %w", err)
	}
	return r, nil
}

// newReference lacks the encoder.
func newReference() (*Reference, error) {
	s := spec.Spec{Seed: seed, Discrepancy: fakes}
	s.Augment.Margin, s.Encoder.Size = [2]float64{margin, margin}, Side
	crops, err := method.NewCrops(s)
	if err != nil {
		return nil, fmt.Errorf("yardstick: %w", err)
	}
	return &Reference{crops: crops, workers: sync.Pool{New: func() any { return new(discrepancy.Workspace) }}}, nil
}

// Encoder is the build of ffmpeg that encodes: another one makes other pictures.
func (r *Reference) Encoder() string { return r.encoder.Version }

// Rank is the place of a face by the digest of its pixels ([face.Clip.Digest]): of faces that could be taken, those of the lowest
// rank are.
func Rank(digest string) uint64 { return stream.New(seed, "yardstick", "face", digest).Uint64() }

// Faces are the pictures of a face, under each rung in the order of [Rungs]. Draws are those of the pixels of the face as it is
// stored.
func (r *Reference) Faces(ctx context.Context, c face.Clip) ([][Sides]face.Face, error) {
	digest := c.Digest()
	plain, err := r.blend(c, digest)
	if err != nil {
		return nil, err
	}
	w := r.workers.Get().(*discrepancy.Workspace)
	defer r.workers.Put(w)
	var all [][Sides]face.Face
	for _, rung := range rungs {
		if rung.crf > 0 {
			continue // all at once, below
		}
		all = append(all, still(plain, rung, stream.New(seed, "yardstick", rung.Name, digest), w))
	}
	video, err := r.video(ctx, plain, stream.New(seed, "yardstick", "video", digest))
	if err != nil {
		return nil, err
	}
	return slices.Insert(all, firstVideo, video...), nil
}

// blend makes the pictures of a face that are not compressed yet.
func (r *Reference) blend(c face.Clip, digest string) (out [Sides]face.Face, err error) {
	view, err := r.crops.Look(c)
	if err != nil {
		return out, fmt.Errorf("yardstick: %w", err)
	}
	w := r.workers.Get().(*discrepancy.Workspace)
	defer r.workers.Put(w)
	for i, blend := range sides {
		out[i] = view
		out[i].Image = image.NewRGBA(view.Image.Rect)
		if err := blend(r.crops.Generator(), out[i].Image, view, stream.New(seed, "yardstick", "blend", digest), w); err != nil {
			return out, fmt.Errorf("yardstick: %w", err)
		}
	}
	return out, nil
}
