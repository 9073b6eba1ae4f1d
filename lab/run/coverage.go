package run

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// Foresee says of which test sets of an experiment no figure can come, as [Do] does before it trains: for those who have Do
// called in other processes. The error is that of Do if no figure can come of any set that the spec names and there is
// training left. Finished runs, and data that are not there, are left to Do.
func Foresee(ctx context.Context, e *env.Env, s spec.Spec) error {
	found := store.Look(e.Results, ID(s))
	if found.Status == store.Finished {
		return nil
	}
	sets, _, err := e.TestSets(s.Data.Test, s.Data.Train)
	if err != nil {
		return nil
	}
	m, err := method.New(s)
	if err != nil {
		return nil
	}
	return foresee(ctx, e, m, sets, len(s.Data.Test) > 0 && found.Step < s.Train.Steps)
}

// foresee says of which test sets no figure can come, before anything is computed. It is an error if none can come of any
// and somebody named the sets.
func foresee(ctx context.Context, e *env.Env, m method.Method, sets []datasets.Set, named bool) error {
	var lacks []string
	for _, set := range sets {
		why, err := lacking(ctx, set, m.Layout().Count())
		if err == nil {
			err = openable(set)
		}
		if err != nil {
			return err
		}
		if why != "" {
			lacks = append(lacks, set.Name+": "+why)
		}
	}
	if named && len(lacks) > 0 && len(lacks) == len(sets) {
		return fmt.Errorf("run: no figure can come of the test sets that are named: %s; want real and fake videos that can be read in one of them at least",
			strings.Join(lacks, "; "))
	}
	for _, why := range lacks {
		e.Note("no figure can come of the test set %s; its scores are written all the same", why)
	}
	return nil
}

// openable is an error if a file of a set may not be opened: the set has no digest then. That is better known now than after
// the training.
func openable(set datasets.Set) error {
	workers := 4 * runtime.GOMAXPROCS(0) // most of the time is spent waiting for files
	errs := make([]error, workers)
	var wait sync.WaitGroup
	for worker := range workers {
		wait.Go(func() {
			for i := worker; i < len(set.Items) && errs[worker] == nil; i += workers {
				if it := set.Items[i]; it.Draw == nil && !it.NoFace() {
					f, err := os.Open(it.Path)
					if err == nil {
						err = f.Close()
					}
					errs[worker] = err
				}
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("run: %s: %w; make it readable or delete its row", set.Name, err)
		}
	}
	return nil
}

// lacking says why no figure can come of a set whose clips have so many frames, "" if one can. It reads clips until it has
// one of each class.
func lacking(ctx context.Context, set datasets.Set, frames int) (string, error) {
	var there, read [2]bool // real, fake
	class := func(i int) int {
		if set.Items[i].Fake {
			return 1
		}
		return 0
	}
	for i := range set.Items {
		there[class(i)] = true
	}
	clips, err := set.Clips(frames, frames)
	if err != nil {
		return err.Error(), nil
	}
	for _, clip := range clips {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		if k := class(clip[0]); !read[k] {
			read[k] = readable(set, clip)
		}
		if read[0] && read[1] {
			return "", nil
		}
	}
	switch {
	case !read[0] && !read[1]:
		return fmt.Sprintf("none of its %d faces can be read", len(set.Items)), nil
	case !there[1]:
		return "only real videos", nil
	case !there[0]:
		return "only fake videos", nil
	case read[0]:
		return "none of its fake faces can be read", nil
	}
	return "none of its real faces can be read", nil
}

func readable(set datasets.Set, clip []int) bool {
	for _, i := range clip {
		if _, err := datasets.Load(set.Items[i]); err != nil {
			return false
		}
	}
	return true
}

// coverage is what became of everything that a set holds. A frame is scored with its clip.
func coverage(set datasets.Set, found scoredSet, column, frames int, landmarks string) store.Coverage {
	width := len(found.scores) / max(1, len(found.faces))
	scored := func(i int) bool { return !math.IsNaN(found.scores[i*width+column]) }
	clip := map[int][]int{} // of each frame, where a clip has several
	if frames > 1 {
		clips, _ := set.Clips(frames, frames) // none: every frame is in a gap
		for _, c := range clips {
			for _, i := range c {
				clip[i] = c
			}
		}
	}
	c := store.Coverage{Dataset: set.Name, Holds: len(set.Items) + len(set.Left)}
	for i, it := range set.Items {
		if scored(i) || clip[i] != nil && scored(clip[i][0]) {
			c.Scored++
			continue
		}
		fault := it.Fault()
		for _, j := range clip[i] {
			if fault == "" {
				fault = set.Items[j].Fault() // of another frame of the clip
			}
		}
		switch {
		case fault != "":
		case frames > 1 && clip[i] == nil:
			fault = datasets.Gap
		case landmarks == source.DetectLandmarks:
			fault = datasets.Faceless
		default:
			fault = datasets.Unreadable
		}
		c.Unscored = append(c.Unscored, store.Unscored{Item: it.Name(), Fault: string(fault)})
	}
	for _, left := range set.Left {
		c.Unscored = append(c.Unscored, store.Unscored{Item: left.Name, Fault: string(left.Fault)})
	}
	return c
}
