package figure

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

	"github.com/go-echarts/go-echarts/v2/opts"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seeable-lab/seeable/lab/figure/look"
)

// Sphere shows prototypes and embeddings on the unit sphere of three dimensions, where [hypersphere.Projection] puts them.
// Colour and marker tell the class; prototypes are large and numbered.
type Sphere struct {
	Title      string
	Prototypes [][3]float64 // prototype k is that of class k
	Classes    []string     // their names; nil for numbers
	Points     []Embedding
	// Occupancy is the share of the embeddings that are nearest to each prototype, in [0, 1], measured in all dimensions (see
	// [hypersphere.Coverage]): prototypes are drawn in proportion. Nil draws them all alike.
	Occupancy []float64
	Synthetic bool
}

// Embedding is where one face appears on the sphere.
type Embedding struct {
	At    [3]float64
	Class int // in [0, K)
}

// The camera of print: turned about the vertical axis, then tilted towards the viewer.
const (
	turn = 0.5
	tilt = 0.35
)

// view rotates a point for the camera: x to the right, y up, z to the viewer.
func view(p [3]float64) (x, y, z float64) {
	sin, cos := math.Sincos(turn)
	x, z = p[0]*cos+p[2]*sin, p[2]*cos-p[0]*sin
	sin, cos = math.Sincos(tilt)
	return x, p[1]*cos - z*sin, p[1]*sin + z*cos
}

func (s Sphere) check() error {
	if len(s.Prototypes) == 0 {
		return fmt.Errorf("sphere %s has no prototypes", s.Title)
	}
	if s.Classes != nil && len(s.Classes) != len(s.Prototypes) {
		return fmt.Errorf("sphere %s: %d names of %d classes", s.Title, len(s.Classes), len(s.Prototypes))
	}
	if s.Occupancy != nil && len(s.Occupancy) != len(s.Prototypes) {
		return fmt.Errorf("sphere %s: occupancy of %d prototypes, want %d", s.Title, len(s.Occupancy), len(s.Prototypes))
	}
	for k, share := range s.Occupancy {
		if !(share >= 0 && share <= 1) {
			return fmt.Errorf("sphere %s: occupancy %g of prototype %d: want a share in [0, 1]", s.Title, share, k)
		}
	}
	place := func(what string, i int, p [3]float64) error {
		if length := math.Hypot(math.Hypot(p[0], p[1]), p[2]); !(length <= 1+1e-3) {
			return fmt.Errorf("sphere %s: %s %d at %g: want a point of the unit ball", s.Title, what, i, p)
		}
		return nil
	}
	for i, p := range s.Prototypes {
		if err := place("prototype", i, p); err != nil {
			return err
		}
	}
	for i, e := range s.Points {
		if err := place("point", i, e.At); err != nil {
			return err
		}
		if e.Class < 0 || e.Class >= len(s.Prototypes) {
			return fmt.Errorf("sphere %s: point %d has class %d, want one in [0, %d)", s.Title, i, e.Class, len(s.Prototypes))
		}
	}
	return nil
}

func (s Sphere) title() string {
	return look.Title(s.Title, fmt.Sprintf("n = %d embeddings, K = %d", len(s.Points), len(s.Prototypes)), s.Synthetic)
}

// radius is that of the mark of prototype k in points: its area is in proportion to the occupancy, within limits.
func (s Sphere) radius(k int) float64 {
	if s.Occupancy == nil {
		return 5.5
	}
	return min(max(5.5*math.Sqrt(s.Occupancy[k]*float64(len(s.Prototypes))), 3), 11)
}

func (s Sphere) Size() (width, height vg.Length) { return 5 * vg.Inch, 5.2 * vg.Inch }

func (s Sphere) Draw(c draw.Canvas) error {
	if err := s.check(); err != nil {
		return err
	}
	c = draw.Crop(c, 6, -6, 6, -6)
	style := text.Style{Color: color.Black, Font: look.Sans(11), XAlign: draw.XCenter, YAlign: draw.YTop, Handler: plot.DefaultTextHandler}
	heading := look.Wrap(s.title(), style.Font, c.Max.X-c.Min.X)
	c.FillText(style, vg.Point{X: c.Center().X, Y: c.Max.Y}, heading)
	c = draw.Crop(c, 0, 0, 0, -style.Height(heading)-10)
	centre, radius := c.Center(), min(c.Max.X-c.Min.X, c.Max.Y-c.Min.Y)/2-10

	var outline vg.Path
	outline.Move(vg.Point{X: centre.X + radius, Y: centre.Y})
	outline.Arc(centre, radius, 0, 2*math.Pi)
	c.SetLineStyle(draw.LineStyle{Color: color.Gray{150}, Width: 0.8})
	c.Stroke(outline)

	type mark struct {
		x, y, z   float64
		class     int
		prototype bool
	}
	var marks []mark
	for _, e := range s.Points {
		x, y, z := view(e.At)
		marks = append(marks, mark{x, y, z, e.Class, false})
	}
	for k, p := range s.Prototypes {
		x, y, z := view(p)
		marks = append(marks, mark{x, y, z, k, true})
	}
	slices.SortStableFunc(marks, func(a, b mark) int {
		switch {
		case a.z < b.z:
			return -1
		case a.z > b.z:
			return 1
		}
		return 0
	})
	number := text.Style{Color: color.Black, Font: look.Sans(8), XAlign: draw.XCenter, YAlign: draw.YCenter, Handler: plot.DefaultTextHandler}
	for _, m := range marks {
		at := vg.Point{X: centre.X + vg.Length(m.x)*radius, Y: centre.Y + vg.Length(m.y)*radius}
		shape := look.ClassMarker(m.class)
		opacity := 0.75
		if m.z < 0 {
			opacity = 0.2 // behind
		}
		if !m.prototype {
			c.DrawGlyph(draw.GlyphStyle{Color: look.Faint(look.ClassColour(m.class), opacity), Radius: 2, Shape: shape}, at)
			continue
		}
		radius := vg.Length(s.radius(m.class))
		c.DrawGlyph(draw.GlyphStyle{Color: color.White, Radius: radius + 1, Shape: shape}, at)
		c.DrawGlyph(draw.GlyphStyle{Color: look.Faint(look.ClassColour(m.class), opacity), Radius: radius, Shape: shape}, at)
		if m.z >= 0 {
			c.FillText(number, at.Add(vg.Point{Y: radius + 5.5}), strconv.Itoa(m.class))
		}
	}
	return nil
}

// ball is a sphere as a grid of points: it hides what is behind. It is smaller than the unit sphere by so much that it hides
// no number above a prototype in front.
func ball() (points [][3]float64, rows, columns int) {
	const radius = 0.9
	rows, columns = 25, 49
	for i := range rows {
		polar := math.Pi * float64(i) / float64(rows-1)
		for j := range columns {
			around := 2 * math.Pi * float64(j) / float64(columns-1)
			sin, cos := math.Sincos(around)
			points = append(points, [3]float64{
				look.Round4(radius * math.Sin(polar) * cos), look.Round4(radius * math.Cos(polar)), look.Round4(radius * math.Sin(polar) * sin),
			})
		}
	}
	return points, rows, columns
}

func (s Sphere) Chart() (*look.Chart, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	width, _ := s.Size()
	c := look.NewChart(s.title(), width)
	c.GL = true
	type series = map[string]any
	// ECharts-GL has y into the picture and z up; ours is y up and z to the viewer.
	place := func(p [3]float64) []any { return look.Numbers(p[0], -p[2], p[1]) }
	points, rows, columns := ball()
	surface := make([][]any, len(points))
	for i, p := range points {
		surface[i] = place(p)
	}
	list := []any{series{
		"type": "surface", "coordinateSystem": "cartesian3D", "data": surface, "dataShape": []int{rows, columns}, "silent": true, "shading": "lambert",
		"wireframe": series{"show": true, "lineStyle": series{"color": "rgba(120,130,145,0.18)", "width": 1}},
		"itemStyle": series{"color": "#f4f6f9", "opacity": 1},
	}}
	var names []string
	for k, p := range s.Prototypes {
		name := className(s.Classes, k)
		names = append(names, name)
		described := "prototype of " + name
		if s.Occupancy != nil {
			described += fmt.Sprintf(": nearest to %.1f %% of the embeddings", 100*s.Occupancy[k])
		}
		colour, symbol := look.Hex(look.ClassColour(k)), look.ClassSymbol(k)
		// ECharts-GL cuts off the top of a label: the blank line is for that.
		data := []any{series{
			"name": described, "value": place(p), "symbolSize": 2.6 * s.radius(k),
			"itemStyle": series{"color": colour, "borderColor": "#fff", "borderWidth": 2, "opacity": 1},
			"label":     series{"show": true, "formatter": "\n" + strconv.Itoa(k), "position": "top", "distance": 2, "color": "#000", "fontSize": 14, "borderWidth": 0},
		}}
		for _, e := range s.Points {
			if e.Class == k {
				data = append(data, series{"name": name, "value": place(e.At)})
			}
		}
		list = append(list, series{
			"type": "scatter3D", "coordinateSystem": "cartesian3D", "name": name, "data": data, "symbol": symbol, "symbolSize": 7,
			"itemStyle": series{"color": colour, "opacity": 0.8, "borderWidth": 0}, "label": series{"show": false},
			"emphasis": series{"label": series{"show": false}},
		})
	}
	const aside = 236 // for the legend
	c.Legend = opts.Legend{Type: "scroll", Orient: "vertical", Left: strconv.Itoa(c.Width - aside), Top: strconv.Itoa(c.Top), Bottom: "8", ItemWidth: 14, Data: names}
	c.More["legend"] = series{"textStyle": series{"width": aside - 40, "overflow": "truncate", "fontSize": 11}, "itemGap": 4, "tooltip": series{"show": true, "formatter": "{a}"}}
	c.More["series"] = list
	axis := series{"type": "value", "min": -1, "max": 1, "show": false}
	c.More["xAxis3D"], c.More["yAxis3D"], c.More["zAxis3D"] = axis, axis, axis
	c.More["grid3D"] = series{
		"show": false, "boxWidth": 100, "boxHeight": 100, "boxDepth": 100, "left": 0, "width": c.Width - aside, "top": c.Top, "bottom": 0,
		"light":       series{"main": series{"intensity": 0.3, "alpha": 30, "beta": 10}, "ambient": series{"intensity": 0.75}},
		"viewControl": series{"autoRotate": true, "autoRotateSpeed": 8, "autoRotateAfterStill": 4, "alpha": tilt * 180 / math.Pi, "beta": -turn * 180 / math.Pi, "distance": 190, "minDistance": 110},
	}
	return c, nil
}
