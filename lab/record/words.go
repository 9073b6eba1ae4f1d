package record

import (
	"fmt"
	"math"
	"strings"

	"github.com/seeable-lab/seeable/lab/rival"
	"github.com/seeable-lab/seeable/lab/store"
)

// Sets says in words what the test sets of a record are.
func (r Record) Sets() string { return r.Kind + " sets" }

// Interval prints an AUC with its 95 % interval, NaN where there is none.
func Interval(auc, low, high float64) string {
	if math.IsNaN(low) || math.IsNaN(high) {
		return fmt.Sprintf("%.3f [no interval]", auc)
	}
	return fmt.Sprintf("%.3f [%.2f, %.2f]", auc, low, high)
}

// Videos is how many videos a figure is of, and how many people are in them, 0 if that is not known.
func Videos(real, fake, realPeople, fakePeople int) string {
	text := fmt.Sprintf("%s/%s videos", store.Thousands(real), store.Thousands(fake))
	if realPeople+fakePeople > 0 {
		text += fmt.Sprintf(" of %s/%s people", store.Thousands(realPeople), store.Thousands(fakePeople))
	}
	return text
}

// Remarks are what a reader of a test's figure must know besides.
func (r Record) Remarks(t store.Test) (all []string) {
	if t.Synthetic || r.Train.Synthetic {
		all = append(all, "synthetic: of faces drawn by code, in training or test; says nothing about deepfakes")
	}
	if t.Leaks != "" {
		all = append(all, "leaks from training into the test set: "+t.Leaks+"; the figure says too much")
	}
	if t.NoInterval != "" {
		all = append(all, t.NoInterval)
	}
	if t.Partial {
		all = append(all, "not the official test set")
	}
	var unbeaten []string
	for _, m := range r.RivalsOf(t) {
		if !m.Beaten() {
			unbeaten = append(unbeaten, rival.Label(m.Name))
		}
	}
	if unbeaten != nil {
		all = append(all, "not shown to beat "+strings.Join(unbeaten, ", "))
	}
	for _, c := range r.Coverage {
		if c.Dataset == t.Dataset && c.Scored < c.Holds {
			all = append(all, fmt.Sprintf("%s: %s of %s pictures of the set have a score", t.Dataset, store.Thousands(c.Scored), store.Thousands(c.Holds)))
		}
	}
	return all
}
