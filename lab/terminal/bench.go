package terminal

import (
	"fmt"
	"io"

	"github.com/seeable-lab/seeable/lab/bench"
	"github.com/seeable-lab/seeable/lab/table"
)

// Samples prints what the training samples of methods cost, as [bench.Samples] found it.
func Samples(w io.Writer, all []bench.Speed) {
	t := table.Table{
		Title:  "Training samples, by method",
		Header: []string{"method", "pixels", "images/s", "CPU ms an image", "cost"}, Right: []bool{false, true, true, true, true},
		Notes: []string{"cost: CPU time over that of a self-blended image, measured beside each."},
	}
	for _, s := range all {
		t.Rows = append(t.Rows, []string{s.Method, fmt.Sprint(s.Size), fmt.Sprintf("%.0f", s.ImagesPerSecond), fmt.Sprintf("%.2f", s.CPUPerImage), fmt.Sprintf("%.2f", s.Cost)})
	}
	fmt.Fprintln(w, t.Text())
}

// Systems prints how fast methods train and score: the two benches of each, one after the other.
func Systems(w io.Writer, all []bench.Speed) {
	t := table.Table{
		Title:  "Training and scoring, by method: images and faces a second",
		Header: []string{"method", "network", "pixels", "batch", "trained", "input alone", "network alone", "faces scored"},
		Right:  []bool{false, false, true, true, true, true, true, true},
	}
	for i := 0; i+1 < len(all); i += 2 {
		trained, scored := all[i], all[i+1]
		row := []string{trained.Method, trained.Encoder, fmt.Sprint(trained.Size), fmt.Sprint(trained.Batch)}
		for _, speed := range []float64{trained.ImagesPerSecond, trained.InputPerSecond, trained.NetworkPerSecond, scored.FacesPerSecond} {
			row = append(row, fmt.Sprintf("%.0f", speed))
		}
		t.Rows = append(t.Rows, row)
	}
	fmt.Fprintln(w, t.Text())
}
