package systems

import (
	"fmt"
	"image"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
	"github.com/seeable-lab/seeable/lab/swap"
)

// OSTTable is the sub-table [ost] or [ost-real] of a spec. Where no source is named the value is our choice.
type OSTTable struct {
	Alpha   float64 `toml:"alpha" doc:"step of the head on a face's pseudo-fakes, in [0, 1]; 5e-4 is published for scale 30, 0 leaves adaptation out"`
	Order   int     `toml:"order" doc:"order of the gradient through the step: 2 (published) or 1"`
	Scale   float64 `toml:"scale" doc:"factor on the logits in the loss, in (0, 100]; 30 is published, 1 with margin 0 is cross-entropy"`
	Margin  float64 `toml:"margin" doc:"what the right logit must be ahead by, in [0, 1]; 0.45 is published"`
	Pseudo  int     `toml:"pseudo" doc:"pseudo-fakes of a test face, and as many templates, in 1 … 16; 1 is published"`
	Samples string  `toml:"samples" doc:"what the fakes to be told apart are: blended, with another person's face (published); selfblend, as those of SBI"`
}

var ostTable = OSTTable{Alpha: 5e-4, Order: 2, Scale: 30, Margin: 0.45, Pseudo: 4, Samples: ownSamples}

// The scores of OST, before and after the step on a face.
const ostAdapted, ostUnadapted = "adapted", "unadapted"

func init() {
	for _, info := range []spec.MethodInfo{
		{Name: "ost", Doc: "adapts its head to each test face by one step on pseudo-fakes of it (OST, Chen et al. 2022)", Fakes: spec.FakesNeeded},
		{Name: "ost-real", Doc: "OST trained on real faces and pseudo-fakes of them only", Fakes: spec.FakesNever},
	} {
		info.Scores = []spec.Choice{
			{Name: ostAdapted, Doc: "log odds of being fake after one step of the head on pseudo-fakes of the face (published)"},
			{Name: ostUnadapted, Doc: "log odds of being fake as trained; what adapted changes is the method's whole claim"},
		}
		info.Reads = slices.Concat(discrepancy.SelfBlendKeys, []string{"encoder.hidden", "score.flip"})
		info.Table, info.Check = ostTable, checkOST
		register(info, func(shared paired, own OSTTable) method.Method {
			return &OST{shared, own}
		})
	}
}

func checkOST(s spec.Spec, v *spec.Checker) {
	own, err := spec.Own[OSTTable](s)
	if err != nil {
		return
	}
	v.Within(s.Method+".alpha", own.Alpha, 0, 1)
	v.Want(s.Method+".order", own.Order == 1 || own.Order == 2, own.Order, "1 or 2")
	v.Want(s.Method+".scale", own.Scale > 0 && own.Scale <= 100, own.Scale, "a number in (0, 100]")
	v.Within(s.Method+".margin", own.Margin, 0, 1)
	v.Within(s.Method+".pseudo", float64(own.Pseudo), 1, 16)
	checkSamples(v, s.Method, own.Samples)
	v.Want("train.views", s.Train.Views%ostRoles == 0, s.Train.Views, "a multiple of 4: template, pseudo-fake, the face and another pseudo-fake of it")
	v.Want("score.variants", s.Score.Variants == 0, s.Score.Variants, "0 for a method that makes no variants")
}

// The roles of the samples of a clip, in turn. The first two are what the head takes a step on (support), the others what is
// asked of it after the step (query).
const (
	ostTemplate = iota // another person's real face
	ostSupport         // a pseudo-fake of the face as tests make them
	ostFace            // the face, with its label
	ostQuery           // another pseudo-fake of it
	ostRoles
)

// ostLength is the Euclidean length of the features that the head sees: it decides how far a step of a given alpha goes.
const ostLength = 4

// OST tells real faces from fakes by a linear head that takes one gradient step for each face before it judges it: on pseudo-fakes
// made of that face, which are fake whatever the face is, and on real templates. Training minimises the loss after the step.
//
// What is our choice, beside the table: only the head adapts, so that the step is exact in closed form and in float64, and scores
// of a face do not depend on its neighbours; published code adapts all weights, on whole batches of tests at once. Features are
// centred and brought to one length before the head. The pseudo-fakes that the head adapts to are self-blended images, as a
// detector cannot bring other people's faces along; templates at tests are the features of held-out real faces. Published code
// makes its other pseudo-fake by a neural face swapper, ours is a second blend, with another person's face.
type OST struct {
	paired
	own OSTTable
}

// Layout implements [method.Method].
func (m *OST) Layout() method.Layout {
	return method.Layout{Side: m.spec.Encoder.Size, Views: m.spec.Train.Views}
}

// Sample implements [method.Method]: the roles in turn. The face and its pseudo-fakes have the same crop and augmentation, so that
// nothing but the blending tells them apart.
func (m *OST) Sample(w *method.Worker, dst []method.Sample, c face.Clip, d method.Draw) error {
	var l look
	var augmentation discrepancy.Augmentation
	for i := range dst {
		role, label := i%ostRoles, 1
		var err error
		switch role {
		case ostTemplate:
			var template face.Face
			if l, err = m.glance(c, d.Rand); err != nil {
				return err
			}
			if template, err = drawDonor(w, l, d.Rand); err == nil {
				template, err = m.Glance(face.Still(template), d.Rand)
			}
			if err == nil {
				copy(w.Out.Pix, template.Image.Pix)
				discrepancy.DrawAugmentation(m.spec.Augment, d.Rand).Apply(w.Out, &w.Workspace)
			}
			augmentation, label = discrepancy.DrawAugmentation(m.spec.Augment, d.Rand), 0
		case ostSupport:
			err = m.Generator().SelfBlend(w.Out, l.face, d.Rand, &w.Workspace)
		case ostFace:
			copy(w.Out.Pix, l.face.Image.Pix)
			label = labelOf(c)
		case ostQuery:
			err = m.blend(w, w.Out, l, d.Rand)
		}
		if err != nil {
			return err
		}
		if role != ostTemplate {
			augmentation.Apply(w.Out, &w.Workspace)
		}
		dst[i].Label = int32(label)
		discrepancy.AppendRGB(dst[i].Images[:0], w.Out)
	}
	return nil
}

func labelOf(c face.Clip) int {
	if c.Fake {
		return 1
	}
	return 0
}

// blend writes a pseudo-fake of a face to dst: the hull of the face, deformed and feathered, of another person's, alpha-blended or
// in the gradient domain, each as likely.
func (m *OST) blend(w *method.Worker, dst *image.RGBA, l look, rng *rand.Rand) error {
	if m.own.Samples == selfBlendSamples {
		return m.Generator().SelfBlend(dst, l.face, rng, &w.Workspace)
	}
	donor, err := drawDonor(w, l, rng)
	if err != nil {
		return err
	}
	b := blending{donor: donor, outline: ostOutline, align: fivePoints, gradients: rng.IntN(2) == 1}
	b.deformation, b.feather = shape(ostWarp, ostBlur, rng)
	_, err = b.apply(w, dst, l.face)
	return err
}

// ostOutline is the face with raised brows. ostWarp and ostBlur are how its mask is deformed and feathered, as in Face X-ray (our
// choice).
var (
	ostOutline       = region.Faces()[3]
	ostWarp, ostBlur = [2]float64{0.01, 0.08}, [2]float64{0.01, 0.06}
)

// fivePoints aligns faces by eyes, nose and mouth.
func fivePoints(from, to []face.Point) (swap.Transform, error) {
	return swap.Similarity(swap.FivePoints(from), swap.FivePoints(to))
}

// Check implements [method.Method]: the face or a pseudo-fake of it, not augmented. A labelled fake is taken as it is.
func (m *OST) Check(w *method.Worker, dst *method.Sample, c face.Clip, rng *rand.Rand) error {
	view, err := m.Look(c)
	if err != nil {
		return err
	}
	if dst.Label = int32(rng.IntN(2)); dst.Label == 1 && !c.Fake {
		err = m.blend(w, w.Out, look{clip: c, face: view}, rng)
	} else {
		dst.Label = int32(labelOf(c))
		copy(w.Out.Pix, view.Image.Pix)
	}
	if err == nil {
		discrepancy.AppendRGB(dst.Images[:0], w.Out)
	}
	return err
}

// Fake implements [method.Faker].
func (m *OST) Fake(w *method.Worker, c face.Clip, rng *rand.Rand) (face.Clip, error) {
	return method.MakePseudo(c, m.spec.Augment, w, rng, func(dst *image.RGBA, f face.Face, rng *rand.Rand) error {
		return m.blend(w, dst, look{clip: c, face: f}, rng)
	})
}

// Forward implements [method.Method]: the features that the head sees, [B, Hidden], and its two logits, [B, 2].
func (m *OST) Forward(scope *model.Scope, in method.Inputs) []*Node {
	x := encoder.Features(scope, m.spec.Encoder, in.Images)
	x = activation.Relu(encoder.Linear(scope.In("hidden"), x, m.spec.Encoder.Hidden))
	x = MulScalar(L2Normalize(Sub(x, ReduceAndKeep(x, ReduceMean, -1)), -1), ostLength)
	return []*Node{x, encoder.Linear(scope.In("head"), x, 2)}
}

// Guess implements [method.Classifier]: that of the head as it is, without a step.
func (m *OST) Guess(out []*Node, _ method.Inputs) *Node { return ArgMax(out[1], -1, dtypes.Int32) }

// Loss implements [method.Method]: that of faces and their second pseudo-fakes after a step of the head on templates and the first
// ones, for each face alone.
//
// The head is linear, so its logits of x after a step α on n samples are logits(x) − α/n·Σ_i δ_i·(f_i·f(x) + 1), where δ_i is the
// gradient of the loss of sample i by its logits and f are features. A gradient through that is the published one of second order.
func (m *OST) Loss(_ *model.Scope, out []*Node, in method.Inputs) []method.Term {
	// Samples lie view by view: [sets of the roles, roles, clips].
	sets := m.spec.Train.Views / ostRoles
	part := func(x *Node, from, to int, width ...int) *Node {
		x = Reshape(x, append([]int{sets, ostRoles, -1}, width...)...)
		return Slice(x, AxisRange(), AxisRange(from, to))
	}
	labels := OneHot(in.Label, 2, out[1].DType())
	width := out[0].Shape().Dim(-1)
	support, query := part(out[0], ostTemplate, ostFace, width), part(out[0], ostFace, ostRoles, width)
	known := part(labels, ostTemplate, ostFace, 2)
	delta := MulScalar(Sub(Softmax(m.margins(part(out[1], ostTemplate, ostFace, 2), known), -1), known), m.own.Scale)
	if m.own.Order == 1 {
		support, delta = StopGradient(support), StopGradient(delta)
	}
	alike := OnePlus(ReduceSum(Mul(InsertAxes(support, 2), InsertAxes(query, 1)), -1)) // [sets, support, query, clips]
	change := ReduceMean(Mul(InsertAxes(delta, 2), InsertAxes(alike, -1)), 1)
	adapted := Sub(part(out[1], ostFace, ostRoles, 2), MulScalar(change, m.own.Alpha))
	wanted := part(labels, ostFace, ostRoles, 2)
	perSample := Neg(ReduceSum(Mul(wanted, LogSoftmax(m.margins(adapted, wanted), -1)), -1))
	return []method.Term{{Name: "query", Value: ReduceAllMean(perSample)}}
}

// margins are logits as the loss sees them: scaled, the right one less a margin.
func (m *OST) margins(logits, wanted *Node) *Node {
	return margins(logits, wanted, m.own.Scale, m.own.Margin)
}

// margins are logits as the additive-margin softmax sees them (Wang et al. 2018): scaled, the right one less a margin. OST and SLADD
// take it of plain logits and not of cosines.
func margins(logits, wanted *Node, scale, margin float64) *Node {
	return MulScalar(Sub(logits, MulScalar(wanted, margin)), scale)
}

// Outputs implements [method.Method]: as Forward.
func (m *OST) Outputs(scope *model.Scope, in method.Inputs) []*Node { return m.Forward(scope, in) }

// Scores implements [method.Method].
func (m *OST) Scores() []string { return []string{ostAdapted, ostUnadapted} }

// Probe implements [method.Method]: the face and pseudo-fakes of it, and its mirror image and pseudo-fakes of that when the spec says
// so. They are the same for both scores, so that wherever one is told the other is, too.
func (m *OST) Probe(w *method.Worker, dst *method.Samples, _ string, _ method.Fit, c face.Clip, digest string) error {
	view, err := m.Look(c)
	if err != nil {
		return err
	}
	views := []face.Face{view}
	if m.spec.Score.Flip {
		views = append(views, face.Mirror(view))
	}
	for i, f := range views {
		dst.Images = discrepancy.AppendRGB(dst.Images, f.Image)
		for k := range m.own.Pseudo {
			if err := m.Generator().SelfBlend(w.Out, f, stream.New(m.spec.Seed, "ost", digest, i, k), &w.Workspace); err != nil {
				return err
			}
			dst.Images = discrepancy.AppendRGB(dst.Images, w.Out)
		}
	}
	return nil
}

// Score implements [method.Method]: the mean over the looks at a face. adapted is NaN before the templates were fitted.
func (m *OST) Score(score string, rows []method.Row, fit method.Fit) float64 {
	looks := 1
	if m.spec.Score.Flip {
		looks = 2
	}
	each := len(rows) / looks
	templates, fitted := m.templates(fit)
	if score == ostAdapted && (each != 1+m.own.Pseudo || !fitted) {
		return math.NaN()
	}
	total := 0.0
	for i := range looks {
		x := exampleOf(rows[i*each], 0)
		if score == ostAdapted {
			support := slices.Clone(templates)
			for _, row := range rows[i*each+1 : (i+1)*each] {
				support = append(support, exampleOf(row, 1))
			}
			x.logits = m.step(x, support)
		}
		total += x.logits[1] - x.logits[0]
	}
	return total / float64(looks)
}

// example is a sample as the head sees it.
type example struct {
	features []float64
	logits   [2]float64
	label    int
}

func exampleOf(row method.Row, label int) example {
	x := example{features: make([]float64, len(row[0])), logits: [2]float64{float64(row[1][0]), float64(row[1][1])}, label: label}
	for i, v := range row[0] {
		x.features[i] = float64(v)
	}
	return x
}

// step is the logits of x after one step of the head on a support.
func (m *OST) step(x example, support []example) [2]float64 {
	out := x.logits
	for _, s := range support {
		seen := s.logits
		seen[s.label] -= m.own.Margin
		fake := 1 / (1 + math.Exp(m.own.Scale*(seen[0]-seen[1])))
		delta := m.own.Scale * (fake - float64(s.label)) // by the logit of fake; that by the other is its negative
		alike := 1.0
		for i, v := range s.features {
			alike += v * x.features[i]
		}
		move := m.own.Alpha / float64(len(support)) * delta * alike
		out[0], out[1] = out[0]+move, out[1]-move
	}
	return out
}

// ostTemplates is the name of the templates in a [method.Fit]: of each the features and the logits.
const ostTemplates = "ost/templates"

// templates are the real faces that every test face is adapted with.
func (m *OST) templates(fit method.Fit) (all []example, fitted bool) {
	values, fitted := fit.Values[ostTemplates]
	for each := range slices.Chunk(values, m.spec.Encoder.Hidden+2) {
		n := len(each) - 2
		all = append(all, example{features: each[:n], logits: [2]float64(each[n:])})
	}
	return all, fitted
}

// Fit implements [method.Fitter]: as many templates as pseudo-fakes, spread evenly over the real clips.
func (m *OST) Fit(fit method.Fit, real, _ [][]method.Row) (method.Fit, error) {
	if len(real) == 0 {
		return fit, fmt.Errorf("systems: %s: no real faces to take templates from; raise data.holdout", m.spec.Method)
	}
	out := method.Fit{Score: fit.Score, Values: maps.Clone(fit.Values), Note: fit.Note}
	if out.Values == nil {
		out.Values = map[string][]float64{}
	}
	var values []float64
	for k := range m.own.Pseudo {
		x := exampleOf(real[k*len(real)/m.own.Pseudo][0], 0)
		values = append(append(values, x.features...), x.logits[:]...)
	}
	out.Values[ostTemplates] = values
	return out, nil
}

// CheckFit implements [method.Fitter].
func (m *OST) CheckFit(fit method.Fit) error {
	if n, want := len(fit.Values[ostTemplates]), m.own.Pseudo*(m.spec.Encoder.Hidden+2); n != want && n != 0 {
		return fmt.Errorf("systems: %s: templates of %d values, want %d", m.spec.Method, n, want)
	}
	return nil
}
