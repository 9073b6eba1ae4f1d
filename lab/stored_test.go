package lab_test

import (
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
	"github.com/seeable-lab/seeable/lab/table"
)

// finished writes the run folder of a spec with made-up scores, as a run leaves it, and returns its id.
func finished(t *testing.T, results string, s spec.Spec) string {
	t.Helper()
	id := lab.ID(s)
	dir := filepath.Join(results, id)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var faces []store.Item
	for _, set := range []string{"DFDC", "FF++ c23"} {
		for _, method := range []string{"original", "Deepfakes", "FaceSwap"} {
			for i := range 24 {
				rng := stream.New(s.Seed, set, method, i/3, fmt.Sprint(s.Loss.Lambda))
				faces = append(faces, store.Item{
					Dataset: set, Method: method, Video: fmt.Sprint(i / 3), File: fmt.Sprintf("%s/%d.png", method, i), Frame: i % 3,
					Fake: method != "original", Scores: []float64{math.NaN(), rng.NormFloat64()},
				})
			}
		}
	}
	if err := store.WriteItems(filepath.Join(dir, store.ScoresFile), []string{"figure", "cosine"}, slices.Values(faces)); err != nil {
		t.Fatal(err)
	}
	if err := store.WriteFile(filepath.Join(dir, store.SpecFile), []byte(s.TOML())); err != nil {
		t.Fatal(err)
	}
	record := store.Record{Run: id, Name: s.Name, Hash: s.Hash(), Score: "cosine", Versions: map[string]string{"metric": metric.Version}}
	if err := store.WriteRecord(dir, record); err != nil {
		t.Fatal(err)
	}
	return id
}

func openLab(t *testing.T, results string) *lab.Lab {
	t.Helper()
	l, err := lab.Open(results)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func load(t *testing.T, l *lab.Lab, id string) *lab.Run {
	t.Helper()
	run, err := l.Load(id)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestTable(t *testing.T) {
	results := t.TempDir()
	s := spec.Default()
	s.Name = "mine"
	first := finished(t, results, s)
	s.Loss.Lambda = 0.7
	second := finished(t, results, s)
	l := openLab(t, results)
	a, b := load(t, l, first), load(t, l, second)

	c, err := l.Table(lab.Runs(b, a), lab.PaperRows("cross-dataset"), lab.Against(a), lab.Titled("Mine"))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Parts[0].Rows) != 3 || !c.Parts[0].Rows[0].Published {
		t.Fatalf("rows %+v, want the published one of the system above two", c.Parts[0].Rows)
	}
	rows := c.Parts[0].Rows[1:]
	if c.Title != "Mine" || len(c.Parts) != 2 || len(rows) != 2 || rows[0].Runs[0] != second || rows[0].Name != "mine, loss.lambda=0.7" || !rows[1].Reference {
		t.Errorf("title %q, rows %+v, want those of the second and the first run", c.Title, rows)
	}
	if cell := rows[0].Cells[1]; c.Columns[1] != "DFDC" || cell.NReal != 8 || cell.NFake != 16 || cell.Paired != 24 || cell.Coverage != 1 {
		t.Errorf("column %s: %+v, want 8 real and 16 fake videos", c.Columns[1], cell)
	}
	if text := c.Text(); !strings.Contains(text, "SeeABLE") || !strings.Contains(text, "seed 1") {
		t.Errorf("got %s", text)
	}
	c, err = l.Table(lab.Runs(a), lab.Columns(table.CrossManipulation))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Parts) != 2 || len(c.Columns) != 2 || c.Parts[0].Set != "DFDC" || c.Parts[0].Rows[0].Cells[0].NFake != 8 {
		t.Errorf("columns %q of %+v", c.Columns, c.Parts)
	}
	// Rows of a published table need no run.
	if c, err = l.Table(lab.PaperRows("cross-manipulation")); err != nil || len(c.Parts) != 1 || !c.Parts[0].Rows[0].Published {
		t.Errorf("got %+v, error %v", c, err)
	}
	if err := os.Remove(filepath.Join(a.Dir, store.ScoresFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Table(lab.Runs(a)); err == nil || !strings.Contains(err.Error(), store.ScoresFile) {
		t.Errorf("error %v of a run without scores, want one that names the file", err)
	}
}

func TestTableOfCells(t *testing.T) {
	results := t.TempDir()
	base := spec.Default()
	base.Name = "sweep"
	w := spec.Sweep{Name: "sweep", Base: base, Axes: []spec.Axis{spec.Vary("loss.lambda", 0.1, 0.5), spec.Vary("seed", 1, 2)}}
	cells, err := w.Cells()
	if err != nil {
		t.Fatal(err)
	}
	l := openLab(t, results)
	if _, err := l.Table(lab.Cells(cells...)); err == nil || !strings.Contains(err.Error(), "none of the 4 cells is finished") {
		t.Errorf("error %v of a sweep that was not run", err)
	}
	for _, cell := range cells[:3] {
		finished(t, results, cell.Spec)
	}
	c, err := l.Table(lab.Cells(cells...), lab.OverSeeds())
	if err != nil {
		t.Fatal(err)
	}
	rows := c.Parts[0].Rows
	if len(rows) != 2 || rows[0].Name != "lambda=0.1" || len(rows[0].Seeds) != 2 || rows[1].Name != "lambda=0.5" || len(rows[1].Seeds) != 1 {
		t.Errorf("rows %+v, want two seeds of λ = 0.1 and one of 0.5", rows)
	}
	if text := c.Text(); !strings.Contains(text, "Not finished: 1 of 4 cells (lambda=0.5, seed=2).") {
		t.Errorf("the cell that is missing is not named: %s", text)
	}
}

// The runs of this checkout, where there are any: a table made of their scores says what they said.
func TestTableOfTheRunsHere(t *testing.T) {
	l := openLab(t, filepath.Join("..", "results", "runs"))
	ids, err := l.Runs()
	if err != nil {
		t.Fatal(err)
	}
	if len(ids) == 0 {
		t.Skip("no finished runs in results/runs to look at")
	}
	for _, id := range ids {
		run := load(t, l, id)
		c, err := l.Table(lab.Runs(run), lab.Remeasured())
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range run.Record.Tests {
			if test.Level != "video" || test.Method != "all" {
				continue
			}
			for i, column := range c.Columns {
				if column != test.Dataset {
					continue
				}
				cell := c.Parts[0].Rows[0].Cells[i]
				// Another version of the metrics had other intervals.
				same := run.Record.Versions["metric"] == metric.Version && test.NoInterval == ""
				if cell.AUC != 100*test.AUC || same && (cell.Low != 100*test.Low || cell.High != 100*test.High) || cell.NReal != test.NReal || cell.NFake != test.NFake || cell.Coverage != test.Coverage {
					t.Errorf("%s, %s: %+v, the run found %+v", id, column, cell, test)
				}
			}
		}
	}
}

// The map of a square has the range that its method gives, so that one scale serves all faces; that of regions is its own.
func TestHeatMap(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 4, 4))
	square, err := lab.HeatMap(lab.FaceScore{Map: &method.Map{Label: "x", Image: picture, Side: 2, Values: []float64{0.1, 0.2, 0.3, 0.4}, High: 1}}, "a")
	if err != nil || square.Side != 2 || len(square.Values) != 4 || square.Low != 0 || square.High != 1 {
		t.Errorf("found %+v, %v, want a square of 4 values in [0, 1]", square, err)
	}
	regions, err := lab.HeatMap(lab.FaceScore{Map: &method.Map{Label: "x", Image: picture, Regions: make([]region.Mask, 1), Values: []float64{0.1}, Low: -1, High: 1}}, "a")
	if err != nil || regions.Side != 0 || len(regions.Regions) != 1 || regions.Low != 0 || regions.High != 0 {
		t.Errorf("found %+v, %v, want a region on the scale of its value", regions, err)
	}
	if _, err := lab.HeatMap(lab.FaceScore{File: "x.png"}, "a"); err == nil || !strings.Contains(err.Error(), "x.png") {
		t.Errorf("error %v of a score without a map, want one that names the file", err)
	}
}
