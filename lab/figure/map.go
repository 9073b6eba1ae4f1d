package figure

import (
	"fmt"
	"image/color"
	"math"
	"strconv"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
	"github.com/go-echarts/go-echarts/v2/types"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seeable-lab/seeable/lab/figure/look"
	"github.com/seeable-lab/seeable/lab/hypersphere"
)

// Map shows embeddings in two dimensions. Both axes have one scale. Colour and marker tell the class; prototypes are large
// and numbered. [PCA] and [Angles] make maps.
type Map struct {
	Title      string
	X, Y       string // what the axes are, with their unit
	Prototypes [][2]float64
	Classes    []string // names of the classes; nil for numbers
	Points     []Place
	// Diagonal draws the line x = y; above it an embedding is nearest to its own prototype.
	Diagonal  bool
	Synthetic bool
}

// Place is where one face appears on a map.
type Place struct {
	At    [2]float64
	Class int
}

// PCA maps embeddings by their first two principal components, the plane in which they spread most. It keeps no angles.
// Prototypes are projected into the same plane. There are as many labels as embeddings, in [0, K).
func PCA(title string, prototypes *hypersphere.Prototypes, embeddings [][]float64, labels []int) (Map, error) {
	if err := checkEmbeddings(title, prototypes, embeddings, labels); err != nil {
		return Map{}, err
	}
	d := prototypes.Dim()
	if len(embeddings) < 3 || d < 2 {
		return Map{}, fmt.Errorf("figure: map %s: %d embeddings in %d dimensions: want 3 or more in 2 or more", title, len(embeddings), d)
	}
	data := mat.NewDense(len(embeddings), d, nil)
	for i, z := range embeddings {
		data.SetRow(i, z)
	}
	var pc stat.PC
	if !pc.PrincipalComponents(data, nil) {
		return Map{}, fmt.Errorf("figure: map %s: the embeddings have no principal components", title)
	}
	var vectors mat.Dense
	pc.VectorsTo(&vectors)
	variances := pc.VarsTo(nil)
	all := 0.0
	for _, v := range variances {
		all += v
	}
	if !(all > 0) {
		return Map{}, fmt.Errorf("figure: map %s: all %d embeddings are the same", title, len(embeddings))
	}
	mean := make([]float64, d)
	for _, z := range embeddings {
		for i, x := range z {
			mean[i] += x / float64(len(embeddings))
		}
	}
	// The sign of a component is arbitrary: its largest coordinate is positive here.
	for j := range 2 {
		largest := 0.0
		for i := range d {
			if x := vectors.At(i, j); math.Abs(x) > math.Abs(largest) {
				largest = x
			}
		}
		if largest < 0 {
			for i := range d {
				vectors.Set(i, j, -vectors.At(i, j))
			}
		}
	}
	project := func(z []float64) (at [2]float64) {
		for j := range at {
			for i, x := range z {
				at[j] += (x - mean[i]) * vectors.At(i, j)
			}
		}
		return at
	}
	m := Map{
		Title: title,
		X:     fmt.Sprintf("first principal component (%.0f %% of the variance)", 100*variances[0]/all),
		Y:     fmt.Sprintf("second principal component (%.0f %% of the variance)", 100*variances[1]/all),
	}
	for k := range prototypes.K() {
		m.Prototypes = append(m.Prototypes, project(prototypes.At(k)))
	}
	for i, z := range embeddings {
		m.Points = append(m.Points, Place{project(z), labels[i]})
	}
	return m, nil
}

// Angles maps embeddings by two angles that are exact in any number of dimensions: to the prototype of its own class, and to
// the nearest other one. An embedding above the diagonal is nearest to its own prototype; one on its prototype lies at the
// upper left, where the number of other prototypes decides how far up: at the angle between prototypes.
func Angles(title string, prototypes *hypersphere.Prototypes, embeddings [][]float64, labels []int) (Map, error) {
	if err := checkEmbeddings(title, prototypes, embeddings, labels); err != nil {
		return Map{}, err
	}
	m := Map{
		X: "angle to the prototype of the class (degrees)", Y: "angle to the nearest other prototype (degrees)", Diagonal: true,
	}
	right := 0
	for i, z := range embeddings {
		own, other := 0.0, math.Inf(1)
		for k := range prototypes.K() {
			angle, err := prototypes.Geodesic(z, k)
			if err != nil {
				return Map{}, fmt.Errorf("figure: map %s: embedding %d: %w", title, i, err)
			}
			if k == labels[i] {
				own = angle * 180 / math.Pi
			} else {
				other = min(other, angle*180/math.Pi)
			}
		}
		if own < other {
			right++
		}
		m.Points = append(m.Points, Place{[2]float64{own, other}, labels[i]})
	}
	m.Title = fmt.Sprintf("%s: %.0f %% nearest to their own prototype", title, 100*float64(right)/float64(len(embeddings)))
	return m, nil
}

func checkEmbeddings(title string, prototypes *hypersphere.Prototypes, embeddings [][]float64, labels []int) error {
	if prototypes == nil || len(embeddings) == 0 || len(labels) != len(embeddings) {
		return fmt.Errorf("figure: map %s: %d embeddings and %d labels: want prototypes, and one label an embedding", title, len(embeddings), len(labels))
	}
	for i, z := range embeddings {
		if len(z) != prototypes.Dim() {
			return fmt.Errorf("figure: map %s: embedding %d has %d coordinates, want %d", title, i, len(z), prototypes.Dim())
		}
		for _, x := range z {
			if !look.Finite(x) {
				return fmt.Errorf("figure: map %s: embedding %d holds %g: want finite coordinates", title, i, x)
			}
		}
		if labels[i] < 0 || labels[i] >= prototypes.K() {
			return fmt.Errorf("figure: map %s: embedding %d has class %d, want one in [0, %d)", title, i, labels[i], prototypes.K())
		}
	}
	return nil
}

func (m Map) check() error {
	if len(m.Points) == 0 {
		return fmt.Errorf("map %s has no points", m.Title)
	}
	for i, p := range m.Points {
		if !look.Finite(p.At[0]) || !look.Finite(p.At[1]) || p.Class < 0 {
			return fmt.Errorf("map %s: point %d of class %d lies at %g: want finite places and classes from 0", m.Title, i, p.Class, p.At)
		}
		if m.Classes != nil && p.Class >= len(m.Classes) {
			return fmt.Errorf("map %s: point %d has class %d of %d", m.Title, i, p.Class, len(m.Classes))
		}
	}
	for i, p := range m.Prototypes {
		if !look.Finite(p[0]) || !look.Finite(p[1]) {
			return fmt.Errorf("map %s: prototype %d lies at %g: want a finite place", m.Title, i, p)
		}
	}
	if m.Classes != nil && len(m.Prototypes) > len(m.Classes) {
		return fmt.Errorf("map %s: %d prototypes of %d classes", m.Title, len(m.Prototypes), len(m.Classes))
	}
	return nil
}

func (m Map) title() string {
	return look.Title(m.Title, fmt.Sprintf("n = %d embeddings", len(m.Points)), m.Synthetic)
}

// window is the square part of the plane that holds all.
func (m Map) window() (lowX, highX, lowY, highY float64) {
	lowX, lowY = math.Inf(1), math.Inf(1)
	highX, highY = math.Inf(-1), math.Inf(-1)
	see := func(at [2]float64) {
		lowX, highX = min(lowX, at[0]), max(highX, at[0])
		lowY, highY = min(lowY, at[1]), max(highY, at[1])
	}
	for _, p := range m.Points {
		see(p.At)
	}
	for _, p := range m.Prototypes {
		see(p)
	}
	if m.Diagonal {
		high := math.Ceil(1.04 * max(highX, highY))
		return 0, high, 0, high
	}
	side := max(highX-lowX, highY-lowY)
	if side == 0 {
		side = 1
	}
	side *= 1.08
	round := func(middle float64) (low, high float64) { return middle - side/2, middle + side/2 }
	lowX, highX = round((lowX + highX) / 2)
	lowY, highY = round((lowY + highY) / 2)
	return lowX, highX, lowY, highY
}

func (m Map) Size() (width, height vg.Length) { return 5 * vg.Inch, 5.1 * vg.Inch }

func (m Map) Draw(c draw.Canvas) error {
	if err := m.check(); err != nil {
		return err
	}
	p := look.NewPlot(m.title(), m.X, m.Y)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = m.window()
	p.Add(look.Grid(), places{m})
	look.DrawPlot(draw.Crop(c, 6, -12, 6, -6), p)
	return nil
}

type places struct{ Map }

func (m places) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	if m.Diagonal {
		low, high := max(p.X.Min, p.Y.Min), min(p.X.Max, p.Y.Max)
		if low < high {
			c.StrokeLine2(draw.LineStyle{Color: look.Ink, Width: 0.8, Dashes: []vg.Length{2, 3}}, x(low), y(low), x(high), y(high))
		}
	}
	for _, e := range m.Points {
		c.DrawGlyph(draw.GlyphStyle{Color: look.Faint(look.ClassColour(e.Class), 0.7), Radius: 2.2, Shape: look.ClassMarker(e.Class)}, vg.Point{X: x(e.At[0]), Y: y(e.At[1])})
	}
	number := text.Style{Color: color.Black, Font: look.Sans(8), XAlign: draw.XCenter, YAlign: draw.YCenter, Handler: plot.DefaultTextHandler}
	for k, at := range m.Prototypes {
		where := vg.Point{X: x(at[0]), Y: y(at[1])}
		c.DrawGlyph(draw.GlyphStyle{Color: color.White, Radius: 6.5, Shape: look.ClassMarker(k)}, where)
		c.DrawGlyph(draw.GlyphStyle{Color: look.ClassColour(k), Radius: 5.5, Shape: look.ClassMarker(k)}, where)
		c.FillText(number, where.Add(vg.Point{Y: 11}), strconv.Itoa(k))
	}
}

func (m Map) Chart() (*look.Chart, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	width, _ := m.Size()
	c := look.NewChart(m.title(), width)
	lowX, highX, lowY, highY := m.window()
	c.Axes(m.X, m.Y, look.Round4(lowX), look.Round4(highX), look.Round4(lowY), look.Round4(highY))
	c.Place(64, 24, 56)
	if m.Diagonal {
		low, high := max(lowX, lowY), min(highX, highY)
		if low < high {
			c.Level("as near to another prototype as to its own", low, low, high, high)
		}
	}
	var points, prototypes []look.Item
	for _, e := range m.Points {
		points = append(points, look.Item{
			Name:  fmt.Sprintf("%s (%.3g, %.3g)", className(m.Classes, e.Class), e.At[0], e.At[1]),
			Value: look.Numbers(e.At[:]...), Symbol: look.ClassSymbol(e.Class), ItemStyle: &opts.ItemStyle{Color: look.Hex(look.ClassColour(e.Class))},
		})
	}
	for k, at := range m.Prototypes {
		prototypes = append(prototypes, look.Item{
			Name: "prototype of " + className(m.Classes, k), Value: look.Numbers(at[:]...), Symbol: look.ClassSymbol(k),
			ItemStyle: &opts.ItemStyle{Color: look.Hex(look.ClassColour(k)), BorderColor: "#fff", BorderWidth: 2},
			Label:     &opts.Label{Show: look.Yes, Position: "top", Formatter: strconv.Itoa(k), Color: "#000"},
		})
	}
	c.Add(charts.SingleSeries{Type: types.ChartScatter, Data: points, SymbolSize: 7, ItemStyle: &opts.ItemStyle{Opacity: opts.Float(0.7)}})
	if len(prototypes) > 0 {
		c.Add(charts.SingleSeries{Type: types.ChartScatter, Data: prototypes, SymbolSize: 16})
	}
	return c, nil
}
