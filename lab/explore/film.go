package explore

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/sphere"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/train"
	"github.com/seeable-lab/seeable/lab/version"
)

// Frame is a picture of a training: the embeddings of the same held-out images after a step.
type Frame struct {
	Step     int
	Loss     float64 // of the step's batch
	Strength float64 // of the step's discrepancies; the images have the official strength, 1
	*sphere.Embeddings
}

// Film trains the network of s and embeds the same n images of held-out real faces after some of the steps, the first and
// the last among them. The steps grow further apart, as most happens early. Nothing is tested and no run is made; the film
// is kept beside the runs, so that a second call returns at once.
func Film(ctx context.Context, e *env.Env, s spec.Spec, frames, n int) ([]Frame, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("explore: %w", err)
	}
	if frames < 2 || frames > s.Train.Steps {
		return nil, fmt.Errorf("explore: a film of %d frames, want 2 to train.steps = %d", frames, s.Train.Steps)
	}
	m, p, err := prototyped(s)
	if err != nil {
		return nil, err
	}
	trainSet, heldSet, _, err := e.TrainingSets(s)
	if err != nil {
		return nil, err
	}
	path, err := filmPath(e, s, frames, n, trainSet)
	if err != nil {
		return nil, err
	}
	made, err := readFilm(path)
	if errors.Is(err, fs.ErrNotExist) {
		if made, err = shoot(ctx, e, s, m, frames, n, trainSet, heldSet); err == nil {
			err = writeFilm(path, made)
		}
	}
	if err != nil {
		return nil, err
	}
	var out []Frame
	for _, scene := range made.Scenes {
		out = append(out, Frame{scene.Step, scene.Loss, scene.Strength, sphere.Of(p, made.Labels, scene.Z, trainSet.Synthetic)})
	}
	return out, nil
}

// film is a film as it is kept.
type film struct {
	Labels []int
	Scenes []scene
}

// scene is a frame of it.
type scene struct {
	Step           int
	Loss, Strength float64
	Z              [][]float32
}

// shoot makes the film.
func shoot(ctx context.Context, e *env.Env, s spec.Spec, m method.Method, frames, n int, trainSet, heldSet datasets.Set) (film, error) {
	computer, err := e.Compute(ctx, true)
	if err != nil {
		return film{}, err
	}
	faces, _, err := prepare.Training(ctx, e, s, m, "reading faces", trainSet, "")
	if err != nil {
		return film{}, err
	}
	defer faces.Close()
	held, _, err := prepare.Training(ctx, e, s, m, "reading held-out faces", heldSet, "")
	if err != nil {
		return film{}, err
	}
	defer held.Close()
	p, err := sphere.NewProbe(ctx, s, m, held, heldSet.Synthetic, n)
	if err != nil {
		return film{}, err
	}
	weights := model.NewStore()
	weights.RootScope().SetParam(encoder.SeedParam, s.Seed)
	if err := prepare.Weights(ctx, e, weights, s.Encoder); err != nil {
		return film{}, err
	}
	network, err := method.NewNetwork(computer.Backend, weights, m)
	if err != nil {
		return film{}, err
	}
	defer network.Finalize()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	at := frameSteps(s.Train.Steps, frames)
	made := film{Labels: p.Labels()}
	err = train.Run(ctx, s, m, weights, faces, held, train.Options{
		Backend: computer.Backend, Network: network,
		Report: func(t train.Progress) {
			e.Report(env.Event{Stage: "training", Done: t.Step, Total: t.Steps, Training: &store.Step{
				Step: t.Step, Loss: t.Loss, Accuracy: t.Accuracy, HeldOut: t.HeldOut, Rate: t.Rate, Strength: t.Strength, At: t.Elapsed.Seconds(),
			}})
			if len(made.Scenes) == len(at) || t.Step != at[len(made.Scenes)] {
				return
			}
			z, err := p.Z(ctx, network)
			if err != nil {
				stop(err)
			}
			made.Scenes = append(made.Scenes, scene{t.Step, t.Loss, t.Strength, z})
		},
	})
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return made, err
}

// frameSteps are the steps after which a frame is made: the first, the last, and the others at distances that grow evenly.
func frameSteps(steps, frames int) []int {
	at := make([]int, frames)
	for i := range at {
		x := float64(i) / float64(frames-1)
		at[i] = 1 + int(math.Round(float64(steps-1)*x*x))
		if i > 0 {
			at[i] = max(at[i], at[i-1]+1)
		}
	}
	return at
}

// filmPath is where a film lies: its name holds what it depends on.
func filmPath(e *env.Env, s spec.Spec, frames, n int, trainSet datasets.Set) (string, error) {
	data, err := source.Digest(trainSet)
	if err != nil {
		return "", err
	}
	return filepath.Join(e.Results, ".films", fmt.Sprintf("%s-%.12s-%d-%d-%s.gob.gz", s.Training().Hash(), data, frames, n, version.Training)), nil
}

func writeFilm(path string, made film) error {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := errors.Join(gob.NewEncoder(z).Encode(made), z.Close(), os.MkdirAll(filepath.Dir(path), 0o755)); err != nil {
		return fmt.Errorf("explore: film %s: %w", path, err)
	}
	return store.WriteFile(path, b.Bytes())
}

func readFilm(path string) (made film, err error) {
	f, err := os.Open(path)
	if err != nil {
		return film{}, fmt.Errorf("explore: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err == nil {
		err = gob.NewDecoder(z).Decode(&made)
	}
	if err != nil {
		return film{}, fmt.Errorf("explore: film %s: %w; remove it to make it anew", path, err)
	}
	return made, nil
}
