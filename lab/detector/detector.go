// Package detector is a trained network ready to score: faces and clips in memory, pictures, files, faces of data sets. It is
// opened once and used by many goroutines, whose faces share passes through the network. It draws nothing and links no
// plotting.
//
//	d, err := detector.Open(ctx, "results/runs/seeable-small-0123456789abcdef", nil)
//	defer d.Close()
//	r, err := d.Image(ctx, picture)
//	fmt.Println(r.Score, r.Found)
package detector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/graphs"
	"github.com/seeable-lab/seeable/lab/detect"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/pack"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// Detector is a trained network ready to score. The fields are set before its first use; then it may be used by several
// goroutines.
type Detector struct {
	Spec    spec.Spec
	Method  method.Method
	Weights *model.Store
	Fit     method.Fit // what was fitted after training, and the score that was chosen
	Network *method.Network
	Record  store.Record // of the run that trained it
	// Points say what its scores mean; nil where that is not asked for. [operating.Missing] of a run that has none.
	Points *operating.Points

	env     *env.Env
	files   fs.FS // that it was opened from, its Network freed with it; nil if it was made by New
	ours    bool  // env is closed with the detector
	gather  *gatherer
	workers sync.Pool // of *method.Worker
	finder  func() (*detect.Detector, error)
}

// New takes the network that weights holds. [Detector.Close] leaves it and e to who made them.
func New(e *env.Env, s spec.Spec, m method.Method, weights *model.Store, network *method.Network) *Detector {
	d := &Detector{Spec: s, Method: m, Weights: weights, Network: network, env: e, gather: newGatherer(network)}
	d.workers.New = func() any { return method.NewWorker(m.Layout()) }
	d.finder = sync.OnceValues(func() (*detect.Detector, error) { return detect.Open(context.Background(), e.NoteWriter()) })
	return d
}

// Open opens the detector in the folder of a finished run, or in one that package pack has written, whose files must be as they
// were written. e are its surroundings; nil for the default ones, which it then owns. A folder that holds none is an error that
// wraps [ErrNone].
func Open(ctx context.Context, dir string, e *env.Env) (*Detector, error) {
	d, err := openFS(ctx, os.DirFS(dir), e)
	if err != nil {
		return nil, fmt.Errorf("detector: %s: %w", dir, err)
	}
	return d, nil
}

// ErrNone tells that a folder holds no detector.
var ErrNone = pack.ErrNone

// OpenFS is Open for a file system, such as one that is embedded in a program.
func OpenFS(ctx context.Context, files fs.FS, e *env.Env) (*Detector, error) {
	d, err := openFS(ctx, files, e)
	if err != nil {
		return nil, fmt.Errorf("detector: %w", err)
	}
	return d, nil
}

func openFS(ctx context.Context, files fs.FS, e *env.Env) (*Detector, error) {
	s, record, err := pack.Read(files, store.WeightsFile)
	if err != nil {
		return nil, err
	}
	ours := e == nil
	if ours {
		e = env.New("")
	}
	d, err := load(ctx, e, files, "", s, record)
	if err != nil {
		if ours {
			err = errors.Join(err, e.Close())
		}
		return nil, err
	}
	d.ours = ours
	return d, nil
}

// Load is OpenFS with a spec, and a record that names the score, in place of those in the folder, whose path dir is for errors.
func Load(ctx context.Context, e *env.Env, files fs.FS, dir string, s spec.Spec, record store.Record) (*Detector, error) {
	d, err := load(ctx, e, files, dir, s, record)
	if err != nil {
		return nil, fmt.Errorf("detector: %w", err)
	}
	return d, nil
}

// load makes a detector of the weights and points in a folder; dir is its path, for errors.
func load(ctx context.Context, e *env.Env, files fs.FS, dir string, s spec.Spec, record store.Record) (*Detector, error) {
	text, err := fs.ReadFile(files, store.WeightsFile)
	if err != nil {
		return nil, err
	}
	file, err := safetensors.Decode(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, store.WeightsFile), err)
	}
	points, err := operating.Read(files)
	if err != nil {
		return nil, err
	}
	computer, err := e.Compute(ctx, false)
	if err != nil {
		return nil, err
	}
	m, err := method.New(s)
	if err != nil {
		return nil, err
	}
	weights := model.NewStore()
	passes, err := method.NewNetwork(computer.Backend, weights, m)
	if err != nil {
		return nil, err
	}
	d := New(e, s, m, weights, passes)
	d.Record, d.Points, d.files = record, points, files
	d.Fit = TakeFit(&file, record.Score)
	if fitter, ok := method.As[method.Fitter](m); ok {
		err = fitter.CheckFit(d.Fit)
	}
	if err == nil {
		err = declare(computer.Backend, m, weights)
	}
	if err == nil {
		forget(&file, weights)
		err = encoder.Restore(weights, file, network)
	}
	if err != nil {
		passes.Finalize()
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, store.WeightsFile), err)
	}
	return d, nil
}

// Close ends the detector. Calls that are under way fail.
func (d *Detector) Close() error {
	d.gather.close()
	if d.files != nil {
		d.Network.Finalize()
	}
	if d.ours {
		return d.env.Close()
	}
	return nil
}

// Rows are what the network makes of the samples that a score needs of a clip. The digest of the clip's pixels makes their draws
// ([face.Clip.Digest]): the same picture has the same rows, to the bit, whatever it is called and wherever it lies.
func (d *Detector) Rows(ctx context.Context, score string, c face.Clip) ([]method.Row, error) {
	return d.gather.through(ctx, func() (*method.Samples, error) {
		w := d.workers.Get().(*method.Worker)
		defer d.workers.Put(w)
		samples := &method.Samples{Layout: d.Method.Layout()}
		return samples, d.Method.Probe(w, samples, score, d.Fit, c, c.Digest())
	})
}

// abreast is how many clips are on their way for each core: while some wait for a pass, others are read.
const abreast = 8

// Reading is what came of a clip of a source.
type Reading struct {
	Rows     []method.Row
	Fallback bool  // see [face.Face]
	Err      error // it cannot be read
}

// Read reads the clips from..to−1 of a source and runs the samples that a score needs of them through the network. An error that
// is not of a clip ends it.
func (d *Detector) Read(ctx context.Context, clips source.Source, from, to int, score string) ([]Reading, error) {
	out := make([]Reading, to-from)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	indices := make(chan int)
	var wait sync.WaitGroup
	for range min(to-from, abreast*runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for i := range indices {
				r := &out[i-from]
				c, err := clips.Clip(ctx, i)
				if err != nil {
					r.Err = err
					continue
				}
				r.Fallback = c.Frames[0].Fallback
				if r.Rows, err = d.Rows(ctx, score, c); err != nil {
					stop(fmt.Errorf("detector: %s: %w", nameOf(clips, i), err))
					return
				}
			}
		})
	}
feed:
	for i := from; i < to; i++ {
		select {
		case indices <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(indices)
	wait.Wait()
	return out, context.Cause(ctx)
}

// Part is how many clips are reduced to scores at once where there are many.
const Part = 512

// Each calls do for every clip of a source in order, with what [Detector.Read] made of it, and done after each part of them, with how
// many there were so far. It reads a part at a time, so that memory does not grow with the number of clips. An error of do ends it.
func (d *Detector) Each(ctx context.Context, clips source.Source, part int, score string, do func(i int, r Reading) error, done func(read int)) error {
	for from := 0; from < clips.Len(); from += part {
		to := min(from+part, clips.Len())
		readings, err := d.Read(ctx, clips, from, to, score)
		if err != nil {
			return err
		}
		for i, r := range readings {
			if err := do(from+i, r); err != nil {
				return err
			}
		}
		done(to)
	}
	return nil
}

// nameOf is what a clip of a source is called in errors.
func nameOf(clips source.Source, i int) string {
	if id := clips.Info(i).ID; id != "" {
		return id
	}
	return fmt.Sprintf("clip %d", i)
}

// Score makes a score of a clip from its rows; NaN if they do not suffice for it.
func (d *Detector) Score(name string, rows []method.Row) float64 {
	return d.Method.Score(name, rows, d.Fit)
}

// network is the scope of the network in a store; what is fitted is stored beside it, by names without a slash in front.
const network = "/net"

// Save writes the weights, what was fitted, and the points if there are any.
func (d *Detector) Save(dir string) error {
	file, err := d.Tensors()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := safetensors.Encode(&b, file); err != nil {
		return err
	}
	if err := store.WriteFile(filepath.Join(dir, store.WeightsFile), b.Bytes()); err != nil || d.Points == nil {
		return err
	}
	text, err := d.Points.Text()
	if err != nil {
		return err
	}
	return store.WriteFile(filepath.Join(dir, operating.File), text)
}

// Tensors are the weights and what was fitted, as they are saved. Of a detector that was opened they are no more than scoring needs.
func (d *Detector) Tensors() (safetensors.File, error) {
	file, err := encoder.Save(d.Weights, network)
	if err != nil {
		return safetensors.File{}, err
	}
	for name, values := range d.Fit.Values {
		t := safetensors.Tensor{Shape: []int{len(values)}}
		for _, v := range values {
			t.Data = append(t.Data, float32(v))
		}
		file.Tensors[name] = t
	}
	file.Metadata = map[string]string{"spec": d.Spec.TOML()}
	return file, nil
}

// TakeFit takes what was fitted out of a file of weights, which then holds the network alone. score is the one that was
// chosen.
func TakeFit(file *safetensors.File, score string) method.Fit {
	fit := method.Fit{Score: score}
	for name, t := range file.Tensors {
		if strings.HasPrefix(name, network+"/") {
			continue
		}
		if fit.Values == nil {
			fit.Values = map[string][]float64{}
		}
		values := make([]float64, len(t.Data))
		for i, v := range t.Data {
			values[i] = float64(v)
		}
		fit.Values[name] = values
		delete(file.Tensors, name)
	}
	return fit
}

// forget takes the variables of the loss out of a file of weights, unless the network has them too.
func forget(file *safetensors.File, weights *model.Store) {
	for path := range file.Tensors {
		if strings.HasPrefix(path, network+"/"+method.LossScope+"/") && weights.GetVariable(path) == nil {
			delete(file.Tensors, path)
		}
	}
}

// declare makes the network's variables by building its graph, which is never compiled: a file of another network is then
// refused, where a network built after its weights are read would fill what it lacks with random ones.
func declare(backend compute.Backend, m method.Method, weights *model.Store) error {
	err := graphs.Try(func() error {
		g := NewGraph(backend, "network")
		defer g.Finalize()
		l := m.Layout()
		nodes := []*Node{Parameter(g, "images", shapes.Make(dtypes.Uint8, l.Count(), l.Side, l.Side, 3))}
		if l.Extra > 0 {
			nodes = append(nodes, Parameter(g, "extra", shapes.Make(dtypes.Uint8, 1, l.Extra, l.Extra, 3)))
		}
		m.Outputs(weights.RootScope().In("net"), l.Trained(nodes))
		return nil
	})
	if err != nil {
		return fmt.Errorf("detector: cannot build the network: %w", err)
	}
	return nil
}
