// Package detector is a trained network ready to score: faces in memory, image files, faces of data sets, videos. It draws
// nothing and links no plotting.
package detector

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

	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// Detector is a trained network ready to score faces.
type Detector struct {
	Spec        spec.Spec
	Method      method.Method
	Weights     *model.Store
	Calibration *method.Calibration
	Few         *method.Few // nil where the score takes all variants
	Network     *method.Network
	// Record is that of the run in the folder Dir, of a detector that was loaded.
	Record   store.Record
	Dir      string
	samplers []*method.Sampler
}

// New takes the network that weights holds.
func New(s spec.Spec, m method.Method, weights *model.Store, network *method.Network) *Detector {
	d := &Detector{Spec: s, Method: m, Weights: weights, Network: network}
	for range runtime.GOMAXPROCS(0) {
		d.samplers = append(d.samplers, m.Sampler())
	}
	return d
}

// AllVariants stands where the name of a score says which variants of a face are made.
const AllVariants = ""

// Variants appends the images that a score needs of a face to dst.
func (d *Detector) Variants(worker int, dst []uint8, score string, f face.Face, id string) ([]uint8, error) {
	if d.Few != nil && score == d.Few.Score {
		return d.Method.(*method.SeeABLE).FewVariants(d.samplers[worker], dst, d.Few, f, id)
	}
	return d.Method.Variants(d.samplers[worker], dst, score, f, id)
}

// Score makes a score of a face from the outputs of its variants.
func (d *Detector) Score(name string, outputs [][]float32) float64 {
	if d.Few != nil && name == d.Few.Score {
		return d.Few.Predict(d.Method.(*method.SeeABLE), outputs)
	}
	return d.Method.Score(name, outputs, d.Calibration)
}

// Scored tells whether the variants that the score wanted needs suffice for the score name.
func (d *Detector) Scored(name, wanted string) bool {
	return name == wanted || name == "onepass" || d.Few == nil && wanted != "onepass"
}

// Evidence runs the variants of faces through the network: [face][variant][output]. ids make the draws of each face.
func (d *Detector) Evidence(ctx context.Context, e *env.Env, stage, score string, faces []face.Face, ids []string) ([][][]float32, error) {
	row := d.Spec.Encoder.Size * d.Spec.Encoder.Size * 3
	counts := make([]int, len(faces))
	var waiting []uint8
	var rows [][]float32
	// Faces go in chunks, so that memory does not grow with their number. Images that do not fill a pass wait for the next.
	const chunk = 32
	for from := 0; from < len(faces); from += chunk {
		part := min(chunk, len(faces)-from)
		images := make([][]uint8, part)
		err := e.Quietly().Each(ctx, stage, part, func(worker, i int) error {
			var err error
			images[i], err = d.Variants(worker, nil, score, faces[from+i], ids[from+i])
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
		outputs, err := d.Network.Outputs(ctx, waiting[:ready])
		if err != nil {
			return nil, err
		}
		rows, waiting = append(rows, outputs...), append(waiting[:0], waiting[ready:]...)
		e.Report(env.Event{Stage: stage, Done: from + part, Total: len(faces)})
	}
	out := make([][][]float32, len(faces))
	for i, n := range counts {
		out[i], rows = rows[:n:n], rows[n:]
	}
	return out, nil
}

// The names under which a calibration and the choice of a few variants lie among the weights.
const (
	calibrationMean, calibrationSpread = "calibration/mean", "calibration/spread"
	fewVariants, fewWeights            = "few/variants", "few/weights"
)

// Save writes the weights, the calibration and the choice of variants.
func (d *Detector) Save(dir string) error {
	file, err := encoder.Save(d.Weights, "/net")
	if err != nil {
		return err
	}
	if d.Calibration != nil {
		file.Tensors[calibrationMean] = vector(d.Calibration.Mean)
		file.Tensors[calibrationSpread] = vector(d.Calibration.Spread)
	}
	if d.Few != nil {
		labels := make([]float64, len(d.Few.Variants))
		for i, k := range d.Few.Variants {
			labels[i] = float64(k)
		}
		file.Tensors[fewVariants], file.Tensors[fewWeights] = vector(labels), vector(d.Few.Weights)
	}
	file.Metadata = map[string]string{"spec": d.Spec.TOML()}
	var b bytes.Buffer
	if err := safetensors.Encode(&b, file); err != nil {
		return err
	}
	return store.WriteFile(filepath.Join(dir, store.WeightsFile), b.Bytes())
}

// Load loads the detector of a finished run: its folder, its spec, its record.
func Load(ctx context.Context, e *env.Env, dir string, s spec.Spec, record store.Record) (*Detector, error) {
	computer, err := e.Compute(ctx, false)
	if err != nil {
		return nil, err
	}
	m, err := method.New(s)
	if err != nil {
		return nil, err
	}
	file, err := safetensors.Read(filepath.Join(dir, store.WeightsFile))
	if err != nil {
		return nil, err
	}
	weights := model.NewStore()
	network, err := method.NewNetwork(computer.Backend, weights, m, s.Encoder.Size)
	if err != nil {
		return nil, err
	}
	d := New(s, m, weights, network)
	d.Dir, d.Record = dir, record
	if err := d.Fitted(&file, record.Score); err != nil {
		return nil, fmt.Errorf("lab: %s: %w", filepath.Join(dir, store.WeightsFile), err)
	}
	declare(computer.Backend, s, m, weights)
	if err := encoder.Restore(weights, file, "/net"); err != nil {
		return nil, fmt.Errorf("lab: %s: %w", filepath.Join(dir, store.WeightsFile), err)
	}
	return d, nil
}

// Fitted takes what was fitted on held-out faces out of a file of weights, which then holds the network alone. The few
// variants, if any, were chosen for score.
func (d *Detector) Fitted(file *safetensors.File, score string) error {
	take := func(name string) ([]float64, bool) {
		t, ok := file.Tensors[name]
		delete(file.Tensors, name)
		values := make([]float64, len(t.Data))
		for i, v := range t.Data {
			values[i] = float64(v)
		}
		return values, ok
	}
	if mean, ok := take(calibrationMean); ok {
		d.Calibration = &method.Calibration{Mean: mean}
		d.Calibration.Spread, _ = take(calibrationSpread)
	}
	if labels, ok := take(fewVariants); ok {
		d.Few = &method.Few{Score: score}
		for _, k := range labels {
			d.Few.Variants = append(d.Few.Variants, int(k))
		}
		d.Few.Weights, _ = take(fewWeights)
		return d.Few.Check(d.Spec.Discrepancy)
	}
	return nil
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
