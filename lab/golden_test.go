//go:build amd64 && !goexperiment.simd

package lab_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// The numbers of the pure Go backend do not depend on the processor: floating-point operations of amd64 in the order of the
// source. They were made at commit fc01a77, release 0.5.0, and change only with [lab.Numerics]; the scores of seeable are those of
// 0.6.0, since which the draws of a test go by the pixels of the picture.
var golden = []struct {
	method, score string
	losses        []float64 // of the first two steps
	scores        []float64 // of the network after them: the first real and the first fake face of crops/drawn
}{
	{"seeable", "cosine", []float64{0x1.246b2p+03, 0x1.f751dap+01}, []float64{-0x1.d53p-09, 0x1.17c2afp-02}},
	{"sbi", "logit", []float64{0x1.e52f5ap-01, 0x1.46c22p+00}, []float64{0x1.ce7f6p-01, 0x1.fd0a18p+00}},
}

func TestGoldenOfTheGoBackend(t *testing.T) {
	if testing.Short() {
		t.Skip("20 s: the pure Go backend is slow")
	}
	for _, g := range golden {
		t.Run(g.method, func(t *testing.T) {
			s := spec.Default()
			s.Name, s.Method, s.Score.Name = "golden", g.method, g.score
			s.Data.Train, s.Data.Test, s.Data.Holdout = []string{"real/drawn"}, []string{"drawn"}, 0.3
			s.Discrepancy.Rows, s.Discrepancy.Cols = 1, 2
			s.Encoder.Size, s.Encoder.Hidden, s.Encoder.Dim = 32, 8, 4
			s.Train.Steps, s.Train.Batch, s.Train.Validate = 10, 4, 1 // the check of the last step would take minutes
			results := t.TempDir()
			losses := firstLosses(t, results, s, len(g.losses))
			if !slices.Equal(losses, g.losses) {
				t.Errorf("losses %x, want %x", losses, g.losses)
			}
			finishAsItIs(t, results, s)

			l := openGo(t, results)
			run, err := l.Load(lab.ID(s))
			if err != nil {
				t.Fatal(err)
			}
			set, _, err := datasets.OpenCrops(filepath.Join(madeBy050, "data/crops/drawn"), datasets.Strict)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(set.Items, func(it datasets.Item) bool { return it.Fake })
			found, err := l.ScoreItems(t.Context(), run, set.Items[0], set.Items[i])
			if err != nil {
				t.Fatal(err)
			}
			scores := []float64{found[0].Score, found[1].Score}
			if !slices.Equal(scores, g.scores) {
				t.Errorf("scores %x, want %x", scores, g.scores)
			}
		})
	}
}

func openGo(t *testing.T, results string, more ...lab.Option) *lab.Lab {
	t.Helper()
	l, err := lab.Open(results, append(more, lab.WithData(filepath.Join(madeBy050, "data")), lab.WithBackend("go"))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// firstLosses trains n steps of s and keeps their state.
func firstLosses(t *testing.T, results string, s spec.Spec, n int) (losses []float64) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	l := openGo(t, results, lab.WithCheckpoints(time.Nanosecond), lab.WithReport(func(e lab.Event) {
		if e.Training == nil {
			return
		}
		if losses = append(losses, e.Training.Loss); len(losses) == n {
			stop()
		}
	}))
	_, err := l.Run(ctx, s)
	if stopped, ok := errors.AsType[*lab.StoppedError](err); !ok || stopped.Done != n {
		t.Fatal(err)
	}
	return losses
}

// finishAsItIs makes a finished run of the newest checkpoint: validating it would take minutes.
func finishAsItIs(t *testing.T, results string, s spec.Spec) {
	t.Helper()
	cell, err := store.Claim(t.Context(), results, lab.ID(s), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer cell.Close()
	saved, _, err := cell.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	state := saved.Files["state.safetensors"]
	file, err := safetensors.Decode(bytes.NewReader(state), int64(len(state)))
	if err != nil {
		t.Fatal(err)
	}
	// The network alone.
	maps.DeleteFunc(file.Tensors, func(name string, _ safetensors.Tensor) bool { return !strings.HasPrefix(name, "/net/") })
	var weights bytes.Buffer
	err = errors.Join(
		safetensors.Encode(&weights, file),
		os.WriteFile(filepath.Join(cell.Dir(), store.WeightsFile), weights.Bytes(), 0o600),
		os.WriteFile(filepath.Join(cell.Dir(), store.SpecFile), []byte(s.TOML()), 0o600),
	)
	if err == nil {
		err = cell.Commit(store.Record{Run: lab.ID(s), Name: s.Name, Hash: s.Hash(), Score: s.Score.Name})
	}
	if err != nil {
		t.Fatal(err)
	}
}
