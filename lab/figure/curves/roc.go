// Package curves draws how scores, and the steps of a training, run: ROC and DET curves, histograms of scores, the scores of
// a video over its time, training curves. Its types are figures that package figure writes.
package curves

import (
	"fmt"
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seeable-lab/seeable/lab/figure/look"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/stream"
)

// ROC shows how many fakes are found at each share of false alarms, one curve a test set, with the diagonal of chance.
type ROC struct {
	Title  string
	Unit   string // what is counted: "videos" or "faces"
	Curves []Curve
}

// Curve is the ROC curve of one test set.
type Curve struct {
	Name       string
	AUC        float64
	Real, Fake int
	Points     []metric.Point // from (0, 0) to (1, 1), neither rate falling
	Band       []Rates        // 95 % of the resampled curves lie within, point by point; nil for none
	Synthetic  bool
}

// Rates are the ends of the interval of the true positive rate at a false positive rate, all in [0, 1].
type Rates struct{ FPR, Low, High float64 }

// NewCurve makes the curve of anomaly scores, larger for fakes; fake says the class of each. The errors are those of
// [metric.Rank].
func NewCurve(name string, scores []float64, fake []bool) (Curve, error) {
	ranking, err := metric.Rank(scores, fake)
	if err != nil {
		return Curve{}, fmt.Errorf("curves: ROC of %s: %w", name, err)
	}
	reals, fakes := ranking.Counts()
	return Curve{Name: name, AUC: ranking.AUROC(), Real: reals, Fake: fakes, Points: ranking.ROC()}, nil
}

// bandSamples is how many times the scores are resampled for a band, bandRates at how many rates it is taken.
const (
	bandSamples = 500
	bandRates   = 101
)

// NewBandedCurve is NewCurve with a band: the 2.5th to the 97.5th percentile of the true positive rate over resamples of
// the real and of the fake items, at each of 101 false positive rates. Items must be independent: give it one score a video,
// not one a frame. The draws depend on the seed alone.
func NewBandedCurve(name string, scores []float64, fake []bool, seed uint64) (Curve, error) {
	curve, err := NewCurve(name, scores, fake)
	if err != nil {
		return Curve{}, err
	}
	var classes [2][]float64
	for i, s := range scores {
		if fake[i] {
			classes[1] = append(classes[1], s)
		} else {
			classes[0] = append(classes[0], s)
		}
	}
	drawn, label := make([]float64, len(scores)), make([]bool, len(scores))
	found := make([][]float64, bandRates)
	for sample := range bandSamples {
		rng := stream.New(seed, "figure band", sample)
		i := 0
		for class, list := range classes {
			for range list {
				drawn[i], label[i] = list[rng.IntN(len(list))], class == 1
				i++
			}
		}
		ranking, err := metric.Rank(drawn, label)
		if err != nil {
			return Curve{}, fmt.Errorf("curves: band of %s: %w", name, err)
		}
		points, at := ranking.ROC(), 0
		for r := range found {
			fpr := float64(r) / (bandRates - 1)
			for at+1 < len(points) && points[at+1].FPR <= fpr {
				at++
			}
			tpr := points[at].TPR
			if at+1 < len(points) {
				next := points[at+1]
				tpr += (next.TPR - tpr) * (fpr - points[at].FPR) / (next.FPR - points[at].FPR)
			}
			found[r] = append(found[r], tpr)
		}
	}
	for r, rates := range found {
		slices.Sort(rates)
		curve.Band = append(curve.Band, Rates{
			FPR: float64(r) / (bandRates - 1), Low: rates[bandSamples*25/1000], High: rates[bandSamples-1-bandSamples*25/1000],
		})
	}
	return curve, nil
}

func (c Curve) label(unit string) string {
	name := c.Name
	if c.Synthetic {
		name += " (synthetic)"
	}
	return fmt.Sprintf("%s: AUC %.3f (%d real, %d fake %s)", name, c.AUC, c.Real, c.Fake, unit)
}

func (c Curve) check() error {
	if len(c.Points) == 0 {
		return fmt.Errorf("ROC of %s has no points", c.Name)
	}
	last := metric.Point{}
	for i, p := range c.Points {
		if !(p.FPR >= last.FPR && p.FPR <= 1 && p.TPR >= last.TPR && p.TPR <= 1) {
			return fmt.Errorf("ROC of %s: point %d is (%g, %g) after (%g, %g): want rates in [0, 1] that do not fall",
				c.Name, i, p.FPR, p.TPR, last.FPR, last.TPR)
		}
		last = p
	}
	for i, b := range c.Band {
		if !(b.FPR >= 0 && b.FPR <= 1 && b.Low >= 0 && b.Low <= b.High && b.High <= 1) {
			return fmt.Errorf("ROC of %s: band %d is from %g to %g at %g: want rates in [0, 1]", c.Name, i, b.Low, b.High, b.FPR)
		}
	}
	return nil
}

func checkCurves(what, title string, curves []Curve) error {
	if len(curves) == 0 {
		return fmt.Errorf("%s %s has no curves: none of its test sets has scores of both classes", what, title)
	}
	for _, c := range curves {
		if err := c.check(); err != nil {
			return err
		}
	}
	return nil
}

func anySynthetic(curves []Curve) bool {
	return slices.ContainsFunc(curves, func(c Curve) bool { return c.Synthetic })
}

// outline is a polygon along the high ends and back along the low ones.
func outline(xs, lows, highs []float64) plotter.XYs {
	var around plotter.XYs
	for i, x := range xs {
		around = append(around, plotter.XY{X: x, Y: highs[i]})
	}
	for i := len(xs) - 1; i >= 0; i-- {
		around = append(around, plotter.XY{X: xs[i], Y: lows[i]})
	}
	return around
}

// addBand paints between the low and the high ends, below what is added later.
func addBand(p *plot.Plot, xs, lows, highs []float64, colour color.NRGBA) error {
	area, err := plotter.NewPolygon(outline(xs, lows, highs))
	if err != nil {
		return err
	}
	area.Color, area.Width = look.Faint(colour, 0.12), 0
	p.Add(area)
	return nil
}

func (r ROC) title() string { return look.Title(r.Title, "", anySynthetic(r.Curves)) }

func (r ROC) axes() (x, y string) {
	return "false positive rate (share of real " + r.Unit + " called fake)", "true positive rate (share of fake " + r.Unit + " found)"
}

func (r ROC) Size() (width, height vg.Length) {
	return 5 * vg.Inch, 4.9*vg.Inch + vg.Length(len(r.Curves))*13
}

func (r ROC) Draw(c draw.Canvas) error {
	if err := checkCurves("ROC", r.Title, r.Curves); err != nil {
		return err
	}
	x, y := r.axes()
	p := look.NewPlot(r.title(), x, y)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	p.Add(look.Grid())
	legend := look.NewLegend()
	for i, curve := range r.Curves {
		if len(curve.Band) > 0 {
			xs, lows, highs := curve.band(func(x float64) float64 { return x })
			if err := addBand(p, xs, lows, highs, look.ClassColour(i)); err != nil {
				return err
			}
		}
	}
	for i, curve := range r.Curves {
		var xys plotter.XYs
		for _, point := range curve.Points {
			xys = append(xys, plotter.XY{X: point.FPR, Y: point.TPR})
		}
		line, err := plotter.NewLine(xys)
		if err != nil {
			return err
		}
		line.Color, line.Width, line.Dashes = look.ClassColour(i), 1.6, look.Dashes[i%len(look.Dashes)]
		p.Add(line)
		legend.Add(curve.label(r.Unit), line)
	}
	chance, err := plotter.NewLine(plotter.XYs{{}, {X: 1, Y: 1}})
	if err != nil {
		return err
	}
	chance.Color, chance.Dashes = look.Ink, []vg.Length{2, 3}
	p.Add(chance)
	legend.Add("chance: AUC 0.500", chance)
	p.X.Tick.Marker, p.Y.Tick.Marker = fifths, fifths
	look.DrawAbove(c, p, legend)
	return nil
}

// band is the band with its rates on another scale.
func (c Curve) band(scale func(float64) float64) (xs, lows, highs []float64) {
	for _, b := range c.Band {
		xs, lows, highs = append(xs, scale(b.FPR)), append(lows, scale(b.Low)), append(highs, scale(b.High))
	}
	return xs, lows, highs
}

func (r ROC) Chart() (*look.Chart, error) {
	if err := checkCurves("ROC", r.Title, r.Curves); err != nil {
		return nil, err
	}
	width, _ := r.Size()
	c := look.NewChart(r.title(), width)
	x, y := r.axes()
	c.Axes(x, y, 0, 1, 0, 1)
	var names []string
	for i, curve := range r.Curves {
		name := curve.label(r.Unit)
		names = append(names, name)
		var data []look.Item
		for _, p := range curve.Points {
			data = append(data, look.Item{
				Name:  fmt.Sprintf("%s: finds %.1f %% of the fakes at %.1f %% false alarms", curve.Name, 100*p.TPR, 100*p.FPR),
				Value: look.Numbers(p.FPR, p.TPR),
			})
		}
		c.Curve(name, look.ClassColour(i), look.DashType(i), data).ShowSymbol = look.Yes
		if len(curve.Band) > 0 {
			var data []look.Item
			for _, b := range curve.Band {
				data = append(data, look.Item{Value: look.Numbers(b.FPR, b.Low, b.High)})
			}
			c.Band(name, look.ClassColour(i), data)
		}
	}
	c.Level("chance: AUC 0.500", 0, 0, 1, 1)
	c.Place(64, 24, 52+c.ShowLegend(append(names, "chance: AUC 0.500")...))
	return c, nil
}

// fifths are the ticks of a share.
var fifths = plot.ConstantTicks{
	{Value: 0, Label: "0"}, {Value: 0.2, Label: "0.2"}, {Value: 0.4, Label: "0.4"},
	{Value: 0.6, Label: "0.6"}, {Value: 0.8, Label: "0.8"}, {Value: 1, Label: "1"},
}
