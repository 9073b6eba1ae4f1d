package networks

import (
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
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

// smallOC is a spec of either version that trains in seconds.
func smallOC(t *testing.T, name string, keys ...string) spec.Spec {
	t.Helper()
	s := spec.Default()
	for _, key := range slices.Concat([]string{"method=" + name, "encoder.name=ocfakedect", "encoder.size=32",
		name + ".hidden=64", name + ".latent=32", "train.views=1", "train.learning_rate=2e-3", "train.clip=0"}, keys) {
		if err := s.Set(key); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// Self-blended faces are as smooth as real ones, so nothing is asked of the scores.
func TestOCFakeDect(t *testing.T) {
	t.Run("1", func(t *testing.T) {
		methodtest.Run(t, smallOC(t, "ocfakedect1", "ocfakedect1.vertical_flip=0.5"), methodtest.Options{Steps: -1})
	})
	t.Run("2", func(t *testing.T) { methodtest.Run(t, smallOC(t, "ocfakedect2"), methodtest.Options{Steps: -1}) })
	t.Run("2, own second encoder, without noise", func(t *testing.T) {
		methodtest.Run(t, smallOC(t, "ocfakedect2", "ocfakedect2.second=own", "ocfakedect2.kl=0"), methodtest.Options{Steps: -1})
	})
}

// ocGolden is testdata/ocfakedect.json.
type ocGolden struct {
	Loss struct {
		Mu, LogVar, Eps, Z, X, Reconstruction [][]float32
		KL                                    []float64                                        `json:"kl_per_sample"`
		Squares                               []float64                                        `json:"mse_sum_per_sample"`
		Total                                 float64                                          `json:"total_divided_by_batch_2"`
		Gradient                              struct{ Mu, LogVar, Reconstruction [][]float64 } `json:"grad_of_the_sum"`
	}
	Scores struct {
		X, Mu, Reconstruction [][]float64
		Same                  [][]float64 `json:"mu_of_reconstruction_same_encoder"`
		Own                   [][]float64 `json:"mu_of_reconstruction_second_encoder"`
		RMSE                  []float64   `json:"score_1_rmse_pixels"`
		LatentSame            []float64   `json:"score_2_rmse_latent_same_encoder"`
		LatentOwn             []float64   `json:"score_2_rmse_latent_second_encoder"`
	}
	Network struct {
		Encoder    []int `json:"encoder_sides"`
		Parameters struct {
			Convolutions   int `json:"encoder_convolutions_and_norms"`
			EncoderDense   int `json:"encoder_dense"`
			DecoderDense   int `json:"decoder_dense"`
			Deconvolutions int `json:"decoder_convolutions_and_norms"`
			All            int
		}
	} `json:"network_of_the_author"`
}

// Loss and gradients are those of the golden, whatever the term's weight.
func TestOCFakeDectLoss(t *testing.T) {
	var want ocGolden
	readGolden(t, "ocfakedect", &want)
	m := &OCFakeDect{own: ocFakeDect2{KL: 1}}
	l := want.Loss
	out := evaluate(t, func(_ *model.Scope, in []*Node) []*Node {
		difference, mean, logVariance := Sub(in[3], in[2]), in[0], in[1]
		terms := m.Loss(nil, []*Node{difference, mean, logVariance}, method.Inputs{})
		if len(terms) != 2 {
			t.Errorf("%d terms, want reconstruction and divergence", len(terms))
		}
		total := method.Total(terms)
		return append([]*Node{terms[0].Value, terms[1].Value, total}, Gradient(total, mean, logVariance, in[3])...)
	}, l.Mu, l.LogVar, l.X, l.Reconstruction)
	within(t, "reconstruction", out[0], []float64{(l.Squares[0] + l.Squares[1]) / 2})
	within(t, "divergence", out[1], []float64{(l.KL[0] + l.KL[1]) / 2})
	within(t, "loss", out[2], []float64{l.Total})
	for i, sum := range [][][]float64{l.Gradient.Mu, l.Gradient.LogVar, l.Gradient.Reconstruction} {
		mean := slices.Concat(sum...)
		for j := range mean {
			mean[j] /= 2
		}
		within(t, []string{"gradient of the mean", "gradient of the log variance", "gradient of the reconstruction"}[i], out[3+i], mean)
	}
}

// Both scores are those of the golden's linear networks, and those of exact reconstructions 0.
func TestOCFakeDectScores(t *testing.T) {
	var want ocGolden
	readGolden(t, "ocfakedect", &want)
	m := &OCFakeDect{}
	squares := func(a, b []float64) (all []float32) {
		for i := range a {
			all = append(all, float32((a[i]-b[i])*(a[i]-b[i])))
		}
		return all
	}
	s := want.Scores
	for i := range s.X {
		pixels := squares(s.X[i], s.Reconstruction[i])
		for _, c := range []struct {
			score  string
			latent [][]float64
			want   []float64
		}{{"rmse", s.Same, s.RMSE}, {"latent-rmse", s.Same, s.LatentSame}, {"latent-rmse", s.Own, s.LatentOwn}} {
			row := method.Row{pixels, squares(s.Mu[i], c.latent[i])}
			got := m.Score(c.score, []method.Row{row}, method.Fit{})
			within(t, c.score, []float64{got}, []float64{c.want[i]})
			exact := method.Row{make([]float32, 4), make([]float32, 2)}
			within(t, c.score+" of face and mirror image", []float64{m.Score(c.score, []method.Row{row, exact}, method.Fit{})}, []float64{got / 2})
		}
	}
}

// The published sizes give the author's network: the sides of its maps and its 23,729,776 parameters.
func TestOCFakeDectParameters(t *testing.T) {
	var want ocGolden
	readGolden(t, "ocfakedect", &want)
	s := smallOC(t, "ocfakedect1", "encoder.size=100", "ocfakedect1.hidden=1024", "ocfakedect1.latent=1024")
	m, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	var sides []int
	build(t, store, func(images *Node) *Node {
		for _, stage := range encoder.Maps(store.Scope("/maps"), s.Encoder, images) {
			sides = append(sides, stage.Shape().Dimensions[1])
		}
		return m.Forward(store.Scope("/net"), m.Layout().Trained([]*Node{images}))[0]
	}, 1, s.Encoder.Size)
	if !slices.Equal(sides, want.Network.Encoder[1:]) {
		t.Errorf("maps of the sides %d, want %d", sides, want.Network.Encoder[1:])
	}
	found := map[string]int{}
	for v := range store.Scope("/net").IterVariables() {
		if part, _, _ := strings.Cut(strings.TrimPrefix(v.Path(), "/net/"), "/"); v.Trainable {
			if part == "decoder" && strings.Contains(v.Path(), "/conv") {
				part = "deconvolutions"
			}
			found[part] += v.Shape().Size()
		}
	}
	p := want.Network.Parameters
	for part, n := range map[string]int{"backbone": p.Convolutions, "latent": p.EncoderDense, "decoder": p.DecoderDense, "deconvolutions": p.Deconvolutions} {
		if found[part] != n {
			t.Errorf("%s: %d parameters, want %d", part, found[part], n)
		}
	}
	if all := found["backbone"] + found["latent"] + found["decoder"] + found["deconvolutions"]; all != p.All {
		t.Errorf("%d parameters, want %d", all, p.All)
	}
}

// After a little training a face is reconstructed better than the same face with its 8×8 blocks shuffled, and the map shows where
// it is not as it should be.
func TestOCFakeDectKnowsFaces(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	s := smallOC(t, "ocfakedect2", "train.steps=120", "train.batch=32", "train.validate=1", "score.flip=true")
	m, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	var kept source.Clips
	for i, f := range drawnFaces(t, 64) {
		c, err := m.Keep(face.Still(f))
		if err != nil {
			t.Fatalf("face %d: %v", i, err)
		}
		kept = append(kept, c)
	}
	store := model.NewStore()
	store.RootScope().SetParam(encoder.SeedParam, s.Seed)
	backend := acceltest.ForTest(t)
	if err := train.Run(t.Context(), s, m, store, kept[16:], kept[:16], train.Options{
		Backend: backend, Report: func(p train.Progress) {
			if p.Step == p.Steps && !(p.HeldOutLoss > 0 && p.HeldOutLoss < 1) {
				t.Errorf("held-out faces are measured as %v, want the error of their reconstruction, below 1", p.HeldOutLoss)
			}
		},
	}); err != nil {
		t.Fatalf("%+v", err)
	}
	network, err := method.NewNetwork(backend, store, m)
	if err != nil {
		t.Fatal(err)
	}
	defer network.Finalize()
	wins := 0
	for i, c := range kept[:16] {
		samples := &method.Samples{Layout: m.Layout()}
		if err := m.Probe(nil, samples, method.AllScores, method.Fit{}, c, ""); err != nil {
			t.Fatal(err)
		}
		if samples.Len() != 2 {
			t.Fatalf("%d samples of a face, want it and its mirror image", samples.Len())
		}
		whole := len(samples.Images)
		samples.Images = append(samples.Images, shuffled(samples.Images[:whole/2], 32, 8)...)
		rows, err := network.Rows(t.Context(), samples)
		if err != nil {
			t.Fatal(err)
		}
		if m.Score(rmse.Name, rows[:1], method.Fit{}) < m.Score(rmse.Name, rows[2:], method.Fit{}) {
			wins++
		}
		if i > 0 {
			continue
		}
		explained, err := m.(method.Explainer).Explain(c, rows[:2], method.Fit{})
		if err != nil {
			t.Fatal(err)
		}
		if explained.Side != 8 || len(explained.Values) != 64 || len(explained.Marks) != face.Landmarks {
			t.Errorf("a map of side %d, %d values, %d marks", explained.Side, len(explained.Values), len(explained.Marks))
		}
		for y := range 8 {
			for x := range 8 {
				want := (rooted(rows[0][0][8*y+x]) + rooted(rows[1][0][8*y+7-x])) / 2
				if got := explained.Values[8*y+x]; math.Abs(got-want) > 1e-9 || got < explained.Low || got > explained.High {
					t.Errorf("the map has %v at %d, %d, want %v", got, x, y, want)
				}
			}
		}
	}
	if wins < 14 {
		t.Errorf("the error is smaller for %d of 16 faces than with shuffled blocks, want 14 or more", wins)
	}
}

func rooted(x float32) float64 { return min(1, math.Sqrt(float64(x))) }

// shuffled is an RGB image whose blocks change places.
func shuffled(pixels []uint8, side, block int) []uint8 {
	out, n := make([]uint8, len(pixels)), side/block
	for to, from := range stream.New(4, "blocks").Perm(n * n) {
		for y := range block {
			a := ((to/n*block+y)*side + to%n*block) * 3
			b := ((from/n*block+y)*side + from%n*block) * 3
			copy(out[a:a+3*block], pixels[b:b+3*block])
		}
	}
	return out
}

// What does not go together is one error that names the key.
func TestOCFakeDectRefuses(t *testing.T) {
	for key, want := range map[string]string{
		"encoder.size=66":             "encoder.size = 66: want a multiple of 4",
		"ocfakedect2.second=\"none\"": `ocfakedect2.second = "none": want one of shared, own`,
		"ocfakedect2.latent=0":        "ocfakedect2.latent = 0: want a number in",
		"ocfakedect2.kl=-1.0":         "ocfakedect2.kl = -1: want a number in",
		"data.fakes=true":             "data.fakes = true: want false for ocfakedect2",
	} {
		s := smallOC(t, "ocfakedect2")
		if err := s.Set(key); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", key, err, want)
		}
	}
}

// drawnFaces are faces drawn by code.
func drawnFaces(t *testing.T, n int) (faces []face.Face) {
	t.Helper()
	set, _ := synthetic.Sets(1)
	for i := range n {
		f, err := datasets.Load(set.Items[3*i])
		if err != nil {
			t.Fatal(err)
		}
		faces = append(faces, f)
	}
	return faces
}

// build builds a graph on images, which is not run.
func build(t *testing.T, store *model.Store, f func(images *Node) *Node, batch, side int) {
	t.Helper()
	exec, err := model.NewExec(acceltest.ForTest(t), store, func(_ *model.Scope, images *Node) *Node { return f(images) })
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	if _, err := exec.Exec(tensors.FromFlatDataAndDimensions(make([]uint8, batch*side*side*3), batch, side, side, 3)); err != nil {
		t.Fatalf("%+v", err)
	}
}
