package figure

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

// chart is a figure as an ECharts chart in the making.
type chart struct {
	*charts.Line
	width int            // in pixels
	top   int            // where the room below the title begins
	more  map[string]any // options that go-echarts has no field for, laid over the others
	depth map[int]int    // of series that are not drawn in the order in which they were added: default 2
	gl    bool           // it is drawn in three dimensions
}

// The strings that stand for functions in an option, which is JSON. draw.js has the functions.
const (
	bandItems    = "seeable:band"    // fills between the low and the high end of items (x, low, high)
	whiskerItems = "seeable:whisker" // draws the interval of items (x, low, high)
	acrossItems  = "seeable:across"  // draws the interval of items (low, high, y)
	deviateLabel = "seeable:deviate" // labels a normal deviate with its share in percent
)

// item is a data item of a series. Its name is what the pointer shows.
type item struct {
	Name       string          `json:"name,omitempty"`
	Value      any             `json:"value"`
	Symbol     string          `json:"symbol,omitempty"`
	SymbolSize float64         `json:"symbolSize,omitempty"`
	ItemStyle  *opts.ItemStyle `json:"itemStyle,omitempty"`
	Label      *opts.Label     `json:"label,omitempty"`
}

var (
	yes = opts.Bool(true)
	no  = opts.Bool(false)
)

// newChart is an empty chart in the style of all charts: the title at the top, no axes yet, nothing animated.
func newChart(title string, width vg.Length) *chart {
	c := &chart{Line: charts.NewLine(), width: int(pixels(width)), more: map[string]any{}, depth: map[int]int{}}
	const line = 18
	title = wrap(title, sans(14*screenFont), vg.Length(c.width-60))
	c.top = 30 + line*(1+strings.Count(title, "\n"))
	c.Title = opts.Title{Title: title, Left: "8", Top: "4", TitleStyle: &opts.TextStyle{
		FontSize: 14, FontWeight: "normal", Color: hex(ink), LineHeight: line,
	}}
	c.Tooltip = opts.Tooltip{Trigger: "item", Formatter: "{b}"}
	c.Toolbox = opts.Toolbox{Right: "8", Top: "0", Feature: &opts.ToolBoxFeature{
		SaveAsImage: &opts.ToolBoxFeatureSaveAsImage{Title: "Save as PNG"},
	}}
	c.Legend = opts.Legend{Show: no}
	c.Animation = no
	c.XAxisList, c.YAxisList = nil, nil
	c.Colors = nil
	for _, colour := range okabeIto {
		c.Colors = append(c.Colors, hex(colour))
	}
	c.more["tooltip"] = map[string]any{"confine": true}
	c.more["textStyle"] = map[string]any{"fontFamily": "system-ui, Arial, Helvetica, sans-serif"}
	return c
}

// screenFont is how much wider the fonts of screens may be than that of print.
const screenFont = 1.15

// pixels is a length of print as one of the screen: a third larger than the browser's inch, as people sit farther off.
func pixels(l vg.Length) float64 { return math.Round(float64(l/vg.Inch) * 128) }

// hex is a colour as CSS writes it.
func hex(c color.Color) string {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	if n.A == 0xff {
		return fmt.Sprintf("#%02x%02x%02x", n.R, n.G, n.B)
	}
	return fmt.Sprintf("rgba(%d,%d,%d,%.2f)", n.R, n.G, n.B, float64(n.A)/255)
}

// number is a value as JSON can hold it, with the digits that a screen can show: nil if it is not finite.
func number(x float64) any {
	if !finite(x) {
		return nil
	}
	short, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 5, 64), 64)
	return short
}

func numbers(xs ...float64) []any {
	list := make([]any, len(xs))
	for i, x := range xs {
		list[i] = number(x)
	}
	return list
}

// axes adds a grid with a pair of value axes. A NaN leaves that end to ECharts.
func (c *chart) axes(x, y string, lowX, highX, lowY, highY float64) {
	n := len(c.XAxisList)
	style := &opts.LineStyle{Color: hex(ink)}
	split := &opts.SplitLine{Show: yes, LineStyle: &opts.LineStyle{Color: hex(pale)}}
	label := func(low, high float64) *opts.AxisLabel {
		l := &opts.AxisLabel{HideOverlap: yes, Color: hex(ink)}
		// Ends that are no whole numbers are not labelled.
		if finite(low) && low != math.Round(low) {
			l.ShowMinLabel = no
		}
		if finite(high) && high != math.Round(high) {
			l.ShowMaxLabel = no
		}
		return l
	}
	c.XAxisList = append(c.XAxisList, opts.XAxis{
		Type: "value", Name: x, NameLocation: "middle", NameGap: 30, Min: number(lowX), Max: number(highX), Scale: yes, GridIndex: n,
		AxisLine: &opts.AxisLine{OnZero: no, LineStyle: style}, SplitLine: split, AxisLabel: label(lowX, highX),
	})
	c.YAxisList = append(c.YAxisList, opts.YAxis{
		Type: "value", Name: y, NameLocation: "middle", NameGap: 46, Min: number(lowY), Max: number(highY), Scale: yes, GridIndex: n,
		AxisLine: &opts.AxisLine{Show: yes, OnZero: no, LineStyle: style}, SplitLine: split, AxisLabel: label(lowY, highY),
	})
}

// place sets the margins of the only grid, in pixels; the title is above it.
func (c *chart) place(left, right, bottom int) {
	c.GridList = []opts.Grid{{Left: strconv.Itoa(left), Top: strconv.Itoa(c.top), Right: strconv.Itoa(right), Bottom: strconv.Itoa(bottom)}}
}

// legend shows a legend of these series at the bottom, in as many lines as they need, and returns the room that it takes.
func (c *chart) legend(names ...string) (height int) {
	const left, mark, line = 56, 28, 20
	c.Legend = opts.Legend{Left: strconv.Itoa(left), Right: "8", Bottom: "2", ItemWidth: mark, Padding: 2, Data: names}
	c.more["legend"] = map[string]any{"itemGap": 8, "textStyle": map[string]any{"fontSize": 12, "lineHeight": 14}}
	style := text.Style{Font: sans(12 * screenFont), Handler: plot.DefaultTextHandler}
	lines, used := 1, 0
	for _, name := range names {
		width := mark + 15 + int(style.Width(name))
		if used > 0 && used+width > c.width-left-8 {
			lines, used = lines+1, 0
		}
		used += width
	}
	return 6 + line*lines
}

func (c *chart) add(s charts.SingleSeries) *charts.SingleSeries {
	c.MultiSeries = append(c.MultiSeries, s)
	return &c.MultiSeries[len(c.MultiSeries)-1]
}

// line adds a curve; points without a number break it.
func (c *chart) line(name string, colour color.Color, dash string, data []item) *charts.SingleSeries {
	return c.add(charts.SingleSeries{
		Name: name, Type: types.ChartLine, Data: data, ShowSymbol: no, Symbol: "circle", SymbolSize: 5,
		LineStyle: &opts.LineStyle{Color: hex(colour), Width: 2, Type: dash}, ItemStyle: &opts.ItemStyle{Color: hex(colour)},
	})
}

// level adds a straight thin line that the pointer passes by.
func (c *chart) level(name string, x0, y0, x1, y1 float64) *charts.SingleSeries {
	s := c.line(name, ink, "dotted", []item{{Name: name, Value: numbers(x0, y0)}, {Name: name, Value: numbers(x1, y1)}})
	s.LineStyle.Width, s.Symbol = 1.2, "none"
	return s
}

// band fills between the low and the high ends of items (x, low, high).
func (c *chart) band(name string, colour color.Color, data []item) *charts.SingleSeries {
	c.depth[len(c.MultiSeries)] = 1
	return c.custom(name, bandItems, colour, data, 0, []int{1, 2})
}

// whiskers draws intervals of items (x, low, high).
func (c *chart) whiskers(name string, colour color.Color, data []item) *charts.SingleSeries {
	c.depth[len(c.MultiSeries)] = 4
	return c.custom(name, whiskerItems, colour, data, 0, []int{1, 2})
}

func (c *chart) custom(name, render string, colour color.Color, data []item, x, y any) *charts.SingleSeries {
	return c.add(charts.SingleSeries{
		Name: name, Type: types.ChartCustom, RenderItem: types.FuncStr(render), Data: data,
		ItemStyle: &opts.ItemStyle{Color: hex(colour)}, Encode: &opts.Encode{X: x, Y: y},
	})
}

// scale shows how colours stand for quantities, at the right.
func (c *chart) scale(label string, low, high float64, series []int) {
	var colours []string
	for _, colour := range viridis {
		colours = append(colours, hex(colour))
	}
	c.more["visualMap"] = []any{map[string]any{
		"type": "continuous", "min": low, "max": high, "calculable": true, "right": 8, "top": c.top, "itemHeight": 200, "itemWidth": 14,
		"text": []string{wrap(label, sans(12), 84), ""}, "inRange": map[string]any{"color": colours}, "seriesIndex": series,
		"precision": 2, "textStyle": map[string]any{"color": hex(ink), "lineHeight": 14},
	}}
}

// dashes of a screen, in the order of those of print.
func dashType(i int) string { return []string{"solid", "dashed", "dotted"}[i%3] }

// option is the chart as JSON that may stand in a page.
func (c *chart) option() ([]byte, error) {
	text, err := json.Marshal(c.JSON())
	if err != nil {
		return nil, err
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	for i, depth := range c.depth {
		all["series"].([]any)[i].(map[string]any)["z"] = depth
	}
	// encoding/json writes <, > and & as escapes, so no name can end a script.
	return json.Marshal(overlay(all, c.more))
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
