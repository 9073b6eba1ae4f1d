package figure

import (
	"fmt"
	"image/color"
	"math"

	"github.com/go-echarts/go-echarts/v2/opts"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seeable-lab/seeable/lab/figure/look"
)

// Ablation shows a figure of merit over two parameters, such as the grid and λ, as a heat map with the values written in. A
// cell that was not measured stays grey, and the title says that the figure is partial.
type Ablation struct {
	Title     string
	Quantity  string // what the values are, with their unit: "AUC over videos (share)"
	X, Y      Parameter
	Cells     [][]Estimate // a row for each value of Y, from above, a column for each value of X
	Synthetic bool
}

// Parameter is what an ablation changes.
type Parameter struct {
	Name   string // with its unit: "λ", "strength (official = 1)"
	Values []string
}

func (a Ablation) check() error {
	if len(a.X.Values) == 0 || len(a.Y.Values) == 0 {
		return fmt.Errorf("ablation %s: %d values of %s and %d of %s: want some of each", a.Title, len(a.X.Values), a.X.Name, len(a.Y.Values), a.Y.Name)
	}
	if len(a.Cells) != len(a.Y.Values) {
		return fmt.Errorf("ablation %s: %d rows, want %d, one a value of %s", a.Title, len(a.Cells), len(a.Y.Values), a.Y.Name)
	}
	measured, _ := a.count()
	for i, row := range a.Cells {
		if len(row) != len(a.X.Values) {
			return fmt.Errorf("ablation %s: row %d has %d cells, want %d, one a value of %s", a.Title, i, len(row), len(a.X.Values), a.X.Name)
		}
		for j, cell := range row {
			if err := cell.check(); err != nil {
				return fmt.Errorf("ablation %s: cell %s, %s: %w", a.Title, a.Y.Values[i], a.X.Values[j], err)
			}
		}
	}
	if measured == 0 {
		return fmt.Errorf("ablation %s: no cell was measured", a.Title)
	}
	return nil
}

func (a Ablation) count() (measured, all int) {
	for _, row := range a.Cells {
		for _, cell := range row {
			all++
			if !math.IsNaN(cell.Value) {
				measured++
			}
		}
	}
	return measured, all
}

func (a Ablation) title() string { return look.Title(a.Title, partial(a.count()), a.Synthetic) }

// scale is the range of the colours: that of the values, widened to hundredths.
func (a Ablation) scale() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, row := range a.Cells {
		for _, cell := range row {
			if look.Finite(cell.Value) {
				low, high = min(low, cell.Value), max(high, cell.Value)
			}
		}
	}
	low, high = math.Floor(low*100)/100, math.Ceil(high*100)/100
	if low == high {
		high += 0.01
	}
	return low, high
}

func (a Ablation) Size() (width, height vg.Length) {
	return vg.Length(max(len(a.X.Values), 3))*62 + 70 + look.BarWidth, vg.Length(max(len(a.Y.Values), 3))*36 + 80
}

func (a Ablation) Draw(c draw.Canvas) error {
	if err := a.check(); err != nil {
		return err
	}
	c = draw.Crop(c, 6, -6, 6, -6)
	low, high := a.scale()
	p := look.NewPlot(a.title(), a.X.Name, a.Y.Name)
	rows, columns := len(a.Cells), len(a.X.Values)
	squares(p, rows, columns)
	var xs, ys plot.ConstantTicks
	for j, v := range a.X.Values {
		xs = append(xs, plot.Tick{Value: float64(j), Label: v})
	}
	values := make([][]float64, rows)
	for i, row := range a.Cells {
		ys = append(ys, plot.Tick{Value: float64(rows - 1 - i), Label: a.Y.Values[i]})
		for _, cell := range row {
			values[i] = append(values[i], cell.Value)
		}
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = xs, ys
	p.Add(cells{values, low, high})
	left := draw.Crop(c, 0, -look.BarWidth, 0, 0)
	look.DrawPlot(left, p)
	data := p.DataCanvas(left)
	x, y := p.Transforms(&data)
	for i, row := range a.Cells {
		for j, cell := range row {
			at := vg.Point{X: x(float64(j)), Y: y(float64(rows - 1 - i))}
			style := text.Style{Color: look.Ink, Font: look.Sans(9), XAlign: draw.XCenter, YAlign: draw.YCenter, Handler: plot.DefaultTextHandler}
			if math.IsNaN(cell.Value) {
				style.Font = look.Sans(7)
				data.FillText(style, at, "not measured")
				continue
			}
			style.Color = over(look.ScaleColour(cell.Value, low, high))
			if cell.interval() {
				small := style
				small.Font = look.Sans(6.5)
				data.FillText(small, at.Sub(vg.Point{Y: 7}), fmt.Sprintf("[%.2f, %.2f]", cell.Low, cell.High))
				at.Y += 4
			}
			data.FillText(style, at, fmt.Sprintf("%.3f", cell.Value))
		}
	}
	look.DrawBar(beside(c, data), low, high, 1, a.Quantity)
	return nil
}

// over is black or white, whichever can be read on a colour.
func over(c color.NRGBA) color.Color {
	if 0.2126*float64(c.R)+0.7152*float64(c.G)+0.0722*float64(c.B) > 120 {
		return color.Black
	}
	return color.White
}

func (a Ablation) Chart() (*look.Chart, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	width, _ := a.Size()
	c := look.NewChart(a.title(), width)
	low, high := a.scale()
	var data []look.Item
	for i, row := range a.Cells {
		for j, cell := range row {
			label := &opts.Label{Show: look.Yes, Formatter: "not measured", FontSize: 10, Color: look.Hex(look.Ink)}
			if !math.IsNaN(cell.Value) {
				text := fmt.Sprintf("%.3f", cell.Value)
				if cell.interval() {
					text += fmt.Sprintf("\n[%.2f, %.2f]", cell.Low, cell.High)
				}
				label = &opts.Label{Show: look.Yes, Formatter: text, LineHeight: 15, FontSize: 11, Color: look.Hex(over(look.ScaleColour(cell.Value, low, high)))}
			}
			data = append(data, look.Item{
				Name:  fmt.Sprintf("%s %s, %s %s: %s", a.Y.Name, a.Y.Values[i], a.X.Name, a.X.Values[j], cell.described()),
				Value: []any{j, i, look.Number(cell.Value)}, Label: label,
			})
		}
	}
	c.Table(a.X.Name, a.Y.Name, a.X.Values, a.Y.Values, data)
	c.Place(72, 112, 56)
	c.ShowScale(a.Quantity, low, high, []int{0})
	return c, nil
}
