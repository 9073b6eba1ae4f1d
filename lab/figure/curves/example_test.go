package curves_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/figure/curves"
)

func Example() {
	curve, err := curves.NewCurve("FF++ c40", []float64{0.1, 0.4, 0.35, 0.8}, []bool{false, false, true, true})
	if err != nil {
		fmt.Println(err)
		return
	}
	var svg bytes.Buffer
	if err := figure.SVG(&svg, curves.ROC{Title: "ROC", Unit: "videos", Curves: []curves.Curve{curve}}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Contains(svg.String(), "FF++ c40: AUC 0.750 (2 real, 2 fake videos)"))
	// Output: true
}
