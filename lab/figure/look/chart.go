package look

import (
	"encoding/json"
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
	"github.com/go-echarts/go-echarts/v2/types"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// Chart is a figure as an ECharts chart in the making.
type Chart struct {
	*charts.Line
	Width int            // in pixels
	Top   int            // where the room below the title begins
	More  map[string]any // options that go-echarts has no field for, laid over the others
	Depth map[int]int    // of series that are not drawn in the order in which they were added: default 2
	GL    bool           // it is drawn in three dimensions
}

// The strings that stand for functions in an option, which is JSON. draw.js of package figure has the functions.
const (
	bandItems    = "seeable:band"    // fills between the low and the high end of items (x, low, high)
	whiskerItems = "seeable:whisker" // draws the interval of items (x, low, high)
	AcrossItems  = "seeable:across"  // draws the interval of items (low, high, y)
	DeviateLabel = "seeable:deviate" // labels a normal deviate with its share in percent
)

// Item is a data item of a series. Its name is what the pointer shows.
type Item struct {
	Name       string          `json:"name,omitempty"`
	Value      any             `json:"value"`
	Symbol     string          `json:"symbol,omitempty"`
	SymbolSize float64         `json:"symbolSize,omitempty"`
	ItemStyle  *opts.ItemStyle `json:"itemStyle,omitempty"`
	Label      *opts.Label     `json:"label,omitempty"`
}

// Yes and No are what options of go-echarts take.
var (
	Yes = opts.Bool(true)
	No  = opts.Bool(false)
)

// NewChart is an empty chart in the style of all charts: the title at the top, no axes yet, nothing animated.
func NewChart(title string, width vg.Length) *Chart {
	c := &Chart{Line: charts.NewLine(), Width: int(Pixels(width)), More: map[string]any{}, Depth: map[int]int{}}
	const line = 18
	title = Wrap(title, Sans(14*ScreenFont), vg.Length(c.Width-60))
	c.Top = 30 + line*(1+strings.Count(title, "\n"))
	c.Title = opts.Title{Title: title, Left: "8", Top: "4", TitleStyle: &opts.TextStyle{
		FontSize: 14, FontWeight: "normal", Color: Hex(Ink), LineHeight: line,
	}}
	c.Tooltip = opts.Tooltip{Trigger: "item", Formatter: "{b}"}
	c.Toolbox = opts.Toolbox{Right: "8", Top: "0", Feature: &opts.ToolBoxFeature{
		SaveAsImage: &opts.ToolBoxFeatureSaveAsImage{Title: "Save as PNG"},
	}}
	c.Legend = opts.Legend{Show: No}
	c.Animation = No
	c.XAxisList, c.YAxisList = nil, nil
	c.Colors = nil
	for _, colour := range OkabeIto {
		c.Colors = append(c.Colors, Hex(colour))
	}
	c.More["tooltip"] = map[string]any{"confine": true}
	c.More["textStyle"] = map[string]any{"fontFamily": "system-ui, Arial, Helvetica, sans-serif"}
	return c
}

// ScreenFont is how much wider the fonts of screens may be than that of print.
const ScreenFont = 1.15

// Pixels is a length of print as one of the screen: a third larger than the browser's inch, as people sit farther off.
func Pixels(l vg.Length) float64 { return math.Round(float64(l/vg.Inch) * 128) }

// Hex is a colour as CSS writes it.
func Hex(c color.Color) string {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	if n.A == 0xff {
		return fmt.Sprintf("#%02x%02x%02x", n.R, n.G, n.B)
	}
	return fmt.Sprintf("rgba(%d,%d,%d,%.2f)", n.R, n.G, n.B, float64(n.A)/255)
}

// Number is a value as JSON can hold it, with the digits that a screen can show: nil if it is not finite.
func Number(x float64) any {
	if !Finite(x) {
		return nil
	}
	short, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 5, 64), 64)
	return short
}

// Round4 rounds to what a screen can show of a number near 1.
func Round4(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// Numbers are values as [Number] gives them.
func Numbers(xs ...float64) []any {
	list := make([]any, len(xs))
	for i, x := range xs {
		list[i] = Number(x)
	}
	return list
}

// Axes adds a grid with a pair of value axes. A NaN leaves that end to ECharts.
func (c *Chart) Axes(x, y string, lowX, highX, lowY, highY float64) {
	n := len(c.XAxisList)
	style := &opts.LineStyle{Color: Hex(Ink)}
	split := &opts.SplitLine{Show: Yes, LineStyle: &opts.LineStyle{Color: Hex(pale)}}
	label := func(low, high float64) *opts.AxisLabel {
		l := &opts.AxisLabel{HideOverlap: Yes, Color: Hex(Ink)}
		// Ends that are no whole numbers are not labelled.
		if Finite(low) && low != math.Round(low) {
			l.ShowMinLabel = No
		}
		if Finite(high) && high != math.Round(high) {
			l.ShowMaxLabel = No
		}
		return l
	}
	c.XAxisList = append(c.XAxisList, opts.XAxis{
		Type: "value", Name: x, NameLocation: "middle", NameGap: 30, Min: Number(lowX), Max: Number(highX), Scale: Yes, GridIndex: n,
		AxisLine: &opts.AxisLine{OnZero: No, LineStyle: style}, SplitLine: split, AxisLabel: label(lowX, highX),
	})
	c.YAxisList = append(c.YAxisList, opts.YAxis{
		Type: "value", Name: y, NameLocation: "middle", NameGap: 46, Min: Number(lowY), Max: Number(highY), Scale: Yes, GridIndex: n,
		AxisLine: &opts.AxisLine{Show: Yes, OnZero: No, LineStyle: style}, SplitLine: split, AxisLabel: label(lowY, highY),
	})
}

// Place sets the margins of the only grid, in pixels; the title is above it.
func (c *Chart) Place(left, right, bottom int) {
	c.GridList = []opts.Grid{{Left: strconv.Itoa(left), Top: strconv.Itoa(c.Top), Right: strconv.Itoa(right), Bottom: strconv.Itoa(bottom)}}
}

// ShowLegend shows a legend of these series at the bottom, in as many lines as they need, and returns the room that it takes.
func (c *Chart) ShowLegend(names ...string) (height int) {
	const left, mark, line = 56, 28, 20
	c.Legend = opts.Legend{Left: strconv.Itoa(left), Right: "8", Bottom: "2", ItemWidth: mark, Padding: 2, Data: names}
	c.More["legend"] = map[string]any{"itemGap": 8, "textStyle": map[string]any{"fontSize": 12, "lineHeight": 14}}
	style := text.Style{Font: Sans(12 * ScreenFont), Handler: plot.DefaultTextHandler}
	lines, used := 1, 0
	for _, name := range names {
		width := mark + 15 + int(style.Width(name))
		if used > 0 && used+width > c.Width-left-8 {
			lines, used = lines+1, 0
		}
		used += width
	}
	return 6 + line*lines
}

// Add adds a series and returns it where the chart holds it.
func (c *Chart) Add(s charts.SingleSeries) *charts.SingleSeries {
	c.MultiSeries = append(c.MultiSeries, s)
	return &c.MultiSeries[len(c.MultiSeries)-1]
}

// Curve adds a curve; points without a number break it.
func (c *Chart) Curve(name string, colour color.Color, dash string, data []Item) *charts.SingleSeries {
	return c.Add(charts.SingleSeries{
		Name: name, Type: types.ChartLine, Data: data, ShowSymbol: No, Symbol: "circle", SymbolSize: 5,
		LineStyle: &opts.LineStyle{Color: Hex(colour), Width: 2, Type: dash}, ItemStyle: &opts.ItemStyle{Color: Hex(colour)},
	})
}

// Level adds a straight thin line that the pointer passes by.
func (c *Chart) Level(name string, x0, y0, x1, y1 float64) *charts.SingleSeries {
	s := c.Curve(name, Ink, "dotted", []Item{{Name: name, Value: Numbers(x0, y0)}, {Name: name, Value: Numbers(x1, y1)}})
	s.LineStyle.Width, s.Symbol = 1.2, "none"
	return s
}

// Band fills between the low and the high ends of items (x, low, high).
func (c *Chart) Band(name string, colour color.Color, data []Item) *charts.SingleSeries {
	c.Depth[len(c.MultiSeries)] = 1
	return c.Custom(name, bandItems, colour, data, 0, []int{1, 2})
}

// Whiskers draws intervals of items (x, low, high).
func (c *Chart) Whiskers(name string, colour color.Color, data []Item) *charts.SingleSeries {
	c.Depth[len(c.MultiSeries)] = 4
	return c.Custom(name, whiskerItems, colour, data, 0, []int{1, 2})
}

// Custom adds a series of items that a function of draw.js draws: render is its name, x and y say which dimensions of an item
// lie on the axes.
func (c *Chart) Custom(name, render string, colour color.Color, data []Item, x, y any) *charts.SingleSeries {
	return c.Add(charts.SingleSeries{
		Name: name, Type: types.ChartCustom, RenderItem: types.FuncStr(render), Data: data,
		ItemStyle: &opts.ItemStyle{Color: Hex(colour)}, Encode: &opts.Encode{X: x, Y: y},
	})
}

// ShowScale shows how colours stand for quantities, at the right.
func (c *Chart) ShowScale(label string, low, high float64, series []int) {
	var colours []string
	for _, colour := range viridis {
		colours = append(colours, Hex(colour))
	}
	c.More["visualMap"] = []any{map[string]any{
		"type": "continuous", "min": low, "max": high, "calculable": true, "right": 8, "top": c.Top, "itemHeight": 200, "itemWidth": 14,
		"text": []string{Wrap(label, Sans(12), 84), ""}, "inRange": map[string]any{"color": colours}, "seriesIndex": series,
		"precision": 2, "textStyle": map[string]any{"color": Hex(Ink), "lineHeight": 14},
	}}
}

// Table shows cells (column, row, value), the first row at the top.
func (c *Chart) Table(x, y string, columns, rows []string, data []Item) {
	c.Axes(x, y, 0, 0, 0, 0)
	ax, ay := &c.XAxisList[0], &c.YAxisList[0]
	ax.Type, ax.Min, ax.Max, ax.Scale, ax.Data = "category", nil, nil, nil, columns
	ay.Type, ay.Min, ay.Max, ay.Scale, ay.Data, ay.Inverse = "category", nil, nil, nil, rows, Yes
	ax.AxisLabel, ay.AxisLabel = &opts.AxisLabel{HideOverlap: Yes, Color: Hex(Ink)}, &opts.AxisLabel{HideOverlap: Yes, Color: Hex(Ink)}
	ax.SplitLine, ay.SplitLine = &opts.SplitLine{Show: No}, &opts.SplitLine{Show: No}
	// What was not measured has no place on the scale of colours: grey squares below the others.
	var measured, missing []Item
	for _, cell := range data {
		if cell.Value.([]any)[2] == nil {
			cell.Value.([]any)[2] = 0
			cell.ItemStyle = &opts.ItemStyle{Color: Hex(Absent)}
			missing = append(missing, cell)
		} else {
			measured = append(measured, cell)
		}
	}
	c.Add(charts.SingleSeries{Type: types.ChartHeatMap, Data: measured})
	if len(missing) > 0 {
		c.Add(charts.SingleSeries{Type: types.ChartHeatMap, Data: missing})
	}
}

// DashType is the dash of line i on a screen, in the order of those of print.
func DashType(i int) string { return []string{"solid", "dashed", "dotted"}[i%3] }

// Option is the chart as JSON that may stand in a page.
func (c *Chart) Option() ([]byte, error) {
	text, err := json.Marshal(c.JSON())
	if err != nil {
		return nil, err
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	for i, depth := range c.Depth {
		all["series"].([]any)[i].(map[string]any)["z"] = depth
	}
	// encoding/json writes <, > and & as escapes, so no name can end a script.
	return json.Marshal(overlay(all, c.More))
}

// overlay lays one JSON value over another: objects key by key, lists of objects element by element.
func overlay(under, over any) any {
	switch over := over.(type) {
	case map[string]any:
		if under, ok := under.(map[string]any); ok {
			for key, value := range over {
				under[key] = overlay(under[key], value)
			}
			return under
		}
	case []any:
		if under, ok := under.([]any); ok && len(under) >= len(over) {
			for i, value := range over {
				under[i] = overlay(under[i], value)
			}
			return under
		}
	}
	return over
}
