package systems

import (
	"cmp"
	"errors"
	"slices"

	"github.com/seeable-lab/seeable/lab/method"
)

// overlap is the mean over samples of the IoU of two sets of places, those where the map that a sample is learned by reaches one half
// and those of which the logits, rows of [method.Gauger.Predict], say that it does, beside that of the best set which is the same
// for all samples. Samples whose map reaches it nowhere, as those of real faces, are left out.
func overlap(name string, rows []method.Row, wanted func(i int) []uint8) (method.Gauge, error) {
	g := method.Gauge{Name: name}
	var truths [][]bool
	var areas []int
	for i, row := range rows {
		var truth []bool
		both, either, area := 0, 0, 0
		for place, v := range wanted(i) {
			is, said := v > 127, row[0][place] >= 0
			truth = append(truth, is)
			if is {
				area++
			}
			if is && said {
				both++
			}
			if is || said {
				either++
			}
		}
		if area == 0 {
			continue
		}
		truths, areas = append(truths, truth), append(areas, area)
		g.Value += float64(both) / float64(either)
	}
	if g.N = len(truths); g.N == 0 {
		return g, errors.New("no held-out sample has anything to predict: raise data.holdout")
	}
	g.Value /= float64(g.N)
	g.Blind = constant(truths, areas)
	return g, nil
}

// constant is the largest mean IoU with all of some sets, of areas, that a single set of places has: places come into it by how many
// hold them, which is the best order or near it, and where to stop is known from the sets themselves.
func constant(truths [][]bool, areas []int) (best float64) {
	hold := make([]int, len(truths[0]))
	for _, truth := range truths {
		for place, is := range truth {
			if is {
				hold[place]++
			}
		}
	}
	order := make([]int, len(hold))
	for place := range order {
		order[place] = place
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(hold[b], hold[a]) })
	both := make([]int, len(truths))
	for k, place := range order {
		mean := 0.0
		for i, truth := range truths {
			if truth[place] {
				both[i]++
			}
			mean += float64(both[i]) / float64(areas[i]+k+1-both[i])
		}
		best = max(best, mean/float64(len(truths)))
	}
	return best
}
