package systems

import (
	"math"
	"math/rand/v2"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/loss"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
)

// PCLTable is the sub-table [pcl] of a spec. Where no source is named the value is our choice.
type PCLTable struct {
	Lambda  float64    `toml:"lambda" doc:"weight of the consistency's loss, in [0, 1000]; 10 is published, 0 leaves it out"`
	Stride  int        `toml:"stride" doc:"side in pixels of the patches that are compared: 4, 8, 16 (published) or 32"`
	Width   int        `toml:"width" doc:"size of a patch's embedding, in [1, 1024]"`
	Samples string     `toml:"samples" doc:"what fakes are: blended, with another person's face; selfblend, as those of SBI"`
	Poisson float64    `toml:"poisson" doc:"share of the fakes that are blended in the gradient domain, in [0, 1]"`
	Warp    [2]float64 `toml:"warp" doc:"range of the deviation of the mask's displacements, in sides of the image, in [0, 0.2]"`
	Blur    [2]float64 `toml:"blur" doc:"range of the deviation of the Gaussian that softens the mask, in sides of the image, in [0.005, 0.2]"`
}

var pclTable = PCLTable{
	Lambda: 10, Stride: 16, Width: 128, Samples: ownSamples, Poisson: 0.5, Warp: [2]float64{0.01, 0.08}, Blur: [2]float64{0.01, 0.06},
}

var pcl = spec.MethodInfo{
	Name: "pcl",
	Doc:  "compares patches of a face, which differ where another face was blended in (PCL + I2G, Zhao et al. 2021)",
	Scores: []spec.Choice{
		{Name: classOdds, Doc: "log odds of being blended, by the classifier (published)"},
		{Name: "inconsistency", Doc: "1 less the mean consistency of all pairs of patches (ours)"},
		{Name: "odd-patch", Doc: "1 less the mean consistency of the patch that is least like the others (ours)"},
	},
	Reads: slices.Concat(discrepancy.SelfBlendKeys, []string{"score.flip"}),
	Table: pclTable,
	Check: func(s spec.Spec, v *spec.Checker) {
		if own, err := spec.Own[PCLTable](s); err == nil {
			v.Within("pcl.lambda", own.Lambda, 0, 1000)
			v.Want("pcl.stride", slices.Contains([]int{4, 8, 16, 32}, own.Stride) && s.Encoder.Size%own.Stride == 0, own.Stride, "4, 8, 16 or 32, of which encoder.size is a multiple")
			v.Want("pcl.width", own.Width >= 1 && own.Width <= 1024, own.Width, "a number in [1, 1024]")
			v.Within("pcl.poisson", own.Poisson, 0, 1)
			checkSamples(v, "pcl", own.Samples)
			checkRange(v, "pcl.warp", own.Warp, 0, 0.2)
			checkRange(v, "pcl.blur", own.Blur, 0.005, 0.2)
		}
		checkPairs(s, v)
	},
}

func init() {
	register(pcl, func(shared paired, own PCLTable) method.Method { return &PCL{shared, own} })
}

// PCL is patch-wise consistency learning on the images of the inconsistency image generator (I2G): patches are embedded, and the
// products of the embeddings are to say how alike the shares of the patches are that another face was blended into.
type PCL struct {
	paired
	own PCLTable
}

// Layout implements [method.Method].
func (m *PCL) Layout() method.Layout {
	return method.Layout{Side: m.spec.Encoder.Size, Map: m.spec.Encoder.Size / m.own.Stride, Views: m.spec.Train.Views}
}

// Sample implements [method.Method].
func (m *PCL) Sample(w *method.Worker, dst []method.Sample, c face.Clip, d method.Draw) error {
	return m.sample(w, dst, c, d.Rand, m.draw)
}

// Check implements [method.Method].
func (m *PCL) Check(w *method.Worker, dst *method.Sample, c face.Clip, rng *rand.Rand) error {
	return m.check(w, dst, c, rng, m.draw)
}

func (m *PCL) draw(w *method.Worker, l look, rng *rand.Rand) (maker, error) {
	side, size := m.Layout().Map, l.face.Image.Rect.Size()
	share := func(weight float64) float64 { return weight }
	if m.own.Samples == selfBlendSamples {
		return m.selfBlended(w, l, rng, func(dst *method.Sample, mask region.Mask) { shrink(dst.Map, side, mask, size, share) })
	}
	b, err := m.drawBlending(w, l, rng)
	if err != nil {
		return nil, err
	}
	return func(dst *method.Sample) error {
		if dst.Label == 0 {
			copy(w.Out.Pix, l.face.Image.Pix)
			return nil
		}
		mask, err := b.apply(w, w.Out, l.face)
		if err == nil {
			shrink(dst.Map, side, mask, size, share)
		}
		return err
	}, nil
}

// drawBlending draws a blend of the whole face or of some of its eight parts, each case as likely.
func (m *PCL) drawBlending(w *method.Worker, l look, rng *rand.Rand) (b blending, err error) {
	if b.donor, err = drawDonor(w, l, rng); err != nil {
		return b, err
	}
	outlines := region.Faces()
	b.outline = outlines[0]
	if rng.IntN(2) == 0 {
		b.outline = outlines[len(outlines)-1]
		b.omit = uint(rng.IntN(1<<b.outline.Len() - 1)) // never all
	}
	b.deformation, b.feather = shape(m.own.Warp, m.own.Blur, rng)
	b.gradients = rng.Float64() < m.own.Poisson
	return b, nil
}

// Fake implements [method.Faker].
func (m *PCL) Fake(w *method.Worker, c face.Clip, rng *rand.Rand) (face.Clip, error) {
	return m.pseudo(w, c, rng, m.own.Samples, pasted(w, c, m.drawBlending))
}

// Forward implements [method.Method]: two logits, [B, 2], and the logits of the consistency of each two patches, [B, P, P].
func (m *PCL) Forward(scope *model.Scope, in method.Inputs) []*Node {
	maps := encoder.Maps(scope, m.spec.Encoder, in.Images)
	patches := lastOf(maps, m.Layout().Map)
	if patches == nil {
		panic("systems: pcl: encoder " + m.spec.Encoder.Name + " has no map of pcl.stride: choose another of the two")
	}
	theta := scope.In("theta")
	embedded := encoder.Convolution(theta, patches, 1, m.own.Width, 1)
	embedded = Add(embedded, encoder.Variable(theta, embedded, "bias", 0, 1, 1, 1, m.own.Width))
	logits := encoder.Linear(scope.In("head"), ReduceMean(maps[len(maps)-1], 1, 2), 2)
	d := embedded.Shape().Dimensions
	return []*Node{logits, products(Reshape(embedded, d[0], d[1]*d[2], d[3]))}
}

// products are ⟨θ_i, θ_j⟩/√C of embeddings θ, [B, P, C]: one embedding serves both sides, as the paper draws it, so that they are
// symmetric.
func products(theta *Node) *Node {
	return MulScalar(DotGeneral(theta, []int{2}, []int{0}, theta, []int{2}, []int{0}), 1/math.Sqrt(float64(theta.Shape().Dimensions[2])))
}

// consistency is what the products are to say of shares m of patches, [B, P]: 1 − |m_i − m_j|.
func consistency(m *Node) *Node { return OneMinus(Abs(Sub(InsertAxes(m, -1), InsertAxes(m, 1)))) }

// Loss implements [method.Method]: that of the classifier, and lambda times the cross-entropy of each pair of patches, whose least
// value is the mean entropy of the consistencies and not 0.
func (m *PCL) Loss(_ *model.Scope, out []*Node, in method.Inputs) []method.Term {
	ce, _ := loss.SoftmaxCrossEntropy(out[0], in.Label)
	terms := []method.Term{{Name: classTerm, Value: ce}}
	if m.own.Lambda > 0 {
		shares := DivScalar(ConvertDType(Reshape(in.Map, out[1].Shape().Dimensions[:2]...), out[1].DType()), 255)
		terms = append(terms, method.Term{Name: "consistency", Value: MulScalar(binary(out[1], consistency(shares)), m.own.Lambda)})
	}
	return terms
}

// Predict implements [method.Gauger]: the logits of the consistency of each two patches.
func (m *PCL) Predict(out []*Node) *Node { return Reshape(out[1], out[1].Shape().Dim(0), -1) }

// Gauge implements [method.Gauger]: over all pairs of patches of all fakes, how the consistency tells those of which it should be below
// one half. Blind is that of the share of the fakes in which a pair's is.
func (m *PCL) Gauge(samples *method.Samples, rows []method.Row) (method.Gauge, error) {
	var found, blind []float64
	var unlike []bool
	patches := samples.Layout.Map * samples.Layout.Map
	shares := make([]float64, patches*patches)
	fakes := 0
	for i := range samples.Len() {
		if samples.Labels[i] == 0 {
			continue
		}
		fakes++
		shown := samples.At(i).Map
		for a := range patches {
			for b := range a {
				differ := max(shown[a], shown[b])-min(shown[a], shown[b]) > 127
				unlike = append(unlike, differ)
				found = append(found, -float64(rows[i][0][a*patches+b]))
				if differ {
					shares[a*patches+b]++
				}
			}
		}
	}
	for range fakes {
		for a := range patches {
			blind = append(blind, shares[a*patches:][:a]...)
		}
	}
	g := method.Gauge{Name: "AUC over pairs of patches", N: fakes}
	var err error
	if g.Value, err = metric.AUROC(found, unlike); err == nil {
		g.Blind, err = metric.AUROC(blind, unlike)
	}
	return g, err
}

// Outputs implements [method.Method]: the log odds of being fake, [B, 1], and the mean consistency of each patch with all, [B, P].
func (m *PCL) Outputs(scope *model.Scope, in method.Inputs) []*Node {
	out := m.Forward(scope, in)
	return []*Node{method.LogOdds(out[0]), ReduceMean(Sigmoid(out[1]), -1)}
}

// Scores implements [method.Method].
func (m *PCL) Scores() []string { return pcl.ScoreNames() }

// Score implements [method.Method].
func (m *PCL) Score(score string, rows []method.Row, _ method.Fit) float64 {
	return method.Mean(rows, func(row method.Row) float64 {
		switch score {
		case classOdds:
			return float64(row[0][0])
		case "odd-patch":
			return 1 - float64(slices.Min(row[1]))
		}
		return 1 - mean(row[1])
	})
}

// Explain implements [method.Explainer]: how little each patch is consistent with all.
func (m *PCL) Explain(c face.Clip, rows []method.Row, _ method.Fit) (method.Map, error) {
	return m.Square("inconsistency with the rest of the face", c, rows, 1, func(x float64) float64 { return min(max(1-x, 0), 1) })
}
