package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/seeable-lab/seeable/lab/cluster"
	"github.com/seeable-lab/seeable/lab/spec"
)

// SweepView shows a sweep: on a terminal a table that is drawn again as it changes, elsewhere a line when a cell changes
// its state and now and then while it runs.
type SweepView struct {
	w        io.Writer
	size     func() (columns, rows int) // of the terminal; nil for none
	now      func() time.Time
	start    time.Time
	cells    []cluster.Event // the latest of each
	counts   map[cluster.State]int
	left     float64
	drawn    int       // lines of the table on the terminal
	last     time.Time // of the last drawing
	lineTime []time.Time
}

// drawEvery bounds how often the table is drawn.
const drawEvery = 100 * time.Millisecond

// NewSweepView shows the cells on w, all of them waiting.
func NewSweepView(w io.Writer, cells []spec.Cell) *SweepView {
	v := &SweepView{
		w: w, now: time.Now, start: time.Now(), counts: map[cluster.State]int{cluster.Waiting: len(cells)},
		lineTime: make([]time.Time, len(cells)),
	}
	for _, c := range cells {
		v.cells = append(v.cells, cluster.Event{Cell: c.Index, Label: c.Label, State: cluster.Waiting})
	}
	if file, ok := w.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		v.size = func() (columns, rows int) {
			columns, rows, err := term.GetSize(int(file.Fd()))
			if err != nil {
				return 80, 24
			}
			return columns, rows
		}
	}
	return v
}

// Report shows what happened to a cell, one of those given to [NewSweepView]. It must not be called by several goroutines at
// once.
func (v *SweepView) Report(e cluster.Event) {
	before := v.cells[e.Cell]
	if e.Note != "" && e.State == cluster.Running {
		// A remark in passing; the table keeps the stage.
		e.Note = ""
		if v.size == nil {
			return
		}
	}
	v.cells[e.Cell], v.counts, v.left = e, e.Counts, e.Left
	changed := e.State != before.State
	if v.size != nil {
		if changed || v.now().Sub(v.last) >= drawEvery {
			v.draw()
		}
		return
	}
	if changed || v.now().Sub(v.lineTime[e.Cell]) >= lineEvery {
		v.lineTime[e.Cell] = v.now()
		text := fmt.Sprintf("cell %d (%s): %s", e.Cell, e.Label, status(e))
		if e.State == cluster.Running && v.left > 0 {
			text += "; " + v.remaining() + " for all"
		}
		fmt.Fprintln(v.w, text)
	}
}

// status says in one line where a cell stands.
func status(e cluster.Event) string {
	seconds := time.Duration(e.Seconds * float64(time.Second)).Round(time.Second)
	switch e.State {
	case cluster.Running:
		text := "running"
		if e.Stage != "" {
			text = e.Stage
			if e.Total > 0 {
				text += fmt.Sprintf(" %d of %d", e.Done, e.Total)
			}
			if e.Loss != 0 {
				text += fmt.Sprintf(", loss %.3f", e.Loss)
			}
		}
		return fmt.Sprintf("%s, %v", text, seconds)
	case cluster.Finished:
		return fmt.Sprintf("finished, %v", seconds)
	case cluster.Failed:
		return "failed: " + e.Error
	case cluster.Busy:
		return "another process is at work on it"
	case cluster.Interrupted:
		return "interrupted; the same command continues it"
	}
	return string(e.State)
}

func (v *SweepView) remaining() string {
	return (time.Duration(v.left) * time.Second).String() + " left"
}

// draw draws the table over the last one.
func (v *SweepView) draw() {
	v.last = v.now()
	columns, rows := v.size()
	lines := v.table(columns-1, rows-1)
	var b strings.Builder
	if v.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", v.drawn)
	}
	for _, line := range lines {
		b.WriteString("\x1b[2K" + line + "\n")
	}
	// What is left of a longer table.
	b.WriteString("\x1b[J")
	v.drawn = len(lines)
	io.WriteString(v.w, b.String())
}

// table is a line on the whole and one for each cell. Where there is no room for all, those that run or failed come first.
func (v *SweepView) table(columns, rows int) []string {
	head := v.now().Sub(v.start).Round(time.Second).String()
	for _, state := range []cluster.State{cluster.Finished, cluster.Running, cluster.Busy, cluster.Waiting, cluster.Failed, cluster.Interrupted} {
		if n := v.counts[state]; n > 0 {
			head += fmt.Sprintf(", %d %s", n, state)
		}
	}
	if v.left > 0 {
		head += ", " + v.remaining()
	}
	shown := v.cells
	if room := max(1, rows-2); len(shown) > room {
		shown = nil
		for _, urgent := range [][]cluster.State{{cluster.Running, cluster.Failed}, {cluster.Busy, cluster.Waiting}, {cluster.Interrupted, cluster.Finished}} {
			for _, e := range v.cells {
				for _, state := range urgent {
					if e.State == state && len(shown) < room {
						shown = append(shown, e)
					}
				}
			}
		}
	}
	width := 0
	for _, e := range shown {
		width = max(width, len([]rune(e.Label)))
	}
	width = min(width, columns/2)
	lines := []string{fit(head, columns)}
	for _, e := range shown {
		label := fit(e.Label, width)
		label += strings.Repeat(" ", width-len([]rune(label)))
		lines = append(lines, fit(fmt.Sprintf("%4d  %s  %s", e.Cell, label, status(e)), columns))
	}
	if hidden := len(v.cells) - len(shown); hidden > 0 {
		lines = append(lines, fmt.Sprintf("      and %d more", hidden))
	}
	return lines
}

// fit cuts a line to a width.
func fit(text string, columns int) string {
	runes := []rune(text)
	if len(runes) <= columns {
		return text
	}
	return string(runes[:max(0, columns-1)]) + "…"
}

// Close leaves the last state on the screen, and every error in full.
func (v *SweepView) Close() {
	if v.size == nil {
		return
	}
	v.draw()
	for _, e := range v.cells {
		if e.State == cluster.Failed {
			fmt.Fprintf(v.w, "cell %d (%s) failed: %s\n", e.Cell, e.Label, e.Error)
		}
	}
}
