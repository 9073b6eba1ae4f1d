package train

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// batch is the input of one step, view by view: rows 0 … n−1 are the first views of n faces.
type batch struct {
	step   int
	size   int
	images []uint8 // [B, size, size, 3]
	labels []int32 // [B]
	err    error
}

// batches yields the batches of the steps from first on in order, made ahead on all cores. It stops when ctx ends; a batch that could
// not be made carries the error and is the last. No goroutine outlives the loop.
func batches(ctx context.Context, s spec.Spec, m method.Method, faces []face.Face, first int) iter.Seq[batch] {
	return func(yield func(batch) bool) {
		ctx, stop := context.WithCancel(ctx)
		ahead := make(chan batch, 2)
		defer func() {
			stop()
			for range ahead { // until the maker has closed it
			}
		}()
		go func() {
			defer close(ahead)
			maker := newMaker(s, m, faces)
			for step := first; step < s.Train.Steps; step++ {
				b := maker.make(step)
				select {
				case ahead <- b:
				case <-ctx.Done():
					return
				}
				if b.err != nil {
					return
				}
			}
		}()
		for b := range ahead {
			if ctx.Err() != nil || !yield(b) {
				return
			}
		}
	}
}

// maker makes batches with one sampler for each core.
type maker struct {
	spec     spec.Spec
	method   method.Method
	faces    []face.Face
	samplers []*method.Sampler
	orders   map[int][]int // epoch → order of the faces
}

func newMaker(s spec.Spec, m method.Method, faces []face.Face) *maker {
	mk := &maker{spec: s, method: m, faces: faces, orders: map[int][]int{}}
	for range runtime.GOMAXPROCS(0) {
		mk.samplers = append(mk.samplers, m.Sampler())
	}
	return mk
}

func (mk *maker) make(step int) batch {
	t, size := mk.spec.Train, mk.spec.Encoder.Size
	row := size * size * 3
	b := batch{step: step, size: size, images: make([]uint8, t.Batch*row), labels: make([]int32, t.Batch)}
	groups := t.Batch / t.Views
	factor := curriculum(t, step)
	chosen := make([]face.Face, groups)
	for i := range chosen {
		chosen[i] = mk.face(step*groups + i)
	}
	var wait sync.WaitGroup
	errs := make([]error, groups)
	for worker, sampler := range mk.samplers {
		wait.Go(func() {
			dst, labels := make([][]uint8, t.Views), make([]int32, t.Views)
			for i := worker; i < groups; i += len(mk.samplers) {
				for view := range dst {
					at := view*groups + i
					dst[view] = b.images[at*row : (at+1)*row]
				}
				rng := stream.New(mk.spec.Seed, "train", step, i)
				if err := mk.method.Views(sampler, dst, labels, chosen[i], factor, rng); err != nil {
					errs[i] = fmt.Errorf("train: step %d, face %d of its batch: %w", step+1, i+1, err)
					return
				}
				for view, label := range labels {
					b.labels[view*groups+i] = label
				}
			}
		})
	}
	wait.Wait()
	// The first error, so that it does not depend on the number of cores.
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		b.err = errs[i]
	}
	return b
}

// face is the n-th face of the run: every epoch shows each face once, in an order of its own.
func (mk *maker) face(n int) face.Face {
	epoch, at := n/len(mk.faces), n%len(mk.faces)
	order, known := mk.orders[epoch]
	if !known {
		order = stream.New(mk.spec.Seed, "epoch", epoch).Perm(len(mk.faces))
		delete(mk.orders, epoch-2)
		mk.orders[epoch] = order
	}
	return mk.faces[order[at]]
}
