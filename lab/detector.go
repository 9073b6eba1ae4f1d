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
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/graphs"
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
	few         *method.Few // nil where the score takes all variants
	network     *method.Network
	samplers    []*method.Sampler
}

// newDetector takes the network that weights holds.
func newDetector(s spec.Spec, m method.Method, weights *model.Store, network *method.Network) *detector {
	d := &detector{spec: s, method: m, weights: weights, network: network}
	for range runtime.GOMAXPROCS(0) {
		d.samplers = append(d.samplers, m.Sampler())
	}
	return d
}

// allVariants stands where the name of a score says which variants of a face are made.
const allVariants = ""

// variants appends the images that a score needs of a face to dst.
func (d *detector) variants(worker int, dst []uint8, score string, f face.Face, id string) ([]uint8, error) {
	if d.few != nil && score == d.few.Score {
		return d.method.(*method.SeeABLE).FewVariants(d.samplers[worker], dst, d.few, f, id)
	}
	return d.method.Variants(d.samplers[worker], dst, score, f, id)
}

// score makes a score of a face from the outputs of its variants.
func (d *detector) score(name string, outputs [][]float32) float64 {
	if d.few != nil && name == d.few.Score {
		return d.few.Predict(d.method.(*method.SeeABLE), outputs)
	}
	return d.method.Score(name, outputs, d.calibration)
}

// scored tells whether the variants that the score wanted needs suffice for the score name.
func (d *detector) scored(name, wanted string) bool {
	return name == wanted || name == "onepass" || d.few == nil && wanted != "onepass"
}

// evidence runs the variants of faces through the network: [face][variant][output]. ids make the draws of each face.
func (l *Lab) evidence(ctx context.Context, stage string, d *detector, score string, faces []face.Face, ids []string) ([][][]float32, error) {
	row := d.spec.Encoder.Size * d.spec.Encoder.Size * 3
	counts := make([]int, len(faces))
	var waiting []uint8
	var rows [][]float32
	// Faces go in chunks, so that memory does not grow with their number. Images that do not fill a pass wait for the next.
	const chunk = 32
	for from := 0; from < len(faces); from += chunk {
		part := min(chunk, len(faces)-from)
		images := make([][]uint8, part)
		err := l.quietly().each(ctx, stage, part, func(worker, i int) error {
			var err error
			images[i], err = d.variants(worker, nil, score, faces[from+i], ids[from+i])
			if err != nil {
				return fmt.Errorf("lab: %s: %w", ids[from+i], err)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for i, variants := range images {
			counts[from+i] = len(variants) / row
			waiting = append(waiting, variants...)
		}
		ready := len(waiting)
		if from+part < len(faces) {
			ready -= ready % (method.NetworkPass * row)
		}
		outputs, err := d.network.Outputs(ctx, waiting[:ready])
		if err != nil {
			return nil, err
		}
		rows, waiting = append(rows, outputs...), append(waiting[:0], waiting[ready:]...)
		l.report(Event{Stage: stage, Done: from + part, Total: len(faces)})
	}
	out := make([][][]float32, len(faces))
	for i, n := range counts {
		out[i], rows = rows[:n:n], rows[n:]
	}
	return out, nil
}

func (l *Lab) quietly() *Lab { return &Lab{mode: l.mode, report: func(Event) {}} }

// The names under which a calibration and the choice of a few variants lie among the weights.
const (
	calibrationMean, calibrationSpread = "calibration/mean", "calibration/spread"
	fewVariants, fewWeights            = "few/variants", "few/weights"
)

// save writes the weights, the calibration and the choice of variants.
func (d *detector) save(dir string) error {
	file, err := encoder.Save(d.weights, "/net")
	if err != nil {
		return err
	}
	if d.calibration != nil {
		file.Tensors[calibrationMean] = vector(d.calibration.Mean)
		file.Tensors[calibrationSpread] = vector(d.calibration.Spread)
	}
	if d.few != nil {
		labels := make([]float64, len(d.few.Variants))
		for i, k := range d.few.Variants {
			labels[i] = float64(k)
		}
		file.Tensors[fewVariants], file.Tensors[fewWeights] = vector(labels), vector(d.few.Weights)
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
	network, err := method.NewNetwork(computer.Backend, weights, m, r.Spec.Encoder.Size)
	if err != nil {
		return nil, err
	}
	d := newDetector(r.Spec, m, weights, network)
	if err := d.fitted(&file, r.Record.Score); err != nil {
		return nil, fmt.Errorf("lab: %s: %w", filepath.Join(r.Dir, store.WeightsFile), err)
	}
	if err := declare(computer.Backend, r.Spec, m, weights); err != nil {
		return nil, err
	}
	if err := encoder.Restore(weights, file, "/net"); err != nil {
		return nil, fmt.Errorf("lab: %s: %w", filepath.Join(r.Dir, store.WeightsFile), err)
	}
	return d, nil
}

// fitted takes what was fitted on held-out faces out of a file of weights, which then holds the network alone. The few
// variants, if any, were chosen for score.
func (d *detector) fitted(file *safetensors.File, score string) error {
	take := func(name string) ([]float64, bool) {
		t, ok := file.Tensors[name]
		delete(file.Tensors, name)
		return float64s(t.Data), ok
	}
	if mean, ok := take(calibrationMean); ok {
		d.calibration = &method.Calibration{Mean: mean}
		d.calibration.Spread, _ = take(calibrationSpread)
	}
	if labels, ok := take(fewVariants); ok {
		d.few = &method.Few{Score: score}
		for _, k := range labels {
			d.few.Variants = append(d.few.Variants, int(k))
		}
		d.few.Weights, _ = take(fewWeights)
		return d.few.Check(d.spec.Discrepancy)
	}
	return nil
}

// declare makes the network's variables by building its graph, which is never compiled: a file of another network is then
// refused, where a network built after its weights are read would fill what it lacks with random ones.
func declare(backend compute.Backend, s spec.Spec, m method.Method, weights *model.Store) error {
	err := graphs.Try(func() error {
		g := NewGraph(backend, "network")
		defer g.Finalize()
		m.Outputs(weights.RootScope().In("net"), Parameter(g, "images", shapes.Make(dtypes.Uint8, 1, s.Encoder.Size, s.Encoder.Size, 3)))
		return nil
	})
	if err != nil {
		return fmt.Errorf("lab: cannot build the network of %s with %s: %w", s.Method, s.Encoder.Name, err)
	}
	return nil
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
