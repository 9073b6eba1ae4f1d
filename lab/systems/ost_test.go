package systems

import (
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/seeable-lab/seeable/lab/internal/sharedtest"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/method/methodtest"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

func smallOST(t testing.TB, name, keys string) spec.Spec {
	t.Helper()
	return small(t, name, "[train]\nviews = 4\nbatch = 16\n[encoder]\nhidden = 32\n"+keys)
}

// The clips for methods that want labelled fakes: drawn faces, every fourth of which is called a fake.
func labelled(t testing.TB) source.Clips {
	clips := faces(t, 64)
	for i := range clips {
		clips[i].Fake = i%4 == 3
	}
	return clips
}

func TestOST(t *testing.T) {
	t.Run("real", func(t *testing.T) {
		methodtest.Run(t, smallOST(t, "ost-real", ""), methodtest.Options{Steps: 120})
	})
	t.Run("fakes", func(t *testing.T) {
		methodtest.Run(t, smallOST(t, "ost", "[data]\nfakes = true\n"), methodtest.Options{Clips: labelled(t), Steps: -1})
	})
}

// ostGolden is testdata/ost.json: logistic regression, whose logit is ours of fake less that of real. A step of two logits moves
// their difference twice as far, so ours has half of alpha.
type ostGolden struct {
	Train struct {
		Theta    [3]float64
		SupportX [2][]float64 `json:"support_x"`
		SupportY [2]float64   `json:"support_y"`
		QueryX   [2][]float64 `json:"query_x"`
		QueryY   [2]float64   `json:"query_y"`
		Large    ostStep      `json:"alpha_0.5"`
		Small    ostStep      `json:"alpha_0.0005"`
	} `json:"train_step"`
	Test struct {
		Alpha    float64
		Theta    [3]float64
		Template [2]float64 `json:"template_real"`
		Samples  []struct {
			X, Pseudo [2]float64
			Before    float64 `json:"logit_before"`
			After     float64 `json:"logit_after"`
		}
		Shared struct{ Logits []float64 } `json:"one_step_shared_by_the_batch"`
	} `json:"test_step"`
	AM struct {
		Alpha   float64
		Weight  [2][2]float64 `json:"weight_2x2_input_by_class"`
		Bias    [2]float64
		Logits  [][2]float64  `json:"support_logits"`
		Adapted [2][2]float64 `json:"adapted_weight"`
		Shifted [2]float64    `json:"adapted_bias"`
	} `json:"am_softmax_inner_step"`
}

type ostStep struct {
	Unadapted float64   `json:"query_loss_unadapted"`
	Query     float64   `json:"query_loss"`
	Second    []float64 `json:"meta_gradient_second_order"`
	First     []float64 `json:"meta_gradient_first_order"`
}

// ostOf is the method with its own keys alone.
func ostOf(alpha float64, order int) *OST {
	return &OST{paired{spec: spec.Spec{Train: spec.Train{Views: 4}}}, OSTTable{Alpha: alpha, Order: order, Scale: 1}}
}

// The loss after the step and its gradients of both orders are those of the golden; without a step it is plain cross-entropy.
func TestOSTLoss(t *testing.T) {
	var want ostGolden
	sharedtest.Golden(t, "ost.json", &want)
	w := want.Train
	x := tensor([][]float64{w.SupportX[0], w.SupportX[1], w.QueryX[0], w.QueryX[1]}, 4, 2)
	labels := tensors.FromValue([]int32{int32(w.SupportY[0]), int32(w.SupportY[1]), int32(w.QueryY[0]), int32(w.QueryY[1])})
	for _, c := range []struct {
		alpha    float64
		order    int
		loss     float64
		gradient []float64
	}{
		{0.5, 2, w.Large.Query, w.Large.Second}, {0.5, 1, w.Large.Query, w.Large.First},
		{0.0005, 2, w.Small.Query, w.Small.Second}, {0.0005, 1, w.Small.Query, w.Small.First},
		{0, 2, w.Large.Unadapted, nil},
	} {
		out := compute(t, func(in []*Node) []*Node {
			m := ostOf(c.alpha/2, c.order)
			half := MulScalar(Add(MatMul(in[1], Slice(in[0], AxisRange(0, 2))), Slice(in[0], AxisRange(2, 3))), 0.5)
			loss := method.Total(m.Loss(nil, []*Node{in[1], Concatenate([]*Node{Neg(half), half}, -1)}, method.Inputs{Label: in[2]}))
			return []*Node{loss, Gradient(loss, in[0])[0]}
		}, tensor(w.Theta[:], 3, 1), x, labels)
		near(t, "loss", out[0], c.loss, 1e-9)
		if c.gradient != nil {
			near(t, "gradient", out[1], c.gradient, 1e-9)
		}
	}
}

// The step at tests is the golden's, for logistic regression and with margins, and its order and its neighbours do not matter.
func TestOSTStep(t *testing.T) {
	var want ostGolden
	sharedtest.Golden(t, "ost.json", &want)
	w := want.Test
	of := func(x [2]float64, label int) example {
		z := (w.Theta[0]*x[0] + w.Theta[1]*x[1] + w.Theta[2]) / 2
		return example{x[:], [2]float64{-z, z}, label}
	}
	m := ostOf(w.Alpha/2, 2)
	for _, s := range w.Samples {
		x := of(s.X, 0)
		support := []example{of(w.Template, 0), of(s.Pseudo, 1)}
		got := m.step(x, support)
		exact(t, "logit before", x.logits[1]-x.logits[0], s.Before)
		exact(t, "logit after", got[1]-got[0], s.After)
		slices.Reverse(support)
		again := m.step(x, support)
		exact(t, "logit after, in reverse", again[1]-again[0], s.After)
	}

	// The step of public code is one for a whole batch: with the supports of all faces.
	var all []example
	for _, s := range w.Samples {
		all = append(all, of(w.Template, 0), of(s.Pseudo, 1))
	}
	for i, s := range w.Samples {
		got := m.step(of(s.X, 0), all)
		exact(t, "logit after a shared step", got[1]-got[0], w.Shared.Logits[i])
	}

	a := want.AM
	m = &OST{own: OSTTable{Alpha: a.Alpha, Scale: 30, Margin: 0.45}}
	// The faces of the golden's logits, whose labels are 1 and 0.
	var support []example
	for i, logits := range a.Logits {
		// Solve W'x + b = logits.
		r := [2]float64{logits[0] - a.Bias[0], logits[1] - a.Bias[1]}
		det := a.Weight[0][0]*a.Weight[1][1] - a.Weight[0][1]*a.Weight[1][0]
		x := []float64{(r[0]*a.Weight[1][1] - r[1]*a.Weight[1][0]) / det, (r[1]*a.Weight[0][0] - r[0]*a.Weight[0][1]) / det}
		support = append(support, example{x, logits, 1 - i})
	}
	for _, s := range support {
		got := m.step(s, support)
		for c := range got {
			exact(t, "logit with margins", got[c], a.Adapted[0][c]*s.features[0]+a.Adapted[1][c]*s.features[1]+a.Shifted[c])
		}
	}
}

func exact(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-9) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// Scores are NaN without what they are made of; without a step adapted is unadapted, and a step towards fakes that look like the
// face raises it.
func TestOSTScore(t *testing.T) {
	s := smallOST(t, "ost-real", "[ost-real]\npseudo = 1\n[score]\nflip = true\n")
	built, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	m := built.(*OST)
	row := func(seed int, z float32) method.Row {
		f := make([]float32, s.Encoder.Hidden)
		rng := stream.New(1, "row", seed)
		for i := range f {
			f[i] = rng.Float32() - 0.5
		}
		return method.Row{f, {-z, z}}
	}
	face := []method.Row{row(1, 0.25), row(1, 0.125), row(2, 0.5), row(2, 0)}
	if got := m.Score(ostAdapted, face, method.Fit{}); !math.IsNaN(got) {
		t.Errorf("adapted is %v without templates, want NaN", got)
	}
	fit, err := m.Fit(method.Fit{}, [][]method.Row{{row(3, -0.2)}, {row(4, -0.3)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.CheckFit(fit); err != nil {
		t.Error(err)
	}
	plain := []method.Row{face[0], face[2]}
	unadapted := m.Score(ostUnadapted, face, fit)
	exact(t, "unadapted of the faces alone", m.Score(ostUnadapted, plain, fit), unadapted)
	exact(t, "unadapted", unadapted, 0.75)
	if got := m.Score(ostAdapted, plain, fit); !math.IsNaN(got) {
		t.Errorf("adapted is %v without pseudo-fakes, want NaN", got)
	}
	adapted := m.Score(ostAdapted, face, fit)
	if !(adapted > unadapted) {
		t.Errorf("adapted %v after a step to pseudo-fakes with the features of the face, want more than %v", adapted, unadapted)
	}
	m.own.Alpha = 0
	exact(t, "adapted without a step", m.Score(ostAdapted, face, fit), unadapted)
	if _, err := m.Fit(method.Fit{}, nil, nil); err == nil || !strings.Contains(err.Error(), "data.holdout") {
		t.Errorf("error %v of no real faces", err)
	}
	if err := m.CheckFit(method.Fit{Values: map[string][]float64{ostTemplates: {1}}}); err == nil {
		t.Error("CheckFit takes a template of one value")
	}
}

// The samples of a clip have the labels of their roles, and a fake keeps its own.
func TestOSTLabels(t *testing.T) {
	for _, c := range []struct {
		fake bool
		want []int32
	}{{false, []int32{0, 1, 0, 1}}, {true, []int32{0, 1, 1, 1}}} {
		m, w, clips := open(t, smallOST(t, "ost", "[data]\nfakes = true\n"))
		clips[0].Fake = c.fake
		made := method.NewSamples(m.Layout(), ostRoles)
		dst := []method.Sample{made.At(0), made.At(1), made.At(2), made.At(3)}
		if err := m.Sample(w, dst, clips[0], method.Draw{Rand: stream.New(1, "labels"), Strength: 1}); err != nil {
			t.Fatal(err)
		}
		for role, want := range c.want {
			if dst[role].Label != want {
				t.Errorf("fake %v: role %d has label %d, want %d", c.fake, role, dst[role].Label, want)
			}
		}
	}
}

// What does not go together is one error that names the key.
func TestOSTRefuses(t *testing.T) {
	for key, want := range map[string]string{
		"ost-real.alpha=-1.0":     "ost-real.alpha = -1: want a number in",
		"ost-real.order=3":        "ost-real.order = 3: want 1 or 2",
		"ost-real.samples=\"me\"": `ost-real.samples = me: want "blended" or "selfblend"`,
		"train.views=2":           "train.views = 2: want a multiple of 4",
		"data.fakes=true":         "data.fakes = true: want false for ost-real",
		"method=ost":              "data.fakes = false: want true for ost",
	} {
		s := smallOST(t, "ost-real", "")
		if err := s.Set(key); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", key, err, want)
		}
	}
}
