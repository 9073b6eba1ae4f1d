package systems

import (
	"image"
	"image/color"
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/internal/sharedtest"
	"github.com/seeable-lab/seeable/lab/loss"
	"github.com/seeable-lab/seeable/lab/method"
)

// compute runs a graph of float64 tensors and returns what it makes of them, flat.
func compute(t *testing.T, build func(in []*Node) []*Node, in ...*tensors.Tensor) [][]float64 {
	t.Helper()
	exec, err := NewExec(acceltest.PureGo(t), func(in []*Node) []*Node { return build(in) })
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	var args []any
	for _, x := range in {
		args = append(args, x)
	}
	out, err := exec.Call(args...)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	var flat [][]float64
	for _, x := range out {
		values, err := tensors.CopyFlatData[float64](x)
		if err != nil {
			t.Fatal(err)
		}
		flat = append(flat, values)
	}
	return flat
}

func near(t *testing.T, what string, got []float64, want any, tolerance float64) {
	t.Helper()
	flat := flatten(want)
	if len(got) != len(flat) || len(got) == 0 {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(flat))
	}
	for i, v := range got {
		if !(math.Abs(v-flat[i]) <= tolerance*(1+math.Abs(flat[i]))) {
			t.Errorf("%s: value %d is %.12f, want %.12f", what, i, v, flat[i])
		}
	}
}

// flatten are the numbers of nested slices in order.
func flatten(x any) (flat []float64) {
	switch x := x.(type) {
	case float64:
		return []float64{x}
	case []float64:
		return x
	case [][]float64:
		for _, v := range x {
			flat = append(flat, v...)
		}
	case [][][]float64:
		for _, v := range x {
			flat = append(flat, flatten(v)...)
		}
	default:
		panic("systems: numbers of another shape")
	}
	return flat
}

func tensor(x any, dims ...int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(flatten(x), dims...)
}

func TestXRayGolden(t *testing.T) {
	var file struct {
		Boundary struct{ M, B []float64 }
		Loss     struct {
			Map     [][][]float64 `json:"B"`
			XLogits [][][]float64 `json:"xray_logits"`
			Class   [][]float64   `json:"class_logits_real_fake"`
			Labels  []int32
			Lb      float64       `json:"L_b_mean_over_pixels_and_images"`
			Lc      float64       `json:"L_c"`
			Total   float64       `json:"total"`
			GradX   [][][]float64 `json:"grad_total_xray_logits"`
			GradC   [][]float64   `json:"grad_total_class_logits"`
			Floor   float64       `json:"floor_of_L_b_mean_entropy_of_B"`
		}
		Head struct {
			Mean   []float64 `json:"xray_probabilities_mean"`
			Weight []float64
			Bias   []float64
			PFake  []float64 `json:"p_fake"`
		}
	}
	sharedtest.Golden(t, "xray.json", &file)
	var boundaries []float64
	for _, m := range file.Boundary.M {
		boundaries = append(boundaries, boundary(m))
	}
	near(t, "boundary", boundaries, file.Boundary.B, 1e-9)

	l := file.Loss
	labels := tensors.FromFlatDataAndDimensions(l.Labels, 2)
	out := compute(t, func(in []*Node) []*Node {
		ce, _ := loss.SoftmaxCrossEntropy(in[1], in[3])
		total := Add(MulScalar(binary(in[0], in[2]), 100), ce)
		return append([]*Node{binary(in[0], in[2]), ce, total}, Gradient(total, in[0], in[1])...)
	}, tensor(l.XLogits, 2, 16), tensor(l.Class, 2, 2), tensor(l.Map, 2, 16), labels)
	for i, want := range []any{l.Lb, l.Lc, l.Total, l.GradX, l.GradC} {
		near(t, []string{"map", "class", "total", "gradient of the map", "gradient of the classes"}[i], out[i], want, 1e-8)
	}
	// The least loss is that of logits log(B/(1−B)); those of 0 and 1 are infinite and have entropy 0.
	least := compute(t, func(in []*Node) []*Node {
		b := ClipScalar(in[0], 1e-12, 1-1e-12)
		return []*Node{binary(Log(Div(b, OneMinus(b))), in[0])}
	}, tensor(l.Map, 2, 16))
	near(t, "floor", least[0], l.Floor, 1e-7)

	// The score of the classifier is monotone in the mean of the map where its weight for fakes is the larger.
	for i, mean := range file.Head.Mean {
		odds := (file.Head.Weight[1]-file.Head.Weight[0])*mean + file.Head.Bias[1] - file.Head.Bias[0]
		near(t, "chance", []float64{sigmoid(odds)}, file.Head.PFake[i], 1e-9)
	}
}

func TestPCLGolden(t *testing.T) {
	type embedding struct {
		Logits       [][]float64 `json:"logits_4x4"`
		Consistency  [][]float64
		Loss         float64
		GradLogits   [][]float64 `json:"grad_logits"`
		GradFeatures [][]float64 `json:"grad_features"`
	}
	var file struct {
		Target3 struct {
			M      [][]float64
			Volume [][]float64 `json:"volume_9x9"`
		} `json:"target_3x3"`
		Loss struct {
			Features [][]float64 `json:"features_4x3"`
			Weight   [][]float64 `json:"theta_weight_3x2"`
			Bias     []float64   `json:"theta_bias"`
			M        [][]float64
			Target   [][]float64 `json:"target_4x4"`
			Shared   embedding   `json:"shared_embedding"`
			Total    struct {
				Class  [][]float64 `json:"class_logits"`
				Labels []int32
				Sum    float64 `json:"L_cls_plus_10_L_pcl_shared"`
			}
			Score float64 `json:"our_inconsistency_score"`
		} `json:"loss_2x2"`
	}
	sharedtest.Golden(t, "pcl.json", &file)
	target := compute(t, func(in []*Node) []*Node { return []*Node{consistency(in[0])} }, tensor(file.Target3.M, 1, 9))
	near(t, "target", target[0], file.Target3.Volume, 1e-9)

	l := file.Loss
	labels := tensors.FromFlatDataAndDimensions(l.Total.Labels, 2)
	out := compute(t, func(in []*Node) []*Node {
		theta := Add(MatMul(in[0], in[1]), InsertAxes(in[2], 0))
		volume := products(InsertAxes(theta, 0))
		wanted := consistency(in[3])
		mean := binary(volume, wanted)
		ce, _ := loss.SoftmaxCrossEntropy(in[4], in[5])
		return append([]*Node{volume, wanted, mean, Add(MulScalar(mean, 10), ce)}, Gradient(mean, volume, in[0])...)
	}, tensor(l.Features, 4, 3), tensor(l.Weight, 3, 2), tensor(l.Bias, 2), tensor(l.M, 1, 4), tensor(l.Total.Class, 2, 2), labels)
	for i, want := range []any{l.Shared.Logits, l.Target, l.Shared.Loss, l.Total.Sum, l.Shared.GradLogits, l.Shared.GradFeatures} {
		near(t, []string{"logits", "target", "loss", "total", "gradient of logits", "gradient of features"}[i], out[i], want, 1e-8)
	}
	var row method.Row
	row = append(row, []float32{0}, nil)
	for _, line := range l.Shared.Consistency {
		total := 0.0
		for _, v := range line {
			total += v
		}
		row[1] = append(row[1], float32(total/4))
	}
	m := &PCL{}
	near(t, "inconsistency", []float64{m.Score("inconsistency", []method.Row{row}, method.Fit{})}, l.Score, 1e-6)
	if odd := m.Score("odd-patch", []method.Row{row}, method.Fit{}); odd < l.Score {
		t.Errorf("the patch that is least like the others has %v, less than the mean %v", odd, l.Score)
	}
}

func TestFWAGolden(t *testing.T) {
	var file struct {
		Blur struct {
			Image, Blurred [][]float64
		} `json:"blur_inside"`
		Pyramid struct {
			Sides  []int
			Map    [][]float64 `json:"map_7x7"`
			Pooled []float64   `json:"pooled_41"`
		}
		Scores struct {
			Crops []float64 `json:"p_fake_of_10_crops"`
			Mean  float64   `json:"frame_mean_of_upper_half"`
		}
	}
	sharedtest.Golden(t, "fwa.json", &file)
	pooled := compute(t, func(in []*Node) []*Node { return []*Node{pyramid(in[0], file.Pyramid.Sides)} }, tensor(file.Pyramid.Map, 1, 7, 7, 1))
	near(t, "pyramid", pooled[0], file.Pyramid.Pooled, 1e-12)

	b := file.Blur
	img := image.NewRGBA(image.Rect(0, 0, len(b.Image[0]), len(b.Image)))
	for y, row := range b.Image {
		for x, v := range row {
			img.SetRGBA(x, y, color.RGBA{uint8(v), 0, 255 - uint8(v), 255})
		}
	}
	blurred := fiveTaps(img)
	for y, row := range b.Blurred {
		for x, want := range row {
			got := blurred.RGBAAt(x, y)
			if math.Abs(float64(got.R)-want) > 0.5 || math.Abs(float64(got.B)-(255-want)) > 0.5 || got.G != 0 || got.A != 255 {
				t.Errorf("blurred pixel %d, %d is %v, want %v in red", x, y, got, want)
			}
		}
	}

	m, rows := &FWA{}, []method.Row{{{9}}}
	for _, p := range file.Scores.Crops {
		rows = append(rows, method.Row{{float32(math.Log(p / (1 - p)))}})
	}
	near(t, "upper half", []float64{m.Score("upper-half", rows, method.Fit{})}, file.Scores.Mean, 1e-6)
	if v := m.Score("upper-half", rows[:5], method.Fit{}); !math.IsNaN(v) {
		t.Errorf("the upper half of four crops is %v, want NaN", v)
	}
	if v := m.Score(classOdds, rows, method.Fit{}); v != 9 {
		t.Errorf("the classifier says %v, want 9", v)
	}
}
