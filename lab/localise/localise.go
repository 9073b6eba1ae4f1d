// Package localise measures whether a map of a face points at what was manipulated: pixel AUC and IoU against known masks, beside
// those of a rival that has not looked at the face.
//
// The field reports pixel AUC and IoU of localised anomalies and forgeries (MVTec AD, Bergmann et al. 2019; FF++'s masks), with
// differing pools and thresholds. Here both are of one image, over all of its pixels, and averaged by people; this, and how a
// threshold is found for the IoU, is our choice:
//
//   - Pixel AUC is the chance that a pixel inside the mask has a larger value than one outside, ties counting one half. 0.5 is
//     guessing.
//   - IoU is that of the mask and as many pixels of the largest values as the mask has, so no threshold is chosen. It is not an IoU
//     that a detector would reach which does not know how much was manipulated.
//   - Pixels of which the map says nothing come after all others.
//   - The rival is the mean mask of the other people, in the frame of the landmarks: what is known of a mask without a look at the
//     face. Fakes change faces and not backgrounds, so it has a large AUC.
//   - So has a blind map, which is the map with one value wherever it says something: it tells no more than where the face is. What
//     the values of the map add to it is what was found.
package localise

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/metric"
)

// Case is an image with a known mask and what a map of it is worth.
type Case struct {
	ID     string
	Person string // whose head is seen
	Mask   Mask
	// Landmarks are the 68 of the face, in pixels of the mask.
	Landmarks []face.Point
	AUC, IoU  float64
	BlindAUC  float64 // of the map with one value wherever it says something
}

// NewCase measures the map of an image: a value for each pixel by rows, larger where it is more likely manipulated, NaN where the
// map says nothing. The error of a mask without area, or without anything outside, is [ErrArea].
func NewCase(id, person string, values []float64, mask Mask, landmarks []face.Point) (Case, error) {
	c := Case{ID: id, Person: person, Mask: mask, Landmarks: landmarks}
	var err error
	c.AUC, c.IoU, err = measure(values, mask)
	if err != nil {
		return Case{}, fmt.Errorf("localise: %s: %w", id, err)
	}
	if c.BlindAUC, err = metric.AUROC(lowest(blind(values)), mask.Inside); err != nil {
		return Case{}, fmt.Errorf("localise: %s: %w", id, err)
	}
	return c, nil
}

// ErrArea tells that a mask has no pixel inside, or none outside: there is nothing to find.
var ErrArea = errors.New("the mask has no area, or all of the image's; want pixels inside and outside")

// measure is pixel AUC and IoU of values.
func measure(values []float64, mask Mask) (auc, iou float64, err error) {
	if len(values) != len(mask.Inside) || len(values) != mask.Width*mask.Height {
		return 0, 0, fmt.Errorf("a map of %d values and a mask of %d×%d pixels, want one of each a pixel", len(values), mask.Width, mask.Height)
	}
	if area := mask.Area(); area == 0 || area == len(values) {
		return 0, 0, ErrArea
	}
	finite := lowest(values)
	if auc, err = metric.AUROC(finite, mask.Inside); err != nil {
		return 0, 0, err
	}
	return auc, overlap(finite, mask), nil
}

// blind is values with 0 for each.
func blind(values []float64) []float64 {
	out := slices.Clone(values)
	for i, v := range out {
		if !math.IsNaN(v) {
			out[i] = 0
		}
	}
	return out
}

// lowest is a copy of values with a finite one below all others in the place of NaN.
func lowest(values []float64) []float64 {
	least := math.Inf(1)
	for _, v := range values {
		if !math.IsNaN(v) {
			least = min(least, v)
		}
	}
	if math.IsInf(least, 1) {
		least = 0
	}
	below := math.Nextafter(least, math.Inf(-1))
	out := slices.Clone(values)
	for i, v := range out {
		if math.IsNaN(v) {
			out[i] = below
		}
	}
	return out
}

// overlap is the IoU of the mask and as many pixels of the largest values. Of pixels with the value at which that number is reached
// each counts with the share of them that is wanted.
func overlap(values []float64, mask Mask) float64 {
	order := make([]int32, len(values))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(values[b], values[a]) })
	area := mask.Area()
	both := 0.
	for at := 0; at < area; {
		end, hits := at, 0
		for ; end < len(order) && values[order[end]] == values[order[at]]; end++ {
			if mask.Inside[order[end]] {
				hits++
			}
		}
		both += float64(hits) * min(1, float64(area-at)/float64(end-at))
		at = end
	}
	return both / (2*float64(area) - both)
}

// Result is what the maps of some images are worth. Figures are means over people.
type Result struct {
	AUC, IoU metric.Average
	// Of the rival; without items where all images show one person.
	RivalAUC, RivalIoU metric.Average
	// AUCGain and IoUGain are the map's less the rival's, paired by image; BlindGain its AUC less that of the blind map.
	AUCGain, IoUGain    metric.Average
	BlindAUC, BlindGain metric.Average
	// Best and Worst are the cases of the largest and the smallest pixel AUC.
	Best, Worst int
}

// Measure averages cases; at least one is needed.
func Measure(cases []Case) (Result, error) {
	if len(cases) == 0 {
		return Result{}, errors.New("localise: no image with a mask; want at least one")
	}
	var r Result
	var of [5][]float64 // AUC, IoU, those of the rival, and the AUC of the blind map
	var people []string
	prior := newPrior(cases)
	for i, c := range cases {
		of[0], of[1], people = append(of[0], c.AUC), append(of[1], c.IoU), append(people, c.Person)
		of[4] = append(of[4], c.BlindAUC)
		if c.AUC > cases[r.Best].AUC {
			r.Best = i
		}
		if c.AUC < cases[r.Worst].AUC {
			r.Worst = i
		}
		if !prior.others(c.Person) {
			continue
		}
		auc, iou, err := measure(prior.values(c), c.Mask)
		if err != nil {
			return Result{}, fmt.Errorf("localise: rival on %s: %w", c.ID, err)
		}
		of[2], of[3] = append(of[2], auc), append(of[3], iou)
	}
	figures := map[*metric.Average][]float64{&r.AUC: of[0], &r.IoU: of[1], &r.BlindAUC: of[4], &r.BlindGain: less(of[0], of[4])}
	if len(of[2]) > 0 { // of all images, or of none
		figures[&r.RivalAUC], figures[&r.AUCGain] = of[2], less(of[0], of[2])
		figures[&r.RivalIoU], figures[&r.IoUGain] = of[3], less(of[1], of[3])
	}
	for to, values := range figures {
		var err error
		if *to, err = metric.AverageOverPeople(values, people); err != nil {
			return Result{}, fmt.Errorf("localise: %w", err)
		}
	}
	return r, nil
}

func less(a, b []float64) []float64 {
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	return d
}

// cells is the side of the square of cells on which masks of several faces are averaged, span the side of the square that they
// cover, in sides of the landmarks' box.
const cells, span = 64, 2

// frame is the square around the landmarks.
func frame(landmarks []face.Point) (left, top, side float64) {
	low, high := landmarks[0], landmarks[0]
	for _, p := range landmarks {
		low.X, low.Y = min(low.X, p.X), min(low.Y, p.Y)
		high.X, high.Y = max(high.X, p.X), max(high.Y, p.Y)
	}
	side = span * max(high.X-low.X, high.Y-low.Y, 1)
	return (low.X+high.X-side)/2 + 0.5, (low.Y+high.Y-side)/2 + 0.5, side // from a pixel's centre to its corner
}

// prior is masks in the frame of the landmarks, summed in all and by people. A face that leans is not set upright.
type prior struct {
	all []float64
	of  map[string][]float64
	n   int
	own map[string]int
}

func newPrior(cases []Case) prior {
	p := prior{make([]float64, cells*cells), map[string][]float64{}, len(cases), map[string]int{}}
	for _, c := range cases {
		left, top, side := frame(c.Landmarks)
		own := p.of[c.Person]
		if own == nil {
			own = make([]float64, cells*cells)
			p.of[c.Person] = own
		}
		p.own[c.Person]++
		for i := range own {
			x := int(math.Floor(left + (float64(i%cells)+0.5)*side/cells))
			y := int(math.Floor(top + (float64(i/cells)+0.5)*side/cells))
			if image.Pt(x, y).In(c.Mask.bounds()) && c.Mask.Inside[y*c.Mask.Width+x] {
				own[i]++
				p.all[i]++
			}
		}
	}
	return p
}

// others tells whether there are images of others than a person.
func (p prior) others(person string) bool { return p.own[person] < p.n }

// values are the mean mask of the other people at each pixel of an image.
func (p prior) values(c Case) []float64 {
	left, top, side := frame(c.Landmarks)
	own, n := p.of[c.Person], float64(p.n-p.own[c.Person])
	out := make([]float64, len(c.Mask.Inside))
	for i := range out {
		column := int(math.Floor((float64(i%c.Mask.Width) + 0.5 - left) * cells / side))
		row := int(math.Floor((float64(i/c.Mask.Width) + 0.5 - top) * cells / side))
		if min(column, row) >= 0 && max(column, row) < cells {
			at := row*cells + column
			out[i] = (p.all[at] - own[at]) / n
		}
	}
	return out
}
