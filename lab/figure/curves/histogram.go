package curves

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"github.com/go-echarts/go-echarts/v2/opts"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seeable-lab/seeable/lab/figure/look"
)

// Histogram shows how the anomaly scores of real and of fake faces lie. Both classes use the same bins and each is scaled
// to 100 %, because test sets hold more fakes than real faces.
type Histogram struct {
	Title      string
	Score      string    // name of the score
	Unit       string    // what is counted: "videos" or "faces"
	Real, Fake []float64 // finite scores
	Synthetic  bool
}

// bins returns the edges of equal bins over all scores and the share of each class in each bin, in percent. A score on an
// edge counts to the bin above, except the largest.
func (h Histogram) bins() (edges, reals, fakes []float64, err error) {
	all := slices.Concat(h.Real, h.Fake)
	if len(h.Real) == 0 || len(h.Fake) == 0 {
		return nil, nil, nil, fmt.Errorf("histogram %s: %d real and %d fake scores: want some of each", h.Title, len(h.Real), len(h.Fake))
	}
	for _, s := range all {
		if !look.Finite(s) {
			return nil, nil, nil, fmt.Errorf("histogram %s: score %g: want finite ones", h.Title, s)
		}
	}
	low, high := slices.Min(all), slices.Max(all)
	if low == high {
		low, high = low-0.5, high+0.5
	}
	n := min(max(int(math.Sqrt(float64(len(all)))), 5), 40)
	width := (high - low) / float64(n)
	if !look.Finite(width) {
		return nil, nil, nil, fmt.Errorf("histogram %s: scores from %g to %g: too far apart for an axis", h.Title, low, high)
	}
	for i := range n + 1 {
		edges = append(edges, low+float64(i)*width)
	}
	count := func(scores []float64) []float64 {
		shares := make([]float64, n)
		for _, s := range scores {
			i := min(max(int((s-low)/width), 0), n-1)
			shares[i] += 100 / float64(len(scores))
		}
		return shares
	}
	return edges, count(h.Real), count(h.Fake), nil
}

func (h Histogram) axis() string {
	return "anomaly score " + h.Score + " (no unit; larger is more likely fake)"
}

func (h Histogram) Size() (width, height vg.Length) { return 5 * vg.Inch, 3.2 * vg.Inch }

func (h Histogram) Draw(c draw.Canvas) error {
	edges, reals, fakes, err := h.bins()
	if err != nil {
		return err
	}
	p := look.NewPlot(look.Title(h.Title, "", h.Synthetic), h.axis(), "share of the class (%)")
	p.Add(look.Grid())
	legend := look.NewLegend()
	for _, class := range []struct {
		name   string
		colour color.NRGBA
		dashes []vg.Length
		shares []float64
		n      int
	}{
		{"real", look.RealColour, nil, reals, len(h.Real)},
		{"fake", look.FakeColour, []vg.Length{5, 2}, fakes, len(h.Fake)},
	} {
		steps := plotter.XYs{{X: edges[0]}}
		for i, share := range class.shares {
			steps = append(steps, plotter.XY{X: edges[i], Y: share}, plotter.XY{X: edges[i+1], Y: share})
		}
		steps = append(steps, plotter.XY{X: edges[len(edges)-1]})
		outline, err := plotter.NewPolygon(steps)
		if err != nil {
			return err
		}
		outline.Color = look.Faint(class.colour, 0.3)
		outline.LineStyle = draw.LineStyle{Color: class.colour, Width: 1.2, Dashes: class.dashes}
		p.Add(outline)
		legend.Add(fmt.Sprintf("%s (%d %s)", class.name, class.n, h.Unit), outline)
	}
	p.Y.Min = 0
	look.DrawAbove(c, p, legend)
	return nil
}

func (h Histogram) Chart() (*look.Chart, error) {
	edges, reals, fakes, err := h.bins()
	if err != nil {
		return nil, err
	}
	width, _ := h.Size()
	c := look.NewChart(look.Title(h.Title, "", h.Synthetic), width)
	c.Axes(h.axis(), "share of the class (%)", edges[0], edges[len(edges)-1], 0, math.NaN())
	var names []string
	for _, class := range []struct {
		name, dash string
		colour     color.NRGBA
		shares     []float64
		n          int
	}{{"real", "solid", look.RealColour, reals, len(h.Real)}, {"fake", "dashed", look.FakeColour, fakes, len(h.Fake)}} {
		data := []look.Item{{Value: look.Numbers(edges[0], 0)}}
		for i, share := range class.shares {
			name := fmt.Sprintf("%.1f %% of the %s %s score from %.4g to %.4g", share, class.name, h.Unit, edges[i], edges[i+1])
			data = append(data, look.Item{Name: name, Value: look.Numbers(edges[i], share)}, look.Item{Name: name, Value: look.Numbers(edges[i+1], share)})
		}
		data = append(data, look.Item{Value: look.Numbers(edges[len(edges)-1], 0)})
		names = append(names, fmt.Sprintf("%s (%d %s)", class.name, class.n, h.Unit))
		s := c.Curve(names[len(names)-1], class.colour, class.dash, data)
		s.AreaStyle = &opts.AreaStyle{Color: look.Hex(class.colour), Opacity: opts.Float(0.3)}
		s.ShowSymbol, s.SymbolSize = look.Yes, 2
	}
	c.Place(64, 24, 52+c.ShowLegend(names...))
	return c, nil
}
