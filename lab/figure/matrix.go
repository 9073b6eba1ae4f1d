package figure

import (
	"fmt"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Matrix shows the mean cosine of the embeddings of each class (rows, from above) with each prototype (columns). A row of
// NaN, a class without faces, stays grey.
type Matrix struct {
	Title     string
	N         int         // faces that the means are over
	Values    [][]float64 // K×K, in [−1, 1]
	Synthetic bool
}

func (m Matrix) check() error {
	k := len(m.Values)
	if k == 0 {
		return fmt.Errorf("matrix %s is empty", m.Title)
	}
	for i, row := range m.Values {
		if len(row) != k {
			return fmt.Errorf("matrix %s: row %d has %d values, want %d", m.Title, i, len(row), k)
		}
		for j, v := range row {
			if math.Abs(v) > 1+1e-4 {
				return fmt.Errorf("matrix %s: %g in row %d, column %d is no cosine", m.Title, v, i, j)
			}
		}
	}
	return nil
}

// scale is the range of the colours: that of the values, widened to tenths.
func scale(values ...[]float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, row := range values {
		for _, v := range row {
			if finite(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	if low > high {
		return 0, 1
	}
	low, high = math.Floor(low*10)/10, math.Ceil(high*10)/10
	if low == high {
		high += 0.1
	}
	return low, high
}

func (m Matrix) size() (width, height vg.Length) { return 5.2 * vg.Inch, 4.6 * vg.Inch }

func (m Matrix) draw(c draw.Canvas) error {
	if err := m.check(); err != nil {
		return err
	}
	c = draw.Crop(c, 6, -6, 6, -6)
	k := len(m.Values)
	low, high := scale(m.Values...)
	p := newPlot(title(m.Title, fmt.Sprintf("n = %d faces", m.N), m.Synthetic), "prototype (class)", "discrepancy in the face (class)")
	p.X.Min, p.X.Max = -0.5, float64(k)-0.5
	p.Y.Min, p.Y.Max = -0.5, float64(k)-0.5
	p.X.Padding, p.Y.Padding = 2, 2
	var xs, ys plot.ConstantTicks
	for i := 0; i < k; i += (k + 7) / 8 {
		xs = append(xs, plot.Tick{Value: float64(i), Label: strconv.Itoa(i)})
		ys = append(ys, plot.Tick{Value: float64(k - 1 - i), Label: strconv.Itoa(i)})
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = xs, ys
	p.Add(cells{m.Values, low, high})
	left := draw.Crop(c, 0, -barWidth, 0, 0)
	p.Draw(left)
	data := p.DataCanvas(left)
	bar := draw.Crop(c, c.Max.X-c.Min.X-barWidth, 0, 0, 0)
	bar.Min.Y, bar.Max.Y = data.Min.Y, data.Max.Y
	drawBar(bar, low, high, 1, "mean cosine (no unit)")
	return nil
}

// cells paints a matrix, its first row at the top.
type cells struct {
	values    [][]float64
	low, high float64
}

func (m cells) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	k := len(m.values)
	for i, row := range m.values {
		for j, v := range row {
			fill := color.NRGBA{200, 200, 200, 255}
			if finite(v) {
				fill = scaleColour(v, m.low, m.high)
			}
			left, right := x(float64(j)-0.5), x(float64(j)+0.5)
			bottom, top := y(float64(k-1-i)-0.5), y(float64(k-1-i)+0.5)
			c.FillPolygon(fill, []vg.Point{{X: left, Y: bottom}, {X: right, Y: bottom}, {X: right, Y: top}, {X: left, Y: top}})
		}
	}
}
