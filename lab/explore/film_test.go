package explore

import (
	"errors"
	"math"
	"os"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"

	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab/accel"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/store"
)

func TestFrameSteps(t *testing.T) {
	for _, c := range []struct {
		steps, frames int
		want          []int
	}{
		{5, 5, []int{1, 2, 3, 4, 5}},
		{2, 2, []int{1, 2}},
		{100, 4, []int{1, 12, 45, 100}},
	} {
		if got := frameSteps(c.steps, c.frames); !slices.Equal(got, c.want) {
			t.Errorf("%d frames of %d steps: %v, want %v", c.frames, c.steps, got, c.want)
		}
	}
}

// A film shows the same images at its steps, unit embeddings that move; a second call takes the film that is there.
func TestFilm(t *testing.T) {
	if testing.Short() {
		t.Skip("it trains a network")
	}
	s, err := experiments.Load("demo")
	if err != nil {
		t.Fatal(err)
	}
	s.Encoder.Size, s.Encoder.Dim = 32, 21
	s.Train.Steps, s.Train.Batch, s.Train.Validate = 6, 16, 1
	var trained int
	e := env.New(t.TempDir())
	e.Tell = func(event env.Event) {
		if event.Training != nil {
			trained++
		}
	}
	defer e.Close()
	film, err := Film(t.Context(), e, s, 3, 40)
	if errors.Is(err, accel.ErrNoBackend) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(film) != 3 || film[0].Step != 1 || film[2].Step != 6 || trained != 6 {
		t.Fatalf("%d frames, %d steps trained", len(film), trained)
	}
	for _, frame := range film {
		if len(frame.Z) != 40 || len(frame.Labels) != 40 || len(frame.Classes) != 21 || !frame.Synthetic {
			t.Fatalf("step %d: %d embeddings, %d labels, %d classes, synthetic %v",
				frame.Step, len(frame.Z), len(frame.Labels), len(frame.Classes), frame.Synthetic)
		}
		for _, z := range frame.Z {
			if math.Abs(floats.Norm(z, 2)-1) > 1e-4 {
				t.Fatalf("step %d: an embedding of length %g", frame.Step, floats.Norm(z, 2))
			}
		}
		if _, err := frame.Sphere("a frame"); err != nil {
			t.Error(err)
		}
		if _, err := frame.Angles("a frame"); err != nil {
			t.Error(err)
		}
	}
	if floats.EqualApprox(film[0].Z[0], film[2].Z[0], 1e-6) {
		t.Error("the embeddings do not move")
	}
	again, err := Film(t.Context(), e, s, 3, 40)
	if err != nil || trained != 6 || !slices.Equal(again[1].Z[7], film[1].Z[7]) {
		t.Errorf("the second call trained %d steps, %v", trained-6, err)
	}
	if entries, err := store.List(e.Results); err != nil || len(entries) != 0 {
		t.Errorf("runs %v, %v: a film is none", entries, err)
	}
	if _, err := os.Stat(e.Results); err != nil {
		t.Error(err)
	}
	s.Method = "sbi"
	if _, err := Film(t.Context(), e, s, 3, 40); err == nil {
		t.Error("no error for a method without prototypes")
	}
}
