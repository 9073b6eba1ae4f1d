package source

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
)

// Each calls do for every index below n on all cores, with the number of the worker, and reports progress. It stops at
// the first error or when ctx ends.
func (r *Root) Each(ctx context.Context, stage string, n int, do func(worker, i int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	indices := make(chan int)
	var wait sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for worker := range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := range indices {
				if err := do(worker, i); err != nil {
					stop(err)
					return
				}
				mu.Lock()
				done++
				r.report(stage, done, n)
				mu.Unlock()
			}
		})
	}
feed:
	for i := range n {
		select {
		case indices <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(indices)
	wait.Wait()
	return context.Cause(ctx)
}

// Load reads the faces of a set and applies fit to each. A face that cannot be read is left out and named in skipped,
// unless the mode is strict; frames without a face are left out. items are those that were read, in the order of the set.
func (r *Root) Load(ctx context.Context, stage string, set datasets.Set, fit func(face.Face) (face.Face, error)) (faces []face.Face, items []datasets.Item, skipped []string, err error) {
	faces, items, skipped, err = r.Read(ctx, stage, set, fit)
	if err == nil {
		err = SomeRead(set, len(faces), skipped)
	}
	return faces, items, skipped, err
}

// SomeRead is an error if not one of the faces of a set could be read.
func SomeRead(set datasets.Set, read int, skipped []string) error {
	if read > 0 || len(skipped) == 0 {
		return nil
	}
	return fmt.Errorf("source: none of the %d faces of %s can be read; the first: %s", len(skipped), set.Name, skipped[0])
}

// Read is Load for a part of a set, of which perhaps no face can be read.
func (r *Root) Read(ctx context.Context, stage string, set datasets.Set, fit func(face.Face) (face.Face, error)) (faces []face.Face, items []datasets.Item, skipped []string, err error) {
	set.Items = slices.DeleteFunc(slices.Clone(set.Items), datasets.Item.NoFace)
	all, errs := make([]face.Face, len(set.Items)), make([]error, len(set.Items))
	err = r.Each(ctx, stage, len(set.Items), func(_, i int) error {
		f, err := datasets.Load(set.Items[i])
		if err == nil {
			f, err = fit(f)
		}
		if err != nil && r.Mode == datasets.Strict {
			return err
		}
		all[i], errs[i] = f, err
		return nil
	})
	if err != nil {
		return nil, nil, nil, err
	}
	for i, f := range all {
		if errs[i] != nil {
			skipped = append(skipped, errs[i].Error())
			continue
		}
		faces, items = append(faces, f), append(items, set.Items[i])
	}
	return faces, items, skipped, nil
}

// Fallbacks counts the faces whose landmarks are those of a mean face.
func Fallbacks(faces []face.Face) int {
	n := 0
	for _, f := range faces {
		if f.Fallback {
			n++
		}
	}
	return n
}
