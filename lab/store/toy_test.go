package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// toy is a run that uses the store as package lab does: steps whose state depends on all steps before, a log, checkpoints,
// a stage, and a commit. Its scores are a function of its id.
type toy struct {
	root, id string
	steps    int
	every    int // steps between checkpoints
	lease    time.Duration
	at       func(step int) // called before every step, if not nil
}

func newToy(root, id string) toy {
	return toy{root: root, id: id, steps: 10, every: 3, lease: time.Second}
}

// next is the state after a step.
func (toy) next(state float64, step int) float64 { return math.Cos(state*1e3 + float64(step)) }

// seed is the state before the first step.
func (r toy) seed() float64 {
	state := 0.0
	for _, c := range r.id {
		state = r.next(state, int(c))
	}
	return state
}

// scores is what an undisturbed run finds.
func (r toy) scores() string {
	state, sum := r.seed(), 0.0
	for step := range r.steps {
		state = r.next(state, step)
		sum += state
	}
	return fmt.Sprintf("%v %v\n", state, sum)
}

type toyState struct{ State, Sum float64 }

// run makes the run, or what is left of it. notes tells which checkpoints could not be used.
func (r toy) run(ctx context.Context) (notes []error, err error) {
	c, err := Claim(ctx, r.root, r.id, r.lease)
	if err != nil {
		return nil, err
	}
	notes, err = r.work(c)
	if err != nil {
		return notes, errors.Join(err, c.Close())
	}
	return notes, nil
}

func (r toy) work(c *Cell) (notes []error, err error) {
	if err := WriteFile(filepath.Join(c.Dir(), SpecFile), []byte("name = \"toy\"\n")); err != nil {
		return nil, err
	}
	state, first, steps := toyState{State: r.seed()}, 0, []Step(nil)
	p, notes, err := c.Checkpoint()
	if err != nil {
		return notes, err
	}
	if p != nil {
		first = p.Step
		if err := json.Unmarshal(p.Files["state.json"], &state); err != nil {
			return notes, err
		}
		if steps, err = ParseSteps(TrainingFile, p.Files[TrainingFile]); err != nil || len(steps) != first {
			return notes, fmt.Errorf("%d steps in the log of step %d, error %w", len(steps), first, err)
		}
	}
	log, err := NewStepLog(filepath.Join(c.Dir(), TrainingFile), steps)
	if err != nil {
		return notes, err
	}
	defer log.out.Close()
	for step := first; step < r.steps; step++ {
		if r.at != nil {
			r.at(step)
		}
		if err := c.Context().Err(); err != nil {
			return notes, context.Cause(c.Context())
		}
		state.State = r.next(state.State, step)
		state.Sum += state.State
		steps = append(steps, Step{Step: step + 1, Loss: state.State})
		if err := log.Append(steps[step]); err != nil {
			return notes, err
		}
		if (step+1)%r.every == 0 || step+1 == r.steps {
			text, err := json.Marshal(state)
			if err != nil {
				return notes, err
			}
			table, err := FormatSteps(steps)
			if err != nil {
				return notes, err
			}
			if err := c.SaveCheckpoint(Checkpoint{step + 1, map[string][]byte{"state.json": text, TrainingFile: table}}); err != nil {
				return notes, err
			}
		}
	}
	if err := log.Close(); err != nil {
		return notes, err
	}
	var scores []byte
	if kept := c.Kept("scored"); kept != nil {
		if scores, err = fs.ReadFile(kept, "scores"); err != nil {
			return notes, err
		}
	} else {
		scores = fmt.Appendf(nil, "%v %v\n", state.State, state.Sum)
		if err := c.Keep("scored", map[string]func(io.Writer) error{"scores": Bytes(scores)}); err != nil {
			return notes, err
		}
	}
	if err := WriteFile(filepath.Join(c.Dir(), ScoresFile), scores); err != nil {
		return notes, err
	}
	return notes, c.Commit(Record{Run: r.id, Name: "toy"})
}

// finish runs until the run is finished, whatever an owner before has left, and checks what there is then.
func (r toy) finish(t testing.TB) (notes []error) {
	t.Helper()
	end := time.Now().Add(20 * time.Second)
	for {
		more, err := r.run(t.Context())
		notes = append(notes, more...)
		switch {
		case err == nil, errors.Is(err, ErrFinished) && !r.leftOver():
			r.check(t)
			return notes
		case (errors.Is(err, ErrBusy) || errors.Is(err, ErrFinished)) && time.Now().Before(end):
			// An owner that has not written its name, or not tidied up, is given its lease's time.
			time.Sleep(r.lease / 10)
		default:
			t.Fatalf("%s: %v", r.id, err)
		}
	}
}

// leftOver tells that the making of the run has left files besides it.
func (r toy) leftOver() bool {
	_, err := os.Stat(filepath.Join(r.root, UnfinishedFolder, r.id))
	return err == nil
}

// check demands the finished run, once, whole, with the scores of an undisturbed one, and nothing besides.
func (r toy) check(t testing.TB) {
	t.Helper()
	dir := filepath.Join(r.root, r.id)
	if err := Verify(dir); err != nil {
		t.Error(err)
	}
	scores, err := os.ReadFile(filepath.Join(dir, ScoresFile))
	if err != nil || string(scores) != r.scores() {
		t.Errorf("%s: scores %q, error %v, want %q", r.id, scores, err, r.scores())
	}
	steps, err := ReadSteps(filepath.Join(dir, TrainingFile))
	if err != nil || len(steps) != r.steps {
		t.Errorf("%s: %d steps in the log, error %v, want %d", r.id, len(steps), err, r.steps)
	}
	for i, step := range steps {
		if step.Step != i+1 {
			t.Fatalf("%s: line %d of the log is of step %d", r.id, i+1, step.Step)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if got, want := strings.Join(names, " "), "SHA256SUMS metrics.json scores.csv spec.toml training.csv"; got != want {
		t.Errorf("%s holds %s, want %s", r.id, got, want)
	}
	found, err := Scan(r.root)
	n := 0
	for _, e := range found {
		if e.ID == r.id {
			n++
			if e.Status != Finished {
				t.Errorf("%s is %s", r.id, e.Status)
			}
		}
	}
	if err != nil || n != 1 {
		t.Errorf("%d runs %s in the list, error %v", n, r.id, err)
	}
	if r.leftOver() {
		t.Errorf("%s is there unfinished, too", r.id)
	}
}
