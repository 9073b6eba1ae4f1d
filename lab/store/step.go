package store

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
)

// Step is one line of training.csv. HeldOut is the accuracy on held-out faces, negative where it was not measured. Of a method
// that classifies nothing Accuracy is negative, and HeldOut is the loss on held-out faces, NaN where it was not measured.
type Step struct {
	Step                                        int
	Loss, Accuracy, HeldOut, Rate, Strength, At float64
}

// Classified tells whether the step is of a method that classifies.
func (s Step) Classified() bool { return s.Accuracy >= 0 }

// Measured tells whether HeldOut was measured at this step.
func (s Step) Measured() bool {
	if s.Classified() {
		return s.HeldOut >= 0
	}
	return !math.IsNaN(s.HeldOut)
}

var stepColumns = []string{"step", "loss", "accuracy", "held_out", "rate", "strength", "seconds"}

func (s Step) row() []string {
	row := []string{strconv.Itoa(s.Step)}
	for _, v := range []float64{s.Loss, s.Accuracy, s.HeldOut, s.Rate, s.Strength, s.At} {
		row = append(row, strconv.FormatFloat(v, 'g', -1, 64))
	}
	return row
}

// FormatSteps is the text of a training.csv.
func FormatSteps(steps []Step) ([]byte, error) {
	rows := [][]string{stepColumns}
	for _, s := range steps {
		rows = append(rows, s.row())
	}
	return formatCSV(rows)
}

// WriteSteps writes training.csv.
func WriteSteps(path string, steps []Step) error {
	text, err := FormatSteps(steps)
	if err != nil {
		return fmt.Errorf("store: %s: %w", path, err)
	}
	return WriteFile(path, text)
}

// ReadSteps reads a training.csv. A last line that was not written in full, because the run is at it or was killed, is
// left out.
func ReadSteps(path string) ([]Step, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return ParseSteps(path, text)
}

// ParseSteps reads the text of a training.csv as [ReadSteps] does. source names it in errors.
func ParseSteps(source string, text []byte) ([]Step, error) {
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", source, err)
	}
	if len(rows) == 0 || !slices.Equal(rows[0], stepColumns) {
		return nil, fmt.Errorf("store: %s: want the columns %v", source, stepColumns)
	}
	var steps []Step
	for i, row := range rows[1:] {
		step, err := strconv.Atoi(row[0])
		var v [6]float64
		for j := range v {
			var wrong error
			v[j], wrong = strconv.ParseFloat(row[j+1], 64)
			err = errors.Join(err, wrong)
		}
		if err != nil {
			return nil, fmt.Errorf("store: %s: line %d: %w", source, i+2, err)
		}
		steps = append(steps, Step{step, v[0], v[1], v[2], v[3], v[4], v[5]})
	}
	return steps, nil
}

// StepLog appends to a training.csv while the run goes.
type StepLog struct {
	path string
	out  file
}

// NewStepLog writes the steps so far into path, in place of what it holds, and appends from there.
func NewStepLog(path string, steps []Step) (*StepLog, error) {
	if err := WriteSteps(path, steps); err != nil {
		return nil, err
	}
	out, err := disk.Open(path, os.O_WRONLY|os.O_APPEND)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return &StepLog{path, out}, nil
}

// Append writes one line.
func (l *StepLog) Append(s Step) error {
	line, err := formatCSV([][]string{s.row()})
	if err == nil {
		_, err = l.out.Write(line)
	}
	if err != nil {
		return fmt.Errorf("store: %s: %w", l.path, err)
	}
	return nil
}

// Close ends the log and forces it to the disk.
func (l *StepLog) Close() error {
	if err := errors.Join(l.out.Sync(), l.out.Close()); err != nil {
		return fmt.Errorf("store: %s: %w", l.path, err)
	}
	return nil
}
