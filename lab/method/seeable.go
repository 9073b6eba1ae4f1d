package method

import (
	"fmt"
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

func init() {
	spec.RegisterMethod(spec.MethodInfo{
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
	})
	Register("seeable", func(s spec.Spec) (Method, error) { return newSeeABLE(s) })
}

func checkSeeABLE(s spec.Spec, v *spec.Checker) {
	k := s.Discrepancy.Classes()
	v.Want("encoder.dim", k <= s.Encoder.Dim+1, s.Encoder.Dim, fmt.Sprintf("at least K − 1 = %d: no more than d + 1 prototypes "+
		"can be evenly spread in d dimensions", k-1))
	v.Want("discrepancy", k >= 2, k, "at least two classes: more regions or types")
	most := s.Discrepancy.Locations()*len(s.Discrepancy.Types) - 1
	v.Want("score.variants", s.Score.Variants <= most, s.Score.Variants,
		fmt.Sprintf("0 for all variants, or a number below their number, in [1, %d]", most))
}

func newSeeABLE(s spec.Spec) (*SeeABLE, error) {
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
func guidanceTable(regions discrepancy.Regions, s spec.Spec) ([][]float64, error) {
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

// Classes implements Method: K.
func (m *SeeABLE) Classes() int { return m.spec.Discrepancy.Classes() }

// Prototypes are the fixed points of the hypersphere, row k that of label k.
func (m *SeeABLE) Prototypes() *hypersphere.Prototypes { return m.prototypes }

// Regions is the strategy that cuts faces into places.
func (m *SeeABLE) Regions() discrepancy.Regions { return m.generator.Regions() }

// Views implements Method: every view is another crop and another draw of the same label (spec section 2.9).
func (m *SeeABLE) Views(s *Sampler, dst [][]uint8, labels []int32, f face.Face, factor float64, rng *rand.Rand) error {
	label := m.label(rng)
	views := make([]face.Face, len(dst))
	for i := range views {
		var err error
		if views[i], err = m.glance(f, rng); err != nil {
			return err
		}
	}
	label, err := m.agree(views, label, rng)
	if err != nil {
		return err
	}
	for i, view := range views {
		if err := m.generator.Apply(s.out, view, m.generator.Draw(label, factor, rng), &s.workspace); err != nil {
			return err
		}
		m.generator.Augment(s.out, rng, &s.workspace)
		fill(dst[i], s.out)
		labels[i] = int32(label)
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

// Check implements Method: a face at the mean margin without augmentation and with a discrepancy, never a pristine one;
// regions, the whole face among them, are equally likely.
func (m *SeeABLE) Check(s *Sampler, dst []uint8, f face.Face, rng *rand.Rand) (int, error) {
	view, err := m.look(f)
	if err != nil {
		return 0, err
	}
	label := rng.IntN(m.spec.Discrepancy.Locations() * len(m.spec.Discrepancy.Types))
	if label, err = m.generator.Redraw(view, label, rng); err != nil {
		return 0, err
	}
	if err := m.generator.Apply(s.out, view, m.generator.Draw(label, 1, rng), &s.workspace); err != nil {
		return 0, err
	}
	fill(dst, s.out)
	return label, nil
}

func (m *SeeABLE) prototypeNode(g *Graph) *Node {
	k, d := m.prototypes.K(), m.prototypes.Dim()
	return ConstTensor(g, tensors.FromFlatDataAndDimensions(m.prototypes.Flat32(), k, d))
}

// Guidance is the matrix G of the guidance loss: row and column are predicted and true place, label mod its length, or
// classes where pristine faces have one.
func (m *SeeABLE) Guidance() [][]float64 { return m.guidance }

// Loss implements Method: that of [SeeABLE.Objective].
func (m *SeeABLE) Loss(z, labels, warmUp *Node) (total, hits *Node) {
	right := Equal(loss.Predict(z, m.prototypeNode(z.Graph())), ConvertDType(labels, dtypes.Int32))
	return m.Objective(z, labels, warmUp), ReduceAllSum(ConvertDType(right, dtypes.Float32))
}

// Objective builds what training minimises, of unit embeddings z [B, d] and labels, int32 [B]: BCR + λ·guidance, or
// cross-entropy to the prototypes while it warms up; warmUp is that of Loss.
func (m *SeeABLE) Objective(z, labels, warmUp *Node) *Node {
	prototypes := m.prototypeNode(z.Graph())
	total, _ := m.base(z, labels, prototypes)
	if m.spec.Loss.WarmUp > 0 {
		warm, _ := loss.CrossEntropy(z, labels, prototypes, m.spec.Loss.Temperature)
		total = Add(Mul(warmUp, warm), Mul(OneMinus(warmUp), total))
	}
	if m.spec.Loss.Lambda > 0 {
		guidance, _ := loss.Guidance(z, labels, prototypes, m.guidance)
		total = loss.Total(total, guidance, m.spec.Loss.Lambda)
	}
	return total
}

// Outputs implements Method: |h|, then the cosines of z with the K prototypes.
func (m *SeeABLE) Outputs(scope *model.Scope, images *Node) *Node {
	h, z := encoder.Embed(scope, m.spec.Encoder, images)
	cosines := DotGeneral(z, []int{1}, nil, m.prototypeNode(images.Graph()), []int{1}, nil)
	return Concatenate([]*Node{Sqrt(ReduceAndKeep(Square(h), ReduceSum, -1)), cosines}, -1)
}

// Guesses implements Method: the nearest prototype.
func (m *SeeABLE) Guesses(scope *model.Scope, images *Node) *Node {
	_, z := encoder.Embed(scope, m.spec.Encoder, images)
	return loss.Predict(z, m.prototypeNode(images.Graph()))
}

// Embeddings implements Method: z, of unit length.
func (m *SeeABLE) Embeddings(scope *model.Scope, images *Node) *Node {
	_, z := encoder.Embed(scope, m.spec.Encoder, images)
	return z
}

// sides are the ways a test looks at a face: as it is, and mirrored when the spec says so.
func (m *SeeABLE) sides(f face.Face) ([]face.Face, error) {
	view, err := m.look(f)
	if err != nil || !m.spec.Score.Flip {
		return []face.Face{view}, err
	}
	return []face.Face{view, face.Mirror(view)}, nil
}

// Variants implements Method: the face itself for the one-pass score, else also the face with each of the discrepancies
// at fixed draws, twice that with the mirrored face when the spec says so.
func (m *SeeABLE) Variants(s *Sampler, dst []uint8, score string, f face.Face, id string) ([]uint8, error) {
	sides, err := m.sides(f)
	if err != nil {
		return dst, err
	}
	for _, side := range sides {
		dst = discrepancy.AppendRGB(dst, side.Image)
		if score == "onepass" {
			continue
		}
		if dst, err = m.generator.Variants(dst, side, m.seed, id, &s.workspace); err != nil {
			return dst, err
		}
		if m.spec.Discrepancy.Pristine > 0 {
			// The last variant is the pristine face, which already leads.
			dst = dst[:len(dst)-3*m.size*m.size]
		}
	}
	return dst, nil
}
