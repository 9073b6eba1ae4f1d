package cluster

import (
	"time"

	"github.com/seeable-lab/seeable/lab/spec"
)

// pace estimates how long a sweep still takes. What a cell costs is taken to grow with its training pixels. Until a cell
// that trained has ended, the estimate is made of the training alone; then of whole cells.
type pace struct {
	cost  []float64 // of training each cell
	share []float64 // done of it
	first []float64 // done of it before this sweep began, by an earlier process
	begun []bool    // has told of its training
	over  []bool
	start time.Time // of the first training

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
		launched: make([]time.Time, n),
	}
	for i, c := range cells {
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
	if finished && p.begun[i] {
		p.share[i] = 1
		p.seconds += time.Since(p.launched[i]).Seconds()
		p.paid += p.cost[i] * (1 - p.first[i])
	}
	if !over {
		p.launched[i] = time.Time{}
	}
}

// left is the estimate in seconds, 0 while there is none. A cell that turns out to be done already costs nothing, which
// shows when it is reached.
func (p *pace) left() float64 {
	var done, open, whole float64
	for i, cost := range p.cost {
		if p.begun[i] {
			done += cost * (p.share[i] - p.first[i])
		}
		if p.over[i] {
			continue
		}
		open += cost * (1 - p.share[i])
		if p.paid > 0 {
			rest := p.seconds / p.paid * cost * (1 - p.first[i])
			if !p.launched[i].IsZero() {
				rest -= time.Since(p.launched[i]).Seconds()
			}
			whole += max(0, rest)
		}
	}
	switch {
	case p.paid > 0:
		return whole / float64(p.atOnce)
	case done > 0:
		return time.Since(p.start).Seconds() * open / done
	}
	return 0
}
