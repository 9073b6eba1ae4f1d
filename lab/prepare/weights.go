package prepare

import (
	"context"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
)

// Weights puts the weights that the spec names into the store of a new network.
func Weights(ctx context.Context, e *env.Env, weights *model.Store, cfg spec.Encoder) error {
	path := cfg.Weights
	if path == "" {
		return nil
	}
	if path == "imagenet" {
		var err error
		if path, err = encoder.ImageNet(ctx, cfg, e.NoteWriter()); err != nil {
			return err
		}
	}
	file, err := safetensors.Read(path)
	if err != nil {
		return err
	}
	return encoder.Load(weights.Scope("/net/backbone"), cfg, file)
}
