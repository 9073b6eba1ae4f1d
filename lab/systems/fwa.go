package systems

import (
	"errors"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"golang.org/x/image/draw"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/loss"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
	"github.com/seeable-lab/seeable/lab/swap"
)

// FWATable is the sub-table [fwa] of a spec.
type FWATable struct {
	Pyramid []int      `toml:"pyramid" doc:"sides of the grids of places that the last map is pooled to, rising, in [1, 16]; 1, 2, 6 is published; one that the map is too small for is as large as the map"`
	Samples string     `toml:"samples" doc:"what fakes are: blended, with the face itself at a lower resolution; selfblend, as those of SBI"`
	Scale   [2]float64 `toml:"scale" doc:"range of that resolution, as a share of the network's, in [0.05, 1]; published code has 0.2 to 0.8 of 256 pixels"`
	Square  float64    `toml:"square" doc:"share of the fakes in which the square around the face is pasted, in [0, 1], and not its outline; our choice"`
}

var fwaTable = FWATable{Pyramid: []int{1, 2, 6}, Samples: ownSamples, Scale: [2]float64{0.2, 0.8}, Square: 0.5}

var fwa = spec.MethodInfo{
	Name: "fwa",
	Doc:  "finds faces of a lower resolution than what is around them (DSP-FWA, Li and Lyu 2019)",
	Scores: []spec.Choice{
		{Name: classOdds, Doc: "log odds of being warped, by the classifier"},
		{Name: "upper-half", Doc: "mean of the larger half of the chances in ten crops (published)"},
	},
	Reads: slices.Concat(discrepancy.SelfBlendKeys, []string{"score.flip"}),
	Table: fwaTable,
	Check: func(s spec.Spec, v *spec.Checker) {
		if own, err := spec.Own[FWATable](s); err == nil {
			sides := own.Pyramid
			rising := len(sides) > 0 && sides[0] >= 1 && sides[len(sides)-1] <= 16 && slices.IsSorted(sides) && len(slices.Compact(slices.Clone(sides))) == len(sides)
			v.Want("fwa.pyramid", rising, sides, "one or more numbers in [1, 16], in rising order")
			checkSamples(v, "fwa", own.Samples)
			checkRange(v, "fwa.scale", own.Scale, 0.05, 1)
			v.Within("fwa.square", own.Square, 0, 1)
		}
		checkPairs(s, v)
	},
}

func init() {
	register(fwa, func(shared paired, own FWATable) method.Method { return &FWA{shared, own} })
}

// FWA is DSP-FWA: fakes are made by shrinking a face, blurring it and laying it back, and a pyramid of the largest features in
// grids of places is what the classifier sees. Where the face lies in its picture, colours and compression are drawn as for the
// lab's other methods (our choice; training code was never published).
type FWA struct {
	paired
	own FWATable
}

// Layout implements [method.Method].
func (m *FWA) Layout() method.Layout {
	return method.Layout{Side: m.spec.Encoder.Size, Views: m.spec.Train.Views}
}

// Sample implements [method.Method].
func (m *FWA) Sample(w *method.Worker, dst []method.Sample, c face.Clip, d method.Draw) error {
	return m.sample(w, dst, c, d.Rand, m.draw)
}

// Check implements [method.Method].
func (m *FWA) Check(w *method.Worker, dst *method.Sample, c face.Clip, rng *rand.Rand) error {
	return m.check(w, dst, c, rng, m.draw)
}

func (m *FWA) draw(w *method.Worker, l look, rng *rand.Rand) (maker, error) {
	if m.own.Samples == selfBlendSamples {
		return m.selfBlended(w, l, rng, func(*method.Sample, region.Mask) {})
	}
	return m.warped(w, l, rng, func(*method.Sample, region.Mask) {}), nil
}

// warped makes pairs; toMap gets the mask of a fake.
func (m *FWA) warped(w *method.Worker, l look, rng *rand.Rand, toMap func(dst *method.Sample, mask region.Mask)) maker {
	a := m.drawArtifact(rng)
	return func(dst *method.Sample) error {
		if dst.Label == 0 {
			copy(w.Out.Pix, l.face.Image.Pix)
			return nil
		}
		mask, err := a.apply(w, w.Out, l.face)
		if err == nil {
			toMap(dst, mask)
		}
		return err
	}
}

// Fake implements [method.Faker].
func (m *FWA) Fake(w *method.Worker, c face.Clip, rng *rand.Rand) (face.Clip, error) {
	return m.pseudo(w, c, rng, m.own.Samples, func(dst *image.RGBA, f face.Face, rng *rand.Rand) error {
		a := m.drawArtifact(rng)
		_, err := a.apply(w, dst, f)
		return err
	})
}

// artifact is every random choice of a face that was warped.
type artifact struct {
	scale  float64
	square bool
	cheeks bool // the outline is the wider one
}

func (m *FWA) drawArtifact(rng *rand.Rand) artifact {
	return artifact{between(rng, m.own.Scale), rng.Float64() < m.own.Square, rng.IntN(2) == 0}
}

// apply writes to dst, an image of the size of f's, the face with what lies in the mask at a lower resolution: made smaller with a
// triangle filter, blurred by five taps, made larger bilinearly, and pasted with a hard edge. It returns the mask that it was pasted
// by.
func (a artifact) apply(w *method.Worker, dst *image.RGBA, f face.Face) (region.Mask, error) {
	corners, err := a.outline(f.Landmarks)
	if err != nil {
		return region.Mask{}, err
	}
	mask := region.Hull(corners, f.Image.Rect)
	if mask.Rect.Empty() {
		return mask, errors.New("systems: no face to warp: check that its landmarks lie in the image")
	}
	size := f.Image.Rect.Size()
	few := func(n int) int { return max(1, int(math.Round(a.scale*float64(n)))) }
	small, large := image.NewRGBA(image.Rect(0, 0, few(size.X), few(size.Y))), image.NewRGBA(f.Image.Rect)
	draw.BiLinear.Scale(small, small.Rect, f.Image, f.Image.Rect, draw.Src, nil)
	w.Workspace.Stretch(large, fiveTaps(small))
	copy(dst.Pix, f.Image.Pix)
	swap.Blend(dst, large, mask)
	return mask, nil
}

// outline are points whose hull is warped: the corners of the square that 51 landmarks fill once they are turned upright; or
// eyebrows and lower lip, and with cheeks four points on either side between them.
func (a artifact) outline(landmarks []face.Point) ([]face.Point, error) {
	if len(landmarks) < face.Landmarks {
		return nil, fmt.Errorf("systems: face with %d landmarks: want %d", len(landmarks), face.Landmarks)
	}
	if a.square {
		upright := face.Template(image.Rect(0, 0, 101, 101))[17:]
		onto, err := swap.Similarity(upright, landmarks[17:face.Landmarks])
		if err != nil {
			return nil, err
		}
		box := face.Bounds(upright)
		var corners []face.Point
		for _, p := range []face.Point{{X: box.X0, Y: box.Y0}, {X: box.X1, Y: box.Y0}, {X: box.X1, Y: box.Y1}, {X: box.X0, Y: box.Y1}} {
			corners = append(corners, onto.Apply(p))
		}
		return corners, nil
	}
	corners := slices.Concat(landmarks[17:27], landmarks[48:49], landmarks[54:60])
	if a.cheeks {
		for _, side := range [2][2]int{{17, 48}, {26, 54}} {
			brow, lip := landmarks[side[0]], landmarks[side[1]]
			x := brow.X
			for i := 1; i <= 4; i++ {
				x += float64(i) * (lip.X - brow.X) / 15
				corners = append(corners, face.Point{X: x, Y: brow.Y + float64(i)*(lip.Y-brow.Y)/5})
			}
		}
	}
	return corners, nil
}

// fiveTaps blurs an image by 1 4 6 4 1 along both axes, mirrored at its edges without repeating them.
func fiveTaps(img *image.RGBA) *image.RGBA {
	size := img.Rect.Size()
	reflect := func(i, n int) int {
		if n == 1 {
			return 0
		}
		if i < 0 {
			i = -i
		}
		if i >= n {
			i = 2*(n-1) - i
		}
		return max(i, 0)
	}
	taps := [5]int{1, 4, 6, 4, 1}
	along := make([]int, 4*size.X*size.Y)
	for y := range size.Y {
		for x := range size.X {
			for k, tap := range taps {
				from := img.Pix[y*img.Stride+4*reflect(x+k-2, size.X):][:4]
				for c, v := range from {
					along[4*(y*size.X+x)+c] += tap * int(v)
				}
			}
		}
	}
	out := image.NewRGBA(img.Rect)
	for y := range size.Y {
		for i := range 4 * size.X {
			sum := 128
			for k, tap := range taps {
				sum += tap * along[4*size.X*reflect(y+k-2, size.Y)+i]
			}
			out.Pix[y*out.Stride+i] = uint8(sum / 256)
		}
	}
	return out
}

// Forward implements [method.Method]: two logits, [B, 2].
func (m *FWA) Forward(scope *model.Scope, in method.Inputs) []*Node {
	maps := encoder.Maps(scope, m.spec.Encoder, in.Images)
	return []*Node{encoder.Linear(scope.In("head"), pyramid(maps[len(maps)-1], m.own.Pyramid), 2)}
}

// pyramid is the largest values of a map [B, n, n, C] in the cells of grids of given sides, the one behind the other, [B, cells·C]:
// cell i of s spans the places ⌊i·n/s⌋ to ⌈(i+1)·n/s⌉.
func pyramid(x *Node, sides []int) *Node {
	d := x.Shape().Dimensions
	var cells []*Node
	last := 0
	for _, s := range sides {
		if s = min(s, d[1]); s == last {
			continue // the map is too small for it
		}
		last = s
		span := func(i, n int) SliceAxisSpec { return AxisRange(i*n/s, ((i+1)*n+s-1)/s) }
		for i := range s {
			row := ReduceMax(Slice(x, AxisRange(), span(i, d[1]), AxisRange(), AxisRange()), 1)
			for j := range s {
				cells = append(cells, ReduceMax(Slice(row, AxisRange(), span(j, d[2]), AxisRange()), 1))
			}
		}
	}
	return Concatenate(cells, -1)
}

// Loss implements [method.Method]: softmax cross-entropy.
func (m *FWA) Loss(_ *model.Scope, out []*Node, in method.Inputs) []method.Term {
	ce, _ := loss.SoftmaxCrossEntropy(out[0], in.Label)
	return []method.Term{{Name: classTerm, Value: ce}}
}

// Outputs implements [method.Method]: the log odds of being fake, [B, 1].
func (m *FWA) Outputs(scope *model.Scope, in method.Inputs) []*Node {
	return []*Node{method.LogOdds(m.Forward(scope, in)[0])}
}

// Scores implements [method.Method].
func (m *FWA) Scores() []string { return fwa.ScoreNames() }

// crops is how many crops of a face the score of its upper half looks at.
const crops = 10

// Probe implements [method.Method]: the looks of the other systems, and behind them ten crops as training makes them.
func (m *FWA) Probe(w *method.Worker, dst *method.Samples, score string, fit method.Fit, c face.Clip, digest string) error {
	if err := m.paired.Probe(w, dst, score, fit, c, digest); err != nil || score == classOdds {
		return err
	}
	rng := stream.New(m.spec.Seed, "crops", digest)
	for range crops {
		view, err := m.Glance(c, rng)
		if err != nil {
			return err
		}
		dst.Images = discrepancy.AppendRGB(dst.Images, view.Image)
	}
	return nil
}

// Score implements [method.Method].
func (m *FWA) Score(score string, rows []method.Row, _ method.Fit) float64 {
	looks := 1
	if m.spec.Score.Flip {
		looks = 2
	}
	if score == classOdds {
		return method.Mean(rows[:looks], func(row method.Row) float64 { return float64(row[0][0]) })
	}
	if len(rows) < looks+crops {
		return math.NaN()
	}
	var chances []float64
	for _, row := range rows[looks:] {
		chances = append(chances, sigmoid(float64(row[0][0])))
	}
	return upperHalf(chances)
}

// upperHalf is the mean of the larger half of values.
func upperHalf(values []float64) float64 {
	slices.Sort(values)
	values = values[len(values)/2:]
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total / float64(len(values))
}
