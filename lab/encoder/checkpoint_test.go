package encoder

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/spec"
)

// blocksOf is how many blocks networks have, with every kind of block among them.
var blocksOf = map[string]int{"compact": 3, "resnet18": 8, "resnet50": 16, "efficientnet-lite0": 16, "efficientnet-b0": 16, "xception": 12}

// stepGraph builds a step in scope: the embedding z of images, and the gradients of a loss of z by all parameters.
func stepGraph(store *model.Store, cfg spec.Encoder, images *Node, training, checkpoint bool) []*Node {
	g, root := images.Graph(), store.RootScope()
	store.SetTraining(g, training)
	SetStep(root, Const(g, int32(3)))
	if checkpoint {
		SetCheckpoint(root, g)
	}
	_, z := Embed(root, cfg, images)
	if !training {
		return []*Node{z}
	}
	var values []*Node
	for _, v := range parametersOf(store) {
		values = append(values, v.NodeValue(g))
	}
	return append([]*Node{z}, Gradient(ReduceAllSum(Mul(z, Sin(IotaFull(g, z.Shape())))), values...)...)
}

// Blocks that are made anew have the gradients of those that are kept, of every parameter, also where paths are dropped,
// and their running averages follow a batch once.
func TestCheckpointGradients(t *testing.T) {
	for _, c := range []struct{ name, precision string }{
		{"compact", "float32"}, {"compact", "bfloat16"}, {"resnet18", "float32"}, {"efficientnet-b0", "float32"}, {"xception", "float32"},
	} {
		if testing.Short() && c.name != "compact" {
			continue // compiling takes the time
		}
		t.Run(c.name+"/"+c.precision, func(t *testing.T) {
			open := acceltest.ForTest
			if c.name == "efficientnet-b0" || c.name == "xception" {
				open = acceltest.Large
			}
			backend := open(t)
			cfg := spec.Encoder{Name: c.name, Size: 32, Hidden: 16, Dim: 8, Precision: c.precision}
			var results [2]map[string][]float32
			for i := range results {
				store := model.NewStore()
				store.RootScope().SetParam(SeedParam, uint64(5))
				exec, err := model.NewExec(backend, store, func(_ *model.Scope, images *Node) []*Node {
					return stepGraph(store, cfg, images, true, i == 1)
				})
				if err != nil {
					t.Fatal(err)
				}
				defer exec.Finalize()
				out, err := exec.Exec(noise(8, cfg.Size))
				if err != nil {
					t.Fatalf("%+v", err)
				}
				results[i] = map[string][]float32{"the embedding": tensors.MustCopyFlatData[float32](out[0])}
				for j, v := range parametersOf(store) {
					results[i]["the gradient of "+v.Path()] = tensors.MustCopyFlatData[float32](out[1+j])
				}
				for v := range store.IterVariables() {
					value := tensors.MustCopyFlatData[float32](v.MustValue())
					if !v.Trainable {
						results[i][v.Path()] = value
					}
					if v.Name() == "avg_weight" && value[0] != 1 {
						t.Errorf("%s: one batch was averaged %v times", v.Path(), value)
					}
				}
			}
			want, got := results[0], results[1]
			if len(got) != len(want) || len(want) < 40 {
				t.Errorf("%d values with checkpoints, %d without", len(got), len(want))
			}
			worst := 0.0
			for what, w := range want {
				off := distance(got[what], w)
				worst = max(worst, off)
				if !(off <= 1e-5) {
					t.Errorf("%s is off by %.2g", what, off)
				}
			}
			t.Logf("off by %.2g at most", worst)
		})
	}
}

// distance is the Euclidean one between a and b over the length of b.
func distance(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	var difference, length float64
	for i := range b {
		difference += math.Pow(float64(a[i])-float64(b[i]), 2)
		length += math.Pow(float64(b[i]), 2)
	}
	return math.Sqrt(difference) / max(math.Sqrt(length), 1e-6)
}

// In training the backward pass makes every block anew behind a barrier. Graphs of inference, and those that nobody asked
// to do so, are the same nodes one by one.
func TestCheckpointGraphs(t *testing.T) {
	backend := acceltest.ForTest(t)
	for name, blocks := range blocksOf {
		if testing.Short() && blocks > 8 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			types := func(training, checkpoint bool) []NodeType {
				store := model.NewStore()
				g := NewGraph(backend, name)
				defer g.Finalize()
				images := Parameter(g, "images", noise(2, 32).Shape())
				stepGraph(store, spec.Encoder{Name: name, Size: 32, Hidden: 16, Dim: 8, Precision: "float32"}, images, training, checkpoint)
				var all []NodeType
				for _, node := range g.Nodes() {
					all = append(all, node.Type())
				}
				return all
			}
			count := func(types []NodeType, of NodeType) (n int) {
				for _, node := range types {
					if node == of {
						n++
					}
				}
				return n
			}
			if off, on := types(false, false), types(false, true); !slices.Equal(off, on) {
				t.Errorf("inference has %d nodes with checkpoints, %d without", len(on), len(off))
			}
			off, on := types(true, false), types(true, true)
			if n := count(off, NodeTypeSchedulingBarrier); n != 0 {
				t.Errorf("%d barriers without checkpoints", n)
			}
			if n := count(on, NodeTypeSchedulingBarrier); n != blocks {
				t.Errorf("%d barriers, want one for each of %d blocks", n, blocks)
			}
			if a, b := count(off, NodeTypeConvGeneral), count(on, NodeTypeConvGeneral); b <= a {
				t.Errorf("%d convolutions with checkpoints, %d without", b, a)
			}
		})
	}
}

// The memory that XLA sets aside for a step falls when maps are made anew: it does not see through the barriers, and does
// not make them beforehand.
func TestCheckpointMemory(t *testing.T) {
	const flag = "SEEABLE_TEST_CHECKPOINT"
	const blocks, layers, batch, side, channels = 6, 4, 8, 32, 16
	if asked := os.Getenv(flag); asked != "" {
		store := model.NewStore()
		// Only a number comes out, because XLA also computes in the room of what it puts out.
		_, err := model.CallOnce(acceltest.ForTest(t), store, func(scope *model.Scope, x *Node) *Node {
			g := x.Graph()
			store.SetTraining(g, true)
			if asked == "true" {
				SetCheckpoint(scope, g)
			}
			for i := range blocks {
				x = Checkpointed(scope.In("%d", i), x, func(s *model.Scope, x *Node) *Node {
					for j := range layers {
						s := s.In("%d", j)
						x = relu(batchNorm(s, conv(s, x, 3, channels, 1, [2]int{1, 1}), -1, 1e-5))
					}
					return x
				})
			}
			norm := ScalarZero(g, x.DType())
			var values []*Node
			for _, v := range parametersOf(store) {
				values = append(values, v.NodeValue(g))
			}
			for _, gradient := range Gradient(ReduceAllSum(Square(x)), values...) {
				norm = Add(norm, ReduceAllSum(Square(gradient)))
			}
			return norm
		}, randomGrid("x", batch, side, side, channels).tensor(batch, side, side, channels))
		if err != nil {
			t.Fatalf("%+v", err)
		}
		return
	}
	acceltest.ForTest(t)
	temporary := func(checkpoint bool) (bytes int) {
		dir := t.TempDir()
		// XLA reads its flags once in a process.
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		again.Env = append(os.Environ(), flag+"="+strconv.FormatBool(checkpoint), "XLA_FLAGS=--xla_dump_hlo_as_text --xla_dump_to="+dir)
		if out, err := again.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*buffer-assignment.txt"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if m := temporaries.FindSubmatch(text); m != nil {
				n, err := strconv.Atoi(string(m[1]))
				if err != nil {
					t.Fatal(err)
				}
				bytes = max(bytes, n)
			}
		}
		if bytes == 0 {
			t.Skipf("this XLA does not tell what it sets aside: it wrote %q", files)
		}
		return bytes
	}
	const of = batch * side * side * channels * 4
	kept, anew := float64(temporary(false))/of, float64(temporary(true))/of
	t.Logf("%.1f maps with checkpoints, %.1f without", anew, kept)
	// Without, each layer keeps a convolution and what enters the next.
	if kept < blocks*layers || anew > blocks+3*layers {
		t.Errorf("%.1f maps with checkpoints, want at most one a block and three a layer of one block; %.1f without", anew, kept)
	}
}

// temporaries is how a buffer assignment tells of the memory for all that is neither put in nor out.
var temporaries = regexp.MustCompile(`(?m)^allocation \d+: size (\d+),.* preallocated-temp`)
