package cluster

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/seeable-lab/seeable/lab/spec"
)

// Local runs cells as child processes of this one, so that a crash ends one cell and memory is given back after each.
type Local struct {
	// Command makes the process of a cell. It prints Messages on stdout, and stops with its work saved when its stdin ends:
	// that is also how children notice that this process was killed. It may take faces bytes for decoded faces; 0 means that
	// Faces is not set.
	Command func(cell spec.Cell, faces int64) *exec.Cmd
	// Cores are shared by the children; 0 means those of the machine.
	Cores int
	// Jobs is how many children run at once; 0 means one a core, as far as the memory goes.
	Jobs int
	// Memory is what all children may take together, in bytes; 0 means what is free now, where the system reports it.
	Memory int64
	// Faces is how much of it decoded faces may take, in bytes, divided among the children that run at once; 0 leaves it to them.
	Faces int64
	// Grace is how long a child may take to save its work before it is killed; 0 means two minutes, as compiling a network
	// cannot be interrupted.
	Grace time.Duration
	// BusyPause is how long a cell that another process holds is left alone; 0 means ten seconds.
	BusyPause time.Duration
}

// Run runs all cells and reports what happens, one call at a time. A cell that fails stops none of the others. Cells that
// train the same network do not run beside each other until one of them is done, so that the others find its weights.
// When ctx ends, children are asked to stop and waited for. The error is a *SweepError unless every cell is finished.
func (l Local) Run(ctx context.Context, cells []spec.Cell, report func(Event)) error {
	if l.Grace == 0 {
		l.Grace = 2 * time.Minute
	}
	if l.BusyPause == 0 {
		l.BusyPause = 10 * time.Second
	}
	p := newPool(l, cells, report)
	for p.open() {
		if ctx.Err() == nil {
			p.start(ctx)
		}
		if p.running == 0 && ctx.Err() != nil {
			p.abandon()
			break
		}
		select {
		case news := <-p.news:
			p.take(news)
		case <-p.wake():
		case <-done(ctx):
		}
	}
	if failed, interrupted := p.counts[Failed], p.counts[Interrupted]; failed+interrupted > 0 {
		return &SweepError{failed, interrupted, len(cells)}
	}
	return nil
}

// done is a channel that is ready once when ctx ends, and never after: the children's news matter then.
func done(ctx context.Context) <-chan struct{} {
	if ctx.Err() != nil {
		return nil
	}
	return ctx.Done()
}

// pool is the state of a Run, touched by its goroutine alone.
type pool struct {
	Local
	report  func(Event)
	cells   []spec.Cell
	state   []State
	counts  map[State]int
	since   []time.Time // start of a running cell, or the moment before which a busy one is left alone
	pid     []int
	latest  []Message
	running int
	least   int64 // bytes of a cell without its faces, estimated
	need    int64 // bytes of a cell: estimated, then the most that was seen
	news    chan news
	pace    pace
}

// news is a message of a child, or its end.
type news struct {
	cell    int
	message Message
	end     *end
}

type end struct {
	err    error
	stderr string
	memory int64
}

func newPool(l Local, cells []spec.Cell, report func(Event)) *pool {
	p := &pool{
		Local: l, report: report, cells: cells,
		state: make([]State, len(cells)), counts: map[State]int{Waiting: len(cells)},
		since: make([]time.Time, len(cells)), pid: make([]int, len(cells)), latest: make([]Message, len(cells)),
		news: make(chan news), pace: newPace(cells),
	}
	for i, cell := range cells {
		p.state[i] = Waiting
		p.least = max(p.least, memoryOf(cell.Spec))
	}
	p.need = p.least
	if p.Cores == 0 {
		p.Cores = cores()
	}
	if p.Memory == 0 {
		p.Memory = freeMemory()
	}
	if p.Jobs == 0 {
		p.Jobs = p.Cores
	}
	return p
}

// open reports whether a cell is not in a final state.
func (p *pool) open() bool { return p.counts[Waiting]+p.counts[Running]+p.counts[Busy] > 0 }

// set moves a cell to a state and reports it.
func (p *pool) set(i int, to State, e Event) {
	p.counts[p.state[i]]--
	p.state[i] = to
	p.counts[to]++
	p.tell(i, e)
}

func (p *pool) tell(i int, e Event) {
	e.Cell, e.Label, e.State = p.cells[i].Index, p.cells[i].Label, p.state[i]
	if !p.since[i].IsZero() && e.State != Waiting && e.State != Busy {
		e.Seconds = time.Since(p.since[i]).Seconds()
	}
	if e.State == Running {
		e.PID = p.pid[i]
	}
	e.Counts = map[State]int{}
	for state, n := range p.counts {
		if n > 0 {
			e.Counts[state] = n
		}
	}
	e.Left = p.pace.left()
	p.report(e)
}

// start starts as many cells as have room.
func (p *pool) start(ctx context.Context) {
	for p.running < p.Jobs && p.fits(p.running+1) {
		i := p.next()
		if i < 0 {
			return
		}
		p.launch(ctx, i)
	}
}

// fits tells whether the memory is enough for n cells at once. One runs in any case.
func (p *pool) fits(n int) bool {
	return n == 1 || p.Memory == 0 || int64(n)*p.need <= p.Memory && int64(n)*p.least+p.Faces <= p.Memory
}

// next is the first cell that may start, or −1.
func (p *pool) next() int {
	training := map[string]bool{}
	for i, state := range p.state {
		if state == Running {
			training[p.pace.network[i]] = true
		}
	}
	for i, state := range p.state {
		free := state == Waiting || state == Busy && !time.Now().Before(p.since[i])
		if free && (p.pace.trained[p.pace.network[i]] || !training[p.pace.network[i]]) {
			return i
		}
	}
	return -1
}

// wake is ready when the first busy cell is to be looked at again.
func (p *pool) wake() <-chan time.Time {
	if p.running >= p.Jobs {
		return nil
	}
	var first time.Time
	for i, state := range p.state {
		if state == Busy && (first.IsZero() || p.since[i].Before(first)) {
			first = p.since[i]
		}
	}
	if first.IsZero() {
		return nil
	}
	// A cell that could be taken but has no room waits for news, not for a moment that has passed.
	return time.After(max(time.Until(first), 100*time.Millisecond))
}

// launch starts the process of a cell. Its cores, and its memory for faces, are an equal share of those that there is work for.
func (p *pool) launch(ctx context.Context, i int) {
	p.since[i], p.latest[i] = time.Now(), Message{}
	atOnce := min(p.Jobs, p.counts[Waiting]+p.counts[Busy]+p.running)
	for !p.fits(atOnce) {
		atOnce--
	}
	threads := strconv.Itoa(max(1, p.Cores/max(1, atOnce)))

	cmd := p.Command(p.cells[i], p.Faces/int64(max(1, atOnce)))
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	// Go's scheduler and the thread pools of XLA's CPU client.
	cmd.Env = append(cmd.Env, "GOMAXPROCS="+threads, "PJRT_NPROC="+threads)
	stderr := &tail{}
	cmd.Stderr = stderr
	cmd.Stdout = &lines{each: func(line []byte) { p.news <- news{cell: i, message: read(line)} }}
	cmd.WaitDelay = 5 * time.Second // for children of the child that keep its stdout
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	p.pid[i] = 0
	if err == nil {
		p.pid[i] = cmd.Process.Pid
	}
	p.running++
	p.pace.launch(i)
	p.set(i, Running, Event{})
	go func() {
		if err != nil {
			p.news <- news{cell: i, end: &end{err: err}}
			return
		}
		ended := make(chan struct{})
		var stop sync.WaitGroup
		stop.Go(func() {
			select {
			case <-ended:
				stdin.Close()
				return
			case <-ctx.Done():
				stdin.Close()
			}
			select {
			case <-ended:
			case <-time.After(p.Grace):
				// It may have just ended.
				_ = cmd.Process.Kill()
			}
		})
		err := cmd.Wait()
		close(ended)
		stop.Wait()
		p.news <- news{cell: i, end: &end{err, stderr.String(), peakMemory(cmd.ProcessState)}}
	}()
}

// take notes what a child said or how it ended.
func (p *pool) take(n news) {
	i := n.cell
	if n.end == nil {
		m := n.message
		if m.Note != "" || m.Record != nil || m.Busy {
			// These say nothing about the progress of a stage.
			m.Stage, m.Done, m.Total = p.latest[i].Stage, p.latest[i].Done, p.latest[i].Total
		}
		p.latest[i] = m
		p.pace.progress(i, m)
		if m.Record == nil && !m.Busy {
			p.tell(i, Event{Message: m})
		}
		return
	}
	p.running--
	last := p.latest[i]
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](n.end.err); ok {
		code = exit.ExitCode() // −1 for a signal
	} else if n.end.err != nil {
		code = -1
	}
	p.need = max(p.need, n.end.memory)
	switch {
	case code == 0 && last.Record != nil:
		p.pace.stop(i, true, true)
		p.set(i, Finished, Event{Message: last})
	case code == TryAgain && last.Busy:
		p.since[i] = time.Now().Add(p.BusyPause)
		p.pace.stop(i, false, false)
		p.set(i, Busy, Event{Message: last})
	case code == TryAgain:
		p.pace.stop(i, true, false)
		p.set(i, Interrupted, Event{})
	default:
		p.pace.stop(i, true, false)
		p.set(i, Failed, Event{Error: n.end.reason(), Stderr: n.end.stderr})
	}
}

// abandon gives up the cells that were not started.
func (p *pool) abandon() {
	for i, state := range p.state {
		if state == Waiting || state == Busy {
			p.since[i] = time.Time{}
			p.set(i, Interrupted, Event{})
		}
	}
}
