package figure

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
	"github.com/go-echarts/go-echarts/v2/types"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seeable-lab/seeable/lab/figure/look"
)

// Bars shows a figure of merit as bars with their intervals, in groups: the AUC of several methods on each test set. What
// it rests on stands beside each bar.
type Bars struct {
	Title     string
	Quantity  string  // what the values are, with their unit: "AUC over videos (share)"
	Chance    float64 // the value of guessing, drawn as a line; 0 for none
	Groups    []Group
	Synthetic bool
}

// Group is bars that belong together, such as those of one test set.
type Group struct {
	Name string
	Bars []Bar
}

// Bar is one bar. Bars of one name have one colour in all groups.
type Bar struct {
	Name string
	Estimate
}

// row is a bar and where it stands.
type row struct {
	group, name string
	series      int
	Estimate
}

// rows are the bars from above.
func (b Bars) rows() (rows []row, names []string) {
	for _, g := range b.Groups {
		for _, bar := range g.Bars {
			series := slices.Index(names, bar.Name)
			if series < 0 {
				series = len(names)
				names = append(names, bar.Name)
			}
			rows = append(rows, row{g.Name, bar.Name, series, bar.Estimate})
		}
	}
	return rows, names
}

func (b Bars) check() error {
	rows, _ := b.rows()
	measured := 0
	for _, r := range rows {
		if err := r.Estimate.check(); err != nil {
			return fmt.Errorf("bars %s: %s of %s: %w", b.Title, r.name, r.group, err)
		}
		if r.Value < 0 {
			return fmt.Errorf("bars %s: %s of %s is %g: want values from 0", b.Title, r.name, r.group, r.Value)
		}
		if !math.IsNaN(r.Value) {
			measured++
		}
	}
	if measured == 0 {
		return fmt.Errorf("bars %s: none of %d bars was measured", b.Title, len(rows))
	}
	return nil
}

func (b Bars) title() string {
	rows, _ := b.rows()
	measured := 0
	for _, r := range rows {
		if !math.IsNaN(r.Value) {
			measured++
		}
	}
	return look.Title(b.Title, partial(measured, len(rows)), b.Synthetic)
}

// end is where the axis ends: 1 for shares.
func (b Bars) end() float64 {
	rows, _ := b.rows()
	end := 0.0
	for _, r := range rows {
		if look.Finite(r.Value) {
			end = max(end, r.Value)
		}
		if r.interval() {
			end = max(end, r.High)
		}
	}
	if end <= 1 {
		return 1
	}
	return end * 1.05
}

// The heights of print: a bar's row, the gap between groups.
const (
	rowHeight vg.Length = 15
	groupGap  float64   = 0.6 // of a row
)

// places are the middles of the rows, in rows from above, and how many rows all take.
func (b Bars) places() (at []float64, all float64) {
	for i, g := range b.Groups {
		if i > 0 {
			all += groupGap
		}
		for range g.Bars {
			at = append(at, all+0.5)
			all++
		}
	}
	return at, all
}

// beside is the room that the longest of the texts at the right takes in a font of this size.
func (b Bars) beside(size vg.Length) (width vg.Length) {
	style := text.Style{Font: look.Sans(size), Handler: plot.DefaultTextHandler}
	rows, _ := b.rows()
	for _, r := range rows {
		width = max(width, style.Width(r.described()))
	}
	return width
}

func (b Bars) Size() (width, height vg.Length) {
	_, names := b.rows()
	_, all := b.places()
	// A name in several lines needs as much room as they do; a gap lies between two groups.
	row := vg.Length(rowHeight)
	for _, g := range b.Groups {
		if len(g.Bars) > 0 {
			lines := 1 + strings.Count(groupLabel(g.Name), "\n")
			row = max(row, vg.Length(11*lines)/vg.Length(len(g.Bars)+1))
		}
	}
	return 6.4 * vg.Inch, vg.Length(all)*row + 78 + vg.Length(len(names))*13
}

// groupLabel is the name of a group as it stands beside its bars on a screen.
func groupLabel(name string) string { return look.Wrap(name, look.Sans(12*look.ScreenFont), 200) }

func (b Bars) Draw(c draw.Canvas) error {
	if err := b.check(); err != nil {
		return err
	}
	rows, names := b.rows()
	at, all := b.places()
	p := look.NewPlot(b.title(), b.Quantity, "")
	p.X.Min, p.X.Max = 0, b.end()
	p.Y.Min, p.Y.Max = -all, 0
	p.Y.Padding, p.Y.Width, p.Y.Tick.Width, p.Y.Tick.Length = 2, 0, 0, 0
	var ticks plot.ConstantTicks
	next := 0
	for _, g := range b.Groups {
		if len(g.Bars) > 0 {
			ticks = append(ticks, plot.Tick{Value: -(at[next] + at[next+len(g.Bars)-1]) / 2, Label: g.Name})
		}
		next += len(g.Bars)
	}
	p.Y.Tick.Marker = ticks
	background := look.Grid()
	background.Horizontal.Width = 0
	p.Add(background)
	legend := look.NewLegend()
	for i, name := range names {
		legend.Add(name, look.Swatch{Colour: look.ClassColour(i)})
	}
	p.Add(barRows{rows, at, b.Chance})
	// Below: the legend. At the right: the numbers.
	c = draw.Crop(c, 6, -6, 6, -6)
	height := legend.Rectangle(c).Size().Y
	left := draw.Crop(c, 0, -8-b.beside(8), height+6, 0)
	look.DrawPlot(left, p)
	legend.Draw(draw.Crop(c, 36, 0, 0, height-c.Max.Y+c.Min.Y))
	data := p.DataCanvas(left)
	_, y := p.Transforms(&data)
	style := text.Style{Color: look.Ink, Font: look.Sans(8), YAlign: draw.YCenter, Handler: plot.DefaultTextHandler}
	for i, r := range rows {
		c.FillText(style, vg.Point{X: data.Max.X + 8, Y: y(-at[i])}, r.described())
	}
	return nil
}

type barRows struct {
	rows   []row
	at     []float64
	chance float64
}

func (b barRows) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	line := func(style draw.LineStyle, x0, y0, x1, y1 vg.Length) { c.StrokeLine2(style, x0, y0, x1, y1) }
	for i, r := range b.rows {
		if math.IsNaN(r.Value) {
			continue
		}
		top, bottom, middle := y(-b.at[i]+0.38), y(-b.at[i]-0.38), y(-b.at[i])
		c.FillPolygon(look.Faint(look.ClassColour(r.series), 0.75), []vg.Point{{X: x(0), Y: bottom}, {X: x(r.Value), Y: bottom}, {X: x(r.Value), Y: top}, {X: x(0), Y: top}})
		if r.interval() {
			style := draw.LineStyle{Color: look.Ink, Width: 1}
			line(style, x(r.Low), middle, x(r.High), middle)
			line(style, x(r.Low), middle-3, x(r.Low), middle+3)
			line(style, x(r.High), middle-3, x(r.High), middle+3)
		}
	}
	if b.chance > 0 {
		line(draw.LineStyle{Color: look.Ink, Width: 0.8, Dashes: []vg.Length{2, 3}}, x(b.chance), c.Min.Y, x(b.chance), c.Max.Y)
	}
}

func (b Bars) Chart() (*look.Chart, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	width, _ := b.Size()
	_, names := b.rows()
	c := look.NewChart(b.title(), width)
	c.Axes(b.Quantity, "", 0, b.end(), 0, 0)
	var labels, notes []string
	bars := make([][]look.Item, len(names))
	var intervals []look.Item
	next := func(label, note string) int {
		for s := range bars {
			bars[s] = append(bars[s], look.Item{})
		}
		labels, notes = append(labels, label), append(notes, note)
		return len(labels) - 1
	}
	for i, g := range b.Groups {
		if i > 0 {
			next("", "") // a gap
		}
		for j, bar := range g.Bars {
			label := ""
			if j == (len(g.Bars)-1)/2 {
				label = g.Name
			}
			at, series := next(label, bar.described()), slices.Index(names, bar.Name)
			name := fmt.Sprintf("%s, %s: %s", g.Name, bar.Name, bar.described())
			bars[series][at] = look.Item{Name: name, Value: look.Number(bar.Value)}
			if bar.interval() {
				intervals = append(intervals, look.Item{Name: name, Value: []any{look.Number(bar.Low), look.Number(bar.High), at}})
			}
		}
	}
	axis := &c.YAxisList[0]
	axis.Type, axis.Min, axis.Max, axis.Scale, axis.Data, axis.Inverse = "category", nil, nil, nil, labels, look.Yes
	axis.SplitLine, axis.AxisLabel = &opts.SplitLine{Show: look.No}, &opts.AxisLabel{Interval: "0", Color: look.Hex(look.Ink)}
	// The numbers stand at the right, as on an axis of their own.
	c.ExtendYAxis(opts.YAxis{
		Type: "category", Position: "right", Data: notes, Inverse: look.Yes, SplitLine: &opts.SplitLine{Show: look.No}, AxisLine: &opts.AxisLine{Show: look.No},
		AxisLabel: &opts.AxisLabel{Interval: "0", Color: look.Hex(look.Ink), FontSize: 11},
	})
	bare := map[string]any{"axisTick": map[string]any{"show": false}}
	// opts has a text for the height of a line, and ECharts wants a number.
	named := map[string]any{"axisTick": map[string]any{"show": false}, "axisLabel": map[string]any{"lineHeight": 14}}
	c.More["yAxis"] = []any{named, bare}
	for s, name := range names {
		c.Add(charts.SingleSeries{
			Name: name, Type: types.ChartBar, Data: bars[s], BarGap: "-100%", BarCategoryGap: "15%",
			ItemStyle: &opts.ItemStyle{Color: look.Hex(look.Faint(look.ClassColour(s), 0.75))},
		})
	}
	c.Depth[len(c.MultiSeries)] = 4
	c.Custom("interval", look.AcrossItems, look.Ink, intervals, []int{0, 1}, 2)
	style := text.Style{Font: look.Sans(12 * look.ScreenFont), Handler: plot.DefaultTextHandler}
	left := 0
	for i, label := range labels {
		labels[i] = groupLabel(label)
		left = max(left, int(style.Width(labels[i])))
	}
	c.Place(left+16, 16+int(b.beside(11*look.ScreenFont)), 52+c.ShowLegend(names...))
	if b.Chance > 0 {
		c.MultiSeries[0].MarkLines = &opts.MarkLines{
			Data: []any{opts.MarkLineNameXAxisItem{Name: "guessing", XAxis: b.Chance}},
			MarkLineStyle: opts.MarkLineStyle{
				Symbol: []string{"none", "none"}, Label: &opts.Label{Position: "start", Formatter: "guessing"},
				LineStyle: &opts.LineStyle{Color: look.Hex(look.Ink), Type: "dotted"},
			},
		}
	}
	return c, nil
}
