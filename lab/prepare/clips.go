// Package prepare gets ready what a training or a test starts from: the clips of a set, read as a method wants them, and the
// weights that a network begins with.
package prepare

import (
	"context"
	"fmt"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
)

// reading is how the clips of a set are read for a method.
func reading(e *env.Env, s spec.Spec, m method.Method) source.Options {
	frames := m.Layout().Count()
	return source.Options{
		Frames: frames, Step: frames, Landmarks: s.Data.Landmarks, Settled: source.UserDir("settled"), Strict: e.Mode == datasets.Strict,
	}
}

// Training opens a set to train on, or to measure training by: its clips are kept as training needs them. digest is that
// of the set, "" if it is not known; stage is what to report. The caller closes the set.
func Training(ctx context.Context, e *env.Env, s spec.Spec, m method.Method, stage string, set datasets.Set, digest string) (*source.Set, []string, error) {
	cache, err := e.Clips()
	if err != nil {
		return nil, nil, err
	}
	o := reading(e, s, m)
	o.Keep, o.KeepID = m.Keep, fmt.Sprintf("%s %v %d", s.Method, s.Augment.Margin, s.Encoder.Size)
	o.Cache, o.Digest = cache, digest
	o.Progress = func(done, total int) { e.Report(env.Event{Stage: stage, Done: done, Total: total}) }
	return source.Open(ctx, set, o)
}

// Test opens a set to test on, each clip of which is read once. Where landmarks are detected, skipped names the clips that
// cannot be read; it may be all of them. Else reading tells.
func Test(ctx context.Context, e *env.Env, s spec.Spec, m method.Method, set datasets.Set) (clips *source.Set, skipped []string, err error) {
	o := reading(e, s, m)
	if o.Landmarks != source.DetectLandmarks {
		clips, err = source.List(set, o)
		return clips, nil, err
	}
	o.None = true
	return source.Open(ctx, set, o)
}
