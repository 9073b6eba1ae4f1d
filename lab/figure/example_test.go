package figure_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"github.com/seeable-lab/seeable/lab/figure"
)

func Example() {
	table := figure.Ablation{
		Title: "Weight of the guidance", Quantity: "AUC over videos (share)",
		X:     figure.Parameter{Name: "λ", Values: []string{"0", "0.1"}},
		Y:     figure.Parameter{Name: "grid", Values: []string{"4×4"}},
		Cells: [][]figure.Estimate{{{Value: 0.712}, {Value: math.NaN()}}},
	}
	var svg bytes.Buffer
	if err := figure.SVG(&svg, table); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Contains(svg.String(), "Weight of the guidance (partial: 1 of 2 measured)"))
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
