package method

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

var backends = map[string]func(testing.TB) compute.Backend{"XLA": acceltest.ForTest, "PureGo": acceltest.PureGo}

const batch = 12

// pass runs graphs over one network, in inference, on the same random images. It returns their values by name.
func pass(t *testing.T, backend compute.Backend, graphs map[string]func(scope *model.Scope, images, labels *Node) *Node, labels []int32) map[string][]float64 {
	t.Helper()
	rng := stream.New(1, "images")
	pixels := make([]uint8, batch*32*32*3)
	for i := range pixels {
		pixels[i] = uint8(rng.IntN(256))
	}
	var names []string
	for name := range graphs {
		names = append(names, name)
	}
	slices.Sort(names)
	store := model.NewStore()
	out, err := model.CallOnceN(backend, store, func(_ *model.Scope, images, labels *Node) []*Node {
		var nodes []*Node
		for _, name := range names {
			nodes = append(nodes, graphs[name](store.Scope("/net"), images, labels))
		}
		return nodes
	}, tensors.FromFlatDataAndDimensions(pixels, batch, 32, 32, 3), tensors.FromFlatDataAndDimensions(labels, batch))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	values := map[string][]float64{}
	for i, name := range names {
		if flat, err := tensors.CopyFlatData[int32](out[i]); err == nil {
			for _, v := range flat {
				values[name] = append(values[name], float64(v))
			}
			continue
		}
		for _, v := range tensors.MustCopyFlatData[float32](out[i]) {
			values[name] = append(values[name], float64(v))
		}
	}
	return values
}

// guess is the class that each image looks like.
func guess(m Method, scope *model.Scope, images *Node) *Node {
	in := Inputs{Images: images}
	return m.(Classifier).Guess(m.Forward(scope, in), in)
}

// lossOf is the loss at a part of the training done.
func lossOf(m Method, scope *model.Scope, images, labels *Node, share float64) *Node {
	in := Inputs{Images: images, Label: labels}.WithShare(Scalar(images.Graph(), dtypes.Float64, share))
	return Total(m.Loss(scope, m.Forward(scope, in), in))
}

// Scores, guesses and losses are what plain float64 makes of the same embeddings.
func TestSeeABLENetwork(t *testing.T) {
	labels := []int32{0, 3, 3, 8, 1, 7, 0, 3, 3, 8, 1, 5}
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			s := tiny()
			s.Discrepancy.Pristine, s.Loss.WarmUp, s.Loss.Lambda, s.Loss.BaseTemperature = 0.2, 0.5, 0.7, 0.1
			m := newTestSeeABLE(t, s)
			s.Loss.Lambda = 0
			unguided := newTestSeeABLE(t, s)
			s.Loss.WarmUp = 0
			cold := newTestSeeABLE(t, s)
			loss := func(m *SeeABLE, share float64) func(scope *model.Scope, images, labels *Node) *Node {
				return func(scope *model.Scope, images, labels *Node) *Node { return lossOf(m, scope, images, labels, share) }
			}
			got := pass(t, open(t), map[string]func(scope *model.Scope, images, labels *Node) *Node{
				"outputs":    func(scope *model.Scope, images, _ *Node) *Node { return m.Outputs(scope, Inputs{Images: images})[0] },
				"guesses":    func(scope *model.Scope, images, _ *Node) *Node { return guess(m, scope, images) },
				"embeddings": func(scope *model.Scope, images, _ *Node) *Node { return m.Forward(scope, Inputs{Images: images})[0] },
				"z":          func(scope *model.Scope, images, _ *Node) *Node { return m.Outputs(scope, Inputs{Images: images})[1] },
				"features": func(scope *model.Scope, images, _ *Node) *Node {
					return encoder.Features(scope, s.Encoder, images)
				},
				"warm, guided": loss(m, 0), "half, guided": loss(m, 0.375), "past, guided": loss(m, 0.5),
				"warm": loss(unguided, 0.25), "past": loss(unguided, 0.75), "cold": loss(cold, 0),
			}, labels)
			if !slices.Equal(got["z"], got["embeddings"]) {
				t.Error("scores and the loss see other embeddings")
			}

			k, d := 9, s.Encoder.Dim
			z := slices.Collect(slices.Chunk(got["embeddings"], d))
			h := slices.Collect(slices.Chunk(got["features"], len(got["features"])/batch))
			for i, row := range slices.Collect(slices.Chunk(got["outputs"], 1+k)) {
				near(t, "norm of z", norm(z[i]), 1, 1e-5)
				near(t, "|h|", row[0], norm(h[i]), 1e-4*row[0])
				best := 0
				for label := range k {
					cosine := dot(z[i], m.Prototypes().At(label))
					near(t, "cosine", row[1+label], cosine, 1e-5)
					if cosine > dot(z[i], m.Prototypes().At(best)) {
						best = label
					}
				}
				near(t, "guess", got["guesses"][i], float64(best), 0)
			}

			entropy := naiveCrossEntropy(m, z, labels)
			bcr := naiveBCR(m, z, labels) * s.Loss.Temperature / s.Loss.BaseTemperature
			guidance := 0.7 * naiveGuidance(m, z, labels)
			if math.Abs(entropy-bcr) < 0.1 || guidance < 0.1 {
				t.Fatalf("cross-entropy %v, BCR %v, guidance %v: the test cannot tell them apart", entropy, bcr, guidance)
			}
			for what, want := range map[string]float64{
				"warm": entropy, "past": bcr, "cold": bcr,
				"warm, guided": entropy + guidance, "past, guided": bcr + guidance, "half, guided": (entropy+bcr)/2 + guidance,
			} {
				near(t, what, got[what][0], want, 2e-4*want)
			}
		})
	}
}

func naiveCrossEntropy(m *SeeABLE, z [][]float64, labels []int32) float64 {
	mean := 0.0
	for i, row := range z {
		total := 0.0
		for k := range m.Classes() {
			total += math.Exp(dot(row, m.Prototypes().At(k)) / m.spec.Loss.Temperature)
		}
		mean += (math.Log(total) - dot(row, m.Prototypes().At(int(labels[i])))/m.spec.Loss.Temperature) / float64(len(z))
	}
	return mean
}

// naiveBCR is spec section 4.1 at τ_base = τ, all rows being anchors.
func naiveBCR(m *SeeABLE, z [][]float64, labels []int32) float64 {
	mean := 0.0
	for i, row := range z {
		logit := func(j int) float64 {
			other := z[j]
			if j == i {
				other = m.Prototypes().At(int(labels[i]))
			}
			return dot(row, other) / m.spec.Loss.Temperature
		}
		total, own, positives := 0.0, 0.0, 0.0
		for j := range z {
			total += math.Exp(logit(j))
			if labels[j] == labels[i] {
				own += logit(j)
				positives++
			}
		}
		mean += (math.Log(total) - own/positives) / float64(len(z))
	}
	return mean
}

// naiveGuidance weighs with the class table of [TestGuidanceTable].
func naiveGuidance(m *SeeABLE, z [][]float64, labels []int32) float64 {
	mean := 0.0
	for i, row := range z {
		guess := 0
		for k := range m.Classes() {
			if dot(row, m.Prototypes().At(k)) > dot(row, m.Prototypes().At(guess)) {
				guess = k
			}
		}
		mean += m.guidance[guess][labels[i]] * (1 - dot(row, m.Prototypes().At(int(labels[i])))) / float64(len(z))
	}
	return mean
}

// Guesses, hits and loss of the binary head follow from its log odds.
func TestSBINetwork(t *testing.T) {
	labels := []int32{0, 1, 0, 1, 1, 1, 0, 1, 0, 0, 0, 1}
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			m := newTestSBI(t, tiny())
			got := pass(t, open(t), map[string]func(scope *model.Scope, images, labels *Node) *Node{
				"outputs": func(scope *model.Scope, images, _ *Node) *Node { return m.Outputs(scope, Inputs{Images: images})[0] },
				"guesses": func(scope *model.Scope, images, _ *Node) *Node { return guess(m, scope, images) },
				"loss":    func(scope *model.Scope, images, labels *Node) *Node { return lossOf(m, scope, images, labels, 0) },
			}, labels)
			loss := 0.0
			for i, odds := range got["outputs"] {
				guess := 0.0
				if odds > 0 {
					guess = 1
				}
				near(t, "guess", got["guesses"][i], guess, 0)
				if labels[i] == 1 {
					odds = -odds
				}
				loss += math.Log1p(math.Exp(odds)) / batch
			}
			near(t, "loss", got["loss"][0], loss, 1e-5)
		})
	}
}

// Every loss that a spec may name is built, each another one.
func TestEveryLoss(t *testing.T) {
	graphs := map[string]func(scope *model.Scope, images, labels *Node) *Node{}
	for _, info := range spec.Losses() {
		name := info.Name
		s := tiny()
		s.Loss.Name = name
		m := newTestSeeABLE(t, s)
		graphs[name] = func(scope *model.Scope, images, labels *Node) *Node {
			return lossOf(m, scope, images, labels, 0)
		}
	}
	seen := map[float64]string{}
	for name, got := range pass(t, acceltest.PureGo(t), graphs, []int32{0, 3, 3, 6, 1, 7, 0, 3, 3, 6, 1, 7}) {
		if loss := got[0]; seen[loss] != "" || !(loss > 0) || math.IsInf(loss, 0) {
			t.Errorf("%s is %v, as %q", name, loss, seen[loss])
		}
		seen[got[0]] = name
	}
}

// A network gives every image what the graphs of the method give it alone, however many there are.
func TestNetwork(t *testing.T) {
	backend := acceltest.ForTest(t)
	m := newTestSeeABLE(t, tiny())
	const row, n = 32 * 32 * 3, NetworkPass + 6
	rng := stream.New(2, "images")
	pixels := make([]uint8, n*row)
	for i := range pixels {
		pixels[i] = uint8(rng.IntN(256))
	}
	store := model.NewStore()
	network, err := NewNetwork(backend, store, m)
	if err != nil {
		t.Fatal(err)
	}
	defer network.Finalize()
	samples := &Samples{Layout: m.Layout(), Images: pixels}
	rows, err := network.Rows(t.Context(), samples)
	if err != nil {
		t.Fatal(err)
	}
	var outputs, z [][]float32
	for _, row := range rows {
		outputs, z = append(outputs, row[0]), append(z, m.Embedding(row))
	}
	guesses, err := network.Guesses(t.Context(), samples)
	if err != nil {
		t.Fatal(err)
	}
	if len(outputs) != n || len(z) != n || len(guesses) != n {
		t.Fatalf("%d outputs, %d embeddings and %d guesses of %d images", len(outputs), len(z), len(guesses), n)
	}
	alone, err := model.CallOnceN(backend, store, func(_ *model.Scope, images *Node) []*Node {
		return m.Outputs(store.Scope("/net"), Inputs{Images: images})
	}, tensors.FromFlatDataAndDimensions(pixels[(n-1)*row:], 1, 32, 32, 3))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range tensors.MustCopyFlatData[float32](alone[0]) {
		near(t, "last image", float64(outputs[n-1][i]), float64(want), 1e-5*(1+math.Abs(float64(want))))
	}
	for i, row := range outputs {
		best := 0
		for k := range m.Classes() {
			cosine := 0.0
			for j, v := range z[i] {
				cosine += float64(v) * m.Prototypes().At(k)[j]
			}
			near(t, "cosine", float64(row[1+k]), cosine, 1e-5)
			if row[1+k] > row[1+best] {
				best = k
			}
		}
		near(t, "guess", float64(guesses[i]), float64(best), 0)
	}
	if _, err := network.Rows(t.Context(), &Samples{Layout: m.Layout(), Images: pixels[1:]}); err == nil {
		t.Error("no error for half an image")
	}
}
