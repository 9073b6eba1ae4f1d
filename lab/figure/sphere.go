package figure

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"image/color"
	"io"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sphere shows prototypes and embeddings on the unit sphere of three dimensions, where [hypersphere.Projection] puts them.
// Colour and marker tell the class; prototypes are large and numbered.
type Sphere struct {
	Title      string
	Prototypes [][3]float64 // prototype k is that of class k
	Classes    []string     // their names; nil for numbers
	Points     []Embedding
	Synthetic  bool
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
	return title(s.Title, fmt.Sprintf("n = %d embeddings, K = %d", len(s.Points), len(s.Prototypes)), s.Synthetic)
}

// markers tell the classes apart whose colours are the same.
var markers = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, diamond{}}

type diamond struct{}

func (diamond) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, p vg.Point) {
	r := style.Radius * 1.25
	c.FillPolygon(style.Color, []vg.Point{{X: p.X - r, Y: p.Y}, {X: p.X, Y: p.Y + r}, {X: p.X + r, Y: p.Y}, {X: p.X, Y: p.Y - r}})
}

func (s Sphere) size() (width, height vg.Length) { return 5 * vg.Inch, 5.2 * vg.Inch }

func (s Sphere) draw(c draw.Canvas) error {
	if err := s.check(); err != nil {
		return err
	}
	c = draw.Crop(c, 6, -6, 6, -6)
	style := text.Style{Color: color.Black, Font: sans(11), XAlign: draw.XCenter, YAlign: draw.YTop, Handler: plot.DefaultTextHandler}
	c.FillText(style, vg.Point{X: c.Center().X, Y: c.Max.Y}, s.title())
	c = draw.Crop(c, 0, 0, 0, -22)
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
	number := text.Style{Color: color.Black, Font: sans(8), XAlign: draw.XCenter, YAlign: draw.YCenter, Handler: plot.DefaultTextHandler}
	for _, m := range marks {
		at := vg.Point{X: centre.X + vg.Length(m.x)*radius, Y: centre.Y + vg.Length(m.y)*radius}
		shape := markers[m.class/len(okabeIto)%len(markers)]
		opacity := 0.75
		if m.z < 0 {
			opacity = 0.2 // behind
		}
		if !m.prototype {
			c.DrawGlyph(draw.GlyphStyle{Color: faint(classColour(m.class), opacity), Radius: 2, Shape: shape}, at)
			continue
		}
		c.DrawGlyph(draw.GlyphStyle{Color: color.White, Radius: 6.5, Shape: shape}, at)
		c.DrawGlyph(draw.GlyphStyle{Color: faint(classColour(m.class), opacity), Radius: 5.5, Shape: shape}, at)
		if m.z >= 0 {
			c.FillText(number, at.Add(vg.Point{Y: 11}), strconv.Itoa(m.class))
		}
	}
	return nil
}

//go:embed sphere.html
var sphereText string

var sphereHTML = template.Must(template.New("sphere.html").Parse(sphereText))

// HTML writes the sphere as a piece of a page: a canvas that turns when it is dragged or by the arrow keys and names what
// the pointer is on, and where scripts do not run the same as [SVG]. It loads nothing. A page may hold several.
func (s Sphere) HTML(w io.Writer) error {
	var svg bytes.Buffer
	if err := SVG(&svg, s); err != nil {
		return err
	}
	type mark struct {
		At    [3]float64 `json:"p"`
		Class int        `json:"k"`
	}
	page := struct {
		Title      string
		SVG        template.HTML
		Colours    []string
		Names      []string
		Points     []mark
		Prototypes []mark
		Turn, Tilt float64
	}{Title: s.title(), SVG: Inline(svg.Bytes()), Points: []mark{}, Turn: turn, Tilt: tilt}
	for _, e := range s.Points {
		page.Points = append(page.Points, mark{short(e.At), e.Class})
	}
	for k, p := range s.Prototypes {
		page.Prototypes = append(page.Prototypes, mark{short(p), k})
		c := classColour(k)
		page.Colours = append(page.Colours, fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B))
		name := "class " + strconv.Itoa(k)
		if s.Classes != nil {
			name += ": " + s.Classes[k]
		}
		page.Names = append(page.Names, name)
	}
	if err := sphereHTML.Execute(w, page); err != nil {
		return fmt.Errorf("figure: sphere: %w", err)
	}
	return nil
}

// short rounds to what a screen can show.
func short(p [3]float64) [3]float64 {
	for i := range p {
		p[i] = math.Round(p[i]*1e4) / 1e4
	}
	return p
}

// Inline returns what of an SVG document written by [SVG] goes into an HTML page: all but the XML declaration.
func Inline(svg []byte) template.HTML {
	return template.HTML(svg[max(bytes.Index(svg, []byte("<svg")), 0):])
}
