package detector

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seeable-lab/seeable/lab/method"
)

// gatherer runs the samples of many callers through a network, in passes that they share. A row does not depend on what else
// is in its pass, so a caller cannot tell.
type gatherer struct {
	network *method.Network

	mu      sync.Mutex
	changed sync.Cond // of what follows
	waiting []*request
	rows    int // samples of waiting that have not gone through the network
	coming  int // callers who are making samples
	back    int // callers whom the last pass served and who may be back at once
	passes  int // that ended
	started bool
	closed  bool
	ended   chan struct{}
}

// request is a caller's samples and what comes of them.
type request struct {
	samples *method.Samples
	sent    int
	rows    []method.Row
	err     error
	done    chan struct{}
}

var errClosed = errors.New("detector: closed")

func newGatherer(network *method.Network) *gatherer {
	g := &gatherer{network: network, ended: make(chan struct{})}
	g.changed.L = &g.mu
	return g
}

// through runs the samples that a caller makes through the network.
func (g *gatherer) through(ctx context.Context, samples func() (*method.Samples, error)) ([]method.Row, error) {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return nil, errClosed
	}
	if !g.started {
		g.started = true
		go g.run()
	}
	g.coming++
	g.back = max(g.back-1, 0)
	g.mu.Unlock()

	made, err := samples()
	r := &request{samples: made, done: make(chan struct{})}
	g.mu.Lock()
	g.coming--
	if err == nil && g.closed {
		err = errClosed
	}
	if err == nil {
		g.waiting, g.rows = append(g.waiting, r), g.rows+made.Len()
	}
	g.changed.Broadcast()
	g.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case <-r.done:
		return r.rows, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// run runs passes: full ones while samples are on their way, then also what is left over.
func (g *gatherer) run() {
	defer close(g.ended)
	for {
		g.mu.Lock()
		for !g.closed && (g.rows == 0 || g.rows < method.NetworkPass && g.coming+g.back > 0) {
			g.changed.Wait()
		}
		if g.closed {
			for _, r := range g.waiting {
				r.err = errClosed
				close(r.done)
			}
			g.waiting, g.rows = nil, 0
			g.mu.Unlock()
			return
		}
		pass := min(method.NetworkPass, g.rows)
		var part []*request
		for n := 0; n < pass; {
			part = append(part, g.waiting[len(part)])
			n += part[len(part)-1].samples.Len() - part[len(part)-1].sent
		}
		g.rows -= pass
		g.mu.Unlock()
		g.pass(part, pass)
	}
}

// pass takes so many samples of requests, which wait in this order, through the network.
func (g *gatherer) pass(part []*request, n int) {
	samples := &method.Samples{Layout: part[0].samples.Layout}
	taken := make([]int, len(part))
	for i, r := range part {
		taken[i] = min(r.samples.Len()-r.sent, n-samples.Len())
		from := r.samples.Slice(r.sent, r.sent+taken[i])
		samples.Images, samples.Extra = append(samples.Images, from.Images...), append(samples.Extra, from.Extra...)
	}
	start := time.Now()
	rows, err := g.network.Rows(context.Background(), samples)
	took := time.Since(start)
	g.mu.Lock()
	defer g.mu.Unlock()
	before := len(g.waiting)
	for i, r := range part {
		r.sent += taken[i]
		if err == nil {
			r.rows, rows = append(r.rows, rows[:taken[i]]...), rows[taken[i]:]
		} else if r.err == nil {
			r.err = err
		}
		if r.sent == r.samples.Len() {
			g.waiting = g.waiting[1:]
			close(r.done)
		}
	}
	g.passes++
	g.back = 0
	if before > 1 { // who calls alone waits for nobody
		g.expect(before-len(g.waiting), took/patience)
	}
}

// expect gives callers some time to come back with their next samples before a pass sets out that is not full, as it costs the same
// however full it is. Its caller has g.mu.
func (g *gatherer) expect(callers int, patience time.Duration) {
	g.back = callers
	last := g.passes
	time.AfterFunc(patience, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.passes == last {
			g.back = 0
			g.changed.Broadcast()
		}
	})
}

// patience is the part of a pass's time that callers have to come back.
const patience = 4

// close ends the passes. Callers that wait get an error.
func (g *gatherer) close() {
	g.mu.Lock()
	g.closed = true
	started := g.started
	g.changed.Broadcast()
	g.mu.Unlock()
	if started {
		<-g.ended
	}
}
