package figure

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"

	"github.com/seeable-lab/seeable/lab/figure/curves"
	"github.com/seeable-lab/seeable/lab/figure/look"
	"github.com/seeable-lab/seeable/lab/hypersphere"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/store"
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
	w, h := f.Size()
	if err := f.Draw(draw.NewCanvas(&canvas, w, h)); err != nil {
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
		w, h := f.Size()
		if got, want := picture.Bounds().Size(), image.Pt(int(w.Dots(200)+0.5), int(h.Dots(200)+0.5)); got != want {
			t.Errorf("%s: %v pixels, want %v", name, got, want)
		}
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
	for i, want := range []color.Color{look.ScaleColour(0, 0, 1), look.ScaleColour(0.3, 0, 1), grey, look.ScaleColour(1, 0, 1)} {
		if s[i].fill != want {
			t.Errorf("square %d has colour %v, want %v", i, s[i].fill, want)
		}
	}
	if !(s[0].left < s[1].left && s[0].bottom == s[1].bottom && s[0].bottom > s[2].bottom && s[0].left == s[2].left) {
		t.Errorf("squares lie at %v, want the first row on top", s)
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
		p, q := picture.RGBAAt(x, y), look.ScaleColour(value, -1, 1)
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

// The edge of an area is black inside and white outside; the edge of the picture is none.
func TestOverlayOfAnArea(t *testing.T) {
	grey := image.NewRGBA(image.Rect(0, 0, 5, 3))
	for i := range grey.Pix {
		grey.Pix[i] = 127
	}
	inside := make([]bool, 15)
	for i := range inside {
		inside[i] = i%5 < 3
	}
	got, err := Cells{Image: grey, Inside: inside}.Overlay()
	if err != nil {
		t.Fatal(err)
	}
	for i := range inside {
		want := map[int]uint8{2: 0, 3: 255}[i%5]
		if i%5 < 2 || i%5 == 4 {
			want = 127
		}
		if p := got.RGBAAt(i%5, i/5); p.R != want {
			t.Errorf("pixel (%d, %d) is %v, want %d", i%5, i/5, p, want)
		}
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
			want := look.Blend(picture.RGBAAt(x+2, y+3), look.ScaleColour(at(x)+4*at(y), 0, 15), opacity)
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
	if want := look.Blend(picture.RGBAAt(4, 3), look.ScaleColour(1, 0, 15), opacity*0.75); got.RGBAAt(4, 3) != want {
		t.Errorf("beside it is %v, want %v", got.RGBAAt(4, 3), want)
	}
	if text := optionText(t, m); strings.Contains(text, "row 0, column 0") || !strings.Contains(text, "row 3, column 3") || !strings.Contains(text, "15.000") {
		t.Errorf("the chart has other cells than those with a value: %s", text)
	}
}

// A method that classifies nothing has the held-out loss with the other one, and no accuracy.
func TestTrainingWithoutClasses(t *testing.T) {
	f := curves.Training{Title: "T", HeldOut: 116, Steps: []store.Step{
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

func TestErrors(t *testing.T) {
	one := region.Mask{Rect: image.Rect(0, 0, 1, 1), Weight: []float32{1}}
	blank, landmarks := Template(8)
	up := [][3]float64{{0, 0, 1}}
	nan := math.NaN()
	fine := figures(t, false)
	bend := fine["roc"].(curves.ROC).Curves[0]
	bend.Points = slices.Clone(bend.Points)
	slices.Reverse(bend.Points)
	for name, c := range map[string]struct {
		figure Figure
		want   string
	}{
		"falling curve":   {curves.ROC{Curves: []curves.Curve{bend}}, "do not fall"},
		"empty curve":     {curves.ROC{Curves: []curves.Curve{{Name: "x"}}}, "no points"},
		"one class":       {curves.Histogram{Real: []float64{1}}, "0 fake"},
		"NaN score":       {curves.Histogram{Real: []float64{1}, Fake: []float64{nan}}, "NaN"},
		"too far apart":   {curves.Histogram{Real: []float64{-math.MaxFloat64}, Fake: []float64{math.MaxFloat64}}, "too far apart"},
		"no steps":        {curves.Training{}, "no steps"},
		"infinite loss":   {curves.Training{Steps: []store.Step{{Step: 4, Loss: math.Inf(1)}}}, "step 4"},
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
		"area":            {Cells{Image: blank, Inside: make([]bool, 3)}, "an area of 3 pixels"},
		"no curves":       {curves.ROC{}, "no curves"},
		"no DET curves":   {curves.DET{}, "no curves"},
		"band":            {curves.ROC{Curves: []curves.Curve{{Points: fine["roc"].(curves.ROC).Curves[0].Points, Band: []curves.Rates{{FPR: 0.5, Low: 0.9, High: 0.1}}}}}, "band 0"},
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
		"no frames":       {curves.Timeline{}, "none of 0 frames"},
		"no face":         {curves.Timeline{Frames: []curves.Frame{{Second: 0, Score: nan}}}, "none of 1 frames"},
		"times":           {curves.Timeline{Frames: []curves.Frame{{Second: 1, Score: 1}, {Second: 0, Score: 1}}}, "rising times"},
		"reference":       {curves.Timeline{Frames: []curves.Frame{{Second: 1, Score: 1}}, Reference: []float64{nan}}, "reference score 0"},
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
