package cluster

import (
	"time"

	"github.com/seeable-lab/seeable/lab/spec"
)

// pace estimates how long a sweep still takes. What a cell costs is taken to grow with its training pixels; one whose
// network is there costs what such cells took. Until a cell that trained has ended, the estimate is made of the training
// alone; then of whole cells.
type pace struct {
	cost  []float64 // of training each cell
	share []float64 // done of it
	first []float64 // done of it before this sweep began, by an earlier process
	begun []bool    // has reported its training
	over  []bool
	start time.Time // of the first training

	network []string        // hash of what each cell trains
	trained map[string]bool // the networks that are there
	light   float64         // seconds of the cells that did not train
	lights  int             // how many

	launched []time.Time
	running  int
	atOnce   int     // the most that ran
	seconds  float64 // of whole cells
	paid     float64 // their cost
}

func newPace(cells []spec.Cell) pace {
	n := len(cells)
	p := pace{
		cost: make([]float64, n), share: make([]float64, n), first: make([]float64, n), begun: make([]bool, n), over: make([]bool, n),
		launched: make([]time.Time, n), trained: map[string]bool{},
	}
	for i, c := range cells {
		p.network = append(p.network, c.Spec.Training().Hash())
		side := float64(c.Spec.Encoder.Size)
		p.cost[i] = float64(c.Spec.Train.Steps) * float64(c.Spec.Train.Batch) * side * side
	}
	return p
}

func (p *pace) launch(i int) {
	p.launched[i] = time.Now()
	p.running++
	p.atOnce = max(p.atOnce, p.running)
}

func (p *pace) progress(i int, m Message) {
	if m.Stage != "training" || m.Total == 0 {
		return
	}
	p.share[i] = float64(m.Done) / float64(m.Total)
	if !p.begun[i] {
		p.begun[i], p.first[i] = true, p.share[i]
	}
	if p.start.IsZero() {
		p.start = time.Now()
	}
}

// stop is the end of a cell's process. It is over unless it will be started again.
func (p *pace) stop(i int, over, finished bool) {
	p.running--
	p.over[i] = over
	if finished {
		p.trained[p.network[i]] = true
		took := time.Since(p.launched[i]).Seconds()
		if p.begun[i] {
			p.share[i] = 1
			p.seconds += took
			p.paid += p.cost[i] * (1 - p.first[i])
		} else {
			p.light += took
			p.lights++
		}
	}
	if !over {
		p.launched[i] = time.Time{}
	}
}

// left is the estimate in seconds, 0 while there is none.
func (p *pace) left() float64 {
	var done, open, whole float64
	for i, cost := range p.cost {
		if p.begun[i] {
			done += cost * (p.share[i] - p.first[i])
		}
		if p.over[i] {
			continue
		}
		rest := 0.0
		if p.trained[p.network[i]] && !p.begun[i] {
			rest = p.light / float64(max(1, p.lights))
		} else {
			open += cost * (1 - p.share[i])
			if p.paid > 0 {
				rest = p.seconds / p.paid * cost * (1 - p.first[i])
			}
		}
		if !p.launched[i].IsZero() {
			rest -= time.Since(p.launched[i]).Seconds()
		}
		whole += max(0, rest)
	}
	switch {
	case p.paid > 0, p.lights > 0 && open == 0:
		return whole / float64(p.atOnce)
	case done > 0:
		return time.Since(p.start).Seconds() * open / done
	}
	return 0
}
