package encoder

import (
	"hash/fnv"
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// dropped says which images of a batch lose the branch, by the definition in integers of Go.
func dropped(seed uint64, scope string, step uint32, batch int, rate float64) []bool {
	mix := func(x uint32) uint32 {
		x ^= x >> 16
		x *= 0x85ebca6b
		x ^= x >> 13
		x *= 0xc2b2ae35
		return x ^ x>>16
	}
	path := fnv.New32a()
	path.Write([]byte(scope))
	state := mix(mix(mix(step^path.Sum32())^uint32(seed)) ^ uint32(seed>>32))
	drop := make([]bool, batch)
	for i := range drop {
		drop[i] = float64(float32(mix(state+uint32(i))>>8)/(1<<24)) < float64(float32(rate))
	}
	return drop
}

// A branch is dropped for the images that the definition says, on every backend, and the others grow by 1/(1 − rate).
// Over the steps the share of the dropped is the rate, and steps, scopes and seeds differ.
func TestDropPaths(t *testing.T) {
	const batch, rate, steps = 64, 0.2, 200
	x := make([]float32, 3*batch*2)
	for i := range x {
		x[i] = float32(i + 1)
	}
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			branch := tensors.FromFlatDataAndDimensions(x, 3, batch, 1, 2)
			seen := map[string]bool{}
			total, patterns := 0, 0
			for _, seed := range []uint64{1, 1 << 40} {
				for _, scope := range []string{"/blocks/1/1", "/blocks/1/2"} {
					store := model.NewStore()
					store.RootScope().SetParam(SeedParam, seed)
					exec, err := model.NewExec(open(t), store, func(root *model.Scope, x, step *Node) *Node {
						store.SetTraining(x.Graph(), true)
						SetStep(root, step)
						return channelsFirst(x, func(x *Node) *Node { return dropPaths(store.Scope(scope), x, rate) })
					})
					if err != nil {
						t.Fatal(err)
					}
					defer exec.Finalize()
					for step := range steps {
						out, err := exec.Exec(branch, int32(step))
						if err != nil {
							t.Fatal(err)
						}
						y := tensors.MustCopyFlatData[float32](out[0])
						pattern := make([]byte, batch)
						for i, drop := range dropped(seed, scope, uint32(step), batch, rate) {
							pattern[i] = '.'
							if drop {
								pattern[i] = 'x'
								total++
							}
							for at, v := range x {
								if at/2%batch != i {
									continue
								}
								want := float64(v) / (1 - rate)
								if drop {
									want = 0
								}
								if math.Abs(float64(y[at])-want) > 1e-5*float64(v) {
									t.Fatalf("seed %d, scope %s, step %d: element %d of image %d is %g, want %g", seed, scope, step, at, i, y[at], want)
								}
							}
						}
						seen[string(pattern)] = true
						patterns++
					}
				}
			}
			if len(seen) != patterns {
				t.Errorf("%d patterns in %d steps, scopes and seeds", len(seen), patterns)
			}
			n := float64(patterns * batch)
			if share := float64(total) / n; math.Abs(share-rate) > 4*math.Sqrt(rate*(1-rate)/n) {
				t.Errorf("%.4f of the branches were dropped, want %g", share, rate)
			}
		})
	}
}

// Nothing is dropped outside of training, without a step, or at a rate of 0.
func TestDropPathsOff(t *testing.T) {
	x := []float32{1, 2, 3, 4}
	for what, c := range map[string]struct {
		training, step bool
		rate           float64
	}{"inference": {false, true, 0.9}, "no step": {true, false, 0.9}, "rate 0": {true, true, 0}} {
		store := model.NewStore()
		out, err := model.CallOnce(backends["XLA"](t), store, func(scope *model.Scope, x, step *Node) *Node {
			store.SetTraining(x.Graph(), c.training)
			if c.step {
				SetStep(scope, step)
			}
			return channelsFirst(x, func(x *Node) *Node { return dropPaths(scope, x, c.rate) })
		}, tensors.FromFlatDataAndDimensions(x, 1, 4, 1, 1), int32(3))
		if err != nil {
			t.Fatal(err)
		}
		if y := tensors.MustCopyFlatData[float32](out); !slices.Equal(y, x) {
			t.Errorf("%s: %v became %v", what, x, y)
		}
	}
}
