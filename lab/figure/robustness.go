package figure

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seeable-lab/seeable/lab/figure/look"
)

// Robustness shows how a figure of merit changes as images get worse: AUC over JPEG quality, blur or noise, with intervals.
// Curves stand a little beside each other, so that all intervals can be seen.
type Robustness struct {
	Title     string
	Damage    string  // what the levels are, with their unit: "JPEG quality (of 100)", "blur σ (pixels)"
	Quantity  string  // what the values are, with their unit: "AUC over videos (share)"
	Falling   bool    // a higher level is less damage, as with JPEG quality: the axis runs down, so that damage grows to the right
	Chance    float64 // the value of guessing, drawn as a line; 0 for none
	Curves    []Response
	Synthetic bool
}

// Response is how one detector, or one test set, takes it.
type Response struct {
	Name   string
	Points []Level // by rising level
}

// Level is what was measured at one level of damage.
type Level struct {
	At float64
	Estimate
}

func (r Robustness) check() error {
	measured, all := r.count()
	if measured == 0 {
		return fmt.Errorf("robustness %s: none of %d points was measured", r.Title, all)
	}
	for _, curve := range r.Curves {
		for i, p := range curve.Points {
			if !look.Finite(p.At) || i > 0 && p.At <= curve.Points[i-1].At {
				return fmt.Errorf("robustness %s: point %d of %s is at level %g: want finite, rising levels", r.Title, i, curve.Name, p.At)
			}
			if err := p.Estimate.check(); err != nil {
				return fmt.Errorf("robustness %s: %s at %g: %w", r.Title, curve.Name, p.At, err)
			}
		}
	}
	return nil
}

func (r Robustness) count() (measured, all int) {
	for _, curve := range r.Curves {
		for _, p := range curve.Points {
			all++
			if !math.IsNaN(p.Value) {
				measured++
			}
		}
	}
	return measured, all
}

func (r Robustness) title() string { return look.Title(r.Title, partial(r.count()), r.Synthetic) }

// window is what of levels and values is shown. Levels are those that were asked for, also where nothing was measured.
func (r Robustness) window() (first, last, low, high float64) {
	first, low = math.Inf(1), math.Inf(1)
	last, high = math.Inf(-1), math.Inf(-1)
	for _, curve := range r.Curves {
		for _, p := range curve.Points {
			first, last = min(first, p.At), max(last, p.At)
			if look.Finite(p.Value) {
				low, high = min(low, p.Value), max(high, p.Value)
				if p.interval() {
					low, high = min(low, p.Low), max(high, p.High)
				}
			}
		}
	}
	if r.Chance > 0 {
		low, high = min(low, r.Chance), max(high, r.Chance)
	}
	first, last = look.Reach(first, last, 0.04)
	low, high = look.Reach(low, high, 0.06)
	return first, last, low, high
}

func (r Robustness) Size() (width, height vg.Length) {
	return 5.4 * vg.Inch, 3.6*vg.Inch + vg.Length(len(r.Curves))*13
}

func (r Robustness) Draw(c draw.Canvas) error {
	if err := r.check(); err != nil {
		return err
	}
	p := look.NewPlot(r.title(), r.Damage, r.Quantity)
	first, last, low, high := r.window()
	p.Y.Min, p.Y.Max = low, high
	sign := 1.0
	if r.Falling {
		sign = -1
		first, last = -last, -first
		p.X.Tick.Marker = look.Falling{}
	}
	p.X.Min, p.X.Max = first, last
	p.Add(look.Grid())
	legend := look.NewLegend()
	if r.Chance > 0 {
		level, err := plotter.NewLine(plotter.XYs{{X: first, Y: r.Chance}, {X: last, Y: r.Chance}})
		if err != nil {
			return err
		}
		level.Color, level.Dashes = look.Ink, []vg.Length{2, 3}
		p.Add(level)
		legend.Add("guessing", level)
	}
	for i, curve := range r.Curves {
		colour := look.ClassColour(i)
		var run plotter.XYs
		finish := func() error {
			if len(run) == 0 {
				return nil
			}
			line, dots, err := plotter.NewLinePoints(run)
			if err != nil {
				return err
			}
			line.Color, line.Width, line.Dashes = colour, 1.4, look.Dashes[i%len(look.Dashes)]
			dots.GlyphStyle = draw.GlyphStyle{Color: colour, Radius: 2.6, Shape: look.Markers[i%len(look.Markers)]}
			p.Add(line, dots)
			run = nil
			return nil
		}
		for _, point := range curve.Points {
			if math.IsNaN(point.Value) {
				if err := finish(); err != nil {
					return err
				}
				continue
			}
			run = append(run, plotter.XY{X: sign * (point.At + r.aside(i)), Y: point.Value})
			if point.interval() {
				bars, err := plotter.NewYErrorBars(errorBar{run[len(run)-1:], point.Value - point.Low, point.High - point.Value})
				if err != nil {
					return err
				}
				bars.Color, bars.Width = colour, 1
				p.Add(bars)
			}
		}
		if err := finish(); err != nil {
			return err
		}
		legend.Add(curve.label(), sample{draw.LineStyle{Color: colour, Width: 1.4, Dashes: look.Dashes[i%len(look.Dashes)]}, look.Markers[i%len(look.Markers)]})
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = first, last, low, high // what was added widened them
	look.DrawAbove(c, p, legend)
	return nil
}

// aside is how far curve i is moved along the axis, so that its intervals do not hide those of others.
func (r Robustness) aside(i int) float64 {
	first, last, _, _ := r.window()
	return (float64(i) - float64(len(r.Curves)-1)/2) * 0.008 * (last - first)
}

// label is the name with what the first measured point rests on.
func (r Response) label() string {
	for _, p := range r.Points {
		if !math.IsNaN(p.Value) && p.N != "" {
			return r.Name + " (" + p.N + ")"
		}
	}
	return r.Name
}

// errorBar is one point with its interval.
type errorBar struct {
	plotter.XYer
	low, high float64
}

func (e errorBar) YError(int) (low, high float64) { return e.low, e.high }

// sample is a line with its mark in a legend.
type sample struct {
	line  draw.LineStyle
	shape draw.GlyphDrawer
}

func (s sample) Thumbnail(c *draw.Canvas) {
	y := c.Center().Y
	c.StrokeLine2(s.line, c.Min.X, y, c.Max.X, y)
	c.DrawGlyph(draw.GlyphStyle{Color: s.line.Color, Radius: 2.6, Shape: s.shape}, vg.Point{X: c.Center().X, Y: y})
}

func (r Robustness) Chart() (*look.Chart, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	width, _ := r.Size()
	c := look.NewChart(r.title(), width)
	first, last, low, high := r.window()
	c.Axes(r.Damage, r.Quantity, look.Round4(first), look.Round4(last), look.Round4(low), look.Round4(high))
	if r.Falling {
		c.XAxisList[0].Inverse = look.Yes
		c.YAxisList[0].Position = "left"
	}
	var names []string
	for i, curve := range r.Curves {
		var line, intervals []look.Item
		for _, p := range curve.Points {
			name := fmt.Sprintf("%s at %s: %s", curve.Name, strconv.FormatFloat(p.At, 'g', 4, 64), p.described())
			line = append(line, look.Item{Name: name, Value: look.Numbers(p.At+r.aside(i), p.Value)})
			if !math.IsNaN(p.Value) && p.interval() {
				intervals = append(intervals, look.Item{Name: name, Value: look.Numbers(p.At+r.aside(i), p.Low, p.High)})
			}
		}
		names = append(names, curve.label())
		s := c.Curve(curve.label(), look.ClassColour(i), look.DashType(i), line)
		s.ShowSymbol, s.Symbol, s.SymbolSize = look.Yes, []string{"circle", "rect", "triangle", "diamond"}[i%4], 8
		if len(intervals) > 0 {
			c.Whiskers(curve.label(), look.ClassColour(i), intervals)
		}
	}
	if r.Chance > 0 {
		c.Level("guessing", first, r.Chance, last, r.Chance)
		names = append(names, "guessing")
	}
	c.Place(64, 24, 52+c.ShowLegend(names...))
	return c, nil
}
