package train

import (
	"fmt"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/graphs"
	"github.com/seeable-lab/seeable/lab/accel/onednn"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
)

// fits compiles the programs of a step and fails if they, their variables and the batches take more than so many bytes. It
// says what would fit.
func fits(step stepper, s spec.Spec, l method.Layout, memory int64) error {
	programs, err := step.compile(s.Train.Batch)
	if err != nil {
		return fmt.Errorf("train: compiling a step: %w", err)
	}
	if n := needOf(programs, s.Train, l); n.bytes(s.Train.Batch, s.Train.Accumulate) > float64(memory) {
		return n.error(s, l, float64(memory))
	}
	return nil
}

// need is what the steps of a training take, in bytes.
type need struct {
	fixed  float64 // variables before and after a step, the held-out samples
	sample float64 // what each sample of a batch takes where batches are made and wait
	maps   float64 // what each sample takes that goes through the network at a time
	sums   float64 // gradients and variables that are kept from one part of a batch to the next
}

const (
	// copies of a batch: one in the making, two that wait, one in the step, and its tensors on both sides of the backend.
	copies = 6
	// slack is for what no compiler tells of, which is oneDNN's scratch memory most of all: steps of compact took 5 % more
	// than the sum, those of efficientnet-lite0 13 %.
	slack = 1.1
	// checkpointed and halved are the most that train.checkpoint and bfloat16 left of the maps of compact, resnet18,
	// efficientnet-lite0 and efficientnet-b0.
	checkpointed, halved = 0.65, 0.67
)

// needOf reads off compiled programs what a step takes: the variables of all programs together are no more than those of one,
// as are their maps. Where the backend does not tell, only the batches are known.
func needOf(programs []program, t spec.Train, l method.Layout) need {
	var variables, maps, outputs int64
	for _, p := range programs {
		if m, known := graphs.MemoryOf(p.Graph); known {
			variables = max(variables, m.Arguments+m.Outputs-m.Aliases-int64(p.samples)*int64(l.Bytes()))
			maps, outputs = max(maps, m.Temporary), max(outputs, m.Outputs)
		}
	}
	return need{
		fixed: float64(variables) + checkImages*float64(l.Bytes()), sample: copies * float64(l.Bytes()),
		maps: float64(maps) / float64(t.Batch/t.Accumulate), sums: float64(outputs),
	}
}

// program is a compiled graph with how many samples are among its inputs.
type program struct {
	*graph.Graph
	samples int
}

// bytes is what steps with such a batch take.
func (n need) bytes(batch, parts int) float64 {
	all := n.fixed + n.sample*float64(batch) + n.maps*float64(batch)/float64(parts)
	if parts > 1 {
		all += n.sums
	}
	return slack * all
}

func (n need) error(s spec.Spec, l method.Layout, memory float64) error {
	t, views := s.Train, l.Group()
	var would []string
	// A tenth stays free, as what is free changes from one start to the next.
	say := func(key string, value any, bytes float64) (fits bool) {
		if fits = bytes <= 0.9*memory; fits {
			would = append(would, fmt.Sprintf("%s = %v (about %s)", key, value, sizeText(bytes)))
		}
		return fits
	}
	for parts := t.Accumulate + 1; parts <= t.Batch/views; parts++ {
		if t.Batch%(views*parts) == 0 && say("train.accumulate", parts, n.bytes(t.Batch, parts)) {
			break
		}
	}
	with := func(left float64) float64 {
		n := n
		n.maps *= left
		return n.bytes(t.Batch, t.Accumulate)
	}
	if !t.Checkpoint {
		say("train.checkpoint", true, with(checkpointed))
	}
	if s.Encoder.Precision != "bfloat16" && onednn.Narrow() {
		say("encoder.precision", `"bfloat16"`, with(halved))
	}
	least := views * t.Accumulate
	for batch := t.Batch - least; batch >= max(2, least); batch -= least {
		if say("train.batch", batch, n.bytes(batch, t.Accumulate)) {
			break
		}
	}
	advice := "any of these would fit: " + strings.Join(would, ", ")
	if would == nil {
		advice = fmt.Sprintf("not even the smallest batch would fit: take a smaller encoder.size than %d or another encoder.name than %s", s.Encoder.Size, s.Encoder.Name)
	}
	return fmt.Errorf("train: a step on a batch of %d images of %d pixels takes about %s of memory, and %s are free; %s",
		t.Batch, l.Side, sizeText(n.bytes(t.Batch, t.Accumulate)), sizeText(memory), advice)
}

// sizeText is an amount of memory for people.
func sizeText(bytes float64) string {
	if bytes < 1e9 {
		return fmt.Sprintf("%.0f MB", bytes/1e6)
	}
	return fmt.Sprintf("%.1f GB", bytes/1e9)
}

// compile implements stepper.
func (w *whole) compile(rows int) ([]program, error) {
	g, err := compile(w.exec, w.layout.Shapes(rows), scalars(dtypes.Float32, dtypes.Float64, dtypes.Int32))
	return []program{{g, rows}}, err
}

// compile implements stepper. The programs come in the order in which a step runs them, as they make variables.
func (a *accumulation) compile(rows int) ([]program, error) {
	few := rows / a.train.Accumulate
	part := a.layout.Shapes(few)
	forward, err := compile(a.forward, part, scalars(dtypes.Float64, dtypes.Int32))
	if err != nil {
		return nil, err
	}
	outputs := forward.Executable().Outputs()
	seen := outputs[len(outputs)-a.outputs:]
	all := make([]shapes.Shape, len(seen))
	for i, of := range seen {
		all[i] = of.Clone()
		all[i].Dimensions[0] = rows
	}
	loss, err := compile(a.loss, all, a.layout.Shapes(rows), scalars(dtypes.Float64, dtypes.Int32, dtypes.Bool))
	if err != nil {
		return nil, err
	}
	backward, err := compile(a.backward, part, seen, scalars(dtypes.Float64, dtypes.Int32, dtypes.Bool, dtypes.Bool))
	return []program{{forward, few}, {loss, rows}, {backward, few}}, err
}

func compile(exec *model.Exec, inputs ...[]shapes.Shape) (*graph.Graph, error) {
	var all []shapes.Shape
	for _, some := range inputs {
		all = append(all, some...)
	}
	return exec.Compile(all...)
}

func scalars(types ...dtypes.DType) []shapes.Shape {
	all := make([]shapes.Shape, len(types))
	for i, t := range types {
		all[i] = shapes.Make(t)
	}
	return all
}
