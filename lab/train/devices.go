package train

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/dtensor"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/spec"
)

// devices is how a step is spread: each device has a share of the batch and all of the weights. The graph is that of one
// device, so loss and statistics are those of the whole batch; XLA exchanges what that takes. Sums over the batch are
// rounded otherwise than on one device. nil is one device.
type devices struct {
	part  *distributed.ShardingSpec // of what has a row for each image
	whole *distributed.ShardingSpec // of the rest
}

func newDevices(n int, backend compute.Backend, t spec.Train) (*devices, error) {
	if n <= 1 {
		return nil, nil
	}
	if t.SAM > 0 || t.EMA > 0 || t.Accumulate > 1 {
		return nil, fmt.Errorf("train: %d devices: train.sam, train.ema and train.accumulate are for one device; take one, or leave them out", n)
	}
	if have := backend.NumDevices(); n > have {
		return nil, fmt.Errorf("train: %d devices: the backend %s has %d", n, backend.Name(), have)
	}
	if t.Batch%n != 0 {
		return nil, fmt.Errorf("train: a batch of %d images does not divide over %d devices: make train.batch a multiple of %d", t.Batch, n, n)
	}
	const axis = "batch"
	mesh, err := distributed.NewDeviceMesh([]int{n}, []string{axis})
	if err != nil {
		return nil, fmt.Errorf("train: %d devices: %w", n, err)
	}
	part, err := distributed.BuildSpec(mesh).S(axis).Done()
	if err != nil {
		return nil, fmt.Errorf("train: %d devices: %w", n, err)
	}
	return &devices{part, distributed.NewReplicatedShardingSpec(mesh)}, nil
}

// spread makes a step, whose inputs are so many tensors with a row for each sample and then three numbers, run on all
// devices.
func (d *devices) spread(step *model.Exec, rows int) {
	if d == nil {
		return
	}
	specs := append(slices.Repeat([]*distributed.ShardingSpec{d.part}, rows), d.whole, d.whole, d.whole)
	step.AutoSharding(d.part.Mesh).WithInputShardingSpecs(specs...).WithOutputShardingSpecs(d.whole)
}

// inputs are those of a step.
func (d *devices) inputs(samples []*tensors.Tensor, numbers ...any) ([]any, error) {
	var inputs []any
	if d == nil {
		for _, t := range samples {
			inputs = append(inputs, t)
		}
		return append(inputs, numbers...), nil
	}
	add := func(spec *distributed.ShardingSpec, t *tensors.Tensor) error {
		sharded, err := dtensor.ShardTensor(spec, t)
		if err != nil {
			return fmt.Errorf("train: spreading a batch: %w", err)
		}
		inputs = append(inputs, sharded)
		return nil
	}
	for _, t := range samples {
		if err := add(d.part, t); err != nil {
			return nil, err
		}
	}
	for _, number := range numbers {
		t, err := tensors.FromAnyValue(number)
		if err == nil {
			err = add(d.whole, t)
		}
		if err != nil {
			return nil, err
		}
	}
	return inputs, nil
}
