package curves

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seeable-lab/seeable/lab/figure/look"
)

// DET shows the same curves as [ROC] by their errors: the share of fakes missed over the share of false alarms, both as
// normal deviates, which spreads the corner of few errors (Martin et al., "The DET curve in assessment of detection task
// performance", Eurospeech 1997). Scores that are normal in both classes give a straight line.
type DET struct {
	Title  string
	Unit   string // what is counted: "videos" or "faces"
	Curves []Curve
}

// The ends of a DET's axes: rates beyond them lie on the border.
const (
	detLow  = 0.005
	detHigh = 0.95
)

var detTicks = []float64{0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95}

// deviate is the normal deviate of a rate, which is cut to the ends of the axes.
func deviate(rate float64) float64 {
	return math.Sqrt2 * math.Erfinv(2*min(max(rate, detLow), detHigh)-1)
}

func (d DET) title() string { return look.Title(d.Title, "", anySynthetic(d.Curves)) }

func (d DET) axes() (x, y string) {
	return "false alarms (% of real " + d.Unit + ", normal deviate scale)", "missed fakes (% of fake " + d.Unit + ", normal deviate scale)"
}

func (d DET) Size() (width, height vg.Length) { return ROC(d).Size() }

func (d DET) Draw(c draw.Canvas) error {
	if err := checkCurves("DET", d.Title, d.Curves); err != nil {
		return err
	}
	x, y := d.axes()
	p := look.NewPlot(d.title(), x, y)
	p.X.Min, p.X.Max = deviate(0), deviate(1)
	p.Y.Min, p.Y.Max = p.X.Min, p.X.Max
	var ticks plot.ConstantTicks
	for _, t := range detTicks {
		ticks = append(ticks, plot.Tick{Value: deviate(t), Label: fmt.Sprintf("%g", 100*t)})
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks, ticks
	p.Add(look.Grid())
	legend := look.NewLegend()
	for i, curve := range d.Curves {
		if len(curve.Band) > 0 {
			xs, lows, highs := curve.band(deviate)
			for k, b := range curve.Band {
				lows[k], highs[k] = deviate(1-b.High), deviate(1-b.Low)
			}
			if err := addBand(p, xs, lows, highs, look.ClassColour(i)); err != nil {
				return err
			}
		}
	}
	for i, curve := range d.Curves {
		points, _ := curve.errors()
		line, err := plotter.NewLine(points)
		if err != nil {
			return err
		}
		line.Color, line.Width, line.Dashes = look.ClassColour(i), 1.6, look.Dashes[i%len(look.Dashes)]
		p.Add(line)
		legend.Add(curve.label(d.Unit), line)
	}
	chance, err := plotter.NewLine(plotter.XYs{{X: deviate(0.05), Y: deviate(0.95)}, {X: deviate(0.95), Y: deviate(0.05)}})
	if err != nil {
		return err
	}
	chance.Color, chance.Dashes = look.Ink, []vg.Length{2, 3}
	p.Add(chance)
	legend.Add("chance", chance)
	look.DrawAbove(c, p, legend)
	return nil
}

// errors is the curve by normal deviates of its error rates, and what to say at each point. A straight piece of a ROC curve
// is none here, so pieces are followed in small steps.
func (c Curve) errors() (line plotter.XYs, names []string) {
	const steps = 16
	for i, p := range c.Points {
		from, n := p, 1
		if i > 0 {
			from = c.Points[i-1]
		}
		if p.FPR > from.FPR && p.TPR > from.TPR {
			n = steps
		}
		for k := 1; k <= n; k++ {
			t := float64(k) / float64(n)
			fpr, fnr := from.FPR+t*(p.FPR-from.FPR), 1-from.TPR-t*(p.TPR-from.TPR)
			line = append(line, plotter.XY{X: deviate(fpr), Y: deviate(fnr)})
			names = append(names, fmt.Sprintf("%s: misses %.1f %% of the fakes at %.1f %% false alarms", c.Name, 100*fnr, 100*fpr))
		}
	}
	return line, names
}

func (d DET) Chart() (*look.Chart, error) {
	if err := checkCurves("DET", d.Title, d.Curves); err != nil {
		return nil, err
	}
	width, _ := d.Size()
	c := look.NewChart(d.title(), width)
	x, y := d.axes()
	c.Axes(x, y, deviate(0), deviate(1), deviate(0), deviate(1))
	var at []any
	for _, t := range detTicks {
		at = append(at, look.Number(deviate(t)))
	}
	for _, axis := range []string{"xAxis", "yAxis"} {
		c.More[axis] = []any{map[string]any{
			"axisLabel": map[string]any{"customValues": at, "formatter": look.DeviateLabel, "showMinLabel": true, "showMaxLabel": true}, "axisTick": map[string]any{"customValues": at},
		}}
	}
	var names []string
	for i, curve := range d.Curves {
		name := curve.label(d.Unit)
		names = append(names, name)
		var data []look.Item
		line, points := curve.errors()
		for k, p := range line {
			data = append(data, look.Item{Name: points[k], Value: look.Numbers(p.X, p.Y)})
		}
		c.Curve(name, look.ClassColour(i), look.DashType(i), data).ShowSymbol = look.Yes
		if len(curve.Band) > 0 {
			var data []look.Item
			for _, b := range curve.Band {
				data = append(data, look.Item{Value: look.Numbers(deviate(b.FPR), deviate(1-b.High), deviate(1-b.Low))})
			}
			c.Band(name, look.ClassColour(i), data)
		}
	}
	c.Level("chance", deviate(0.05), deviate(0.95), deviate(0.95), deviate(0.05))
	c.Place(64, 24, 52+c.ShowLegend(append(names, "chance")...))
	return c, nil
}
