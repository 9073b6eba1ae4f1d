package figure_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"github.com/seeable-lab/seeable/lab/figure"
)

func Example() {
	curve, err := figure.NewCurve("FF++ c40", []float64{0.1, 0.4, 0.35, 0.8}, []bool{false, false, true, true})
	if err != nil {
		fmt.Println(err)
		return
	}
	var svg bytes.Buffer
	if err := figure.SVG(&svg, figure.ROC{Title: "ROC", Unit: "videos", Curves: []figure.Curve{curve}}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Contains(svg.String(), "FF++ c40: AUC 0.750 (2 real, 2 fake videos)"))
	// Output: true
}

// A page with the same figure as a chart. What it shows of a cell that was not measured is said, not left out.
func ExampleHTML() {
	bars := figure.Bars{
		Title: "Two test sets", Quantity: "AUC over videos (share)", Chance: 0.5,
		Groups: []figure.Group{
			{Name: "DFDC", Bars: []figure.Bar{{Name: "ours", Estimate: figure.Estimate{Value: 0.667, Low: 0.48, High: 0.84, N: "15 real, 21 fake videos"}}}},
			{Name: "Celeb-DF v2", Bars: []figure.Bar{{Name: "ours", Estimate: figure.Estimate{Value: math.NaN()}}}},
		},
	}
	var page bytes.Buffer
	if err := figure.HTML(&page, "Results", bars); err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"Two test sets (partial: 1 of 2 measured)", "DFDC, ours: 0.667 [0.48, 0.84] (15 real, 21 fake videos)", "https:"} {
		fmt.Println(strings.Contains(page.String(), text))
	}
	// Output:
	// true
	// true
	// false
}
