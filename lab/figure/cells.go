package figure

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strconv"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
	"github.com/go-echarts/go-echarts/v2/types"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/figure/look"
	"github.com/seeable-lab/seeable/lab/region"
)

// Cells is a heat map over a face, with its scale beside it: of one value a region, or of a square of values over the whole
// image.
type Cells struct {
	Title     string
	Label     string // what the values are, with their unit
	Image     *image.RGBA
	Landmarks []face.Point  // drawn as the lines of the face; nil for none
	Regions   []region.Mask // in the pixels of Image
	Side      int           // of the square of values; 0 where there are regions
	Values    []float64     // one a region, or [Side, Side] by rows; what is NaN is not painted
	Low, High float64       // ends of the colour scale; both 0 for those of the values
	Inside    []bool        // pixels of Image by rows whose edge is drawn, as those that were manipulated; nil for none
	Synthetic bool
}

// Template returns what a heat map needs to show nobody's face: a white image of side × side pixels and the landmarks of
// the mean face in it.
func Template(side int) (*image.RGBA, []face.Point) {
	white := White(image.Rect(0, 0, side, side))
	return white, face.Template(face.CropBox(white.Bounds(), 1.25))
}

// White is a white image, for a heat map that shows no picture.
func White(bounds image.Rectangle) *image.RGBA {
	white := image.NewRGBA(bounds)
	for i := range white.Pix {
		white.Pix[i] = 0xff
	}
	return white
}

func (m Cells) check() error {
	if m.Image == nil || m.Image.Rect.Empty() {
		return fmt.Errorf("heat map %s has no image", m.Title)
	}
	switch {
	case m.Side < 0 || m.Side > 0 && m.Regions != nil:
		return fmt.Errorf("heat map %s: %d regions and a square of side %d: want one of them", m.Title, len(m.Regions), m.Side)
	case m.Side > 0 && len(m.Values) != m.Side*m.Side:
		return fmt.Errorf("heat map %s: %d values, want the %d of a square of side %d", m.Title, len(m.Values), m.Side*m.Side, m.Side)
	case m.Side == 0 && len(m.Regions) != len(m.Values):
		return fmt.Errorf("heat map %s: %d regions and %d values: want one value a region", m.Title, len(m.Regions), len(m.Values))
	}
	if m.Inside != nil && len(m.Inside) != m.Image.Rect.Dx()*m.Image.Rect.Dy() {
		return fmt.Errorf("heat map %s: an area of %d pixels on an image of %d×%d", m.Title, len(m.Inside), m.Image.Rect.Dx(), m.Image.Rect.Dy())
	}
	for i, region := range m.Regions {
		if len(region.Weight) != region.Rect.Dx()*region.Rect.Dy() {
			return fmt.Errorf("heat map %s: region %d has %d weights, want %d×%d",
				m.Title, i, len(region.Weight), region.Rect.Dx(), region.Rect.Dy())
		}
	}
	if m.Landmarks != nil && len(m.Landmarks) < face.Landmarks {
		return fmt.Errorf("heat map %s: %d landmarks, want %d or none", m.Title, len(m.Landmarks), face.Landmarks)
	}
	if m.Low > m.High || !look.Finite(m.Low) || !look.Finite(m.High) {
		return fmt.Errorf("heat map %s: scale from %g to %g", m.Title, m.Low, m.High)
	}
	return nil
}

func (m Cells) scale() (low, high float64) {
	if m.Low == m.High {
		return scale(m.Values)
	}
	return m.Low, m.High
}

// opacity is how much of a painted pixel is the colour of its value.
const opacity = 0.6

// Overlay returns a copy of the image with every region painted in the colour of its value, translucent so that the face
// shows through. Where regions overlap, the value is the mean weighted by their masks, so their order does not matter.
// Pixels of no region stay as they are. A square of values is stretched over the image, bilinearly between the middles of its
// cells. The edge of Inside is black with a white line outside of it.
func (m Cells) Overlay() (*image.RGBA, error) {
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("figure: %w", err)
	}
	low, high := m.scale()
	bounds := m.Image.Rect
	out := image.NewRGBA(bounds)
	var value, weight []float64
	if m.Side > 0 {
		value, weight = region.Stretch(bounds, m.Side, m.Values)
	} else {
		value, weight = region.Paint(bounds, m.Regions, m.Values)
	}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			pixel := m.Image.RGBAAt(x, y)
			at := (y-bounds.Min.Y)*bounds.Dx() + x - bounds.Min.X
			if weight[at] > 0 {
				pixel = look.Blend(pixel, look.ScaleColour(value[at], low, high), opacity*min(weight[at], 1))
			}
			out.SetRGBA(x, y, pixel)
		}
	}
	m.edge(out)
	return out, nil
}

// edge draws the edge of Inside.
func (m Cells) edge(out *image.RGBA) {
	width, height := out.Rect.Dx(), out.Rect.Dy()
	for at := range m.Inside {
		x, y := at%width, at/width
		for _, next := range []image.Point{{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}} {
			if !next.In(image.Rect(0, 0, width, height)) || m.Inside[next.Y*width+next.X] == m.Inside[at] {
				continue
			}
			line := color.RGBA{0, 0, 0, 255}
			if !m.Inside[at] {
				line = color.RGBA{255, 255, 255, 255}
			}
			out.SetRGBA(out.Rect.Min.X+x, out.Rect.Min.Y+y, line)
		}
	}
}

// outlines are the lines of a face through its landmarks, in the order of dlib and 300-W: jaw, eyebrows, bridge and foot
// of the nose, eyes, outer and inner lip.
var outlines = []struct {
	from, to int // both inclusive
	closed   bool
}{
	{0, 16, false}, {17, 21, false}, {22, 26, false}, {27, 30, false}, {31, 35, false},
	{36, 41, true}, {42, 47, true}, {48, 59, true}, {60, 67, true},
}

func (m Cells) Size() (width, height vg.Length) {
	aspect := 1.0
	if m.Image != nil && !m.Image.Rect.Empty() {
		aspect = float64(m.Image.Rect.Dy()) / float64(m.Image.Rect.Dx())
	}
	style := text.Style{Font: look.Sans(10), Handler: plot.DefaultTextHandler}
	return cellsSide + look.BarWidth + 12, cellsSide*vg.Length(aspect) + 20 + style.Height(m.heading())
}

// cellsSide is the width of the picture in print.
const cellsSide = 3 * vg.Inch

// heading is the title in lines that are no wider than the figure.
func (m Cells) heading() string {
	return look.Wrap(look.Title(m.Title, "", m.Synthetic), look.Sans(10), cellsSide+look.BarWidth)
}

func (m Cells) Draw(c draw.Canvas) error {
	if err := m.check(); err != nil {
		return err
	}
	painted, err := m.Overlay()
	if err != nil {
		return err
	}
	c = draw.Crop(c, 6, -6, 6, -6)
	style := text.Style{Color: color.Black, Font: look.Sans(10), YAlign: draw.YTop, Handler: plot.DefaultTextHandler}
	c.FillText(style, vg.Point{X: c.Min.X, Y: c.Max.Y}, m.heading())
	c = draw.Crop(c, 0, 0, 0, -style.Height(m.heading())-8)
	picture := draw.Crop(c, 0, -look.BarWidth, 0, 0)
	c.DrawImage(picture.Rectangle, painted)

	bounds := m.Image.Rect
	place := func(p face.Point) vg.Point {
		// Landmarks count from the centre of the first pixel, the picture from its corner.
		right := (p.X - float64(bounds.Min.X) + 0.5) / float64(bounds.Dx())
		down := (p.Y - float64(bounds.Min.Y) + 0.5) / float64(bounds.Dy())
		return vg.Point{
			X: picture.Min.X + vg.Length(right)*(picture.Max.X-picture.Min.X),
			Y: picture.Max.Y - vg.Length(down)*(picture.Max.Y-picture.Min.Y),
		}
	}
	if m.Landmarks != nil {
		for _, o := range outlines {
			var line []vg.Point
			for _, p := range m.Landmarks[o.from : o.to+1] {
				line = append(line, place(p))
			}
			if o.closed {
				line = append(line, line[0])
			}
			c.StrokeLines(draw.LineStyle{Color: look.Ink, Width: 1}, line)
		}
	}
	low, high := m.scale()
	look.DrawBar(draw.Crop(c, c.Max.X-c.Min.X-look.BarWidth, 0, 0, 0), low, high, opacity, m.Label)
	return nil
}

// centre is the middle of a region's weight, in the pixels of the image.
func centre(m region.Mask) (x, y float64, ok bool) {
	total := 0.0
	for i, w := range m.Weight {
		x += float64(w) * (float64(m.Rect.Min.X+i%m.Rect.Dx()) + 0.5)
		y += float64(w) * (float64(m.Rect.Min.Y+i/m.Rect.Dx()) + 0.5)
		total += float64(w)
	}
	return x / total, y / total, total > 0
}

func (m Cells) Chart() (*look.Chart, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	painted, err := m.Overlay()
	if err != nil {
		return nil, err
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, painted); err != nil {
		return nil, err
	}
	width, height := m.Size()
	c := look.NewChart(look.Title(m.Title, "", m.Synthetic), width)
	const left = 12
	top := c.Top - 10
	bounds := m.Image.Rect
	wide, high := int(look.Pixels(width))-left-120, int(look.Pixels(height))-top-12
	c.Axes("", "", float64(bounds.Min.X), float64(bounds.Max.X), float64(bounds.Min.Y), float64(bounds.Max.Y))
	c.XAxisList[0].Show, c.YAxisList[0].Show, c.YAxisList[0].Inverse = look.No, look.No, look.Yes
	side := min(float64(wide)/float64(bounds.Dx()), float64(high)/float64(bounds.Dy()))
	wide, high = int(side*float64(bounds.Dx())), int(side*float64(bounds.Dy()))
	c.GridList = []opts.Grid{{Left: strconv.Itoa(left), Top: strconv.Itoa(top), Width: strconv.Itoa(wide), Height: strconv.Itoa(high)}}
	c.More["graphic"] = []any{map[string]any{
		"type": "image", "left": left, "top": top, "silent": true, "z": -1,
		"style": map[string]any{
			"image": "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture.Bytes()), "width": wide, "height": high,
		},
	}}
	if m.Landmarks != nil {
		for _, o := range outlines {
			var line []any
			for _, p := range m.Landmarks[o.from : o.to+1] {
				line = append(line, look.Numbers(p.X+0.5, p.Y+0.5))
			}
			if o.closed {
				line = append(line, line[0])
			}
			s := c.Curve("", look.Ink, "solid", nil)
			s.Data, s.LineStyle.Width, s.Symbol = line, 1, "none"
		}
	}
	least, most := m.scale()
	var values []look.Item
	for i, region := range m.Regions {
		x, y, ok := centre(region)
		if !ok || math.IsNaN(m.Values[i]) {
			continue
		}
		values = append(values, look.Item{
			Name: fmt.Sprintf("region %d: %s %.3f", i, m.Label, m.Values[i]), Value: look.Numbers(x, y, m.Values[i]),
			SymbolSize: 0.7 * side * math.Sqrt(float64(region.Rect.Dx()*region.Rect.Dy())),
			ItemStyle:  &opts.ItemStyle{Color: "rgba(0,0,0,0)"},
			Label: &opts.Label{
				Show: look.Yes, Position: "inside", Formatter: strconv.FormatFloat(m.Values[i], 'f', 2, 64), Color: "#000", FontSize: 11,
			},
		})
	}
	// In a square the numbers show under the pointer only: they would hide the face.
	across := float64(bounds.Dx()) / float64(max(1, m.Side))
	down := float64(bounds.Dy()) / float64(max(1, m.Side))
	for i := range m.Side * m.Side {
		if !math.IsNaN(m.Values[i]) {
			values = append(values, look.Item{
				Name:       fmt.Sprintf("row %d, column %d: %s %.3f", i/m.Side, i%m.Side, m.Label, m.Values[i]),
				Value:      look.Numbers(float64(bounds.Min.X)+across*(float64(i%m.Side)+0.5), float64(bounds.Min.Y)+down*(float64(i/m.Side)+0.5), m.Values[i]),
				SymbolSize: side * min(across, down), ItemStyle: &opts.ItemStyle{Color: "rgba(0,0,0,0)"},
			})
		}
	}
	// The numbers have no colour of their own; the scale is that of the picture.
	c.Add(charts.SingleSeries{Type: types.ChartScatter, Symbol: "rect", Data: values})
	c.ShowScale(m.Label, least, most, []int{-1})
	return c, nil
}
