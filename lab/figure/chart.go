package figure

import (
	"encoding/json"
	"fmt"
	"image/color"
	"math"
	"strconv"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
	"github.com/go-echarts/go-echarts/v2/types"
	"gonum.org/v1/plot/vg"
)

// chart is a figure as an ECharts chart in the making.
type chart struct {
	*charts.Line
	more map[string]any // options that go-echarts has no field for, laid over the others
	gl   bool           // it is drawn in three dimensions
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
	c := &chart{Line: charts.NewLine(), more: map[string]any{}}
	c.Title = opts.Title{Title: title, Left: "8", Top: "4", TitleStyle: &opts.TextStyle{
		FontSize: 14, FontWeight: "normal", Color: hex(ink), Width: int(pixels(width)) - 60, Overflow: "break",
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
	label := &opts.AxisLabel{HideOverlap: yes, Color: hex(ink)}
	c.XAxisList = append(c.XAxisList, opts.XAxis{
		Type: "value", Name: x, NameLocation: "middle", NameGap: 30, Min: number(lowX), Max: number(highX), Scale: yes, GridIndex: n,
		AxisLine: &opts.AxisLine{OnZero: no, LineStyle: style}, SplitLine: split, AxisLabel: label,
	})
	c.YAxisList = append(c.YAxisList, opts.YAxis{
		Type: "value", Name: y, NameLocation: "middle", NameGap: 46, Min: number(lowY), Max: number(highY), Scale: yes, GridIndex: n,
		AxisLine: &opts.AxisLine{Show: yes, OnZero: no, LineStyle: style}, SplitLine: split, AxisLabel: label,
	})
}

// place sets the margins of the only grid, in pixels.
func (c *chart) place(left, top, right, bottom int) {
	c.GridList = []opts.Grid{{Left: strconv.Itoa(left), Top: strconv.Itoa(top), Right: strconv.Itoa(right), Bottom: strconv.Itoa(bottom)}}
}

// legendBelow shows a legend of n long entries, one a line, and returns the room that it takes at the bottom.
func (c *chart) legendBelow(n int) (height int) {
	c.Legend = opts.Legend{Type: "scroll", Orient: "vertical", Left: "56", Bottom: "2", ItemWidth: 28, Padding: 2}
	return 6 + 20*n
}

// legendRow shows a legend of short entries in one line at the bottom.
func (c *chart) legendRow() (height int) {
	c.Legend = opts.Legend{Type: "scroll", Left: "56", Bottom: "4", ItemWidth: 28, Padding: 2}
	return 28
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
	s.LineStyle.Width = 1.2
	return s
}

// band fills between the low and the high ends of items (x, low, high).
func (c *chart) band(name string, colour color.Color, data []item) *charts.SingleSeries {
	return c.custom(name, bandItems, colour, data, 0, []int{1, 2})
}

// whiskers draws intervals of items (x, low, high).
func (c *chart) whiskers(name string, colour color.Color, data []item) *charts.SingleSeries {
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
		"type": "continuous", "min": low, "max": high, "calculable": true, "right": 8, "top": 56, "itemHeight": 200, "itemWidth": 14,
		"text": []string{label, ""}, "inRange": map[string]any{"color": colours}, "seriesIndex": series,
		"precision": 2, "textStyle": map[string]any{"width": 84, "overflow": "break", "color": hex(ink)},
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
