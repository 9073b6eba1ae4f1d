package curves

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
	"github.com/go-echarts/go-echarts/v2/types"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seeable-lab/seeable/lab/figure/look"
)

// Timeline shows the anomaly score of a video frame by frame. There is no threshold in it: what a score means is seen
// against its own mean and, where they are given, the scores of real faces.
type Timeline struct {
	Title  string
	Score  string // name of the score
	Frames []Frame
	// Untimed frames have their number in place of a time: those of a folder.
	Untimed bool
	// Reference are scores of real faces: their middle 90 % is shaded. Nil for none.
	Reference []float64
	Synthetic bool
}

// Frame is one frame of a video.
type Frame struct {
	Second float64 // since the start of the video, or the number of the frame in an Untimed one
	Score  float64 // NaN where no face was found
	Mark   string  // makes the frame stand out under this name: "12", "most suspicious"; "" for most
}

func (t Timeline) check() error {
	scored := 0
	for i, f := range t.Frames {
		if !look.Finite(f.Second) || math.IsInf(f.Score, 0) {
			return fmt.Errorf("timeline %s: frame %d at %g s has score %g: want finite ones, or NaN where no face was found", t.Title, i, f.Second, f.Score)
		}
		if i > 0 && f.Second < t.Frames[i-1].Second {
			return fmt.Errorf("timeline %s: frame %d at %g s comes after one at %g s: want rising times", t.Title, i, f.Second, t.Frames[i-1].Second)
		}
		if !math.IsNaN(f.Score) {
			scored++
		}
	}
	if scored == 0 {
		return fmt.Errorf("timeline %s: none of %d frames has a score", t.Title, len(t.Frames))
	}
	for i, s := range t.Reference {
		if !look.Finite(s) {
			return fmt.Errorf("timeline %s: reference score %d is %g: want finite ones", t.Title, i, s)
		}
	}
	return nil
}

// scores are those that are there, and their mean.
func (t Timeline) scores() (scores []float64, mean float64) {
	for _, f := range t.Frames {
		if !math.IsNaN(f.Score) {
			scores = append(scores, f.Score)
		}
	}
	return scores, stat.Mean(scores, nil)
}

// middle is where the middle 90 % of the reference lies.
func (t Timeline) middle() (low, high float64) {
	sorted := slices.Sorted(slices.Values(t.Reference))
	return stat.Quantile(0.05, stat.LinInterp, sorted, nil), stat.Quantile(0.95, stat.LinInterp, sorted, nil)
}

func (t Timeline) title() string {
	scores, _ := t.scores()
	n := fmt.Sprintf("n = %d frames", len(t.Frames))
	if missing := len(t.Frames) - len(scores); missing > 0 {
		n += fmt.Sprintf(", %d without a face", missing)
	}
	return look.Title(t.Title, n, t.Synthetic)
}

// window is what of time and score is shown.
func (t Timeline) window() (first, last, low, high float64) {
	first, last = t.Frames[0].Second, t.Frames[len(t.Frames)-1].Second
	if first == last {
		first, last = first-0.5, last+0.5
	}
	scores, _ := t.scores()
	low, high = slices.Min(scores), slices.Max(scores)
	if len(t.Reference) > 0 {
		from, to := t.middle()
		low, high = min(low, from), max(high, to)
	}
	low, high = look.Reach(low, high, 0.08)
	return first, last, low, high
}

// lines are the runs of frames with a score.
func (t Timeline) lines() (lines []plotter.XYs) {
	var line plotter.XYs
	for _, f := range t.Frames {
		if math.IsNaN(f.Score) {
			line = nil
			continue
		}
		if line == nil {
			lines = append(lines, nil)
		}
		line = append(line, plotter.XY{X: f.Second, Y: f.Score})
		lines[len(lines)-1] = line
	}
	return lines
}

const noFace = "no face found"

func (t Timeline) timeAxis() string {
	if t.Untimed {
		return "number of the frame"
	}
	return "time in the video (s)"
}

// at says when a frame is.
func (t Timeline) at(f Frame) string {
	if t.Untimed {
		return fmt.Sprintf("frame %g", f.Second)
	}
	return fmt.Sprintf("%.2f s", f.Second)
}

func (t Timeline) axis() string { return "anomaly score " + t.Score + " (no unit)" }

func (t Timeline) meanLabel(mean float64) string {
	return fmt.Sprintf("mean of the frames: %.4g", mean)
}

func (t Timeline) middleLabel() string {
	return fmt.Sprintf("middle 90 %% of %d real faces", len(t.Reference))
}

func (t Timeline) Size() (width, height vg.Length) { return 6.4 * vg.Inch, 3.5 * vg.Inch }

func (t Timeline) Draw(c draw.Canvas) error {
	if err := t.check(); err != nil {
		return err
	}
	p := look.NewPlot(t.title(), t.timeAxis(), t.axis())
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = t.window()
	p.Add(look.Grid())
	legend := look.NewLegend()
	if len(t.Reference) > 0 {
		low, high := t.middle()
		if err := addBand(p, []float64{p.X.Min, p.X.Max}, []float64{low, low}, []float64{high, high}, look.RealColour); err != nil {
			return err
		}
		legend.Add(t.middleLabel(), look.Swatch{Colour: look.Faint(look.RealColour, 0.12)})
	}
	_, mean := t.scores()
	level, err := plotter.NewLine(plotter.XYs{{X: p.X.Min, Y: mean}, {X: p.X.Max, Y: mean}})
	if err != nil {
		return err
	}
	level.Color, level.Dashes = look.Ink, []vg.Length{2, 3}
	p.Add(level)
	legend.Add(t.meanLabel(mean), level)
	for _, xys := range t.lines() {
		line, err := plotter.NewLine(xys)
		if err != nil {
			return err
		}
		dots, err := plotter.NewScatter(xys)
		if err != nil {
			return err
		}
		line.Color, line.Width = look.FakeColour, 1.2
		dots.GlyphStyle = draw.GlyphStyle{Color: look.FakeColour, Radius: 1.6, Shape: draw.CircleGlyph{}}
		p.Add(line, dots)
	}
	if scores, _ := t.scores(); len(scores) < len(t.Frames) {
		legend.Add(noFace, look.Swatch{Colour: look.Absent})
	}
	p.Add(frameMarks{t})
	look.DrawAbove(c, p, legend)
	return nil
}

// frameMarks are the marked frames, and ticks at the bottom for frames without a face.
type frameMarks struct{ Timeline }

func (t frameMarks) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := text.Style{Color: color.Black, Font: look.Sans(8), XAlign: draw.XCenter, YAlign: draw.YBottom, Handler: plot.DefaultTextHandler}
	for _, f := range t.Frames {
		if math.IsNaN(f.Score) {
			c.StrokeLine2(draw.LineStyle{Color: look.Absent, Width: 2}, x(f.Second), c.Min.Y, x(f.Second), c.Min.Y+8)
			continue
		}
		if f.Mark == "" {
			continue
		}
		at := vg.Point{X: x(f.Second), Y: y(f.Score)}
		c.DrawGlyph(draw.GlyphStyle{Color: color.Black, Radius: 4, Shape: look.Diamond{}}, at)
		// Text stays inside of the picture.
		half := style.Width(f.Mark) / 2
		at.X = min(max(at.X, c.Min.X+half), c.Max.X-half)
		at.Y += 6
		top := at.Y + style.Height(f.Mark)
		c.FillPolygon(color.NRGBA{255, 255, 255, 200}, []vg.Point{{X: at.X - half, Y: at.Y}, {X: at.X + half, Y: at.Y}, {X: at.X + half, Y: top}, {X: at.X - half, Y: top}})
		c.FillText(style, at, f.Mark)
	}
}

func (t Timeline) Chart() (*look.Chart, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	width, _ := t.Size()
	c := look.NewChart(t.title(), width)
	first, last, low, high := t.window()
	c.Axes(t.timeAxis(), t.axis(), look.Round4(first), look.Round4(last), look.Round4(low), look.Round4(high))
	var names []string
	if len(t.Reference) > 0 {
		from, to := t.middle()
		names = append(names, t.middleLabel())
		c.Band(t.middleLabel(), look.RealColour, []look.Item{{Value: look.Numbers(first, from, to)}, {Value: look.Numbers(last, from, to)}})
	}
	_, mean := t.scores()
	c.Level(t.meanLabel(mean), first, mean, last, mean)
	names = append(names, t.meanLabel(mean), "score of the frame")
	var line, marks, missing []look.Item
	for _, f := range t.Frames {
		name := fmt.Sprintf("%s: %.4g", t.at(f), f.Score)
		if math.IsNaN(f.Score) {
			missing = append(missing, look.Item{Name: t.at(f) + ": " + noFace, Value: look.Numbers(f.Second, low)})
		}
		line = append(line, look.Item{Name: name, Value: look.Numbers(f.Second, f.Score)})
		if f.Mark != "" && !math.IsNaN(f.Score) {
			beside := "top" // where there is room for the text
			switch at := (f.Second - first) / (last - first); {
			case at > 0.85:
				beside = "left"
			case at < 0.15:
				beside = "right"
			}
			marks = append(marks, look.Item{
				Name: f.Mark + ", " + name, Value: look.Numbers(f.Second, f.Score), Label: &opts.Label{Show: look.Yes, Position: beside, Formatter: plain(f.Mark), Color: "#000"},
			})
		}
	}
	c.Curve("score of the frame", look.FakeColour, "solid", line).ShowSymbol = look.Yes
	if len(marks) > 0 {
		names = append(names, "marked frames")
		c.Depth[len(c.MultiSeries)] = 4
		c.Add(charts.SingleSeries{
			Name: "marked frames", Type: types.ChartScatter, Data: marks, Symbol: "diamond", SymbolSize: 13, ItemStyle: &opts.ItemStyle{Color: "#000"},
		})
	}
	if len(missing) > 0 {
		names = append(names, noFace)
		c.Add(charts.SingleSeries{
			Name: noFace, Type: types.ChartScatter, Data: missing, Symbol: "rect", SymbolSize: []int{3, 16}, ItemStyle: &opts.ItemStyle{Color: look.Hex(look.Absent)},
		})
	}
	c.Place(64, 24, 52+c.ShowLegend(names...))
	return c, nil
}

// plain is text as a label's formatter shows it as it is: without the braces of its templates.
func plain(s string) string {
	var b []rune
	for _, r := range s {
		switch r {
		case '{':
			r = '('
		case '}':
			r = ')'
		}
		b = append(b, r)
	}
	return string(b)
}
