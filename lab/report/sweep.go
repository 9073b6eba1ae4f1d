package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/table"
)

// Sweep is what the report of a sweep tells. Records has one entry a cell, nil where it is not finished.
type Sweep struct {
	Sweep   spec.Sweep
	Command string // that made the sweep
	Records []*store.Record
	Table   *table.Comparison // the runs side by side; nil for none
}

// sweepView is what the page shows.
type sweepView struct {
	sheet
	Sweep
	Name      string
	Finished  int
	Cells     []spec.Cell
	Synthetic bool
	Leaking   []string
	Drawn     []template.HTML
	Compared  template.HTML
	Missing   []string // labels of cells that are not finished
	SpecText  string
}

// WriteSweep writes the report of a sweep to path, also of one that is not finished: it says which cells are missing. A
// figure whose data do not make sense is an error, and nothing is written then.
func WriteSweep(path string, s Sweep) error {
	v, err := s.view()
	if err != nil {
		return fmt.Errorf("report: sweep %s: %w", s.Sweep.Name, err)
	}
	return execute(path, "sweep.html", v)
}

func (s Sweep) view() (*sweepView, error) {
	cells, err := s.cells()
	if err != nil {
		return nil, err
	}
	v := &sweepView{Sweep: s, Name: s.Sweep.Name, Cells: cells, SpecText: s.Sweep.Base.TOML()}
	for i, r := range s.Records {
		if r == nil {
			v.Missing = append(v.Missing, cells[i].Label)
			continue
		}
		v.Finished++
		v.Synthetic = v.Synthetic || r.Synthetic
		v.Leaking = leaking(v.Leaking, *r)
	}
	figures, err := s.Figures()
	if err != nil {
		return nil, err
	}
	for _, f := range figures {
		drawn, err := v.figure(f)
		if err != nil {
			return nil, err
		}
		v.Drawn = append(v.Drawn, drawn)
	}
	if s.Table != nil {
		v.Compared = template.HTML(s.Table.HTML())
	}
	v.finish()
	return v, nil
}

func (s Sweep) cells() ([]spec.Cell, error) {
	cells, err := s.Sweep.Cells()
	if err != nil {
		return nil, err
	}
	if len(s.Records) != len(cells) {
		return nil, fmt.Errorf("%d records of %d cells: want one a cell, nil where it is not finished", len(s.Records), len(cells))
	}
	return cells, nil
}

// quantity is something that was measured of every cell.
type quantity struct {
	name      string // "DFDC: AUC over videos"
	unit      string // "AUC over videos (share)"
	chance    float64
	synthetic bool
	cells     [][]figure.Estimate // of each place in the product of the axes without seeds: one a seed
}

// Figures are the figures of a sweep: one a test set, and one of the accuracy on held-out faces. A sweep over two things
// gives heat maps, any other bars. Seeds are averaged over; a mean over several has their least and greatest value in place
// of an interval. None where no cell is finished.
func (s Sweep) Figures() ([]figure.Figure, error) {
	cells, err := s.cells()
	if err != nil {
		return nil, err
	}
	axes, place := product(s.Sweep)
	places := 1
	for _, axis := range axes {
		places *= len(axis.Values)
	}
	var all []*quantity
	add := func(cell int, name, unit string, chance float64, synthetic bool, e figure.Estimate) {
		i := slices.IndexFunc(all, func(q *quantity) bool { return q.name == name })
		if i < 0 {
			i = len(all)
			all = append(all, &quantity{name: name, unit: unit, chance: chance, cells: make([][]figure.Estimate, places)})
		}
		all[i].synthetic = all[i].synthetic || synthetic
		at := place(cell)
		all[i].cells[at] = append(all[i].cells[at], e)
	}
	for i := range cells {
		r := s.Records[i]
		if r == nil {
			continue
		}
		for _, t := range r.Tests {
			if t.Level == "video" && t.Method == evaluation.All && !math.IsNaN(t.AUC) {
				add(i, t.Dataset, "AUC over videos (share)", 0.5, t.Synthetic, videoAUC(t))
			}
		}
	}
	for i := range cells {
		if r := s.Records[i]; r != nil && r.Train.HeldOut > 0 && !math.IsNaN(r.Train.Accuracy) {
			add(i, "held-out faces", "accuracy (share right)", 0, r.Train.Synthetic,
				figure.Estimate{Value: r.Train.Accuracy, N: fmt.Sprintf("%d faces", r.Train.HeldOut)})
		}
	}
	var figures []figure.Figure
	for _, q := range all {
		title := s.Sweep.Name + ", " + q.name
		values := make([]figure.Estimate, places)
		for i, seeds := range q.cells {
			values[i] = overSeeds(seeds)
		}
		if len(axes) == 2 {
			a := figure.Ablation{Title: title, Quantity: q.unit, X: axes[1], Y: axes[0], Synthetic: q.synthetic}
			for row := range slices.Chunk(values, len(axes[1].Values)) {
				a.Cells = append(a.Cells, row)
			}
			figures = append(figures, a)
			continue
		}
		b := figure.Bars{Title: title, Quantity: q.unit, Chance: q.chance, Synthetic: q.synthetic}
		for i, e := range values {
			b.Groups = append(b.Groups, figure.Group{Name: describe(axes, i), Bars: []figure.Bar{{Name: q.unit, Estimate: e}}})
		}
		figures = append(figures, b)
	}
	return figures, nil
}

// overSeeds is the mean over seeds with their least and greatest value; the interval of a single one.
func overSeeds(seeds []figure.Estimate) figure.Estimate {
	switch len(seeds) {
	case 0:
		return figure.Estimate{Value: math.NaN()}
	case 1:
		return seeds[0]
	}
	mean := figure.Estimate{Low: math.Inf(1), High: math.Inf(-1), N: fmt.Sprintf("%d seeds; %s", len(seeds), seeds[0].N)}
	for _, e := range seeds {
		mean.Value += e.Value / float64(len(seeds))
		mean.Low, mean.High = min(mean.Low, e.Value), max(mean.High, e.Value)
	}
	return mean
}

// product is what a sweep goes through apart from seeds, and the place of each cell in it. Parameters of one value are left
// out, unless there is nothing else.
func product(w spec.Sweep) (axes []figure.Parameter, place func(cell int) int) {
	all := w.Axes
	if len(w.List) > 0 {
		all = append([]spec.Axis{w.List}, w.Axes...)
	}
	kept := make([]bool, len(all))
	for i, axis := range all {
		if p := parameter(axis); p.Name != "seed" && len(p.Values) > 1 {
			kept[i] = true
			axes = append(axes, p)
		}
	}
	return axes, func(cell int) int {
		at, scale := 0, 1
		for i := len(all) - 1; i >= 0; i-- {
			if kept[i] {
				at += cell % len(all[i]) * scale
				scale *= len(all[i])
			}
			cell /= len(all[i])
		}
		return at
	}
}

// parameter names an axis by its keys, without their sections, and its values: "rows, cols" and "4, 4". Points that change
// different keys are named in full.
func parameter(axis spec.Axis) figure.Parameter {
	var p figure.Parameter
	same := true
	for i, point := range axis {
		var keys, values []string
		for _, assignment := range point {
			key, value, _ := strings.Cut(assignment, "=")
			keys = append(keys, key[strings.LastIndexByte(key, '.')+1:])
			values = append(values, strings.Trim(value, `"`))
		}
		name := strings.Join(keys, ", ")
		same = same && (i == 0 || name == p.Name)
		p.Name = name
		p.Values = append(p.Values, strings.Join(values, ", "))
	}
	if same {
		return p
	}
	p = figure.Parameter{Name: "variant"}
	for _, point := range axis {
		p.Values = append(p.Values, strings.Join(point, ", "))
	}
	return p
}

// describe names a place in the product.
func describe(axes []figure.Parameter, place int) string {
	var parts []string
	for i := len(axes) - 1; i >= 0; i-- {
		n := len(axes[i].Values)
		part := axes[i].Values[place%n]
		if axes[i].Name != "variant" {
			part = axes[i].Name + " = " + part
		}
		parts = append([]string{part}, parts...)
		place /= n
	}
	return strings.Join(parts, "; ")
}
