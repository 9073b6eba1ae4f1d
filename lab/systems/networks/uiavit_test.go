package networks

import (
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/mat"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/method/methodtest"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
	"github.com/seeable-lab/seeable/lab/train"
)

// smallUIA is a spec of either method that trains in seconds.
func smallUIA(t *testing.T, name string, keys ...string) spec.Spec {
	t.Helper()
	s := spec.Default()
	s.Augment.JPEGP, s.Augment.ContrastP, s.Augment.HSVShiftP, s.Augment.RGBShiftP = 0, 0, 0, 0
	s.Data.Fakes = name == "uiavit"
	for _, key := range slices.Concat([]string{"method=" + name, "encoder.size=32", name + ".width=24", name + ".blocks=2", "train.learning_rate=2e-3"}, keys) {
		if err := s.Set(key); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// halfFake are drawn faces of which every second is labelled a fake and has a mouth of another colour.
func halfFake(t *testing.T, n int) (clips source.Clips) {
	for i, f := range drawnFaces(t, n) {
		if i%2 == 1 {
			for y := f.Image.Rect.Dy() / 2; y < f.Image.Rect.Dy(); y++ {
				for x := 0; x < f.Image.Rect.Dx(); x++ {
					at := f.Image.PixOffset(x, y)
					f.Image.Pix[at] = 255 - f.Image.Pix[at]
				}
			}
		}
		clips = append(clips, face.Clip{Frames: []face.Face{f}, Fake: i%2 == 1})
	}
	return clips
}

func TestUIAViT(t *testing.T) {
	t.Run("self-blended", func(t *testing.T) {
		methodtest.Run(t, smallUIA(t, "uiavit-sbi", "discrepancy.strength=2", "uiavit-sbi.target_rate=0.5"), methodtest.Options{Steps: -1})
	})
	t.Run("labelled", func(t *testing.T) {
		methodtest.Run(t, smallUIA(t, "uiavit", "encoder.name=vit-mini"), methodtest.Options{Steps: -1, Clips: halfFake(t, 32)})
	})
}

// uiaGolden is what these tests read of testdata/uiavit.json.
type uiaGolden struct {
	Schedule struct {
		Steps []float64
		W     []*float64
	}
	Attention struct {
		Logits       [][][][]float32
		Localisation [][]float64
		Consistency  [][][]float64
	}
	PCWA struct {
		Class        []float32   `json:"class_token"`
		Patches      [][]float32 `json:"patch_tokens"`
		Localisation []float32
		Weight       [][]float32 `json:"head_weight"`
		Bias         []float32   `json:"head_bias"`
		Cases        []struct {
			Step        float64
			Map         []float64
			Pooled      []float64
			Logits      []float64
			Probability float64 `json:"probability_fake"`
		}
	}
	LedoitWolf struct {
		Cases map[string]struct {
			X         [][]float64
			Mean      []float64
			Shrinkage float64
			Precision [][]float64
			Sums      struct {
				Count  float64
				X      []float64   `json:"sum_x"`
				XX     [][]float64 `json:"sum_xx"`
				Square []float64   `json:"sum_n2_x"`
				Fourth float64     `json:"sum_n4"`
			}
		}
	} `json:"ledoit_wolf"`
	Mahalanobis struct {
		MeanReal      []float64   `json:"mean_real"`
		PrecisionReal [][]float64 `json:"precision_real"`
		MeanFake      []float64   `json:"mean_fake"`
		PrecisionFake [][]float64 `json:"precision_fake"`
		Patches       [][][]float32
		Real          [][]float64 `json:"d_real"`
		Fake          [][]float64 `json:"d_fake"`
	}
	UPCL struct {
		Real  [][][]float32 `json:"mean_logits_real"`
		Fake  [][][]float32 `json:"mean_logits_fake"`
		Patch [][]float32   `json:"fake_patch"`
		Cases []struct {
			Cross        float32       `json:"c_cross"`
			In           float32       `json:"c_in"`
			Out          float32       `json:"c_out"`
			LossReal     float64       `json:"loss_real"`
			LossFake     float64       `json:"loss_fake"`
			GradientReal [][][]float64 `json:"grad_mean_logits_real"`
			GradientFake [][][]float64 `json:"grad_mean_logits_fake"`
			Targets      []float64     `json:"grad_c_cross_in_out"`
			Regulariser  float64
			Given        float64 `json:"cross_entropy_given"`
			Total        float64
		}
	}
	Windows struct {
		Row   []int `json:"patch_indices_first_row"`
		Small []int `json:"small_8x8_rows_cols_2_to_5"`
		Count int   `json:"full_14x14_rows_cols_3_to_10"`
	}
}

// Pooling by attention follows the golden's schedule, and the head what is pooled.
func TestUIAViTPooling(t *testing.T) {
	var want uiaGolden
	readGolden(t, "uiavit", &want)
	p := want.PCWA
	for _, c := range p.Cases {
		out := evaluate(t, func(_ *model.Scope, in []*Node) []*Node {
			weights := pooling(ExpandDims(in[0], 0), in[4], 1./8, true)
			pooled := Einsum("bp,bpc->bc", weights, ExpandDims(in[1], 0))
			logits := Add(MatMul(Concatenate([]*Node{ExpandDims(in[2], 0), pooled}, -1), in[3]), ExpandDims(in[5], 0))
			return []*Node{weights, pooled, logits}
		}, p.Localisation, p.Patches, p.Class, p.Weight, float32(c.Step), p.Bias)
		within(t, "map", out[0], c.Map)
		within(t, "pooled", out[1], c.Pooled)
		within(t, "logits", out[2], c.Logits)
		m := &UIAViT{}
		odds := method.Row{{float32(c.Logits[1] - c.Logits[0])}, {0}}
		within(t, "probability", []float64{m.Score("probability", []method.Row{odds, odds}, method.Fit{})}, []float64{c.Probability})
	}
	for i, share := range want.Schedule.Steps {
		expected := 1.0
		if w := want.Schedule.W[i]; w != nil {
			expected = *w // a place without attention keeps w alone
		}
		out := evaluate(t, func(_ *model.Scope, in []*Node) []*Node { return []*Node{pooling(in[0], in[1], 1./8, true)} },
			[][]float32{{0, 0}}, float32(share))
		within(t, "schedule", out[0], []float64{expected / 2, expected / 2})
		alike := evaluate(t, func(_ *model.Scope, in []*Node) []*Node { return []*Node{pooling(in[0], in[1], 1./8, false)} },
			[][]float32{{0, 1}}, float32(share))
		within(t, "not weighted", alike[0], []float64{0.5, 0.5})
	}
}

// The loss of the consistency and its gradients are those of the golden.
func TestUIAViTConsistency(t *testing.T) {
	var want uiaGolden
	readGolden(t, "uiavit", &want)
	u := want.UPCL
	for _, c := range u.Cases {
		out := evaluate(t, func(_ *model.Scope, in []*Node) []*Node {
			g := in[0].Graph()
			all := Concatenate([]*Node{in[0], in[1]}, 0)
			fake := Concatenate([]*Node{OnesLike(in[2]), in[2]}, 0) // of real faces nothing is asked
			ofReal, ofFakes := patchConsistency(all, Const(g, []int32{0, 0, 1, 1}), fake, in[3], in[4], in[5])
			sum := Add(ofReal, ofFakes)
			held := holding(in[3], in[4], in[5])
			gradients := Gradient(sum, in[0], in[1], in[3], in[4], in[5])
			return append([]*Node{ofReal, ofFakes, held, Add(MulScalar(sum, 0.06), held)}, gradients...)
		}, u.Real, u.Fake, u.Patch, c.Cross, c.In, c.Out)
		within(t, "real faces", out[0], []float64{c.LossReal})
		within(t, "fakes", out[1], []float64{c.LossFake})
		within(t, "regulariser", out[2], []float64{c.Regulariser})
		within(t, "total", out[3], []float64{c.Total - c.Given})
		within(t, "gradient of real faces", out[4], slices.Concat(slices.Concat(c.GradientReal...)...))
		within(t, "gradient of fakes", out[5], slices.Concat(slices.Concat(c.GradientFake...)...))
		within(t, "gradient of the targets", slices.Concat(out[6:]...), c.Targets)
	}
	// A batch without fakes has no part of theirs.
	none := evaluate(t, func(_ *model.Scope, in []*Node) []*Node {
		_, ofFakes := patchConsistency(in[0], Const(in[0].Graph(), []int32{0, 0}), in[1], in[2], in[2], in[2])
		return []*Node{ofFakes}
	}, u.Real, u.Patch, float32(0.5))
	within(t, "no fakes", none[0], []float64{0})
}

// The Gaussian that sums give is the one of the golden, from its own sums and from vectors about another point.
func TestGaussian(t *testing.T) {
	var want uiaGolden
	readGolden(t, "uiavit", &want)
	for name, c := range want.LedoitWolf.Cases {
		s := moments{c.Sums.Count, c.Sums.X, slices.Concat(c.Sums.XX...), c.Sums.Square, c.Sums.Fourth}
		all := map[string]moments{"sums": s}
		if len(c.X) > 0 {
			all["moved vectors"] = momentsOf(c.X, 3)
		}
		for what, s := range all {
			mean, precision, shrinkage, err := s.gaussian()
			if err != nil {
				t.Fatal(err)
			}
			if what == "moved vectors" {
				for i := range mean {
					mean[i] += 3
				}
			}
			within(t, name+", mean of "+what, mean, c.Mean)
			within(t, name+", shrinkage of "+what, []float64{shrinkage}, []float64{c.Shrinkage})
			p := len(mean)
			flat := make([]float64, p*p)
			for i := range p {
				for j := range p {
					flat[i*p+j] = precision.At(i, j)
				}
			}
			within(t, name+", precision of "+what, flat, slices.Concat(c.Precision...))
		}
	}
	if _, _, _, err := momentsOf([][]float64{{1, 2}, {1, 2}}, 0).gaussian(); err == nil {
		t.Error("vectors that are all the same have a precision")
	}
}

// momentsOf are those of x − at.
func momentsOf(x [][]float64, at float64) moments {
	p := len(x[0])
	s := moments{n: float64(len(x)), x: make([]float64, p), xx: make([]float64, p*p), square: make([]float64, p)}
	for _, v := range x {
		square := 0.0
		for _, a := range v {
			square += (a - at) * (a - at)
		}
		for i, a := range v {
			s.x[i] += a - at
			s.square[i] += square * (a - at)
			for j, b := range v {
				s.xx[i*p+j] += (a - at) * (b - at)
			}
		}
		s.fourth += square * square
	}
	return s
}

// Distances are those of the golden.
func TestUIAViTDistance(t *testing.T) {
	var want uiaGolden
	readGolden(t, "uiavit", &want)
	m := want.Mahalanobis
	for _, c := range []struct {
		mean      []float64
		precision [][]float64
		want      [][]float64
	}{{m.MeanReal, m.PrecisionReal, m.Real}, {m.MeanFake, m.PrecisionFake, m.Fake}} {
		factor, err := root(mat.NewSymDense(3, slices.Concat(c.precision...)))
		if err != nil {
			t.Fatal(err)
		}
		out := evaluate(t, func(scope *model.Scope, in []*Node) []*Node {
			g := in[0].Graph()
			s := scope.In("real")
			state(s, "mean", 3).SetNodeValue(ConvertDType(Const(g, c.mean), in[0].DType()))
			state(s, "root", 3, 3).SetNodeValue(ConvertDType(Reshape(Const(g, factor), 3, 3), in[0].DType()))
			return []*Node{distance(s, in[0])}
		}, m.Patches)
		within(t, "distance", out[0], slices.Concat(c.want...))
	}
}

// The patches of fakes that count are those in the middle.
func TestUIAViTWindow(t *testing.T) {
	var want uiaGolden
	readGolden(t, "uiavit", &want)
	indices := func(side int) (all []int) {
		for i, w := range window(side, side*side, true) {
			if w == 1 {
				all = append(all, i)
			}
		}
		return all
	}
	if found := indices(14); len(found) != want.Windows.Count || !slices.Equal(found[:8], want.Windows.Row) {
		t.Errorf("%d patches %d of 14×14, want %d from %d on", len(found), found, want.Windows.Count, want.Windows.Row)
	}
	if found := indices(8); !slices.Equal(found, want.Windows.Small) {
		t.Errorf("patches %d of 8×8, want %d", found, want.Windows.Small)
	}
}

// What a step collects are the sums over all patches of the first four real faces and over those in the middle of the first four
// fakes, by a loop.
func TestUIAViTCollects(t *testing.T) {
	const batch, side, width = 12, 4, 3
	rng := stream.New(2, "patches")
	x, labels := make([][][]float32, batch), make([]int32, batch)
	for b := range x {
		labels[b] = int32(b / 2 % 2)
		for range side * side {
			x[b] = append(x[b], []float32{rng.Float32() + 5, rng.Float32() - 7, rng.Float32()})
		}
	}
	store := model.NewStore()
	exec, err := model.NewExec(acceltest.ForTest(t), store, func(scope *model.Scope, in []*Node) *Node {
		collect(scope.In("loss").In("gaussians"), in[0], in[1])
		return ReduceAllSum(in[0])
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	for range 2 {
		if _, err := exec.Exec(x, labels); err != nil {
			t.Fatalf("%+v", err)
		}
	}
	for label, name := range uiaViTLabels {
		var vectors [][]float64
		faces := 0
		for b := range x {
			if int(labels[b]) != label {
				continue
			}
			if faces++; faces > 4 {
				break
			}
			for p, v := range x[b] {
				if y, x := p/side, p%side; label == 0 || y >= 1 && y < 3 && x >= 1 && x < 3 {
					vectors = append(vectors, []float64{float64(v[0]), float64(v[1]), float64(v[2])})
				}
			}
		}
		want := momentsOf(append(vectors, vectors...), 0)
		mean, precision, shrinkage, err := want.gaussian()
		if err != nil {
			t.Fatal(err)
		}
		at := "loss/gaussians/" + name + "/"
		read := func(part string) []float64 {
			values, err := values64(store.RootScope(), at+part)
			if err != nil {
				t.Fatal(err)
			}
			return values
		}
		found := moments{read("count")[0], read("x"), read("xx"), read("square"), read("fourth")[0]}
		shift := read("shift")
		gotMean, gotPrecision, gotShrinkage, err := found.gaussian()
		if err != nil {
			t.Fatal(err)
		}
		for i := range gotMean {
			gotMean[i] += shift[i]
		}
		within(t, name+" count", []float64{found.n}, []float64{want.n})
		within(t, name+" mean", gotMean, mean)
		within(t, name+" shrinkage", []float64{gotShrinkage}, []float64{shrinkage})
		if !mat.EqualApprox(gotPrecision, precision, 1e-2) {
			t.Errorf("%s: precision %v, want %v", name, mat.Formatted(gotPrecision), mat.Formatted(precision))
		}
	}
}

// A little training on fakes whose lower half is another fits both Gaussians, by which the fakes' patches are told apart, and what is
// collected afterwards begins anew.
func TestUIAViTLearns(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	s := smallUIA(t, "uiavit", "train.steps=64", "train.batch=16", "train.validate=1")
	m, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	var kept source.Clips
	for _, c := range halfFake(t, 48) {
		k, err := m.Keep(c)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, k)
	}
	store := model.NewStore()
	store.RootScope().SetParam(encoder.SeedParam, s.Seed)
	backend := acceltest.ForTest(t)
	if err := train.Run(t.Context(), s, m, store, kept[16:], kept[:16], train.Options{Backend: backend}); err != nil {
		t.Fatalf("%+v", err)
	}
	for path, want := range map[string]float64{"loss/gaussians/ready": 1, "loss/gaussians/real/count": 0, "loss/gaussians/fake/count": 0} {
		if got, err := values64(store.Scope("/net"), path); err != nil || got[0] != want {
			t.Errorf("%s is %v (%v), want %v", path, got, err, want)
		}
	}
	network, err := method.NewNetwork(backend, store, m)
	if err != nil {
		t.Fatal(err)
	}
	defer network.Finalize()
	for _, score := range m.Scores() {
		wins, pairs := 0, 0
		var scores [2][]float64
		for _, c := range kept[:16] {
			samples := &method.Samples{Layout: m.Layout()}
			if err := m.Probe(nil, samples, method.AllScores, method.Fit{}, c, ""); err != nil {
				t.Fatal(err)
			}
			rows, err := network.Rows(t.Context(), samples)
			if err != nil {
				t.Fatal(err)
			}
			label := map[bool]int{true: 1}[c.Fake]
			scores[label] = append(scores[label], m.Score(score, rows, method.Fit{}))
			explained, err := m.(method.Explainer).Explain(c, rows, method.Fit{})
			if err != nil || len(explained.Values) != explained.Side*explained.Side || slices.Min(explained.Values) < 0 || slices.Max(explained.Values) > 1 {
				t.Errorf("a map of %d values of side %d (%v), want them in [0, 1]", len(explained.Values), explained.Side, err)
			}
		}
		for _, real := range scores[0] {
			for _, fake := range scores[1] {
				if pairs++; fake > real {
					wins++
				}
			}
		}
		if auc := float64(wins) / float64(pairs); auc < 0.75 || math.IsNaN(auc) {
			t.Errorf("%s has an AUC of %.2f on faces that differ much, want .75 or more", score, auc)
		}
	}
}

// What cannot be is one error that says what to do.
func TestUIAViTRefuses(t *testing.T) {
	for _, c := range []struct{ method, key, want string }{
		{"uiavit", "data.fakes=false", "data.fakes = false: want true for uiavit"},
		{"uiavit-sbi", "data.fakes=true", "data.fakes = true: want false for uiavit-sbi"},
		{"uiavit-sbi", "uiavit-sbi.heads=5", "uiavit-sbi.heads = 5: want a number that divides the width, 24"},
		{"uiavit-sbi", "train.views=1", "train.views = 1: want an even number for uiavit-sbi"},
		{"uiavit-sbi", "train.ema=0.9", "train.ema = 0.9: want 0 for uiavit-sbi"},
	} {
		s := smallUIA(t, c.method)
		if err := s.Set(c.key); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.key, err, c.want)
		}
	}
	s := smallUIA(t, "uiavit", "encoder.name=vit-mini")
	if err := s.Set("encoder.size=100"); err == nil || !strings.Contains(err.Error(), "encoder.size = 100: want a multiple of 8, as encoder vit-mini needs") {
		t.Errorf("error %v, want one about the patches", err)
	}
	m, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	real := face.Still(drawnFaces(t, 1)[0])
	made := method.NewSamples(m.Layout(), 2)
	err = m.Sample(method.NewWorker(m.Layout()), []method.Sample{made.At(0), made.At(1)}, real,
		method.Draw{Rand: stream.New(1), Strength: 1, Pool: source.Clips{real}})
	if err == nil || !strings.Contains(err.Error(), "no fake among the faces to train on") {
		t.Errorf("error %v, want one about the fakes that are missing", err)
	}
}

// Attention is averaged over all heads and blocks as the golden is.
func TestUIAViTAttention(t *testing.T) {
	var want uiaGolden
	readGolden(t, "uiavit", &want)
	out := evaluate(t, func(_ *model.Scope, in []*Node) []*Node {
		block := func(from, to int) *Node { return Slice(in[0], AxisRange(), AxisRange(from, to)) }
		places, patches := attended([]*Node{block(0, 2), block(2, 3)})
		return []*Node{places, Sigmoid(patches)}
	}, want.Attention.Logits)
	within(t, "localisation", out[0], slices.Concat(want.Attention.Localisation...))
	within(t, "consistency", out[1], slices.Concat(slices.Concat(want.Attention.Consistency...)...))
}
