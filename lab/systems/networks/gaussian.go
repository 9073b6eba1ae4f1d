package networks

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"gonum.org/v1/gonum/mat"

	"github.com/seeable-lab/seeable/lab/method"
)

// moments are sums over vectors x of p values, from which the covariance and how uncertain it is follow.
type moments struct {
	n      float64
	x      []float64 // Σ x, [p]
	xx     []float64 // Σ x xᵀ, [p, p]
	square []float64 // Σ |x|² x, [p]
	fourth float64   // Σ |x|⁴
}

// gaussian fits a normal distribution: its mean, and its precision, the inverse of the covariance that is shrunk towards a multiple
// of the identity to the extent of Ledoit and Wolf (2004). It fails where there is no spread at all.
func (s moments) gaussian() (mean []float64, precision *mat.SymDense, shrinkage float64, err error) {
	p := len(s.x)
	m := mat.NewVecDense(p, nil)
	m.ScaleVec(1/s.n, mat.NewVecDense(p, s.x))
	xx := mat.NewDense(p, p, s.xx)
	cov := mat.NewSymDense(p, nil)
	for i := range p {
		for j := i; j < p; j++ {
			cov.SetSym(i, j, (xx.At(i, j)+xx.At(j, i))/(2*s.n)-m.AtVec(i)*m.AtVec(j))
		}
	}
	// Σ |x − mean|⁴, multiplied out.
	length := mat.Dot(m, m)
	fourth := s.fourth - 4*mat.Dot(m, mat.NewVecDense(p, s.square)) + 4*mat.Inner(m, xx, m) + 2*length*mat.Trace(xx) -
		4*length*mat.Dot(m, mat.NewVecDense(p, s.x)) + s.n*length*length

	spread := mat.Trace(cov) / float64(p)
	squares, distance := 0.0, 0.0
	for i := range p {
		for j := range p {
			v := cov.At(i, j)
			squares += v * v
			if i == j {
				v -= spread
			}
			distance += v * v / float64(p)
		}
	}
	shrinkage = 1
	if distance > 0 {
		noise := (fourth/s.n - squares) / (s.n * float64(p))
		shrinkage = min(max(noise, 0), distance) / distance
	}
	for i := range p {
		for j := i; j < p; j++ {
			v := (1 - shrinkage) * cov.At(i, j)
			if i == j {
				v += shrinkage * spread
			}
			cov.SetSym(i, j, v)
		}
	}
	var cholesky mat.Cholesky
	precision = mat.NewSymDense(p, nil)
	if spread > 0 && cholesky.Factorize(cov) {
		err = cholesky.InverseTo(precision)
	} else {
		err = fmt.Errorf("networks: the covariance of %g vectors of %d values cannot be inverted", s.n, p)
	}
	return m.RawVector().Data, precision, shrinkage, err
}

// root is L of precision = L Lᵀ, by rows, so that the Mahalanobis distance of x is |(x − mean) L|.
func root(precision *mat.SymDense) ([]float64, error) {
	var cholesky mat.Cholesky
	if !cholesky.Factorize(precision) {
		return nil, fmt.Errorf("networks: a precision of %d values is not positive definite", precision.SymmetricDim())
	}
	var lower mat.TriDense
	cholesky.LTo(&lower)
	p := precision.SymmetricDim()
	values := make([]float64, p*p)
	for i := range p {
		for j := range i + 1 {
			values[i*p+j] = lower.At(i, j)
		}
	}
	for _, v := range values {
		if math.IsNaN(v) {
			return nil, fmt.Errorf("networks: a precision of %d values is not finite", p)
		}
	}
	return values, nil
}

// The states of the Gaussians, by the label of the faces.
var uiaViTLabels = []string{"real", "fake"}

// state is a variable that is not learned and begins at 0.
func state(scope *model.Scope, name string, dims ...int) *model.Variable {
	return scope.WithInitializer(initializer.Zero).VariableWithShape(name, shapes.Make(dtypes.Float32, dims...)).SetTrainable(false)
}

// distance is the Mahalanobis distance of vectors [B, P, d] from a Gaussian, [B, P].
func distance(scope *model.Scope, x *Node) *Node {
	g, d := x.Graph(), x.Shape().Dimensions
	centred := Sub(x, Reshape(state(scope, "mean", d[2]).NodeValue(g), 1, 1, d[2]))
	turned := MatMul(Reshape(centred, -1, d[2]), state(scope, "root", d[2], d[2]).NodeValue(g))
	return Reshape(Sqrt(ReduceSum(Square(turned), -1)), d[0], d[1])
}

// collect adds the patches of the first four real faces and of the first four fakes of a batch to the moments of either: all of a
// real face, those in the middle of a fake. The moments are about a point near their mean, so that float32 is enough.
func collect(scope *model.Scope, x, label *Node) {
	const faces = 4
	g, d := x.Graph(), x.Shape().Dimensions
	side := int(math.Round(math.Sqrt(float64(d[1]))))
	for of, name := range uiaViTLabels {
		s := scope.In("%s", name)
		is := ConvertDType(Equal(label, Scalar(g, label.DType(), of)), x.DType())
		before := ReduceSum(Mul(ConvertDType(LowerTriangular(g, d[0]), x.DType()), ExpandDims(is, 0)), -1) // itself among them
		first := Mul(is, ConvertDType(LessOrEqual(before, Scalar(g, x.DType(), faces)), x.DType()))
		weights := Mul(ExpandDims(first, 1), ConstAsDType(g, x.DType(), [][]float32{window(side, d[1], of == 1)}))
		weights = Reshape(weights, -1, 1)
		flat := Reshape(x, -1, d[2])

		count, shift := state(s, "count", 1), state(s, "shift", d[2])
		n := ReduceAllSum(weights)
		mean := Div(ReduceSum(Mul(flat, weights), 0), MaxScalar(n, 1))
		begun := GreaterThan(count.NodeValue(g), ZerosLike(count.NodeValue(g)))
		shift.SetNodeValue(Where(BroadcastToDims(begun, d[2]), shift.NodeValue(g), mean))
		y := Mul(Sub(flat, ExpandDims(shift.NodeValue(g), 0)), weights)
		squares := ReduceAndKeep(Square(y), ReduceSum, -1)
		add := func(v *model.Variable, sum *Node) { v.SetNodeValue(Add(v.NodeValue(g), sum)) }
		add(count, Reshape(n, 1))
		add(state(s, "x", d[2]), ReduceSum(y, 0))
		add(state(s, "xx", d[2], d[2]), MatMul(Transpose(y, 0, 1), y))
		add(state(s, "square", d[2]), ReduceSum(Mul(y, squares), 0))
		add(state(s, "fourth", 1), Reshape(ReduceAllSum(Square(squares)), 1))
	}
}

// window is 1 for the patches that count, of side×side: for all, or for those in the middle, 8×8 of 14×14 and 4×4 of 8×8.
func window(side, count int, middle bool) []float32 {
	weights := make([]float32, count)
	from, size := 0, side
	if middle {
		from, size = side/4, max(1, side*4/7)
	}
	for y := from; y < from+size; y++ {
		for x := from; x < from+size; x++ {
			weights[y*side+x] = 1
		}
	}
	return weights
}

// Between implements [method.Stepper]: at the end of each stretch the Gaussians are fitted to what was collected. One of which
// nothing was collected stays as it is.
func (m *UIAViT) Between(step int, net *model.Scope) error {
	fits := func(steps int) float64 {
		return math.Floor(float64(steps)/(m.own.Refit*float64(m.spec.Train.Steps)) + 1e-9)
	}
	if fits(step+1) == fits(step) {
		return nil
	}
	fitted := 0
	for _, name := range uiaViTLabels {
		at := method.LossScope + "/gaussians/" + name + "/"
		var s moments
		var count, shift, fourth []float64
		for part, values := range map[string]*[]float64{"count": &count, "shift": &shift, "x": &s.x, "xx": &s.xx, "square": &s.square, "fourth": &fourth} {
			var err error
			if *values, err = values64(net, at+part); err != nil {
				return err
			}
		}
		s.n, s.fourth = count[0], fourth[0]
		goal := "gaussians/" + name + "/"
		if mean, precision, _, err := s.gaussian(); s.n > 1 && err == nil {
			factor, err := root(precision)
			if err != nil {
				return err
			}
			for i := range mean {
				mean[i] += shift[i]
			}
			if err := setValues(net, goal+"mean", mean); err != nil {
				return err
			}
			if err := setValues(net, goal+"root", factor); err != nil {
				return err
			}
		}
		if known, err := values64(net, goal+"root"); err != nil {
			return err
		} else if slices.ContainsFunc(known, func(v float64) bool { return v != 0 }) {
			fitted++
		}
		for part, size := range map[string]int{"count": 1, "x": len(s.x), "xx": len(s.xx), "square": len(s.square), "fourth": 1} {
			if err := setValues(net, at+part, make([]float64, size)); err != nil {
				return err
			}
		}
	}
	if fitted < len(uiaViTLabels) {
		return nil
	}
	return setValues(net, method.LossScope+"/gaussians/ready", []float64{1})
}

// values64 are the values of a variable of a network by its path there.
func values64(net *model.Scope, path string) ([]float64, error) {
	v := net.Store().GetVariable(model.JoinPath(net.Scope(), path))
	if v == nil {
		return nil, fmt.Errorf("networks: the network lacks %s", path)
	}
	value, err := v.Value()
	if err != nil {
		return nil, fmt.Errorf("networks: %s: %w", path, err)
	}
	narrow, err := tensors.CopyFlatData[float32](value)
	if err != nil {
		return nil, fmt.Errorf("networks: %s: %w", path, err)
	}
	wide := make([]float64, len(narrow))
	for i, x := range narrow {
		wide[i] = float64(x)
	}
	return wide, nil
}

// setValues gives such a variable values.
func setValues(net *model.Scope, path string, wide []float64) error {
	v := net.Store().GetVariable(model.JoinPath(net.Scope(), path))
	narrow := make([]float32, len(wide))
	for i, x := range wide {
		narrow[i] = float32(x)
	}
	if err := v.SetValue(tensors.FromFlatDataAndDimensions(narrow, v.Shape().Dimensions...)); err != nil {
		return fmt.Errorf("networks: %s: %w", path, err)
	}
	return nil
}
