package metric

import (
	"errors"
	"fmt"
	"math"
)

// ErrEmpty says that there is nothing to measure.
var ErrEmpty = errors.New("metric: no scores, want some of real and some of fake items; check that the test set was found and that any item got a score")

// LengthError says that a list beside the scores has another length.
type LengthError struct {
	List   string // what the list holds: "labels", "groups", "second scores"
	Length int
	Scores int
}

func (e *LengthError) Error() string {
	return fmt.Sprintf("metric: %d %s for %d scores, want one for each", e.Length, e.List, e.Scores)
}

// ScoreError says that a score is not a finite number.
type ScoreError struct {
	Index int
	Score float64
}

func (e *ScoreError) Error() string {
	return fmt.Sprintf("metric: score %d is %v, want a finite number; the network may have diverged, or an item without a score was not left out", e.Index, e.Score)
}

// OneClassError says that all items are of one class, so that no error rate trades against another.
type OneClassError struct {
	Fake  bool // the class that is there
	Items int
}

func (e *OneClassError) Error() string {
	has, lacks := "real", "fake"
	if e.Fake {
		has, lacks = lacks, has
	}
	return fmt.Sprintf("metric: all %d items are %s, want both classes; add %s items to the test set", e.Items, has, lacks)
}

func check(scores []float64, fake []bool) error {
	if len(fake) != len(scores) {
		return &LengthError{List: "labels", Length: len(fake), Scores: len(scores)}
	}
	if len(scores) == 0 {
		return ErrEmpty
	}
	both := false
	for i, s := range scores {
		if math.IsNaN(s) || math.IsInf(s, 0) {
			return &ScoreError{Index: i, Score: s}
		}
		both = both || fake[i] != fake[0]
	}
	if !both {
		return &OneClassError{Fake: fake[0], Items: len(fake)}
	}
	return nil
}
