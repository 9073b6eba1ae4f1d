// Package terminal prints what a lab does and what it found, for the people who call seelab: progress with the time that is
// left, the cells of a sweep as they run, tables of runs, faces and data sets, scores with their heat maps. Where the writer is
// no terminal, a line now and then takes the place of what moves.
package terminal

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/store"
)

// lineEvery is how often a stage says where it is when stderr is no terminal.
const lineEvery = 10 * time.Second

// Progress shows what a lab does: a bar on a terminal, elsewhere a line now and then.
type Progress struct {
	w        io.Writer
	terminal bool
	now      func() time.Time

	bar     *progressbar.ProgressBar
	stage   string
	heldOut float64   // the last that was measured, accuracy or loss; NaN before
	first   time.Time // of the stage's first report, which had done items behind it
	done    int
	line    time.Time // of the last line
}

// NewProgress shows progress on w, as a bar if w is a terminal.
func NewProgress(w io.Writer) *Progress {
	file, isFile := w.(*os.File)
	return &Progress{w: w, terminal: isFile && term.IsTerminal(int(file.Fd())), now: time.Now}
}

// Report shows one event. It must not be called by several goroutines at once.
func (p *Progress) Report(e env.Event) {
	if e.Note != "" {
		p.clear()
		fmt.Fprintln(p.w, e.Note)
		return
	}
	if e.Stage != p.stage {
		p.Close()
		p.stage, p.heldOut, p.first, p.done, p.line = e.Stage, math.NaN(), p.now(), e.Done, p.now()
		if p.terminal {
			p.bar = progressbar.NewOptions(e.Total, progressbar.OptionSetWriter(p.w), progressbar.OptionShowCount(),
				progressbar.OptionSetWidth(10), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
		}
	}
	// The bar with its text has room in 80 columns.
	text, short := e.Stage, e.Stage
	if t := e.Training; t != nil {
		text, short = fmt.Sprintf("%s: loss %.3f", e.Stage, t.Loss), fmt.Sprintf("loss %.3f", t.Loss)
		if t.Classified() {
			text += fmt.Sprintf(", accuracy %.3f", t.Accuracy)
			short += fmt.Sprintf(" acc %.3f", t.Accuracy)
		}
		if t.Measured() {
			p.heldOut = t.HeldOut
		}
		if !math.IsNaN(p.heldOut) {
			text += fmt.Sprintf(", held-out %.3f", p.heldOut)
			short += fmt.Sprintf(" held-out %.3f", p.heldOut)
		}
	}
	if p.bar != nil {
		p.bar.Describe(short)
		// Nothing to be done about a terminal that cannot be written.
		_ = p.bar.Set(e.Done)
		return
	}
	if finished := e.Done == e.Total; finished && e.Total > 1 || p.now().Sub(p.line) >= lineEvery {
		p.line = p.now()
		fmt.Fprintf(p.w, "%s, %d of %d%s\n", text, e.Done, e.Total, p.left(e))
	}
}

// left is how long the stage still takes at the pace since its first report.
func (p *Progress) left(e env.Event) string {
	if e.Done <= p.done || e.Done >= e.Total {
		return ""
	}
	each := float64(p.now().Sub(p.first)) / float64(e.Done-p.done)
	return fmt.Sprintf(", %v left", time.Duration(each*float64(e.Total-e.Done)).Round(time.Second))
}

// clear takes the bar away for a line of text.
func (p *Progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

// Close ends the stage.
func (p *Progress) Close() {
	p.clear()
	p.bar, p.stage = nil, ""
}

// Skipped names what was left out, a line each, or the first of it.
func Skipped(w io.Writer, names []string) {
	const shown = 10
	for i, name := range names {
		if i == shown {
			fmt.Fprintf(w, "skipped: %d more\n", len(names)-shown)
			break
		}
		fmt.Fprintf(w, "skipped: %s\n", strings.ReplaceAll(name, "\n", "; "))
	}
}

// Coverage says of each test set that is not scored in full how much of it is, and names what is not, or the first of it.
func Coverage(w io.Writer, sets []store.Coverage) {
	const shown = 10
	for _, c := range sets {
		if len(c.Unscored) == 0 {
			continue
		}
		fmt.Fprintf(w, "%s: %d of %d have a score; the others: %s.\n", datasets.Printable(c.Dataset), c.Scored, c.Holds, c.Faults())
		for i, u := range c.Unscored {
			if i == shown {
				fmt.Fprintf(w, "  and %d more, which --json names\n", len(c.Unscored)-shown)
				break
			}
			fmt.Fprintf(w, "  %s: %s\n", datasets.Printable(u.Item), u.Fault)
		}
	}
}

// OneLine is the text of an error that may be several, in one line.
func OneLine(err error) string {
	return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
}
