package systems

import (
	"errors"
	"image"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/loss"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/swap"
)

// SLADDTable is the sub-table [sladd] or [sladd-real] of a spec. Where no source is named the value is our choice.
type SLADDTable struct {
	Scale   float64    `toml:"scale" doc:"factor on the logits in the losses of classes and kinds, in (0, 100]; 30 is published, 1 with margin 0 is cross-entropy"`
	Margin  float64    `toml:"margin" doc:"what the right logit must be ahead by, in [0, 1]; 0.45 is published"`
	Map     float64    `toml:"map" doc:"weight of the loss of the forged place's map, in [0, 100]; 0.1 is published, 0 leaves it out"`
	Kind    float64    `toml:"kind" doc:"weight of the loss of the kind of blending, in [0, 100]; 0.05 is published, 0 leaves it out"`
	Ratio   float64    `toml:"ratio" doc:"weight of the loss of a mix's ratio, in [0, 100]; 0.1 is published, 0 leaves it out"`
	Policy  string     `toml:"policy" doc:"what draws place and kind: uniform; table, learned and the same for all faces; faces, learned and by what face and donor look like"`
	Rate    float64    `toml:"rate" doc:"factor on the policy's learning rate, in (0, 100]; 0.25 is published"`
	Mix     [2]float64 `toml:"mix" doc:"range of the ratio of a mix, in [0, 1]"`
	Faint   float64    `toml:"faint" doc:"share of the alpha blends whose weight is as small as in published code, in [0, 1]; 1 is published"`
	Samples string     `toml:"samples" doc:"what fakes are: blended, with another person's face; selfblend, as those of SBI"`
}

var sladdTable = SLADDTable{
	Scale: 30, Margin: 0.45, Map: 0.1, Kind: 0.05, Ratio: 0.1, Policy: policyTable, Rate: 0.25,
	Mix: [2]float64{0.25, 1}, Faint: 0.5, Samples: ownSamples,
}

func init() {
	for _, info := range []spec.MethodInfo{
		{Name: "sladd", Doc: "tells place, kind and ratio of forgeries that are drawn where it is weak (SLADD, Chen et al. 2022)", Fakes: spec.FakesNeeded},
		{Name: "sladd-real", Doc: "SLADD trained on real faces and forgeries of them only", Fakes: spec.FakesNever},
	} {
		info.Scores = []spec.Choice{
			{Name: classOdds, Doc: "log odds of being fake, by the classifier (published)"},
			{Name: "forgery-kind", Doc: "chance that something was blended in (ours)"},
			{Name: "forgery-map", Doc: "mean of the predicted map of the forged place (ours)"},
		}
		info.Reads = slices.Concat(discrepancy.SelfBlendKeys, []string{"encoder.hidden", "score.flip"})
		info.Table, info.Check = sladdTable, checkSLADD
		register(info, func(shared paired, own SLADDTable) method.Method {
			return &SLADD{shared, own, sladdPolicy{own.Policy, shared.spec.Encoder.Size / sladdStride}}
		})
	}
}

func checkSLADD(s spec.Spec, v *spec.Checker) {
	own, err := spec.Own[SLADDTable](s)
	if err != nil {
		return
	}
	v.Want(s.Method+".scale", own.Scale > 0 && own.Scale <= 100, own.Scale, "a number in (0, 100]")
	v.Within(s.Method+".margin", own.Margin, 0, 1)
	v.Within(s.Method+".map", own.Map, 0, 100)
	v.Within(s.Method+".kind", own.Kind, 0, 100)
	v.Within(s.Method+".ratio", own.Ratio, 0, 100)
	v.Name(s.Method+".policy", own.Policy, []string{policyUniform, policyTable, policyFaces})
	v.Want(s.Method+".rate", own.Rate > 0 && own.Rate <= 100, own.Rate, "a number in (0, 100]")
	checkRange(v, s.Method+".mix", own.Mix, 0, 1)
	v.Within(s.Method+".faint", own.Faint, 0, 1)
	checkSamples(v, s.Method, own.Samples)
	v.Want("encoder.size", s.Encoder.Size%sladdStride == 0 && s.Encoder.Size >= sladdFields*sladdStride, s.Encoder.Size, "a multiple of 8, at least 32: the map has a place for each 8 pixels")
	checkPairs(s, v)
}

// sladdStride is the side in pixels of a place of the map; 16 is published, at 256 pixels (8 is our choice).
const sladdStride = 8

// SLADD tells real faces from forgeries and, beside that, which place was forged, in which way and how much of it. Forgeries are
// drawn by a policy that learns to draw those which the detector finds hard.
//
// What is our choice, beside the table: face and forgery are a pair with the same crop and augmentation; donors are real faces near
// by landmarks; masks are bent and softened as in Face X-ray; colours are shifted to the same mean; the auxiliary heads share the
// classifier's hidden layer; labelled fakes have no known mask, so that they do not count in the loss of the map.
type SLADD struct {
	paired
	own    SLADDTable
	policy sladdPolicy
}

// kinds is the number of kinds that are told apart.
func (m *SLADD) kinds() int {
	if m.spec.Data.Fakes {
		return sladdKinds + 1
	}
	return sladdKinds
}

// Layout implements [method.Method]. The map has four quarters: the forged place; in its first row the fields; and the face and
// the donor in small, in grey.
func (m *SLADD) Layout() method.Layout {
	return method.Layout{Side: m.spec.Encoder.Size, Map: 2 * m.policy.side, Views: m.spec.Train.Views}
}

// The fields of a sample: its kind, the place that was drawn, whether one was (255), and the ratio, of 255.
const (
	fieldKind = iota
	fieldPlace
	fieldDrawn
	fieldRatio
	sladdFields
)

// field is where a field lies in a map.
func (m *SLADD) field(dst *method.Sample, field int) *uint8 { return &dst.Map[m.policy.side+field] }

// Sample implements [method.Method].
func (m *SLADD) Sample(w *method.Worker, dst []method.Sample, c face.Clip, d method.Draw) error {
	return m.sample(w, dst, c, d.Rand, func(w *method.Worker, l look, rng *rand.Rand) (maker, error) { return m.draw(w, l, rng, d.Vars) })
}

// Check implements [method.Method]: by the uniform policy.
func (m *SLADD) Check(w *method.Worker, dst *method.Sample, c face.Clip, rng *rand.Rand) error {
	return m.check(w, dst, c, rng, func(w *method.Worker, l look, rng *rand.Rand) (maker, error) { return m.draw(w, l, rng, nil) })
}

func (m *SLADD) draw(w *method.Worker, l look, rng *rand.Rand, vars method.Vars) (maker, error) {
	size := l.face.Image.Rect.Size()
	forged := func(dst *method.Sample, mask region.Mask, kind int) {
		*m.field(dst, fieldKind) = uint8(kind)
		if len(mask.Weight) == 0 {
			return
		}
		place := make([]uint8, m.policy.side*m.policy.side)
		shrink(place, m.policy.side, mask, size, ofLargest(mask)) // the ratio says how much
		m.quarter(dst, 0, 0, place)
	}
	asItIs := func(dst *method.Sample, label int32, kind int) error {
		copy(w.Out.Pix, l.face.Image.Pix)
		dst.Label = label
		*m.field(dst, fieldKind) = uint8(kind)
		return nil
	}
	if l.clip.Fake {
		return func(dst *method.Sample) error { return asItIs(dst, 1, sladdLabelled) }, nil
	}
	if m.own.Samples == selfBlendSamples {
		made, err := m.selfBlended(w, l, rng, func(dst *method.Sample, mask region.Mask) { forged(dst, mask, sladdAlpha) })
		return func(dst *method.Sample) error {
			*m.field(dst, fieldKind) = sladdNothing // unless it is blended
			return made(dst)
		}, err
	}
	donor, err := drawDonor(w, l, rng)
	if err != nil {
		return nil, err
	}
	faces := [2][]uint8{m.small(w, l.face.Image), m.small(w, donor.Image)}
	place, kind := m.policy.draw(rng, vars, levels(faces))
	b := m.blending(donor, place, kind, rng)
	return func(dst *method.Sample) error {
		if dst.Label == 0 {
			return asItIs(dst, 0, sladdNothing)
		}
		*m.field(dst, fieldPlace), *m.field(dst, fieldDrawn) = uint8(place), 255
		m.quarter(dst, 1, 0, faces[0])
		m.quarter(dst, 1, 1, faces[1])
		if kind == sladdNothing {
			return asItIs(dst, 0, sladdNothing)
		}
		mask, err := b.apply(w, w.Out, l.face)
		switch {
		case errors.Is(err, swap.ErrMask):
			return asItIs(dst, 0, sladdNothing) // public code calls such faces fake all the same
		case err == nil:
			forged(dst, mask, kind)
			*m.field(dst, fieldRatio) = uint8(255*b.feather.Ratio + 0.5)
		}
		return err
	}, nil
}

// quarter writes a quarter of a map.
func (m *SLADD) quarter(dst *method.Sample, row, col int, values []uint8) {
	side := m.policy.side
	for y := range side {
		copy(dst.Map[(row*side+y)*2*side+col*side:][:side], values[y*side:])
	}
}

// small is an image in small, in grey, row by row.
func (m *SLADD) small(w *method.Worker, img *image.RGBA) []uint8 {
	few := image.NewRGBA(image.Rect(0, 0, m.policy.side, m.policy.side))
	w.Workspace.Stretch(few, img)
	grey := make([]uint8, len(few.Pix)/4)
	for i := range grey {
		grey[i] = uint8((int(few.Pix[4*i]) + int(few.Pix[4*i+1]) + int(few.Pix[4*i+2])) / 3)
	}
	return grey
}

// levels are those of two small pictures as a policy sees them.
func levels(faces [2][]uint8) (all []float64) {
	for _, grey := range faces {
		for _, v := range grey {
			all = append(all, float64(v)/127.5-1)
		}
	}
	return all
}

// blending draws the rest of a forgery.
func (m *SLADD) blending(donor face.Face, place, kind int, rng *rand.Rand) blending {
	b := blending{donor: donor, outline: region.Forgeries(), omit: ^(uint(1) << place), align: fivePoints, gradients: kind == sladdPoisson}
	b.deformation, b.feather = shape(ostWarp, ostBlur, rng)
	mix, faint, u := between(rng, m.own.Mix), rng.Float64() < m.own.Faint, rng.Float64()
	switch {
	case kind == sladdMix:
		b.feather.Ratio = mix
	case kind == sladdAlpha && faint:
		mask := b.outline.Mask(place, donor.Landmarks, donor.Image.Rect)
		b.feather.Ratio = faintWeight(u, max(mask.Rect.Dx(), mask.Rect.Dy())*256/max(1, donor.Image.Rect.Dx()))
	}
	return b
}

// faintWeight is the weight inside of an alpha blend in published code, for u uniform in [0, 1) and a mask of a longer side in pixels
// at 256: what was meant to fade towards the border is as faint everywhere.
func faintWeight(u float64, side int) float64 { return 1 / max(1, 0.2*u*float64(side)) }

// Fake implements [method.Faker]: one of the kinds that change a face, at any place, each as likely.
func (m *SLADD) Fake(w *method.Worker, c face.Clip, rng *rand.Rand) (face.Clip, error) {
	return m.pseudo(w, c, rng, m.own.Samples, func(dst *image.RGBA, f face.Face, rng *rand.Rand) error {
		donor, err := drawDonor(w, look{clip: c, face: f}, rng)
		if err != nil {
			return err
		}
		for range 8 { // a place may be too small
			b := m.blending(donor, rng.IntN(places), rng.IntN(sladdNothing), rng)
			if _, err = b.apply(w, dst, f); !errors.Is(err, swap.ErrMask) {
				return err
			}
		}
		return err
	})
}

// Forward implements [method.Method]: the logits of the classes [B, 2], of the kinds [B, kinds], of the map [B, places of it], and the
// ratio [B, 1].
func (m *SLADD) Forward(scope *model.Scope, in method.Inputs) []*Node {
	side, kinds := m.policy.side, m.kinds()
	stages := encoder.Maps(scope, m.spec.Encoder, in.Images)
	forged := m.placeLogits(scope.In("map"), stages, side)
	x := encoder.Project(scope.In("head"), encoder.Pool(stages[len(stages)-1]), m.spec.Encoder.Hidden, 2+kinds+1)
	part := func(from, to int) *Node { return Slice(x, AxisRange(), AxisRange(from, to)) }
	return []*Node{part(0, 2), part(2, 2+kinds), forged, part(2+kinds, 3+kinds)}
}

// Loss implements [method.Method]: of classes, map, kinds and ratios, and of the policy, which lowers nothing that the detector has
// and whose value is kept at 0.
func (m *SLADD) Loss(scope *model.Scope, out []*Node, in method.Inputs) []method.Term {
	floats, side := out[0].DType(), m.policy.side
	quarter := func(row, col int) *Node {
		x := Slice(in.Map, AxisRange(), AxisRange(row*side, (row+1)*side), AxisRange(col*side, (col+1)*side))
		return Reshape(ConvertDType(x, floats), -1, side*side)
	}
	field := func(i int) *Node { return Reshape(Slice(quarter(0, 1), AxisRange(), AxisRange(i, i+1)), -1) }
	level := func(x *Node) *Node { return DivScalar(x, 255) }
	kind := ConvertDType(field(fieldKind), dtypes.Int32)
	losses := m.losses(out, in.Label, kind, level(quarter(0, 0)), level(field(fieldRatio)))
	var terms []method.Term
	for i, name := range []string{classTerm, "map", "kind", "ratio"} {
		terms = append(terms, method.Term{Name: name, Value: ReduceAllMean(losses[i])})
	}
	if m.own.Policy == policyUniform {
		return terms
	}
	reward := StopGradient(Add(Add(losses[0], losses[1]), Add(losses[2], losses[3])))
	seen := AddScalar(DivScalar(Concatenate([]*Node{quarter(1, 0), quarter(1, 1)}, -1), 127.5), -1)
	place, kinds := m.policy.logits(scope, seen)
	drawn := level(field(fieldDrawn))
	rewards := advantage(reward, Mul(drawn, ConvertDType(NotEqual(kind, Scalar(kind.Graph(), kind.DType(), sladdNothing)), floats)))
	choice := OneHot(ConvertDType(field(fieldPlace), dtypes.Int32), places, floats)
	value := objective(place, kinds, choice, OneHot(kind, sladdKinds, floats), rewards)
	return append(terms, method.Term{Name: "policy", Value: Sub(value, StopGradient(value))})
}

// losses are those of each sample, weighted, [B] each: of classes, map, kinds and ratios.
func (m *SLADD) losses(out []*Node, label, kind, place, ratio *Node) [4]*Node {
	floats := out[0].DType()
	margin := func(logits, labels *Node) *Node {
		wanted := OneHot(labels, logits.Shape().Dim(-1), floats)
		_, perSample := loss.SoftCrossEntropy(margins(logits, wanted, m.own.Scale, m.own.Margin), wanted)
		return perSample
	}
	is := func(k int32) *Node { return ConvertDType(Equal(kind, Scalar(kind.Graph(), kind.DType(), k)), floats) }
	found := ReduceMean(Square(Sub(Sigmoid(out[2]), place)), -1)
	missed := Square(Sub(Reshape(out[3], -1), ratio))
	return [4]*Node{
		margin(out[0], label),
		MulScalar(Mul(found, OneMinus(is(sladdLabelled))), m.own.Map),
		MulScalar(margin(out[1], kind), m.own.Kind),
		MulScalar(Mul(missed, is(sladdMix)), m.own.Ratio),
	}
}

// Predict implements [method.Gauger].
func (m *SLADD) Predict(out []*Node) *Node { return out[2] }

// Gauge implements [method.Gauger].
func (m *SLADD) Gauge(samples *method.Samples, rows []method.Row) (method.Gauge, error) {
	return overlap("IoU of the forged place", rows, func(i int) (place []uint8) {
		all, side := samples.At(i).Map, m.policy.side
		for y := range side {
			place = append(place, all[y*2*side:][:side]...)
		}
		return place
	})
}

// Watch implements [method.Watcher]: samples are drawn by the policy as it was some steps before.
func (m *SLADD) Watch() ([]string, int) { return m.policy.paths(), sladdLag }

// Groups implements [method.Grouper]: the policy has its own rate.
func (m *SLADD) Groups() []method.Group {
	if m.own.Policy == policyUniform {
		return nil
	}
	return []method.Group{{Prefix: method.LossScope + "/" + policyScope + "/", Rate: m.own.Rate}}
}

// Outputs implements [method.Method]: the log odds of being fake [B, 1], the map in [0, 1], and the chance that something was blended
// in [B, 1].
func (m *SLADD) Outputs(scope *model.Scope, in method.Inputs) []*Node {
	out := m.Forward(scope, in)
	nothing := Slice(Softmax(out[1], -1), AxisRange(), AxisRange(sladdNothing, sladdNothing+1))
	return []*Node{method.LogOdds(out[0]), Sigmoid(out[2]), OneMinus(nothing)}
}

// Scores implements [method.Method].
func (m *SLADD) Scores() []string { return []string{classOdds, "forgery-kind", "forgery-map"} }

// Score implements [method.Method].
func (m *SLADD) Score(score string, rows []method.Row, _ method.Fit) float64 {
	return method.Mean(rows, func(row method.Row) float64 {
		switch score {
		case classOdds:
			return float64(row[0][0])
		case "forgery-kind":
			return float64(row[2][0])
		}
		return mean(row[1])
	})
}

// Explain implements [method.Explainer]: the predicted map of the forged place.
func (m *SLADD) Explain(c face.Clip, rows []method.Row, _ method.Fit) (method.Map, error) {
	return m.Square("chance that the place was forged", c, rows, 1, func(x float64) float64 { return x })
}
