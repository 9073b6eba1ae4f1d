package systems

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/internal/sharedtest"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/method/methodtest"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/source/donor"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
	"github.com/seeable-lab/seeable/lab/train"
)

func smallSLADD(t testing.TB, name, keys string) spec.Spec {
	t.Helper()
	return small(t, name, "[encoder]\nhidden = 32\n"+keys)
}

// Another's eyes or mouth in a drawn face of 32 pixels are too little to be found in so few steps: scores are measured on the
// ablation's fakes.
func TestSLADD(t *testing.T) {
	t.Run("selfblend", func(t *testing.T) {
		methodtest.Run(t, smallSLADD(t, "sladd-real", "[sladd-real]\nsamples = \"selfblend\""), methodtest.Options{Steps: 100})
	})
	t.Run("real", func(t *testing.T) {
		methodtest.Run(t, smallSLADD(t, "sladd-real", "[sladd-real]\npolicy = \"faces\""), methodtest.Options{Steps: -1})
	})
	t.Run("fakes", func(t *testing.T) {
		methodtest.Run(t, smallSLADD(t, "sladd", "[data]\nfakes = true\n"), methodtest.Options{Clips: labelled(t), Steps: -1})
	})
}

// sladdGolden is sladd.json of the specification.
type sladdGolden struct {
	AM struct {
		Logits2   [][]float64 `json:"logits_2"`
		Labels2   []int32     `json:"labels_2"`
		Each2     []float64   `json:"per_sample_2"`
		Gradient2 [][]float64 `json:"grad_mean_2"`
		Logits5   [][]float64 `json:"logits_5"`
		Labels5   []int32     `json:"labels_5"`
		Each5     []float64   `json:"per_sample_5"`
		Plain2    []float64   `json:"plain_cross_entropy_2"`
	} `json:"am_softmax"`
	Detector struct {
		Class  [][]float64   `json:"class_logits"`
		Labels []int32       `json:"class_labels"`
		Kind   [][]float64   `json:"type_logits"`
		Kinds  []int32       `json:"type_labels"`
		Map    [][][]float64 `json:"map"`
		Target [][][]float64 `json:"map_target"`
		Ratio  []float64     `json:"ratio"`
		Ratios []float64     `json:"ratio_target"`
		LClass float64       `json:"L_class"`
		LMap   float64       `json:"L_map"`
		LKind  float64       `json:"L_type"`
		LRatio float64       `json:"L_ratio"`
		Total  float64
	} `json:"detector_loss"`
	Synthesizer struct {
		Regions [][]float64               `json:"region_logits"`
		Types   [][]float64               `json:"type_logits"`
		Region  []int32                   `json:"drawn_regions"`
		Type    []int32                   `json:"drawn_types"`
		Batch   sladdReward               `json:"one_loss_for_the_batch_as_public_code"`
		Each    sladdReward               `json:"loss_of_each_sample"`
		Our     struct{ Value []float64 } `json:"our_advantage"`
	}
	Blending struct {
		Alpha []struct {
			U      float64
			Side   int     `json:"longer_side"`
			Weight float64 `json:"weight_inside_with_indicator"`
		} `json:"alpha_weight"`
	}
}

type sladdReward struct {
	Rewards []float64
	Region  [][]float64 `json:"grad_region_logits"`
	Type    [][]float64 `json:"grad_type_logits"`
}

// The losses of classes, map, kinds and ratio are the golden's, and with scale 1 and margin 0 that of classes is cross-entropy.
func TestSLADDLosses(t *testing.T) {
	var want sladdGolden
	sharedtest.Golden(t, "sladd.json", &want)
	margin := func(m *SLADD, logits [][]float64, labels []int32) [][]float64 {
		return compute(t, func(in []*Node) []*Node {
			wanted := OneHot(in[1], in[0].Shape().Dim(-1), in[0].DType())
			each := Neg(ReduceSum(Mul(wanted, LogSoftmax(margins(in[0], wanted, m.own.Scale, m.own.Margin), -1)), -1))
			return []*Node{each, Gradient(ReduceAllMean(each), in[0])[0]}
		}, tensor(logits, len(logits), len(logits[0])), tensors.FromValue(labels))
	}
	published := &SLADD{own: sladdTable}
	a := want.AM
	out := margin(published, a.Logits2, a.Labels2)
	near(t, "two classes", out[0], a.Each2, 1e-9)
	near(t, "gradient", out[1], a.Gradient2, 1e-9)
	near(t, "five classes", margin(published, a.Logits5, a.Labels5)[0], a.Each5, 1e-9)
	near(t, "cross-entropy", margin(&SLADD{own: SLADDTable{Scale: 1}}, a.Logits2, a.Labels2)[0], a.Plain2, 1e-9)

	d := want.Detector
	logit := func(x [][][]float64) (out []float64) {
		for _, p := range flatten(x) {
			out = append(out, math.Log(max(p, 1e-300)/(1-p)))
		}
		return out
	}
	parts := compute(t, func(in []*Node) []*Node {
		all := published.losses(in[:4], in[4], in[5], in[6], in[7])
		total := ReduceAllMean(Add(Add(all[0], all[1]), Add(all[2], all[3])))
		return append([]*Node{total}, all[:]...)
	}, tensor(d.Class, 2, 2), tensor(d.Kind, 2, 5), tensor(logit(d.Map), 2, 4), tensor(d.Ratio, 2, 1),
		tensors.FromValue(d.Labels), tensors.FromValue(d.Kinds), tensor(d.Target, 2, 4), tensor(d.Ratios, 2))
	near(t, "total", parts[0], d.Total, 1e-9)
	for i, w := range []float64{d.LClass, 0.1 * d.LMap, 0.05 * d.LKind, 0.1 * d.LRatio} {
		near(t, "part", []float64{(parts[1+i][0] + parts[1+i][1]) / 2}, w, 1e-9)
	}
}

// The policy's gradient is the golden's for both kinds of rewards, and rewards are standardised over the samples that count.
func TestSLADDPolicyGradient(t *testing.T) {
	var want sladdGolden
	sharedtest.Golden(t, "sladd.json", &want)
	s := want.Synthesizer
	gradient := func(rewards []float64) [][]float64 {
		return compute(t, func(in []*Node) []*Node {
			value := objective(in[0], in[1], OneHot(in[2], 5, in[0].DType()), OneHot(in[3], 4, in[0].DType()), in[4])
			return Gradient(value, in[0], in[1])
		}, tensor(s.Regions, 2, 5), tensor(s.Types, 2, 4), tensors.FromValue(s.Region), tensors.FromValue(s.Type), tensor(rewards, 2))
	}
	for _, r := range []sladdReward{s.Batch, s.Each} {
		out := gradient(r.Rewards)
		near(t, "regions", out[0], r.Region, 1e-6)
		near(t, "types", out[1], r.Type, 1e-6)
	}
	// The likelihood of what was drawn rises with its reward, and falls with a negative one.
	out := gradient([]float64{2, -2})
	if out[0][s.Region[0]] >= 0 || out[0][5+s.Region[1]] <= 0 || out[1][s.Type[0]] >= 0 || out[1][4+s.Type[1]] <= 0 {
		t.Errorf("gradients %v of rewards 2 and −2", out)
	}
	for _, c := range []struct{ losses, counts, want []float64 }{
		{s.Each.Rewards, []float64{1, 1}, s.Our.Value},
		{[]float64{3, 100, 5}, []float64{1, 0, 1}, []float64{-1, 0, 1}},
		{[]float64{2, 2, 2}, []float64{1, 1, 1}, []float64{0, 0, 0}},
		{[]float64{2, 3}, []float64{0, 0}, []float64{0, 0}},
	} {
		out := compute(t, func(in []*Node) []*Node { return []*Node{advantage(in[0], in[1])} }, tensor(c.losses, len(c.losses)), tensor(c.counts, len(c.counts)))
		near(t, "advantage", out[0], c.want, 1e-7)
	}
	for _, a := range want.Blending.Alpha {
		exact(t, "weight of a faint blend", faintWeight(a.U, a.Side), a.Weight)
	}
}

// A policy draws what its variables say, less its exploration, and by the picture where it sees one; without variables it is
// uniform.
func TestSLADDPolicyDraws(t *testing.T) {
	const n = 4000
	all := places + sladdKinds
	bias := make([]float32, all)
	bias[3], bias[places+sladdMix] = 20, 20
	p := sladdPolicy{policyFaces, 4}
	weights := make([]float32, p.inputs()*all)
	weights[0*all+5] = 40 // where the first level is bright, place 5
	dark, bright := make([]float64, p.inputs()), make([]float64, p.inputs())
	bright[0] = 1
	paths := p.paths()
	for _, c := range []struct {
		name        string
		vars        method.Vars
		seen        []float64
		place, kind int
		share       float64
	}{
		{"nothing", nil, dark, 3, sladdMix, 0},
		{"table", method.Vars{paths[0]: bias}, dark, 3, sladdMix, 1 - exploration},
		{"dark", method.Vars{paths[0]: bias, paths[1]: weights}, dark, 3, sladdMix, 1 - exploration},
		{"bright", method.Vars{paths[0]: bias, paths[1]: weights}, bright, 5, sladdMix, 1 - exploration},
	} {
		rng := stream.New(1, "policy")
		places10, kinds4 := 0.0, 0.0
		for range n {
			place, kind := p.draw(rng, c.vars, c.seen)
			if place == c.place {
				places10 += 1. / n
			}
			if kind == c.kind {
				kinds4 += 1. / n
			}
		}
		wantPlace, wantKind := c.share+(1-c.share)/float64(places), c.share+(1-c.share)/sladdKinds
		if math.Abs(places10-wantPlace) > 0.03 || math.Abs(kinds4-wantKind) > 0.03 {
			t.Errorf("%s: place in %.3f and kind in %.3f of the draws, want %.3f and %.3f", c.name, places10, kinds4, wantPlace, wantKind)
		}
	}
	if len((sladdPolicy{name: policyUniform}).paths()) != 0 || len((sladdPolicy{name: policyTable}).paths()) != 1 {
		t.Error("a uniform policy has no variables and a table has one")
	}
}

// Where nothing is blended, pixels and label are those of the real face, and a fake keeps its label; fields and map say what was
// done.
func TestSLADDSamples(t *testing.T) {
	m, w, clips := open(t, smallSLADD(t, "sladd", "[data]\nfakes = true\n"))
	s := m.(*SLADD)
	seen := map[uint8]int{}
	for i := range 60 {
		real, fake := pair(t, m, w, clips[i%8], uint64(i))
		kind := *s.field(&fake, fieldKind)
		seen[kind]++
		target := 0
		for y := range s.policy.side {
			for x := range s.policy.side {
				target += int(fake.Map[y*2*s.policy.side+x])
			}
		}
		same := bytes.Equal(real.Images, fake.Images)
		switch {
		case real.Label != 0 || *s.field(&real, fieldKind) != sladdNothing || *s.field(&real, fieldDrawn) != 0:
			t.Fatalf("a real face with label %d and fields %d", real.Label, real.Map[s.policy.side:][:sladdFields])
		case *s.field(&fake, fieldDrawn) != 255 || int(*s.field(&fake, fieldPlace)) >= places:
			t.Fatalf("a forgery with fields %d", fake.Map[s.policy.side:][:sladdFields])
		case kind == sladdNothing && (!same || fake.Label != 0 || target != 0):
			t.Fatalf("nothing was drawn: same pixels %v, label %d, map of %d", same, fake.Label, target)
		case kind != sladdNothing && (fake.Label != 1 || target == 0):
			t.Fatalf("kind %d: label %d, map of %d", kind, fake.Label, target)
		}
	}
	if len(seen) != sladdKinds {
		t.Errorf("60 draws have the kinds %v, want all of %d", seen, sladdKinds)
	}
	clips[0].Fake = true
	for _, sample := range func() []method.Sample { a, b := pair(t, m, w, clips[0], 1); return []method.Sample{a, b} }() {
		if sample.Label != 1 || *s.field(&sample, fieldKind) != sladdLabelled || slices.Max(sample.Map[:s.policy.side]) != 0 {
			t.Errorf("a labelled fake with label %d and kind %d", sample.Label, *s.field(&sample, fieldKind))
		}
	}
}

// A training that was interrupted after the policy began to be read ends with the same bytes as one that was not, and the policy
// has moved.
func TestSLADDResume(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	s := smallSLADD(t, "sladd-real", "[sladd-real]\npolicy = \"faces\"\nrate = 100.0\n[train]\nsteps = 8\nbatch = 8\nvalidate = 1\nwarm_up = 0.0\n")
	m, _, clips := open(t, s)
	run := func(ends ...int) safetensors.File {
		var file safetensors.File
		done := 0
		for _, end := range append(ends, s.Train.Steps) {
			store := model.NewStore()
			store.RootScope().SetParam(encoder.SeedParam, s.Seed)
			if done > 0 {
				if err := train.RestoreState(store, file); err != nil {
					t.Fatal(err)
				}
			}
			ctx, stop := context.WithCancel(t.Context())
			err := train.Run(ctx, s, m, store, clips[8:], clips[:8], train.Options{
				Backend: acceltest.ForTest(t), Done: done,
				Report: func(p train.Progress) {
					if p.Step == end && end < s.Train.Steps {
						stop()
					}
				},
			})
			stop()
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Fatalf("%+v", err)
			}
			if file, err = train.State(store); err != nil {
				t.Fatal(err)
			}
			done = end
		}
		return file
	}
	want, got := run(), run(6)
	for path, w := range want.Tensors {
		if !slices.Equal(got.Tensors[path].Data, w.Data) {
			t.Errorf("%s is another after a resume", path)
		}
	}
	for _, path := range m.(*SLADD).policy.paths() {
		moved := slices.ContainsFunc(want.Tensors["/net/"+path].Data, func(v float32) bool { return math.Abs(float64(v)) > 1e-3 })
		if _, kept := want.Tensors["/watched/3/"+path]; !kept || !moved {
			t.Errorf("%s: kept for later steps %v, moved %v", path, kept, moved)
		}
	}
}

// What does not go together is one error that names the key.
func TestSLADDRefuses(t *testing.T) {
	for key, want := range map[string]string{
		"sladd-real.policy=\"net\"": `sladd-real.policy = "net": want one of uniform`,
		"sladd-real.rate=0.0":       "sladd-real.rate = 0: want a number in (0, 100]",
		"sladd-real.mix=[0.5, 0.2]": "rising order",
		"sladd-real.map=-1.0":       "sladd-real.map = -1: want a number in",
		"encoder.size=36":           "encoder.size = 36: want a multiple of 8",
		"train.views=1":             "train.views = 1: want an even number",
		"method=sladd":              "data.fakes = false: want true for sladd",
	} {
		s := smallSLADD(t, "sladd-real", "")
		if err := s.Set(key); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", key, err, want)
		}
	}
}

// Without donors, of one person alone, and without a face to forge, samples and pseudo-fakes are one clear error.
func TestForgeryErrors(t *testing.T) {
	for _, s := range []spec.Spec{smallOST(t, "ost-real", ""), smallSLADD(t, "sladd-real", "")} {
		m, w, clips := open(t, s)
		all := w.Donors
		alone := slices.Clone(clips)
		for i := range alone {
			alone[i].Person = "one"
		}
		away := clips[0]
		away.Frames = slices.Clone(away.Frames)
		away.Frames[0].Landmarks = make([]face.Point, face.Landmarks)
		for want, c := range map[string]struct {
			donors *donor.Pool
			clip   face.Clip
		}{"no pool": {nil, clips[0]}, "at least two people": {donor.New(alone), alone[0]}, "": {all, away}} {
			w.Donors = c.donors
			made := method.NewSamples(m.Layout(), m.Layout().Group())
			var dst []method.Sample
			for i := range made.Len() {
				dst = append(dst, made.At(i))
			}
			if err := m.Sample(w, dst, c.clip, method.Draw{Rand: stream.New(1), Strength: 1}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %q in it", s.Method, err, want)
			}
			if _, err := m.(method.Faker).Fake(w, c.clip, stream.New(1)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the pseudo-fake has error %v, want %q in it", s.Method, err, want)
			}
		}
	}
}
