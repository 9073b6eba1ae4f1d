package lab

import (
	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/table"
)

// Foreign is what the scores of another tool say.
type Foreign = evaluation.Foreign

// Pair is how two detectors did on the videos that both have scored.
type Pair = evaluation.Pair

// ReadForeign reads and measures the scores of another tool; the columns are those of [evaluation.ReadForeign].
func ReadForeign(path string) (*Foreign, error) { return evaluation.ReadForeign(path) }

// Pairs compares the scores of another tool with a finished run, video by video.
func Pairs(f *Foreign, r *Run) ([]Pair, error) {
	row, err := tableRow(r)
	if err != nil {
		return nil, err
	}
	return evaluation.Pairs(f.Sets, row.Sets)
}

// ForeignRow makes the scores of another tool a row of this name, below the runs.
func ForeignRow(name string, f *Foreign) TableOption {
	return func(t *tableRequest) {
		seed := spec.Spec{Seed: evaluation.ForeignSeed}
		t.foreign = append(t.foreign, table.Run{Label: name, Record: f.Record, Spec: seed, Sets: f.Sets})
	}
}
