package lab

import (
	"fmt"
	"slices"

	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/store"
)

// AUCBars shows the AUC of runs over the videos of each test set that has one, with its interval; labels name the runs.
func AUCBars(title string, labels []string, runs []*Run) (figure.Bars, error) {
	if len(labels) != len(runs) {
		return figure.Bars{}, fmt.Errorf("lab: %d labels of %d runs", len(labels), len(runs))
	}
	b := figure.Bars{Title: title, Quantity: "AUC over videos (share)", Chance: 0.5}
	for i, r := range runs {
		for _, t := range r.Record.Tests {
			if t.Level != "video" || t.Method != evaluation.All || t.NoFigure != "" {
				continue
			}
			at := slices.IndexFunc(b.Groups, func(g figure.Group) bool { return g.Name == t.Dataset })
			if at < 0 {
				at = len(b.Groups)
				b.Groups = append(b.Groups, figure.Group{Name: t.Dataset})
			}
			b.Groups[at].Bars = append(b.Groups[at].Bars, figure.Bar{Name: labels[i], Estimate: estimate(t)})
			b.Synthetic = b.Synthetic || t.Synthetic
		}
	}
	return b, nil
}

func estimate(t store.Test) figure.Estimate {
	n := fmt.Sprintf("%d real, %d fake videos", t.NReal, t.NFake)
	if t.RealPeople > 0 {
		n += fmt.Sprintf(" of %d, %d people", t.RealPeople, t.FakePeople)
	}
	if t.NoInterval != "" {
		n += ": " + t.NoInterval
	}
	if t.Leaks != "" {
		n += " (leaks)"
	}
	return figure.Estimate{Value: t.AUC, Low: t.Low, High: t.High, N: n}
}
