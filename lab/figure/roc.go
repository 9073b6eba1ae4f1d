package figure

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seeable-lab/seeable/lab/metric"
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
	Synthetic  bool
}

// NewCurve makes the curve of anomaly scores, larger for fakes; fake says the class of each. The errors are those of
// [metric.Rank].
func NewCurve(name string, scores []float64, fake []bool) (Curve, error) {
	ranking, err := metric.Rank(scores, fake)
	if err != nil {
		return Curve{}, fmt.Errorf("figure: ROC of %s: %w", name, err)
	}
	reals, fakes := ranking.Counts()
	return Curve{Name: name, AUC: ranking.AUROC(), Real: reals, Fake: fakes, Points: ranking.ROC()}, nil
}

func (c Curve) label(unit string) string {
	name := c.Name
	if c.Synthetic {
		name += " (synthetic)"
	}
	return fmt.Sprintf("%s: AUC %.3f (%d real, %d fake %s)", name, c.AUC, c.Real, c.Fake, unit)
}

func (c Curve) line() (plotter.XYs, error) {
	line := make(plotter.XYs, len(c.Points))
	last := metric.Point{}
	for i, p := range c.Points {
		if !(p.FPR >= last.FPR && p.FPR <= 1 && p.TPR >= last.TPR && p.TPR <= 1) {
			return nil, fmt.Errorf("ROC of %s: point %d is (%g, %g) after (%g, %g): want rates in [0, 1] that do not fall",
				c.Name, i, p.FPR, p.TPR, last.FPR, last.TPR)
		}
		line[i], last = plotter.XY{X: p.FPR, Y: p.TPR}, p
	}
	if len(line) == 0 {
		return nil, fmt.Errorf("ROC of %s has no points", c.Name)
	}
	return line, nil
}

func (r ROC) size() (width, height vg.Length) {
	return 5 * vg.Inch, 4.9*vg.Inch + vg.Length(len(r.Curves))*13
}

func (r ROC) draw(c draw.Canvas) error {
	synthetic := false
	p := newPlot("", "false positive rate (share of real "+r.Unit+" called fake)", "true positive rate (share of fake "+r.Unit+" found)")
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	p.Add(grid())
	legend := newLegend()
	for i, curve := range r.Curves {
		xys, err := curve.line()
		if err != nil {
			return err
		}
		line, err := plotter.NewLine(xys)
		if err != nil {
			return err
		}
		line.Color, line.Width, line.Dashes = classColour(i), 1.6, dashes[i%len(dashes)]
		p.Add(line)
		legend.Add(curve.label(r.Unit), line)
		synthetic = synthetic || curve.Synthetic
	}
	chance, err := plotter.NewLine(plotter.XYs{{}, {X: 1, Y: 1}})
	if err != nil {
		return err
	}
	chance.Color, chance.Dashes = ink, []vg.Length{2, 3}
	p.Add(chance)
	legend.Add("chance: AUC 0.500", chance)
	p.Title.Text = title(r.Title, "", synthetic)
	p.X.Tick.Marker, p.Y.Tick.Marker = fifths, fifths
	drawAbove(c, p, legend)
	return nil
}

// fifths are the ticks of a share.
var fifths = plot.ConstantTicks{
	{Value: 0, Label: "0"}, {Value: 0.2, Label: "0.2"}, {Value: 0.4, Label: "0.4"},
	{Value: 0.6, Label: "0.6"}, {Value: 0.8, Label: "0.8"}, {Value: 1, Label: "1"},
}

// dashes tell lines apart without colour.
var dashes = [][]vg.Length{nil, {7, 2}, {7, 2, 2, 2}, {4, 2}, {10, 2, 2, 2, 2, 2}}
