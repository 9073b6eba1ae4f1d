package source

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
)

// Options say how the clips of a set are read. The zero value gives single faces as they are stored.
type Options struct {
	// Frames of a clip, and the frames from the start of one to that of the next; 0 means 1. See [datasets.Set.Clips].
	Frames, Step int
	// Keep makes what is kept of a decoded clip, such as a smaller crop of its frames; nil keeps all. KeepID tells one Keep from
	// another: clips are settled anew for each KeepID, and each time if there is a Keep without one.
	Keep   func(face.Clip) (face.Clip, error)
	KeepID string
	// Landmarks are where the landmarks come from: [SetLandmarks], also if it is "", or [DetectLandmarks].
	Landmarks string
	Detector  Detector // that of DetectLandmarks; nil for the lab's own
	// Cache bounds the memory; nil keeps no decoded clip.
	Cache *Cache
	// Settled is the folder in which is kept what was found out of a set; "" finds it out anew each time.
	Settled string
	Digest  string // of the set, see [datasets.Digest]; "" if it is not known yet
	// Strict makes the first clip that cannot be read an error.
	Strict bool
	// None makes a set of which no clip can be read no error.
	None bool
	// Progress is told how many clips are read, one call at a time; nil for none.
	Progress func(done, total int)
}

// Set is the clips of a data set that can be read and have landmarks. It is a [Source].
type Set struct {
	name      string
	items     []datasets.Item // not to be written to: they are shared
	clips     table           // the items of each clip
	options   Options
	find      *finder // of landmarks; nil where they are the set's
	fallbacks int
	settled   bool // each clip could be read once

	held   []atomic.Pointer[face.Clip] // decoded clips that are in the cache
	mu     sync.Mutex                  // of what follows
	taken  int64                       // bytes of the cache
	closed bool
}

// table holds the items of clips of one length, in little memory: a set may have millions.
type table struct {
	length int // of a clip
	items  []int32
}

func tableOf(clips [][]int) table {
	if len(clips) == 0 {
		return table{length: 1}
	}
	t := table{len(clips[0]), make([]int32, 0, len(clips)*len(clips[0]))}
	for _, clip := range clips {
		for _, i := range clip {
			t.items = append(t.items, int32(i))
		}
	}
	return t
}

func (t table) len() int { return len(t.items) / t.length }

// at returns the items of clip i.
func (t table) at(i int) []int32 { return t.items[i*t.length : (i+1)*t.length] }

// Open finds out which clips of a set can be read, by reading each once; as far as the cache has room they stay decoded. What
// is found is kept by content: whoever opens the same set in the same way later reads nothing. A clip that cannot be read, or
// in which no landmarks are found, is left out and named in skipped, or is an error if o is strict. The clips are in the order
// of [datasets.Set.Clips], so neither memory nor the number of threads changes it.
//
// The items of the set must not be changed afterwards.
func Open(ctx context.Context, set datasets.Set, o Options) (s *Set, skipped []string, err error) {
	if s, err = list(set, o); err != nil {
		return nil, nil, err
	}
	if skipped, err = s.settle(ctx, set); err != nil {
		s.Close()
		return nil, nil, err
	}
	s.settled = true
	if s.Len() == 0 && len(skipped) > 0 && !o.None {
		s.Close()
		return nil, nil, fmt.Errorf("source: none of the %d faces of %s can be read; the first: %s", len(skipped), set.Name, skipped[0])
	}
	return s, skipped, nil
}

// List is Open without reading: all clips of the set are there, and it is [Set.Clip] that fails where one cannot be read.
// It is for those who read each clip once. Landmarks are not detected.
func List(set datasets.Set, o Options) (*Set, error) {
	if o.Landmarks == DetectLandmarks {
		return nil, fmt.Errorf("source: %s: landmarks are detected when a set is opened, not when it is listed", set.Name)
	}
	return list(set, o)
}

func list(set datasets.Set, o Options) (*Set, error) {
	clips, err := set.Clips(max(1, o.Frames), max(1, o.Step))
	if err != nil {
		return nil, err
	}
	s := &Set{name: set.Name, items: set.Items, clips: tableOf(clips), options: o}
	switch o.Landmarks {
	case "", SetLandmarks:
	case DetectLandmarks:
		s.items = slices.Clone(set.Items)
		for i := range s.items {
			s.items[i].SetLandmarks(nil)
		}
		s.find = newFinder(o, len(s.items))
	default:
		return nil, fmt.Errorf("source: landmarks %q of %s; want %q or %q", o.Landmarks, set.Name, SetLandmarks, DetectLandmarks)
	}
	s.held = make([]atomic.Pointer[face.Clip], len(clips))
	s.reserve(sizeOfItems(set.Items))
	return s, nil
}

// reserve counts memory that the set takes whatever the room.
func (s *Set) reserve(bytes int64) {
	s.options.Cache.add(bytes)
	s.taken += bytes
}

// Close gives the memory of the set back to the cache. Clips that were handed out stay as they are, and those that are read
// later are decoded at each use.
func (s *Set) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for i := range s.held {
		s.held[i].Store(nil)
	}
	s.options.Cache.add(-s.taken)
	s.taken = 0
}

// Len implements [Source].
func (s *Set) Len() int { return s.clips.len() }

// Info implements [Source].
func (s *Set) Info(i int) Info {
	it := s.Item(i)
	return Info{ID: it.ID(), Person: it.Identity, Donor: it.Source, Fake: it.Fake, Landmarks: it.Landmarks()}
}

// Item is what the data set knows of the first frame of clip i.
func (s *Set) Item(i int) datasets.Item { return s.items[s.Index(i)] }

// Frame is what the data set knows of frame k of clip i.
func (s *Set) Frame(i, k int) datasets.Item { return s.items[s.clips.at(i)[k]] }

// Index is the place of the first frame of clip i among the items of the data set.
func (s *Set) Index(i int) int { return int(s.clips.at(i)[0]) }

// Fallbacks is how many of the clips have a frame whose landmarks are not those of its face ([face.Face.Fallback]); 0 of a set
// that is listed and not opened.
func (s *Set) Fallbacks() int { return s.fallbacks }

// Clip implements [Source].
func (s *Set) Clip(ctx context.Context, i int) (face.Clip, error) {
	if c := s.held[i].Load(); c != nil {
		return *c, nil
	}
	if ctx.Err() != nil {
		return face.Clip{}, context.Cause(ctx)
	}
	c, _, err := s.read(s.clips.at(i))
	if err != nil && s.settled {
		err = fmt.Errorf("source: face %d of %s could be read and cannot be now: %w; restore its file, or start again to do without it", i, s.name, err)
	}
	if err != nil {
		return face.Clip{}, err
	}
	s.hold(&s.held[i], c)
	return c, nil
}

// hold keeps a decoded clip if there is room for it.
func (s *Set) hold(at *atomic.Pointer[face.Clip], c face.Clip) {
	if s.options.Cache.full() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := sizeOf(c); !s.closed && at.Load() == nil && s.options.Cache.take(n) {
		s.taken += n
		at.Store(&c)
	}
}

// read decodes the items of a clip. Fallback tells that a frame has landmarks that are not its own.
func (s *Set) read(indices []int32) (c face.Clip, fallback bool, err error) {
	first := s.items[indices[0]]
	c = face.Clip{Frames: make([]face.Face, len(indices)), Fake: first.Fake, Person: first.Identity}
	for k, i := range indices {
		f, err := datasets.Load(s.items[i])
		if err == nil && s.find != nil {
			f, err = s.locate(int(i), f)
		}
		if err != nil {
			return face.Clip{}, false, err
		}
		c.Frames[k], fallback = f, fallback || f.Fallback
	}
	if s.options.Keep != nil {
		c, err = s.options.Keep(c)
	}
	return c, fallback, err
}

// each calls do for every index below n on all cores. It stops at the first error or when ctx ends.
func each(ctx context.Context, n int, progress func(done, total int), do func(i int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next, done atomic.Int64
	var mu sync.Mutex
	var wait sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := do(i); err != nil {
					stop(err)
					return
				}
				if progress == nil {
					continue
				}
				mu.Lock()
				progress(int(done.Add(1)), n)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}
