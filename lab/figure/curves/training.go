package curves

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seeable-lab/seeable/lab/figure/look"
	"github.com/seeable-lab/seeable/lab/store"
)

// Training shows loss, accuracy and strength over the steps of a training, one above the other. Of a method that classifies
// nothing it shows what it is measured by in the place of the accuracy, which is the loss on held-out faces, with the other one, where
// nothing else is named.
type Training struct {
	Title     string
	Steps     []store.Step
	Chance    float64 // accuracy of guessing
	Floor     float64 // least possible loss; 0 if unknown
	HeldOut   int     // faces that the held-out accuracy, or what stands for it, is measured on
	Measured  string  // what stands for the accuracy of a method that classifies nothing, if not the loss
	Synthetic bool
}

// mostPoints is how many points a curve has at most: about what a screen can show.
const mostPoints = 300

// smooth returns the means of value over runs of as many steps as it takes to make at most mostPoints of them, and that
// number. A point lies at the middle of its steps.
func (t Training) smooth(value func(store.Step) float64) (line plotter.XYs, window int) {
	window = (len(t.Steps) + mostPoints - 1) / mostPoints
	for from := 0; from < len(t.Steps); from += window {
		part := t.Steps[from:min(from+window, len(t.Steps))]
		var mean plotter.XY
		for _, s := range part {
			mean.X += float64(s.Step) / float64(len(part))
			mean.Y += value(s) / float64(len(part))
		}
		line = append(line, mean)
	}
	return line, window
}

// classified tells whether there are accuracies.
func (t Training) classified() bool { return t.Steps[0].Classified() }

// unit names the loss: that of classes is in nats, another one in whatever its method says.
func (t Training) unit() string {
	if t.classified() {
		return "loss (nats)"
	}
	return "loss"
}

// heldOut are the measured points of the held-out accuracy, or of what stands for it.
func (t Training) heldOut() plotter.XYs {
	var line plotter.XYs
	for _, s := range t.Steps {
		if s.Measured() {
			line = append(line, plotter.XY{X: float64(s.Step), Y: s.HeldOut})
		}
	}
	return line
}

func (t Training) check() error {
	if len(t.Steps) == 0 {
		return fmt.Errorf("training %s has no steps", t.Title)
	}
	for _, s := range t.Steps {
		if !look.Finite(s.Loss) || !look.Finite(s.Accuracy) || !look.Finite(s.Strength) {
			return fmt.Errorf("training %s: step %d has loss %g, accuracy %g, strength %g: want finite ones",
				t.Title, s.Step, s.Loss, s.Accuracy, s.Strength)
		}
	}
	return nil
}

func (t Training) title() string {
	return look.Title(t.Title, fmt.Sprintf("%d steps", len(t.Steps)), t.Synthetic)
}

func (t Training) Size() (width, height vg.Length) { return 5.5 * vg.Inch, 6.2 * vg.Inch }

func (t Training) Draw(c draw.Canvas) error {
	if err := t.check(); err != nil {
		return err
	}
	c = draw.Crop(c, 6, -12, 6, -6)
	first, last := float64(t.Steps[0].Step), float64(t.Steps[len(t.Steps)-1].Step)
	loss, window := t.smooth(func(s store.Step) float64 { return s.Loss })
	accuracy, _ := t.smooth(func(s store.Step) float64 { return s.Accuracy })
	strength, _ := t.smooth(func(s store.Step) float64 { return s.Strength })

	panel := func(name, y string) *plot.Plot {
		p := look.NewPlot(name, "", y)
		p.Add(look.Grid())
		p.Legend.TextStyle.Font = look.Sans(9)
		p.Legend.Top = true
		p.Legend.ThumbnailWidth, p.Legend.Padding = 24, 2
		p.X.Min, p.X.Max = first, last
		return p
	}
	add := func(p *plot.Plot, name string, xys plotter.XYs, colour color.Color, dashes []vg.Length) error {
		if len(xys) == 0 {
			return nil
		}
		line, err := plotter.NewLine(xys)
		if err != nil {
			return err
		}
		line.Color, line.Width, line.Dashes = colour, 1.4, dashes
		p.Add(line)
		if name != "" {
			p.Legend.Add(name, line)
		}
		return nil
	}
	// measured adds what was measured on held-out faces.
	measured := func(p *plot.Plot) error {
		held := t.heldOut()
		if err := add(p, fmt.Sprintf("%d held-out faces, official strength", t.HeldOut), held, look.OkabeIto[1], []vg.Length{5, 2}); err != nil || len(held) == 0 {
			return err
		}
		dots, err := plotter.NewScatter(held)
		if err != nil {
			return err
		}
		dots.GlyphStyle = draw.GlyphStyle{Color: look.OkabeIto[1], Radius: 2.5, Shape: draw.CircleGlyph{}}
		p.Add(dots)
		return nil
	}
	level := func(y float64) plotter.XYs { return plotter.XYs{{X: first, Y: y}, {X: last, Y: y}} }

	top := panel(look.Wrap(t.title(), look.Sans(11), c.Max.X-c.Min.X), t.unit())
	if err := add(top, fmt.Sprintf("training, mean of %d steps", window), loss, look.OkabeIto[0], nil); err != nil {
		return err
	}
	if t.Floor > 0 {
		if err := add(top, "least possible", level(t.Floor), look.Ink, []vg.Length{2, 3}); err != nil {
			return err
		}
	}

	var middle *plot.Plot // nil where the top has it all
	if t.classified() {
		middle = panel("", "accuracy (share right)")
		middle.Legend.Left, middle.Legend.XOffs = true, 8
		if err := add(middle, fmt.Sprintf("training, mean of %d steps", window), accuracy, look.OkabeIto[0], nil); err != nil {
			return err
		}
		if err := measured(middle); err != nil {
			return err
		}
		if err := add(middle, "chance", level(t.Chance), look.Ink, []vg.Length{2, 3}); err != nil {
			return err
		}
		middle.Y.Min, middle.Y.Max = 0, max(middle.Y.Max*1.35, 0.1) // room for the legend
	} else if t.Measured != "" {
		middle = panel("", t.Measured)
		if err := measured(middle); err != nil {
			return err
		}
		middle.Y.Min, middle.Y.Max = 0, middle.Y.Max*1.35 // room for the legend
	} else if err := measured(top); err != nil {
		return err
	}
	top.Y.Max += 0.25 * (top.Y.Max - top.Y.Min) // room for the legend

	bottom := panel("", "strength (official = 1)")
	if err := add(bottom, "", strength, look.OkabeIto[0], nil); err != nil {
		return err
	}
	bottom.Y.Min, bottom.Y.Max = 0, max(bottom.Y.Max*1.05, 1.2)
	bottom.X.Label.Text = "optimizer step"

	plots := [][]*plot.Plot{{top}, {middle}, {bottom}}
	if middle == nil {
		plots = slices.Delete(plots, 1, 2)
	}
	for i, row := range plot.Align(plots, draw.Tiles{Rows: len(plots), Cols: 1, PadY: 8}, c) {
		plots[i][0].Draw(row[0])
	}
	return nil
}

func (t Training) Chart() (*look.Chart, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	width, height := t.Size()
	c := look.NewChart(t.title(), width)
	first, last := float64(t.Steps[0].Step), float64(t.Steps[len(t.Steps)-1].Step)
	if first == last {
		first, last = first-1, last+1
	}
	c.Tooltip = opts.Tooltip{Trigger: "axis"}
	curve := func(panel int, name string, colour color.Color, dash string, line plotter.XYs) *charts.SingleSeries {
		var data []any
		for _, p := range line {
			data = append(data, look.Numbers(p.X, p.Y))
		}
		s := c.Curve(name, colour, dash, nil)
		s.Data, s.XAxisIndex, s.YAxisIndex = data, panel, panel
		return s
	}
	means := func(panel int, name string, value func(store.Step) float64) {
		line, window := t.smooth(value)
		if window > 1 {
			name += fmt.Sprintf(", mean of %d steps", window)
		}
		curve(panel, name, look.OkabeIto[0], "solid", line)
	}
	means(0, "training loss", func(s store.Step) float64 { return s.Loss })
	if t.Floor > 0 {
		curve(0, "least possible loss", look.Ink, "dotted", plotter.XYs{{X: first, Y: t.Floor}, {X: last, Y: t.Floor}})
	}
	measured := func(panel int, what string) {
		if held := t.heldOut(); len(held) > 0 {
			curve(panel, fmt.Sprintf("%s on %d held-out faces, official strength", what, t.HeldOut), look.OkabeIto[1], "dashed", held).ShowSymbol = look.Yes
		}
	}
	labels := []string{t.unit(), "strength (official = 1)"}
	if t.classified() {
		labels = slices.Insert(labels, 1, "accuracy (share right)")
		means(1, "training accuracy", func(s store.Step) float64 { return s.Accuracy })
		measured(1, "accuracy")
		curve(1, "accuracy of guessing", look.Ink, "dotted", plotter.XYs{{X: first, Y: t.Chance}, {X: last, Y: t.Chance}})
	} else if t.Measured != "" {
		labels = slices.Insert(labels, 1, t.Measured)
		measured(1, t.Measured)
	} else {
		measured(0, "loss")
	}
	bottom := len(labels) - 1
	means(bottom, "strength", func(s store.Step) float64 { return s.Strength })
	linked := make([]int, len(labels))
	for i := range linked {
		linked[i] = i
	}
	c.AxisPointer = &opts.AxisPointer{Link: []opts.AxisPointerLink{{XAxisIndex: linked}}}
	var names []string
	for _, s := range c.MultiSeries {
		names = append(names, s.Name)
	}
	room := (int(look.Pixels(height)) - c.Top - 18 - c.ShowLegend(names...)) / len(labels)
	for i, y := range labels {
		x, low := "", 0.0
		if i == bottom {
			x = "optimizer step"
		}
		if i == 0 {
			low = math.NaN()
		}
		c.Axes(x, y, first, last, low, math.NaN())
		c.GridList = append(c.GridList, opts.Grid{
			Left: "64", Right: "24", Top: strconv.Itoa(c.Top + i*room), Height: strconv.Itoa(room - 34),
		})
	}
	return c, nil
}
