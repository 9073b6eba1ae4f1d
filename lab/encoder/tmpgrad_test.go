package encoder
import ("testing";"fmt";"math/rand"
 "github.com/gomlx/gomlx/core/tensors"
 . "github.com/gomlx/gomlx/core/graph"
 "github.com/gomlx/gomlx/ml/model"
 "github.com/seeable-lab/seeable/lab/spec"
 "github.com/seeable-lab/seeable/lab/accel/acceltest")
func TestTmpGrad(t *testing.T) {
	be := acceltest.ForTest(t)
	cfg := spec.Default().Encoder
	cfg.Size = 32; cfg.Dim = 8; cfg.Hidden = 16
	B := 8
	px := make([]uint8, B*32*32*3); for i := range px { px[i] = uint8(rand.Intn(256)) }
	x := tensors.FromFlatDataAndDimensions(px, B, 32, 32, 3)
	store := model.NewStore()
	lossFn := func(scope *model.Scope, x *Node) *Node {
		store.SetTraining(x.Graph(), true)
		_, z := Embed(scope.In("net"), cfg, x)
		w := IotaFull(x.Graph(), z.Shape())
		return ReduceAllSum(Mul(z, Sin(w)))
	}
	fwd := model.MustNewExec(be, store, lossFn)
	fwd.MustExec(x)
	var names []string
	grad := model.MustNewExec(be, store, func(scope *model.Scope, x *Node) []*Node {
		l := lossFn(scope, x)
		var vs []*Node
		names = nil
		for v := range scope.IterVariables() { if v.Trainable && v.InUseByGraph(x.Graph()) { vs = append(vs, v.NodeValue(x)); names = append(names, v.Path()) } }
		return Gradient(l, vs...)
	})
	gs := grad.MustExec(x)
	for i, n := range names {
		g, _ := tensors.CopyFlatData[float32](gs[i])
		v := store.GetVariable(n)
		vals, _ := tensors.CopyFlatData[float32](v.MustValue())
		for trial := 0; trial < 2; trial++ {
			j := rand.Intn(len(vals))
			eval := func(d float32) float64 {
				c := append([]float32{}, vals...); c[j] += d
				v.MustSetValue(tensors.FromFlatDataAndDimensions(c, v.Shape().Dimensions...))
				return float64(tensors.ToScalar[float32](fwd.MustExec(x)[0]))
			}
			h := float32(1e-2)
			num := (eval(h) - eval(-h)) / float64(2*h)
			eval(0)
			fmt.Printf("%-40s %d  grad %.5f num %.5f\n", n, j, g[j], num)
		}
	}
}
