// Package discrepancy makes soft discrepancies: a region of a real face is blended with a slightly perturbed copy of
// that face, so that the pixels tell which region it was and what was done to it (spec section 2).
//
// A [Generator] makes training images ([Generator.Sample]), all test variants of a face ([Generator.Variants]) and
// self-blended images ([Generator.SelfBlend]). Random choices are drawn first ([Draw], [Augmentation]) and then applied,
// so that a choice can be fixed, shown or repeated. Package region has the strategies that divide a face.
package discrepancy

import (
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
)

// A Generator makes images with soft discrepancies. It never changes, so goroutines may share it; each needs a
// [Workspace] of its own.
type Generator struct {
	discrepancy spec.Discrepancy
	augment     spec.Augment
	regions     region.Regions
}

// New returns a generator of the discrepancies and augmentations of a spec. It fails when a parameter would make drawing
// impossible; [spec.Spec.Validate] checks more.
func New(d spec.Discrepancy, a spec.Augment) (*Generator, error) {
	regions, err := region.New(d)
	if err != nil {
		return nil, err
	}
	if len(d.Types) == 0 {
		return nil, fmt.Errorf("discrepancy: no types: want one or more of %q", spec.Types)
	}
	for _, kind := range d.Types {
		if !slices.Contains(spec.Types, kind) {
			return nil, fmt.Errorf("discrepancy: type %q: want one of %q", kind, spec.Types)
		}
	}
	if !slices.Contains(spec.Sides, d.Side) {
		return nil, fmt.Errorf("discrepancy: side %q: want one of %q", d.Side, spec.Sides)
	}
	if d.Kernel[0] < 1 || d.Kernel[0]%2 == 0 || d.Kernel[1] < d.Kernel[0] || d.Kernel[1]%2 == 0 {
		return nil, fmt.Errorf("discrepancy: kernel %v: want two odd numbers in rising order", d.Kernel)
	}
	if len(d.Ratios) == 0 {
		return nil, errors.New("discrepancy: no ratios: want at least one blend ratio in (0, 1]")
	}
	if d.Elastic > 0 && d.ElasticSig < 1 {
		return nil, fmt.Errorf("discrepancy: elastic_sigma %v: want at least 1 pixel", d.ElasticSig)
	}
	if a.JPEGP > 0 && (a.JPEG[0] < 1 || a.JPEG[1] < a.JPEG[0]) {
		return nil, fmt.Errorf("discrepancy: augment.jpeg %v: want two rising qualities in [1, 100]", a.JPEG)
	}
	return &Generator{d, a, regions}, nil
}

// Classes is K, the number of labels.
func (g *Generator) Classes() int { return g.discrepancy.Classes() }

// Regions is the strategy that divides faces.
func (g *Generator) Regions() region.Regions { return g.regions }

// Class tells what a label in [0, K) stands for: label = type·N_loc + region. The label K − 1 is that of pristine faces
// if the spec gives them a share; for it and for labels out of range ok is false.
func (g *Generator) Class(label int) (region int, kind string, ok bool) {
	n := g.regions.Len()
	if label < 0 || label >= n*len(g.discrepancy.Types) {
		return 0, "", false
	}
	return label % n, g.discrepancy.Types[label/n], true
}

// Name says in words what a label stands for: "spatial, row 1, col 2" or "pristine"; "" for a label out of range.
func (g *Generator) Name(label int) string {
	region, kind, ok := g.Class(label)
	switch {
	case ok:
		return kind + ", " + g.regions.Name(region)
	case g.pristine(label):
		return "pristine"
	}
	return ""
}

// pristine tells whether the label is that of faces without a discrepancy.
func (g *Generator) pristine(label int) bool {
	return g.discrepancy.Pristine > 0 && label == g.Classes()-1
}

// Draw draws a discrepancy of a label in [0, K). The perturbation is amplified by the spec's strength times factor, which
// a curriculum lowers to 1. That of a pristine face is none, unless the spec is paired: then it is one of any type, all
// being equally likely as in training, of which the face gets the background.
func (g *Generator) Draw(label int, factor float64, rng *rand.Rand) Draw {
	region, kind, ok := g.Class(label)
	if g.pristine(label) && g.discrepancy.Paired {
		kind, ok = g.discrepancy.Types[rng.IntN(len(g.discrepancy.Types))], true
	}
	if !ok {
		return Draw{Label: label}
	}
	d := newDraw(g.discrepancy, kind, g.discrepancy.Strength*factor, rng)
	d.Feather = d.Feather.harden(factor)
	d.Label, d.Region = label, region
	return d
}

// Redraw returns the label if its region has at least the spec's min_area of the face, and otherwise the label of the
// same type with another region that has, all such regions being equally likely. It fails when there is none: the
// landmarks are unusable or outside the image. Call it once before several views of a face are made that shall share a
// label.
func (g *Generator) Redraw(f face.Face, label int, rng *rand.Rand) (int, error) {
	label, _, err := g.redraw(f, label, rng)
	return label, err
}

func (g *Generator) redraw(f face.Face, label int, rng *rand.Rand) (int, region.Mask, error) {
	at, _, ok := g.Class(label)
	if g.pristine(label) {
		return label, region.Mask{}, nil
	}
	if !ok {
		return 0, region.Mask{}, fmt.Errorf("discrepancy: label %d: want one in [0, %d)", label, g.Classes())
	}
	if err := checkFace(f); err != nil {
		return 0, region.Mask{}, err
	}
	mask := g.regions.Mask(at, f.Landmarks, f.Image.Rect)
	least := g.discrepancy.MinArea * face.Area(face.Hull(f.Landmarks[:face.Landmarks]))
	if large(mask, least) {
		return label, mask, nil
	}
	n := g.regions.Len()
	for _, other := range rng.Perm(n) {
		if mask := g.regions.Mask(other, f.Landmarks, f.Image.Rect); large(mask, least) {
			return label - at + other, mask, nil
		}
	}
	return 0, region.Mask{}, errors.New("discrepancy: no region of the face is large enough: check that its landmarks lie in the image")
}

// large tells whether a mask is neither empty nor lighter than least pixels.
func large(m region.Mask, least float64) bool {
	var area float64
	for _, weight := range m.Weight {
		area += float64(weight)
	}
	return area > 0 && area >= least
}

// Apply writes the face with the discrepancy to dst. A region without pixels leaves the face as it is; of the pristine label
// it writes the [Generator.Background]. dst has the size of the face's image and is not that image.
func (g *Generator) Apply(dst *image.RGBA, f face.Face, d Draw, w *Workspace) error {
	if err := check(dst, f); err != nil {
		return err
	}
	if g.pristine(d.Label) {
		w.background(dst, f.Image, &d)
		return nil
	}
	at, _, ok := g.Class(d.Label)
	if !ok {
		return fmt.Errorf("discrepancy: label %d: want one in [0, %d)", d.Label, g.Classes())
	}
	w.disturb(dst, f.Image, g.regions.Mask(at, f.Landmarks, f.Image.Rect), &d)
	return nil
}

// Background writes to dst what the face is around a discrepancy: perturbed where the draw is Outside, else as it is. It equals
// what [Generator.Apply] and [Generator.ApplySelfBlend] make of the draw, byte for byte, wherever their mask has no weight: the
// real face of a pair in which nothing but what was blended tells it from the fake.
func (g *Generator) Background(dst *image.RGBA, f face.Face, d Draw, w *Workspace) error {
	if err := check(dst, f); err != nil {
		return err
	}
	w.background(dst, f.Image, &d)
	return nil
}

// Sample writes one training image to dst: the face with a discrepancy of the label, then augmented. The face is cropped,
// mirrored and scaled before. It returns the label that the image has, which is another one when the region is too small
// on this face ([Generator.Redraw]).
func (g *Generator) Sample(dst *image.RGBA, f face.Face, label int, factor float64, rng *rand.Rand, w *Workspace) (int, error) {
	if err := check(dst, f); err != nil {
		return 0, err
	}
	label, mask, err := g.redraw(f, label, rng)
	if err != nil {
		return 0, err
	}
	d := g.Draw(label, factor, rng)
	if g.pristine(label) {
		w.background(dst, f.Image, &d)
	} else {
		w.disturb(dst, f.Image, mask, &d)
	}
	DrawAugmentation(g.augment, rng).Apply(dst, w)
	return label, nil
}

// Augment draws a global augmentation and applies it to img in place, as [Generator.Sample] does.
func (g *Generator) Augment(img *image.RGBA, rng *rand.Rand, w *Workspace) {
	DrawAugmentation(g.augment, rng).Apply(img, w)
}

// check tells whether the face can be worked on and its result written to dst.
func check(dst *image.RGBA, f face.Face) error {
	if err := checkFace(f); err != nil {
		return err
	}
	if dst == nil || dst == f.Image || dst.Rect != f.Image.Rect {
		return fmt.Errorf("discrepancy: no destination of the face's size %v: make another image.RGBA of that size", f.Image.Rect.Max)
	}
	return nil
}

func checkFace(f face.Face) error {
	if f.Image == nil || f.Image.Rect.Empty() || f.Image.Rect.Min != (image.Point{}) {
		return errors.New("discrepancy: face without an image that starts at (0, 0): crop it first")
	}
	if len(f.Landmarks) < face.Landmarks {
		return fmt.Errorf("discrepancy: face with %d landmarks: want %d", len(f.Landmarks), face.Landmarks)
	}
	return nil
}
