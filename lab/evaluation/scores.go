package evaluation

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/lab/store"
)

// Read pools the videos of the scores.csv of a run by one of its scores. The file goes by row by row: a million faces
// take the room of their videos.
func Read(path, score string) ([]Set, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("evaluation: %w", err)
	}
	defer file.Close()
	sets, err := read(file, score)
	if err != nil {
		return nil, fmt.Errorf("evaluation: %s: %w", path, err)
	}
	return sets, nil
}

// scoreNames are the names of the scores in a scores.csv.
func scoreNames(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("evaluation: %w", err)
	}
	defer file.Close()
	names, _, err := readHeader(csv.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("evaluation: %s: %w", path, err)
	}
	return names, nil
}

// readHeader reads the first row and returns the names of the scores, and how many columns are before them.
func readHeader(rows *csv.Reader) (names []string, columns int, err error) {
	header, err := rows.Read()
	if errors.Is(err, io.EOF) {
		_, err = store.ItemColumns(nil)
		return nil, 0, fmt.Errorf("the file is empty: %w", err)
	}
	if err != nil {
		return nil, 0, err
	}
	columns, err = store.ItemColumns(header)
	if err != nil {
		return nil, 0, err
	}
	return slices.Clone(header[columns:]), columns, nil
}

func read(r io.Reader, score string) ([]Set, error) {
	rows := csv.NewReader(r)
	rows.ReuseRecord = true
	names, columns, err := readHeader(rows)
	if err != nil {
		return nil, err
	}
	at := slices.Index(names, score)
	if at < 0 {
		return nil, fmt.Errorf("no score %q; there are %s", score, strings.Join(names, ", "))
	}
	return Pool(faces(rows, columns, columns+at), 0)
}

// faces reads the rows that follow the header, which has so many columns before the scores, with the score of one column each.
func faces(rows *csv.Reader, columns, column int) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		for {
			row, err := rows.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(store.Item{}, err)
				return
			}
			it := store.Item{Dataset: row[0], Method: row[1], Video: row[2], Identity: row[3], File: row[4], Scores: []float64{math.NaN()}}
			if columns > 7 {
				it.Source = row[7]
			}
			var errs [3]error
			it.Frame, errs[0] = strconv.Atoi(row[5])
			it.Fake, errs[1] = strconv.ParseBool(row[6])
			if row[column] != "" {
				it.Scores[0], errs[2] = strconv.ParseFloat(row[column], 64)
			}
			if err := errors.Join(errs[:]...); err != nil {
				line, _ := rows.FieldPos(0)
				yield(store.Item{}, fmt.Errorf("line %d: %w", line, err))
				return
			}
			if !yield(it, nil) {
				return
			}
		}
	}
}
