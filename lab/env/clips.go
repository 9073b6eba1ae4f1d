package env

import (
	"context"
	"fmt"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
)

// Clips is the memory for decoded clips, which all sets share that are open.
func (e *Env) Clips() (*source.Cache, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.clips != nil {
		return e.clips, nil
	}
	memory := e.Memory
	if memory == 0 {
		var err error
		if memory, err = source.DefaultMemory(); err != nil {
			return nil, err
		}
	}
	e.clips = source.NewCache(memory)
	return e.clips, nil
}

// reading is how the clips of a set are read for a method.
func (e *Env) reading(s spec.Spec, m method.Method) source.Options {
	frames := m.Layout().Count()
	return source.Options{
		Frames: frames, Step: frames, Landmarks: s.Data.Landmarks, Settled: source.UserDir("settled"), Strict: e.Mode == datasets.Strict,
	}
}

// OpenTraining opens a set to train on, or to measure training by: its clips are kept as training needs them. digest is that
// of the set, "" if it is not known; stage is what to report. The caller closes the set.
func (e *Env) OpenTraining(ctx context.Context, s spec.Spec, m method.Method, stage string, set datasets.Set, digest string) (*source.Set, []string, error) {
	cache, err := e.Clips()
	if err != nil {
		return nil, nil, err
	}
	o := e.reading(s, m)
	o.Keep, o.KeepID = m.Keep, fmt.Sprintf("%s %v %d", s.Method, s.Augment.Margin, s.Encoder.Size)
	o.Cache, o.Digest = cache, digest
	o.Progress = func(done, total int) { e.Report(Event{Stage: stage, Done: done, Total: total}) }
	return source.Open(ctx, set, o)
}

// OpenTest opens a set to test on, each clip of which is read once.
func (e *Env) OpenTest(ctx context.Context, s spec.Spec, m method.Method, set datasets.Set) (*source.Set, error) {
	o := e.reading(s, m)
	if o.Landmarks != source.DetectLandmarks {
		return source.List(set, o)
	}
	clips, _, err := source.Open(ctx, set, o)
	return clips, err
}
