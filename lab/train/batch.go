package train

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"

	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/source/donor"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// batch is the input of one step, view by view: rows 0 … n−1 are the first views of n clips.
type batch struct {
	step int
	*method.Samples
	err error
}

// batches yields the batches of the steps from first on in order, made ahead on all cores. It stops when ctx ends; a batch
// that could not be made carries the error and is the last. No goroutine outlives the loop.
func batches(ctx context.Context, s spec.Spec, m method.Method, clips source.Source, watched *watcher, first int) iter.Seq[batch] {
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
			maker := newMaker(s, m, clips, watched)
			for step := first; step < s.Train.Steps; step++ {
				b := maker.make(ctx, step)
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

// maker makes batches with one worker for each core.
type maker struct {
	spec    spec.Spec
	method  method.Method
	layout  method.Layout
	clips   source.Source
	watched *watcher
	workers []*method.Worker
	orders  map[int][]int // epoch → order of the clips
}

func newMaker(s spec.Spec, m method.Method, clips source.Source, watched *watcher) *maker {
	mk := &maker{spec: s, method: m, layout: m.Layout(), clips: clips, watched: watched, orders: map[int][]int{}}
	donors := donor.New(clips)
	for range runtime.GOMAXPROCS(0) {
		w := method.NewWorker(mk.layout)
		w.Donors = donors
		mk.workers = append(mk.workers, w)
	}
	return mk
}

func (mk *maker) make(ctx context.Context, step int) batch {
	t, views := mk.spec.Train, mk.layout.Group()
	b := batch{step: step, Samples: method.NewSamples(mk.layout, t.Batch)}
	groups := t.Batch / views
	draw := method.Draw{Strength: curriculum(t, step), Share: share(t, step), Pool: mk.clips}
	if draw.Vars, b.err = mk.watched.before(ctx, step); b.err != nil {
		return b
	}
	chosen := make([]int, groups)
	for i := range chosen {
		chosen[i] = mk.clip(step*groups + i)
	}
	var wait sync.WaitGroup
	errs := make([]error, groups)
	for worker, w := range mk.workers {
		wait.Go(func() {
			dst := make([]method.Sample, views)
			for i := worker; i < groups; i += len(mk.workers) {
				for view := range dst {
					dst[view] = b.At(view*groups + i)
				}
				d := draw
				d.Rand = stream.New(mk.spec.Seed, "train", step, i)
				c, err := mk.clips.Clip(ctx, chosen[i])
				if err == nil {
					err = mk.method.Sample(w, dst, c, d)
				}
				if err != nil {
					errs[i] = fmt.Errorf("train: step %d, face %d of its batch: %w", step+1, i+1, err)
					return
				}
				for view := range dst {
					b.Labels[view*groups+i] = dst[view].Label
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

// clip is the n-th clip of the run: every epoch shows each clip once, in an order of its own.
func (mk *maker) clip(n int) int {
	epoch, at := n/mk.clips.Len(), n%mk.clips.Len()
	order, known := mk.orders[epoch]
	if !known {
		order = stream.New(mk.spec.Seed, "epoch", epoch).Perm(mk.clips.Len())
		delete(mk.orders, epoch-2)
		mk.orders[epoch] = order
	}
	return order[at]
}
