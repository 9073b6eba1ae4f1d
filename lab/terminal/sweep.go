package terminal

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"

	"github.com/seeable-lab/seeable/lab/run"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/table"
)

// ListCells prints a table of the cells of a sweep, with the IDs of their runs.
func ListCells(out io.Writer, cells []spec.Cell) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "cell\twhat differs\trun")
	for _, c := range cells {
		fmt.Fprintf(w, "%d\t%s\t%s\n", c.Index, c.Label, run.ID(c.Spec))
	}
	return w.Flush()
}

// SweepTable is a glance at a sweep: the AUC over the videos of each test set. Package table makes the tables to publish.
func SweepTable(name string, cells []spec.Cell, records []*store.Record) table.Table {
	t := table.Table{
		Title:  name + ": AUC over videos, all manipulations",
		Header: []string{"cell", "what differs", "held-out accuracy"},
		Right:  []bool{true, false, true},
	}
	var sets []string
	column := map[string]int{}
	synthetic := false
	for _, r := range records {
		if r == nil {
			continue
		}
		synthetic = synthetic || r.Synthetic
		for _, test := range r.Tests {
			if _, known := column[test.Dataset]; !known {
				column[test.Dataset] = len(t.Header) + len(sets)
				sets = append(sets, test.Dataset)
			}
		}
	}
	if synthetic {
		t.Title += " (synthetic faces)"
	}
	t.Header = append(t.Header, sets...)
	for range sets {
		t.Right = append(t.Right, true)
	}
	for i, c := range cells {
		row := make([]string, len(t.Header))
		row[0], row[1] = strconv.Itoa(c.Index), c.Label
		if r := records[i]; r != nil {
			if row[2] = digits(r.Train.Accuracy); !r.Train.Classified() {
				row[2] = r.Train.Held() + " " + digits(r.Train.HeldOutLoss)
			}
			for _, test := range r.Tests {
				if test.Level == "video" && test.Method == "all" {
					row[column[test.Dataset]] = digits(test.AUC)
					switch {
					case test.NoFigure != "":
						row[column[test.Dataset]] = "no figure"
					case test.Leaks != "":
						row[column[test.Dataset]] += " (leaks)"
					}
				}
			}
		} else {
			row[2] = "not done"
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func digits(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return strconv.FormatFloat(x, 'f', 3, 64)
}
