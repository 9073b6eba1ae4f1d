package method

import (
	"fmt"
	"image"
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/hypersphere"
	"github.com/seeable-lab/seeable/lab/loss"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
)

// SeeABLE sends every soft discrepancy of a real face to its prototype (Larue et al. 2023).
type SeeABLE struct {
	sampling
	spec       spec.Spec
	prototypes *hypersphere.Prototypes
	base       loss.Func
	guidance   [][]float64
}

// seeable is what a spec says of the method.
var seeable = spec.MethodInfo{
	Name: "seeable",
	Doc:  "sends every soft discrepancy of a real face to its own prototype on a hypersphere (Larue et al. 2023)",
	Scores: []spec.Choice{
		{Name: "figure", Doc: "lengths and cosines of all variants of a face with their prototypes, as the paper's figure has it"},
		{Name: "cosine", Doc: "cosines of all variants with their prototypes"},
		{Name: "norm", Doc: "lengths of the features of all variants"},
		{Name: "min", Doc: "cosine of the worst variant"},
		{Name: "calibrated", Doc: "cosine of each variant against what held-out real faces reach (ours)"},
		{Name: "onepass", Doc: "how much the untouched face looks as if it carried some discrepancy (ours)"},
	},
	Reads: []string{
		"discrepancy", "encoder.hidden", "encoder.dim", "score.scale", "score.flip", "score.variants",
		"loss.name", "loss.lambda", "loss.distance", "loss.warm_up",
		"loss.temperature", // of the warm-up, whatever the loss
	},
	Check:   checkSeeABLE,
	Dim:     func(s spec.Spec) int { return s.Discrepancy.Classes() - 1 },
	Default: true,
}

func init() {
	spec.RegisterMethod(seeable)
	Register(seeable.Name, newSeeABLE)
}

func checkSeeABLE(s spec.Spec, v *spec.Checker) {
	k := s.Discrepancy.Classes()
	v.Want("encoder.dim", k <= s.Encoder.Dim+1, s.Encoder.Dim, fmt.Sprintf("at least K − 1 = %d: no more than d + 1 prototypes "+
		"can be evenly spread in d dimensions", k-1))
	v.Want("discrepancy", k >= 2, k, "at least two classes: more regions or types")
	v.Want("discrepancy.paired", !s.Discrepancy.Paired || s.Discrepancy.Pristine > 0 && s.Discrepancy.Side != "inside", s.Discrepancy.Paired,
		"false for seeable without pristine faces (discrepancy.pristine) or backgrounds that are perturbed (discrepancy.side)")
	v.Want("discrepancy.soft_label", !s.Discrepancy.SoftLabel, true, "false for seeable, whose labels are prototypes")
	most := s.Discrepancy.Locations()*len(s.Discrepancy.Types) - 1
	v.Want("score.variants", s.Score.Variants <= most, s.Score.Variants,
		fmt.Sprintf("0 for all variants, or a number below their number, in [1, %d]", most))
}

func newSeeABLE(s spec.Spec) (Method, error) {
	shared, err := newSampling(s)
	if err != nil {
		return nil, err
	}
	m := &SeeABLE{sampling: shared, spec: s}
	if m.prototypes, err = hypersphere.Simplex(m.Classes(), s.Encoder.Dim, s.Seed); err != nil {
		return nil, err
	}
	m.base, err = loss.ByName(s.Loss.Name, loss.Config{
		BCROptions: loss.BCROptions{
			Temperature: s.Loss.Temperature, BaseTemperature: s.Loss.BaseTemperature,
			Views: s.Train.Views, Contrast: loss.Contrast(s.Loss.Contrast),
		},
		Margin: s.Loss.Margin,
	})
	if err != nil {
		return nil, err
	}
	m.guidance, err = guidanceTable(shared.generator.Regions(), s)
	return m, err
}

// guidanceTable is G of every pair of classes. The pristine class, which the paper does not have, is as far from the
// others as neighbours are from each other.
func guidanceTable(regions region.Regions, s spec.Spec) ([][]float64, error) {
	steps, err := regions.Distances(s.Loss.Distance)
	if err != nil {
		return nil, err
	}
	n := regions.Len()
	distance, mirror := make([][]float64, n), make([]int, n)
	for i, row := range steps {
		mirror[i] = regions.Mirror(i)
		distance[i] = make([]float64, n)
		for j, d := range row {
			distance[i][j] = float64(d)
		}
	}
	places, err := loss.GuidanceMatrixFrom(distance, mirror)
	if err != nil {
		return nil, err
	}
	if s.Discrepancy.Pristine == 0 {
		return places, nil
	}
	k := s.Discrepancy.Classes()
	table := make([][]float64, k)
	for i := range table {
		table[i] = make([]float64, k)
		for j := range table[i] {
			switch {
			case i == k-1 && j == k-1:
				table[i][j] = 0.25
			case i == k-1 || j == k-1:
				table[i][j] = 1
			default:
				table[i][j] = places[i%n][j%n]
			}
		}
	}
	return table, nil
}

// Classes implements [Classifier]: K.
func (m *SeeABLE) Classes() int { return m.spec.Discrepancy.Classes() }

// Prototypes are the fixed points of the hypersphere, row k that of label k.
func (m *SeeABLE) Prototypes() *hypersphere.Prototypes { return m.prototypes }

// Regions is the strategy that cuts faces into places.
func (m *SeeABLE) Regions() region.Regions { return m.generator.Regions() }

// ClassName implements [Prototyped].
func (m *SeeABLE) ClassName(k int) string { return m.generator.Name(k) }

// Layout implements [Method].
func (m *SeeABLE) Layout() Layout { return Layout{Side: m.size, Views: m.spec.Train.Views} }

// Sample implements [Method]: every view is another crop and another draw of the same label (spec section 2.9).
func (m *SeeABLE) Sample(w *Worker, dst []Sample, c face.Clip, d Draw) error {
	f, err := still(c)
	if err != nil {
		return err
	}
	rng := d.Rand
	label := m.label(rng)
	views := make([]face.Face, len(dst))
	for i := range views {
		if views[i], err = m.glance(f, rng); err != nil {
			return err
		}
	}
	if label, err = m.agree(views, label, rng); err != nil {
		return err
	}
	for i, view := range views {
		if err := m.generator.Apply(w.Out, view, m.generator.Draw(label, d.Strength, rng), &w.Workspace); err != nil {
			return err
		}
		m.generator.Augment(w.Out, rng, &w.Workspace)
		fill(dst[i].Images, w.Out)
		dst[i].Label = int32(label)
	}
	return nil
}

// agree returns the label, or another one of its type whose region is large enough in all views: mirroring a turned face
// exchanges its wide side for its narrow one, so what fits in one view may not in the next. A face on which no region
// fits in all of them keeps one that fits in the last.
func (m *SeeABLE) agree(views []face.Face, label int, rng *rand.Rand) (int, error) {
	const tries = 16
	for range tries {
		agreed := true
		for _, view := range views {
			redrawn, err := m.generator.Redraw(view, label, rng)
			if err != nil {
				return 0, err
			}
			agreed = agreed && redrawn == label
			label = redrawn
		}
		if agreed {
			break
		}
	}
	return label, nil
}

// label draws a class: pristine faces and whole ones have shares of their own, all others the same.
func (m *SeeABLE) label(rng *rand.Rand) int {
	d := m.spec.Discrepancy
	if d.Pristine > 0 && rng.Float64() < d.Pristine {
		return m.Classes() - 1
	}
	n, regions := d.Locations(), d.Locations()
	kind := rng.IntN(len(d.Types))
	if d.Whole > 0 {
		if rng.Float64() < d.Whole {
			return kind*n + n - 1
		}
		regions--
	}
	return kind*n + rng.IntN(regions)
}

// Check implements [Method]: a face at the mean margin without augmentation and with a discrepancy, never a pristine one;
// regions, the whole face among them, are equally likely.
func (m *SeeABLE) Check(w *Worker, dst *Sample, c face.Clip, rng *rand.Rand) error {
	view, err := m.lookAt(c)
	if err != nil {
		return err
	}
	label := rng.IntN(m.spec.Discrepancy.Locations() * len(m.spec.Discrepancy.Types))
	if label, err = m.generator.Redraw(view, label, rng); err != nil {
		return err
	}
	if err := m.generator.Apply(w.Out, view, m.generator.Draw(label, 1, rng), &w.Workspace); err != nil {
		return err
	}
	fill(dst.Images, w.Out)
	dst.Label = int32(label)
	return nil
}

func (m *SeeABLE) prototypeNode(g *Graph) *Node {
	k, d := m.prototypes.K(), m.prototypes.Dim()
	return ConstTensor(g, tensors.FromFlatDataAndDimensions(m.prototypes.Flat32(), k, d))
}

// Guidance is the matrix G of the guidance loss: row and column are predicted and true place, label mod its length, or
// classes where pristine faces have one.
func (m *SeeABLE) Guidance() [][]float64 { return m.guidance }

// Forward implements [Method]: z, of unit length, [B, d].
func (m *SeeABLE) Forward(scope *model.Scope, in Inputs) []*Node {
	_, z := encoder.Embed(scope, m.spec.Encoder, in.Images)
	return []*Node{z}
}

// Guess implements [Classifier]: the nearest prototype.
func (m *SeeABLE) Guess(out []*Node, _ Inputs) *Node {
	return loss.Predict(out[0], m.prototypeNode(out[0].Graph()))
}

// Loss implements [Method]: BCR, or cross-entropy to the prototypes while it warms up, and λ·guidance.
func (m *SeeABLE) Loss(_ *model.Scope, out []*Node, in Inputs) []Term {
	z := out[0]
	prototypes := m.prototypeNode(z.Graph())
	base, _ := m.base(z, in.Label, prototypes)
	if m.spec.Loss.WarmUp > 0 {
		warm, _ := loss.CrossEntropy(z, in.Label, prototypes, m.spec.Loss.Temperature)
		share := m.warmUp(in)
		base = Add(Mul(share, warm), Mul(OneMinus(share), base))
	}
	terms := []Term{{m.spec.Loss.Name, base}}
	if m.spec.Loss.Lambda > 0 {
		guidance, _ := loss.Guidance(z, in.Label, prototypes, m.guidance)
		terms = append(terms, Term{"guidance", MulScalar(guidance, m.spec.Loss.Lambda)})
	}
	return terms
}

// warmUp is the share of the warm-up loss: all of it until the middle of its time, then falling to none. It is computed in
// float64, in which rounding does not reach the result.
func (m *SeeABLE) warmUp(in Inputs) *Node {
	left := OneMinus(MulScalar(in.Share(dtypes.Float64), 1/m.spec.Loss.WarmUp))
	return ConvertDType(MinScalar(MaxScalar(MulScalar(left, 2), 0), 1), dtypes.Float32)
}

// Outputs implements [Method]: |h| and the cosines of z with the K prototypes, [B, 1+K]; z.
func (m *SeeABLE) Outputs(scope *model.Scope, in Inputs) []*Node {
	h, z := encoder.Embed(scope, m.spec.Encoder, in.Images)
	cosines := DotGeneral(z, []int{1}, nil, m.prototypeNode(z.Graph()), []int{1}, nil)
	return []*Node{Concatenate([]*Node{Sqrt(ReduceAndKeep(Square(h), ReduceSum, -1)), cosines}, -1), z}
}

// Embedding implements [Prototyped].
func (m *SeeABLE) Embedding(row Row) []float32 { return row[1] }

// Floor implements [Bounded].
func (m *SeeABLE) Floor() (float64, error) {
	floor := loss.FloorOf(m.spec.Loss.Name)
	if floor == nil {
		return 0, nil
	}
	counts := make([]int, m.Classes())
	for i := range m.spec.Train.Batch {
		counts[i%len(counts)]++
	}
	return floor(counts, m.spec.Loss.Temperature)
}

// sides are the ways a test looks at a face: as it is, and mirrored when the spec says so.
func (m *SeeABLE) sides(c face.Clip) ([]face.Face, error) {
	view, err := m.lookAt(c)
	if err != nil || !m.spec.Score.Flip {
		return []face.Face{view}, err
	}
	return []face.Face{view, face.Mirror(view)}, nil
}

// Probe implements [Method]: the face itself for the one-pass score, else also the face with each of the discrepancies, or
// with the few that stand for all, at fixed draws; twice that with the mirrored face when the spec says so.
func (m *SeeABLE) Probe(w *Worker, dst *Samples, score string, fit Fit, c face.Clip, digest string) error {
	sides, err := m.sides(c)
	if err != nil {
		return err
	}
	few := fewOf(fit)
	for _, side := range sides {
		dst.Images = discrepancy.AppendRGB(dst.Images, side.Image)
		switch {
		case score == onepass:
			continue
		case few != nil && score == fit.Score:
			dst.Images, err = m.generator.VariantsOf(dst.Images, side, few.variants, m.seed, digest, &w.Workspace)
		default:
			dst.Images, err = m.generator.Variants(dst.Images, side, m.seed, digest, &w.Workspace)
			if err == nil && m.spec.Discrepancy.Pristine > 0 {
				// The last variant is the pristine face, which already leads.
				dst.Images = dst.Images[:len(dst.Images)-3*m.size*m.size]
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Explain implements [Explainer]: how near the discrepancies in a region came to their own prototypes, the mean over the
// types and the looks. A region that holds most of the face is left out, as it would hide the others.
func (m *SeeABLE) Explain(c face.Clip, rows []Row, _ Fit) (Map, error) {
	f, similarities := c.Frames[0], m.Similarities(rows)
	if len(similarities) == 0 {
		return Map{}, fmt.Errorf("method: a map wants the rows of all variants, found those of the face alone")
	}
	regions := m.Regions()
	masks := make([]region.Mask, regions.Len())
	var face image.Rectangle
	for i := range masks {
		masks[i] = regions.Mask(i, f.Landmarks, f.Image.Rect)
		face = face.Union(masks[i].Rect)
	}
	out := Map{Label: "mean cosine", Image: f.Image, Marks: f.Landmarks, Low: -1, High: 1, Falling: true}
	for i, mask := range masks {
		if 2*mask.Rect.Dx()*mask.Rect.Dy() > face.Dx()*face.Dy() && len(masks) > 1 {
			continue
		}
		mean, n := 0.0, 0.0
		for k := i; k < len(similarities); k += len(masks) {
			mean, n = mean+similarities[k], n+1
		}
		out.Regions, out.Values = append(out.Regions, mask), append(out.Values, mean/n)
	}
	return out, nil
}
