package lab

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// detector is a trained network ready to score faces.
type detector struct {
	spec        spec.Spec
	method      method.Method
	weights     *model.Store
	calibration *method.Calibration
	outputs     *model.Exec
	samplers    []*method.Sampler
}

func newDetector(backend compute.Backend, s spec.Spec, m method.Method, weights *model.Store) (*detector, error) {
	outputs, err := model.NewExec(backend, weights, func(scope *model.Scope, images *Node) *Node {
		return m.Outputs(scope.In("net"), images)
	})
	if err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	d := &detector{spec: s, method: m, weights: weights, outputs: outputs}
	for range runtime.GOMAXPROCS(0) {
		d.samplers = append(d.samplers, m.Sampler())
	}
	return d, nil
}

// passImages is how many images go through the network at once; the last pass is filled up, so that one compiled graph
// serves.
const passImages = 64

// evidence runs the variants of faces through the network: [face][variant][output]. ids make the draws of each face.
func (l *Lab) evidence(ctx context.Context, stage string, d *detector, score string, faces []face.Face, ids []string) ([][][]float32, error) {
	out := make([][][]float32, len(faces))
	row := d.spec.Encoder.Size * d.spec.Encoder.Size * 3
	// Faces go in chunks, so that memory does not grow with their number.
	const chunk = 32
	for from := 0; from < len(faces); from += chunk {
		part := min(chunk, len(faces)-from)
		images := make([][]uint8, part)
		err := l.quietly().each(ctx, stage, part, func(worker, i int) error {
			var err error
			images[i], err = d.method.Variants(d.samplers[worker], nil, score, faces[from+i], ids[from+i])
			if err != nil {
				return fmt.Errorf("lab: %s: %w", ids[from+i], err)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		var flat []uint8
		for _, variants := range images {
			flat = append(flat, variants...)
		}
		rows, err := forward(ctx, d.outputs, d.spec.Encoder.Size, flat)
		if err != nil {
			return nil, err
		}
		for i, variants := range images {
			n := len(variants) / row
			out[from+i], rows = rows[:n], rows[n:]
		}
		l.report(Event{Stage: stage, Done: from + part, Total: len(faces)})
	}
	return out, nil
}

func (l *Lab) quietly() *Lab { return &Lab{mode: l.mode, report: func(Event) {}} }

// forward runs RGB images of size × size pixels through exec, a graph from images to [B, M]: one slice of M outputs each.
func forward(ctx context.Context, exec *model.Exec, size int, images []uint8) ([][]float32, error) {
	row := size * size * 3
	var out [][]float32
	for len(images) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := min(passImages, len(images)/row)
		pass := make([]uint8, passImages*row)
		copy(pass, images[:n*row])
		images = images[n*row:]
		result, err := exec.Exec(tensors.FromFlatDataAndDimensions(pass, passImages, size, size, 3))
		if err != nil {
			return nil, fmt.Errorf("lab: %w", err)
		}
		width := result[0].Shape().Dimensions[1]
		values, err := tensors.CopyFlatData[float32](result[0])
		if err != nil {
			return nil, fmt.Errorf("lab: %w", err)
		}
		for i := range n {
			out = append(out, values[i*width:(i+1)*width])
		}
	}
	return out, nil
}

// The names under which a calibration lies among the weights.
const calibrationMean, calibrationSpread = "calibration/mean", "calibration/spread"

// save writes the weights and the calibration.
func (d *detector) save(dir string) error {
	file, err := encoder.Save(d.weights, "/net")
	if err != nil {
		return err
	}
	if d.calibration != nil {
		file.Tensors[calibrationMean] = vector(d.calibration.Mean)
		file.Tensors[calibrationSpread] = vector(d.calibration.Spread)
	}
	file.Metadata = map[string]string{"spec": d.spec.TOML()}
	var b bytes.Buffer
	if err := safetensors.Encode(&b, file); err != nil {
		return err
	}
	return store.WriteFile(filepath.Join(dir, store.WeightsFile), b.Bytes())
}

// detector loads the detector of a finished run.
func (l *Lab) detector(ctx context.Context, r *Run) (*detector, error) {
	computer, err := l.compute(ctx, false)
	if err != nil {
		return nil, err
	}
	m, err := method.New(r.Spec)
	if err != nil {
		return nil, err
	}
	file, err := safetensors.Read(filepath.Join(r.Dir, store.WeightsFile))
	if err != nil {
		return nil, err
	}
	weights := model.NewStore()
	d, err := newDetector(computer.Backend, r.Spec, m, weights)
	if err != nil {
		return nil, err
	}
	mean, calibrated := file.Tensors[calibrationMean]
	if calibrated {
		d.calibration = &method.Calibration{Mean: float64s(mean.Data), Spread: float64s(file.Tensors[calibrationSpread].Data)}
		delete(file.Tensors, calibrationMean)
		delete(file.Tensors, calibrationSpread)
	}
	declare(computer.Backend, r.Spec, m, weights)
	if err := encoder.Restore(weights, file, "/net"); err != nil {
		return nil, fmt.Errorf("lab: %s: %w", filepath.Join(r.Dir, store.WeightsFile), err)
	}
	return d, nil
}

// declare makes the network's variables by building its graph, which is never compiled: a file of another network is then
// refused, where a network built after its weights are read would fill what it lacks with random ones.
func declare(backend compute.Backend, s spec.Spec, m method.Method, weights *model.Store) {
	g := NewGraph(backend, "network")
	defer g.Finalize()
	m.Outputs(weights.RootScope().In("net"), Parameter(g, "images", shapes.Make(dtypes.Uint8, 1, s.Encoder.Size, s.Encoder.Size, 3)))
}

func vector(x []float64) safetensors.Tensor {
	t := safetensors.Tensor{Shape: []int{len(x)}}
	for _, v := range x {
		t.Data = append(t.Data, float32(v))
	}
	return t
}

func float64s(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}
