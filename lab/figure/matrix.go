package figure

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/figure/look"
)

// Matrix shows the mean cosine of the embeddings of each class (rows, from above) with each prototype (columns). A row of
// NaN, a class without faces, stays grey.
type Matrix struct {
	Title     string
	N         int         // faces that the means are over
	Values    [][]float64 // K×K, in [−1, 1]
	Classes   []string    // their names; nil for numbers
	Order     []int       // the classes in the order in which to show them, as [FaceOrder] gives it; nil for 0, 1, 2, …
	Synthetic bool
}

// FaceOrder orders the classes by where they sit on a face: from the forehead to the chin, each row from left to right, all
// types of discrepancy at one place side by side, so that classes that are neighbours on the face are so in the figure.
// Class k is that of region k mod len(regions); regions that cover most of the face come last, and after them the classes
// from types·len(regions) to k−1, which have no region.
func FaceOrder(regions []discrepancy.Mask, types, k int) []int {
	n := len(regions)
	var face image.Rectangle
	for _, r := range regions {
		face = face.Union(r.Rect)
	}
	var local, whole []int
	for i, r := range regions {
		if 2*r.Rect.Dx()*r.Rect.Dy() > face.Dx()*face.Dy() && n > 1 {
			whole = append(whole, i)
		} else {
			local = append(local, i)
		}
	}
	middle := func(i int) image.Point { return regions[i].Rect.Min.Add(regions[i].Rect.Max) }
	slices.SortStableFunc(local, func(i, j int) int { return middle(i).Y - middle(j).Y })
	rows := max(int(math.Round(math.Sqrt(float64(len(local))))), 1)
	width := max((len(local)+rows-1)/rows, 1)
	for row := range slices.Chunk(local, width) {
		slices.SortStableFunc(row, func(i, j int) int { return middle(i).X - middle(j).X })
	}
	var order []int
	for _, i := range append(local, whole...) {
		for t := range types {
			if class := t*n + i; class < k {
				order = append(order, class)
			}
		}
	}
	for class := types * n; class < k; class++ {
		order = append(order, class)
	}
	return order
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
	if m.Classes != nil && len(m.Classes) != k {
		return fmt.Errorf("matrix %s: %d names of %d classes", m.Title, len(m.Classes), k)
	}
	if m.Order != nil {
		sorted := slices.Sorted(slices.Values(m.Order))
		if len(sorted) != k || sorted[0] != 0 || sorted[k-1] != k-1 || len(slices.Compact(sorted)) != k {
			return fmt.Errorf("matrix %s: order %v: want each class in [0, %d) once", m.Title, m.Order, k)
		}
	}
	return nil
}

// ordered are the values and numbers of the classes in the order in which they are shown.
func (m Matrix) ordered() (values [][]float64, classes []int) {
	classes = m.Order
	if classes == nil {
		for i := range m.Values {
			classes = append(classes, i)
		}
	}
	for _, i := range classes {
		row := make([]float64, len(classes))
		for j, class := range classes {
			row[j] = m.Values[i][class]
		}
		values = append(values, row)
	}
	return values, classes
}

func (m Matrix) axes() (x, y string) {
	order := ""
	if m.Order != nil {
		order = ", from forehead to chin"
	}
	return "prototype (class" + order + ")", "discrepancy in the face (class" + order + ")"
}

func (m Matrix) title() string {
	return look.Title(m.Title, fmt.Sprintf("n = %d faces", m.N), m.Synthetic)
}

// scale is the range of the colours: that of the values, widened to tenths.
func scale(values ...[]float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, row := range values {
		for _, v := range row {
			if look.Finite(v) {
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

func (m Matrix) Size() (width, height vg.Length) { return 5.2 * vg.Inch, 4.6 * vg.Inch }

func (m Matrix) Draw(c draw.Canvas) error {
	if err := m.check(); err != nil {
		return err
	}
	c = draw.Crop(c, 6, -6, 6, -6)
	values, classes := m.ordered()
	k := len(values)
	low, high := scale(values...)
	x, y := m.axes()
	p := look.NewPlot(m.title(), x, y)
	squares(p, k, k)
	every := (k + 15) / 16
	var xs, ys plot.ConstantTicks
	for i := 0; i < k; i += every {
		xs = append(xs, plot.Tick{Value: float64(i), Label: strconv.Itoa(classes[i])})
		ys = append(ys, plot.Tick{Value: float64(k - 1 - i), Label: strconv.Itoa(classes[i])})
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = xs, ys
	p.Add(cells{values, low, high})
	left := draw.Crop(c, 0, -look.BarWidth, 0, 0)
	look.DrawPlot(left, p)
	look.DrawBar(beside(c, p.DataCanvas(left)), low, high, 1, "mean cosine (no unit)")
	return nil
}

// squares gives a plot room for cells around whole numbers, the first row at the top.
func squares(p *plot.Plot, rows, columns int) {
	p.X.Min, p.X.Max = -0.5, float64(columns)-0.5
	p.Y.Min, p.Y.Max = -0.5, float64(rows)-0.5
	p.X.Padding, p.Y.Padding = 2, 2
}

// beside is the place of the colour bar, as high as the data.
func beside(c, data draw.Canvas) draw.Canvas {
	bar := draw.Crop(c, c.Max.X-c.Min.X-look.BarWidth, 0, 0, 0)
	bar.Min.Y, bar.Max.Y = data.Min.Y, data.Max.Y
	return bar
}

// cells paints a table of quantities, its first row at the top.
type cells struct {
	values    [][]float64
	low, high float64
}

func (m cells) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	last := len(m.values) - 1
	for i, row := range m.values {
		for j, v := range row {
			fill := look.Absent
			if look.Finite(v) {
				fill = look.ScaleColour(v, m.low, m.high)
			}
			left, right := x(float64(j)-0.5), x(float64(j)+0.5)
			bottom, top := y(float64(last-i)-0.5), y(float64(last-i)+0.5)
			c.FillPolygon(fill, []vg.Point{{X: left, Y: bottom}, {X: right, Y: bottom}, {X: right, Y: top}, {X: left, Y: top}})
		}
	}
}

// className is what a class is called.
func className(names []string, k int) string {
	if names == nil {
		return "class " + strconv.Itoa(k)
	}
	return "class " + strconv.Itoa(k) + ": " + names[k]
}

func (m Matrix) Chart() (*look.Chart, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	width, _ := m.Size()
	values, classes := m.ordered()
	c := look.NewChart(m.title(), width)
	x, y := m.axes()
	var data []look.Item
	labels := make([]string, len(classes))
	for i, row := range values {
		labels[i] = strconv.Itoa(classes[i])
		for j, v := range row {
			name := fmt.Sprintf("%s: mean cosine %.3f with the prototype of %s",
				className(m.Classes, classes[i]), v, className(m.Classes, classes[j]))
			if i == j {
				name = fmt.Sprintf("%s: mean cosine %.3f with its own prototype", className(m.Classes, classes[i]), v)
			}
			if !look.Finite(v) {
				name = className(m.Classes, classes[i]) + ": no faces"
			}
			data = append(data, look.Item{Name: name, Value: []any{j, i, look.Number(v)}})
		}
	}
	c.Table(x, y, labels, labels, data)
	c.Place(64, 112, 56)
	low, high := scale(values...)
	c.ShowScale("mean cosine (no unit)", low, high, []int{0})
	return c, nil
}
