package lab

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/table"
	"github.com/seeable-lab/seeable/lab/tensorboard"
)

// Export writes a finished run for TensorBoard, and for other viewers that read its event files, to a folder of the run's
// id below dir: the training over its steps, every figure of the tests at the last step, the spec as a text and as
// parameters of the HParams page, the table of the tests as a text. It returns the path of the file. A run exported again
// gives the same file.
func Export(r *Run, dir string) (string, error) {
	started, err := time.Parse(time.RFC3339, r.Record.Started)
	if err != nil {
		return "", fmt.Errorf("lab: %s: start of the run: %w", r.Dir, err)
	}
	steps, err := store.ReadSteps(filepath.Join(r.Dir, store.TrainingFile))
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := writeEvents(&b, r, started, steps); err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	dir = filepath.Join(dir, r.Record.Run)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	path := filepath.Join(dir, tensorboard.FileName(started))
	return path, store.WriteFile(path, b.Bytes())
}

func writeEvents(b *bytes.Buffer, r *Run, started time.Time, steps []store.Step) error {
	after := func(seconds float64) time.Time { return started.Add(time.Duration(seconds * float64(time.Second))) }
	ended := after(r.Record.Seconds)
	events, err := tensorboard.NewWriter(b, started)
	if err != nil {
		return err
	}
	if err := events.Parameters(started, ended, r.Spec.Settings()); err != nil {
		return err
	}
	last := 0
	for _, s := range steps {
		scalars := []tensorboard.Scalar{
			{Tag: "train/loss", Value: s.Loss}, {Tag: "train/learning_rate", Value: s.Rate}, {Tag: "train/strength", Value: s.Strength},
		}
		held := "train/held_out_loss"
		if s.Classified() {
			held = "train/held_out_accuracy"
			scalars = slices.Insert(scalars, 1, tensorboard.Scalar{Tag: "train/accuracy", Value: s.Accuracy})
		}
		if s.Measured() {
			scalars = append(scalars, tensorboard.Scalar{Tag: held, Value: s.HeldOut})
		}
		if err := events.Scalars(after(s.At), s.Step, scalars...); err != nil {
			return err
		}
		last = s.Step
	}
	var figures []tensorboard.Scalar
	for _, t := range r.Record.Tests {
		tag := fmt.Sprintf("test/%s/%s/%s/", t.Dataset, t.Method, t.Level)
		if t.NoInterval == "" {
			figures = append(figures, tensorboard.Scalar{Tag: tag + "low", Value: t.Low}, tensorboard.Scalar{Tag: tag + "high", Value: t.High})
		}
		figures = append(figures,
			tensorboard.Scalar{Tag: tag + "auc", Value: t.AUC}, tensorboard.Scalar{Tag: tag + "ap", Value: t.AP},
			tensorboard.Scalar{Tag: tag + "eer", Value: t.EER}, tensorboard.Scalar{Tag: tag + "coverage", Value: t.Coverage})
	}
	if err := events.Scalars(ended, last, figures...); err != nil {
		return err
	}
	if err := events.Text(ended, last, "tests", table.Tests(r.Record).Markdown()); err != nil {
		return err
	}
	return events.Text(started, 0, "spec", "```toml\n"+r.Spec.TOML()+"```\n")
}
