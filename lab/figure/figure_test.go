package figure

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"

	"github.com/seeable-lab/seeable/lab/hypersphere"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
)

func svgText(t testing.TB, f Figure) string {
	t.Helper()
	var b bytes.Buffer
	if err := SVG(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// record returns what drawing the figure does, stroke by stroke.
func record(t testing.TB, f Figure) []recorder.Action {
	t.Helper()
	var canvas recorder.Canvas
	w, h := f.size()
	if err := f.draw(draw.NewCanvas(&canvas, w, h)); err != nil {
		t.Fatal(err)
	}
	return canvas.Actions
}

// corners are the points of a path of straight lines.
func corners(p vg.Path) []vg.Point {
	var points []vg.Point
	for _, c := range p {
		if c.Type == vg.MoveComp || c.Type == vg.LineComp {
			points = append(points, c.Pos)
		}
	}
	return points
}

func strokes(actions []recorder.Action) [][]vg.Point {
	var list [][]vg.Point
	for _, a := range actions {
		if s, ok := a.(*recorder.Stroke); ok {
			list = append(list, corners(s.Path))
		}
	}
	return list
}

func TestEveryFigure(t *testing.T) {
	states := map[string]string{
		"roc": "2 real, 3 fake videos", "histogram": "fake (3 videos)", "training": "700 steps", "matrix": "n = 12",
		"sphere": "n = 2 embeddings, K = 3", "cells": "n = 7 faces", "det": "2 real, 3 fake videos", "bars": "partial: 1 of 2 measured",
		"ablation": "partial: 1 of 2 measured", "pca": "n = 12 embeddings", "angles": "n = 12 embeddings",
		"timeline": "n = 3 frames, 1 without a face", "robustness": "3 real, 4 fake videos",
	}
	for name, f := range figures(t, false) {
		text := svgText(t, f)
		if again := svgText(t, figures(t, false)[name]); again != text {
			t.Errorf("%s: the same data gave other bytes", name)
		}
		if !strings.Contains(text, states[name]) {
			t.Errorf("%s does not state %q", name, states[name])
		}
		if strings.Contains(text, "synthetic") {
			t.Errorf("%s of photographs says synthetic", name)
		}
		if !strings.Contains(svgText(t, figures(t, true)[name]), "synthetic") {
			t.Errorf("%s of synthetic faces does not say so", name)
		}
		decoder := xml.NewDecoder(strings.NewReader(text))
		for {
			if _, err := decoder.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		var b bytes.Buffer
		if err := PNG(&b, f); err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		w, h := f.size()
		if got, want := picture.Bounds().Size(), image.Pt(int(w.Dots(200)+0.5), int(h.Dots(200)+0.5)); got != want {
			t.Errorf("%s: %v pixels, want %v", name, got, want)
		}
	}
}

// The curve of the figure goes through the points of the data, in the coordinates in which chance goes from (0, 0) to
// (1, 1).
func TestROCGoesThroughItsPoints(t *testing.T) {
	// From the largest: fake, real, fake, fake, real, real.
	curve, err := NewCurve("x", []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, []bool{false, false, true, true, false, true})
	if err != nil {
		t.Fatal(err)
	}
	if want := 7. / 9; math.Abs(curve.AUC-want) > 1e-12 || curve.Real != 3 || curve.Fake != 3 {
		t.Errorf("AUC %g of %d real and %d fake, want %g of 3 and 3", curve.AUC, curve.Real, curve.Fake, want)
	}
	want := [][2]float64{{0, 0}, {0, 1. / 3}, {1. / 3, 1. / 3}, {1. / 3, 1}, {1, 1}}
	lines := strokes(record(t, ROC{Title: "x", Unit: "faces", Curves: []Curve{curve}}))
	at := slices.IndexFunc(lines, func(line []vg.Point) bool { return len(line) == len(want) })
	if at < 0 {
		t.Fatal("no line of 5 points was drawn")
	}
	chance := lines[at+1]
	if len(chance) != 2 {
		t.Fatalf("chance has %d points, want 2", len(chance))
	}
	for i, p := range lines[at] {
		x := float64((p.X - chance[0].X) / (chance[1].X - chance[0].X))
		y := float64((p.Y - chance[0].Y) / (chance[1].Y - chance[0].Y))
		if math.Hypot(x-want[i][0], y-want[i][1]) > 1e-9 {
			t.Errorf("point %d at (%g, %g), want %g", i, x, y, want[i])
		}
	}
}

func TestHistogramBins(t *testing.T) {
	// 26 scores make 5 bins of width 2 from 0 to 10.
	h := Histogram{Real: []float64{0, 1.9, 2, 10}, Fake: slices.Repeat([]float64{9}, 22)}
	edges, reals, fakes, err := h.bins()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][2][]float64{
		"edges": {edges, {0, 2, 4, 6, 8, 10}},
		"real":  {reals, {50, 25, 0, 0, 25}},
		"fake":  {fakes, {0, 0, 0, 0, 100}},
	} {
		if len(c[0]) != len(c[1]) {
			t.Fatalf("%s: got %v, want %v", name, c[0], c[1])
		}
		for i := range c[0] {
			if math.Abs(c[0][i]-c[1][i]) > 1e-9 {
				t.Errorf("%s: got %v, want %v", name, c[0], c[1])
				break
			}
		}
	}
	for _, h := range []Histogram{
		{Real: []float64{3}, Fake: []float64{3}},
		{Real: []float64{-1e300}, Fake: []float64{1e300, 0}},
		{Real: []float64{1}, Fake: []float64{math.Nextafter(1, 2)}},
	} {
		_, reals, fakes, err := h.bins()
		if err != nil {
			t.Fatal(err)
		}
		for _, shares := range [][]float64{reals, fakes} {
			sum := 0.0
			for _, s := range shares {
				sum += s
			}
			if math.Abs(sum-100) > 1e-9 {
				t.Errorf("%v: shares %v add up to %g", h, shares, sum)
			}
		}
		svgText(t, h) // comes to an end
	}
}

func TestTrainingIsAveraged(t *testing.T) {
	var tr Training
	for i := range 601 { // windows of 3, a last one of 1
		tr.Steps = append(tr.Steps, store.Step{Step: i + 1, Loss: float64(i), HeldOut: -1})
	}
	tr.Steps[4].HeldOut, tr.Steps[9].HeldOut = 0, 0.5
	line, window := tr.smooth(func(s store.Step) float64 { return s.Loss })
	if window != 3 || len(line) != 201 {
		t.Fatalf("%d points of %d steps, want 201 of 3", len(line), window)
	}
	if first, last := line[0], line[200]; math.Abs(first.X-2)+math.Abs(first.Y-1) > 1e-12 || last.X != 601 || last.Y != 600 {
		t.Errorf("first %v, last %v, want {2 1} and {601 600}", first, last)
	}
	held := tr.heldOut()
	if len(held) != 2 || held[0].X != 5 || held[0].Y != 0 || held[1].X != 10 || held[1].Y != 0.5 {
		t.Errorf("held-out %v, want (5, 0) and (10, 0.5): a measured 0 counts", held)
	}
}

// Row 0 is at the top, column 0 at the left, light is high.
func TestMatrixColours(t *testing.T) {
	m := Matrix{Title: "m", Values: [][]float64{{0, 0.3}, {math.NaN(), 1}}}
	type square struct {
		left, bottom vg.Length
		fill         color.Color
	}
	var squares []square
	var colour color.Color
	for _, a := range record(t, m) {
		switch a := a.(type) {
		case *recorder.SetColor:
			colour = a.Color
		case *recorder.Fill:
			if points := corners(a.Path); len(points) == 4 && points[0].X < points[1].X {
				squares = append(squares, square{points[0].X, points[0].Y, colour})
			}
		}
	}
	if len(squares) < 4 {
		t.Fatalf("%d squares, want 4 or more", len(squares))
	}
	s := squares[len(squares)-4:]
	grey := color.NRGBA{200, 200, 200, 255}
	for i, want := range []color.Color{viridis[0], scaleColour(0.3, 0, 1), grey, viridis[len(viridis)-1]} {
		if s[i].fill != want {
			t.Errorf("square %d has colour %v, want %v", i, s[i].fill, want)
		}
	}
	if !(s[0].left < s[1].left && s[0].bottom == s[1].bottom && s[0].bottom > s[2].bottom && s[0].left == s[2].left) {
		t.Errorf("squares lie at %v, want the first row on top", s)
	}
}

func TestScaleColour(t *testing.T) {
	for value, want := range map[float64]color.NRGBA{
		-7: viridis[0], 2: viridis[0], 3: viridis[1], 11: viridis[9], 12: viridis[9],
		2.5: {0x46, 0x15, 0x66, 0xff}, // half way from 440154 to 482878, halves up
	} {
		if got := scaleColour(value, 2, 11); got != want {
			t.Errorf("%g on the scale from 2 to 11 is %v, want %v", value, got, want)
		}
	}
	// A quantity can be read off in grey as well.
	last := -1.0
	for i := range 101 {
		c := scaleColour(float64(i), 0, 100)
		if light := 0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B); light < last {
			t.Fatalf("the scale gets darker at %d", i)
		} else {
			last = light
		}
	}
}

func TestClassesCanBeToldApart(t *testing.T) {
	type look struct {
		colour color.NRGBA
		marker draw.GlyphDrawer
	}
	seen := map[look]int{}
	for k := range 32 {
		l := look{classColour(k), markers[k/len(okabeIto)%len(markers)]}
		if other, twice := seen[l]; twice {
			t.Errorf("classes %d and %d look the same", other, k)
		}
		seen[l] = k
		for _, step := range []int{5, 8, 13, 21} {
			if k+step < 32 && classColour(k) == classColour(k+step) {
				t.Errorf("classes %d and %d, neighbours in the projection, have one colour", k, k+step)
			}
		}
	}
}

func TestOverlayPaintsOnlyItsRegions(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 8, 6))
	for i := range picture.Pix {
		picture.Pix[i] = uint8(7 * i)
		if i%4 == 3 {
			picture.Pix[i] = 255
		}
	}
	before := bytes.Clone(picture.Pix)
	m := Cells{
		Image: picture, Low: -1, High: 1,
		Regions: []region.Mask{
			{Rect: image.Rect(1, 1, 3, 2), Weight: []float32{1, 0.5}},
			{Rect: image.Rect(6, 4, 10, 5), Weight: []float32{0, 1, 1, 1}}, // reaches out of the picture
			{Rect: image.Rect(1, 1, 2, 2), Weight: []float32{0.5}},
			{Rect: image.Rect(4, 4, 5, 5), Weight: []float32{1}},
			{}, // a region without pixels
		},
		Values: []float64{1, -1, -0.5, math.NaN(), 0.5},
	}
	got, err := m.Overlay()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(picture.Pix, before) {
		t.Error("the picture of the caller was painted")
	}
	over := func(x, y int, value, a float64) color.RGBA {
		p, q := picture.RGBAAt(x, y), scaleColour(value, -1, 1)
		mix := func(p, q uint8) uint8 { return uint8(math.Round((1-a)*float64(p) + a*float64(q))) }
		return color.RGBA{mix(p.R, q.R), mix(p.G, q.G), mix(p.B, q.B), 255}
	}
	painted := map[image.Point]color.RGBA{
		{X: 1, Y: 1}: over(1, 1, (1*1-0.5*0.5)/1.5, opacity), // mean of two regions, weighted
		{X: 2, Y: 1}: over(2, 1, 1, opacity/2),
		{X: 7, Y: 4}: over(7, 4, -1, opacity),
	}
	for y := range 6 {
		for x := range 8 {
			want, ok := painted[image.Pt(x, y)]
			if !ok {
				want = picture.RGBAAt(x, y)
			}
			if c := got.RGBAAt(x, y); c != want {
				t.Errorf("pixel (%d, %d) is %v, want %v", x, y, c, want)
			}
		}
	}
	slices.Reverse(m.Regions)
	slices.Reverse(m.Values)
	again, err := m.Overlay()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Pix, got.Pix) {
		t.Error("another order of the regions painted another picture")
	}
}

// The image may be a part of a larger one; regions are in its own pixels.
// A square of values is stretched over the image: its cells' middles have their values, what lies between is on a straight line,
// and NaN leaves its neighbours alone.
func TestOverlayOfASquare(t *testing.T) {
	picture := image.NewRGBA(image.Rect(2, 3, 10, 11))
	for i := range picture.Pix {
		picture.Pix[i] = uint8(11 * i)
	}
	m := Cells{Image: picture, Side: 4, Values: make([]float64, 16), Low: 0, High: 15}
	for i := range m.Values {
		m.Values[i] = float64(i)
	}
	got, err := m.Overlay()
	if err != nil {
		t.Fatal(err)
	}
	// Naively: the value at the middle of pixel x lies at (x + 1/2)/2 − 1/2 cells, and so for rows.
	at := func(pixel int) float64 { return min(max((float64(pixel)+0.5)/2-0.5, 0), 3) }
	for y := range 8 {
		for x := range 8 {
			want := blend(picture.RGBAAt(x+2, y+3), scaleColour(at(x)+4*at(y), 0, 15), opacity)
			found := got.RGBAAt(x+2, y+3)
			for _, d := range []int{int(found.R) - int(want.R), int(found.G) - int(want.G), int(found.B) - int(want.B)} {
				if d < -1 || d > 1 {
					t.Fatalf("pixel (%d, %d) is %v, want %v", x, y, found, want)
				}
			}
		}
	}
	m.Values[0] = math.NaN()
	if got, err = m.Overlay(); err != nil {
		t.Fatal(err)
	}
	if got.RGBAAt(2, 3) != picture.RGBAAt(2, 3) {
		t.Error("a corner without a value was painted")
	}
	if want := blend(picture.RGBAAt(4, 3), scaleColour(1, 0, 15), opacity*0.75); got.RGBAAt(4, 3) != want {
		t.Errorf("beside it is %v, want %v", got.RGBAAt(4, 3), want)
	}
	if text := optionText(t, m); strings.Contains(text, "row 0, column 0") || !strings.Contains(text, "row 3, column 3") || !strings.Contains(text, "15.000") {
		t.Errorf("the chart has other cells than those with a value: %s", text)
	}
}

// A method that classifies nothing has the held-out loss with the other one, and no accuracy.
func TestTrainingWithoutClasses(t *testing.T) {
	f := Training{Title: "T", HeldOut: 116, Steps: []store.Step{
		{Step: 1, Loss: 3, Accuracy: -1, HeldOut: math.NaN(), Strength: 1}, {Step: 2, Loss: -0.5, Accuracy: -1, HeldOut: -0.25, Strength: 1},
	}}
	text := optionText(t, f)
	for want, is := range map[string]bool{"loss on 116 held-out faces": true, "-0.25": true, "accuracy": false, "nats": false, "NaN": false} {
		if strings.Contains(text, want) != is {
			t.Errorf("%q in the chart: %t, want %t: %s", want, !is, is, text)
		}
	}
	var svg bytes.Buffer
	if err := SVG(&svg, f); err != nil {
		t.Fatal(err)
	}
	if drawn := svg.String(); !strings.Contains(drawn, "116 held-out faces") || strings.Contains(drawn, "accuracy") {
		t.Error("want the held-out loss and no accuracy in print")
	}
}

func TestOverlayOfPartOfAnImage(t *testing.T) {
	whole := image.NewRGBA(image.Rect(0, 0, 9, 9))
	part := whole.SubImage(image.Rect(3, 4, 7, 8)).(*image.RGBA)
	got, err := Cells{Image: part, Regions: []region.Mask{{Rect: image.Rect(5, 6, 6, 7), Weight: []float32{1}}}, Values: []float64{0.5}}.Overlay()
	if err != nil {
		t.Fatal(err)
	}
	for y := 4; y < 8; y++ {
		for x := 3; x < 7; x++ {
			if painted := got.RGBAAt(x, y) != (color.RGBA{}); painted != (x == 5 && y == 6) {
				t.Errorf("pixel (%d, %d): painted is %t", x, y, painted)
			}
		}
	}
}

func TestTemplateShowsTheWholeFace(t *testing.T) {
	blank, landmarks := Template(128)
	for i, p := range landmarks {
		if p.X < 0 || p.Y < 0 || p.X > 127 || p.Y > 127 {
			t.Errorf("landmark %d at %v lies outside of the picture", i, p)
		}
	}
	// White, so that colours show as on the scale.
	if blank.RGBAAt(64, 64) != (color.RGBA{255, 255, 255, 255}) {
		t.Error("the picture is not white")
	}
}

func TestViewIsARotation(t *testing.T) {
	var axes [3][3]float64
	for a := range 3 {
		var p [3]float64
		p[a] = 1
		x, y, z := view(p)
		axes[a] = [3]float64{x, y, z}
	}
	for a := range 3 {
		for b := range 3 {
			dot, want := 0.0, 0.0
			for i := range 3 {
				dot += axes[a][i] * axes[b][i]
			}
			if a == b {
				want = 1
			}
			if math.Abs(dot-want) > 1e-12 {
				t.Errorf("axes %d and %d have product %g, want %g", a, b, dot, want)
			}
		}
	}
	if axes[1][1] < 0.9 || axes[0][0] < 0.8 {
		t.Errorf("axes appear at %v, want x to the right and y up", axes)
	}
}

func TestTicksAreRound(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      []string
	}{
		{0, 1500, []string{"0", "500", "1000", "1500"}},
		{-0.2, 1, []string{"-0.2", "0", "0.2", "0.4", "0.6", "0.8", "1"}},
		{2.1, 5.04, []string{"2.5", "3", "3.5", "4", "4.5", "5"}},
		{0, 61, []string{"0", "20", "40", "60"}},
	} {
		var got []string
		for _, tick := range (round{}).Ticks(c.low, c.high) {
			got = append(got, tick.Label)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("from %g to %g: %q, want %q", c.low, c.high, got, c.want)
		}
	}
	rng := stream.New(1, "ticks")
	for range 1000 {
		low := rng.NormFloat64() * math.Pow(10, float64(rng.IntN(9)-4))
		high := low + math.Pow(10, 8*rng.Float64()-4)
		ticks := round{}.Ticks(low, high)
		if n := len(ticks); n < 2 || n > 7 {
			t.Errorf("%d ticks from %g to %g", n, low, high)
		}
		for _, tick := range ticks {
			if tick.Value < low-1e-9*math.Abs(low) || tick.Value > high+1e-9*math.Abs(high) {
				t.Errorf("tick %g outside of %g to %g", tick.Value, low, high)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	one := region.Mask{Rect: image.Rect(0, 0, 1, 1), Weight: []float32{1}}
	blank, landmarks := Template(8)
	up := [][3]float64{{0, 0, 1}}
	nan := math.NaN()
	fine := figures(t, false)
	bend := fine["roc"].(ROC).Curves[0]
	bend.Points = slices.Clone(bend.Points)
	slices.Reverse(bend.Points)
	for name, c := range map[string]struct {
		figure Figure
		want   string
	}{
		"falling curve":   {ROC{Curves: []Curve{bend}}, "do not fall"},
		"empty curve":     {ROC{Curves: []Curve{{Name: "x"}}}, "no points"},
		"one class":       {Histogram{Real: []float64{1}}, "0 fake"},
		"NaN score":       {Histogram{Real: []float64{1}, Fake: []float64{nan}}, "NaN"},
		"too far apart":   {Histogram{Real: []float64{-math.MaxFloat64}, Fake: []float64{math.MaxFloat64}}, "too far apart"},
		"no steps":        {Training{}, "no steps"},
		"infinite loss":   {Training{Steps: []store.Step{{Step: 4, Loss: math.Inf(1)}}}, "step 4"},
		"empty matrix":    {Matrix{}, "empty"},
		"ragged matrix":   {Matrix{Values: [][]float64{{1, 1}, {1}}}, "row 1"},
		"no cosine":       {Matrix{Values: [][]float64{{2}}}, "no cosine"},
		"no prototypes":   {Sphere{}, "no prototypes"},
		"names":           {Sphere{Prototypes: up, Classes: []string{"a", "b"}}, "2 names of 1"},
		"far prototype":   {Sphere{Prototypes: [][3]float64{{2, 0, 0}}}, "prototype 0"},
		"NaN embedding":   {Sphere{Prototypes: up, Points: []Embedding{{At: [3]float64{nan}}}}, "point 0"},
		"class":           {Sphere{Prototypes: up, Points: []Embedding{{Class: 1}}}, "class 1"},
		"no image":        {Cells{}, "no image"},
		"values":          {Cells{Image: blank, Regions: []region.Mask{one}}, "0 values"},
		"square":          {Cells{Image: blank, Side: 2, Values: []float64{1}}, "want the 4 of a square"},
		"both":            {Cells{Image: blank, Side: 1, Regions: []region.Mask{one}, Values: []float64{1}}, "want one of them"},
		"weights":         {Cells{Image: blank, Regions: []region.Mask{{Rect: one.Rect}}, Values: []float64{1}}, "0 weights"},
		"landmarks":       {Cells{Image: blank, Landmarks: landmarks[:5]}, "5 landmarks"},
		"scale":           {Cells{Image: blank, Low: 1}, "scale from 1 to 0"},
		"no curves":       {ROC{}, "no curves"},
		"no DET curves":   {DET{}, "no curves"},
		"band":            {ROC{Curves: []Curve{{Points: fine["roc"].(ROC).Curves[0].Points, Band: []Rates{{0.5, 0.9, 0.1}}}}}, "band 0"},
		"order":           {Matrix{Values: [][]float64{{1, 0}, {0, 1}}, Order: []int{0, 0}}, "each class in [0, 2) once"},
		"order's ends":    {Matrix{Values: [][]float64{{1, 0}, {0, 1}}, Order: []int{1, 2}}, "each class in [0, 2) once"},
		"matrix names":    {Matrix{Values: [][]float64{{1}}, Classes: []string{"a", "b"}}, "2 names of 1"},
		"occupancy":       {Sphere{Prototypes: up, Occupancy: []float64{nan}}, "occupancy NaN"},
		"occupancies":     {Sphere{Prototypes: up, Occupancy: []float64{0.5, 0.5}}, "want 1"},
		"no bars":         {Bars{}, "none of 0 bars"},
		"no bar measured": {Bars{Groups: []Group{{"g", []Bar{{"b", Estimate{Value: nan}}}}}}, "none of 1 bars"},
		"interval":        {Bars{Groups: []Group{{"g", []Bar{{"b", Estimate{0.5, 0.6, 0.7, ""}}}}}}, "outside of its interval"},
		"negative bar":    {Bars{Groups: []Group{{"g", []Bar{{"b", Estimate{Value: -1}}}}}}, "want values from 0"},
		"no ablation":     {Ablation{}, "want some of each"},
		"ablation rows":   {Ablation{X: Parameter{"x", []string{"1"}}, Y: Parameter{"y", []string{"1"}}}, "0 rows"},
		"ablation row":    {Ablation{X: Parameter{"x", []string{"1"}}, Y: Parameter{"y", []string{"1"}}, Cells: [][]Estimate{{}}}, "row 0"},
		"no cell":         {Ablation{X: Parameter{"x", []string{"1"}}, Y: Parameter{"y", []string{"1"}}, Cells: [][]Estimate{{{Value: nan}}}}, "no cell was measured"},
		"no points":       {Map{}, "no points"},
		"NaN point":       {Map{Points: []Place{{At: [2]float64{nan, 0}}}}, "point 0"},
		"map class":       {Map{Points: []Place{{Class: 3}}, Classes: []string{"a"}}, "class 3"},
		"no frames":       {Timeline{}, "none of 0 frames"},
		"no face":         {Timeline{Frames: []Frame{{0, nan, ""}}}, "none of 1 frames"},
		"times":           {Timeline{Frames: []Frame{{1, 1, ""}, {0, 1, ""}}}, "rising times"},
		"reference":       {Timeline{Frames: []Frame{{1, 1, ""}}, Reference: []float64{nan}}, "reference score 0"},
		"no response":     {Robustness{}, "none of 0 points"},
		"levels":          {Robustness{Curves: []Response{{"c", []Level{{2, Estimate{Value: 1}}, {1, Estimate{Value: 1}}}}}}, "rising levels"},
	} {
		option := func(w io.Writer, f Figure) error {
			text, err := Option(f)
			_, _ = w.Write(text)
			return err
		}
		page := func(w io.Writer, f Figure) error { return HTML(w, "x", f) }
		for _, write := range []func(io.Writer, Figure) error{SVG, PNG, PDF, option, page} {
			var b bytes.Buffer
			err := write(&b, c.figure)
			if err == nil || !strings.HasPrefix(err.Error(), "figure: ") || strings.Count(err.Error(), "figure:") > 1 || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error %v, want one with %q", name, err, c.want)
			}
			if b.Len() > 0 {
				t.Errorf("%s: %d bytes were written in spite of the error", name, b.Len())
			}
		}
	}
	prototypes, err := hypersphere.Simplex(3, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, make := range []func(string, *hypersphere.Prototypes, [][]float64, []int) (Map, error){PCA, Angles} {
		for name, c := range map[string]struct {
			z      [][]float64
			labels []int
			want   string
		}{
			"no embeddings": {nil, nil, "0 embeddings"},
			"labels":        {[][]float64{{1, 0, 0, 0}}, nil, "0 labels"},
			"coordinates":   {[][]float64{{1}}, []int{0}, "1 coordinates"},
			"NaN":           {[][]float64{{1, 0, nan, 0}}, []int{0}, "NaN"},
			"class":         {[][]float64{{1, 0, 0, 0}}, []int{3}, "class 3"},
		} {
			if _, err := make("x", prototypes, c.z, c.labels); err == nil || !strings.HasPrefix(err.Error(), "figure: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("map, %s: error %v, want one with %q", name, err, c.want)
			}
		}
	}
	same := [][]float64{{1, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}}
	if _, err := PCA("x", prototypes, same, []int{0, 1, 2}); err == nil || !strings.Contains(err.Error(), "the same") {
		t.Errorf("error %v of equal embeddings", err)
	}
	if _, err := Angles("x", prototypes, [][]float64{{0, 0, 0, 0}}, []int{0}); err == nil || !strings.Contains(err.Error(), "embedding 0") {
		t.Errorf("error %v of an embedding without a direction", err)
	}
	if _, err := NewCurve("x", []float64{1, nan}, []bool{true, false}); err == nil || !strings.HasPrefix(err.Error(), "figure: ROC of x") {
		t.Errorf("error %v of a NaN score", err)
	}
}

func BenchmarkOverlay(b *testing.B) {
	blank, _ := Template(224)
	var m Cells
	m.Image = blank
	for i := range 16 {
		mask := region.Mask{Rect: image.Rect(0, 0, 50, 50).Add(image.Pt(i%4*50, i/4*50)), Weight: make([]float32, 2500)}
		for j := range mask.Weight {
			mask.Weight[j] = 1
		}
		m.Regions, m.Values = append(m.Regions, mask), append(m.Values, float64(i))
	}
	for b.Loop() {
		if _, err := m.Overlay(); err != nil {
			b.Fatal(err)
		}
	}
}
