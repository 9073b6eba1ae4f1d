package terminal

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/lab/cluster"
	"github.com/seeable-lab/seeable/lab/spec"
)

func toyCells(n int) []spec.Cell {
	cells := make([]spec.Cell, n)
	for i := range cells {
		cells[i] = spec.Cell{Index: i, Label: "seed=" + string(rune('a'+i))}
	}
	return cells
}

func trainingEvent(cell, done int, seconds, left float64) cluster.Event {
	return cluster.Event{
		Cell: cell, Label: toyCells(cell + 1)[cell].Label, State: cluster.Running, Seconds: seconds, Left: left,
		Message: cluster.Message{Stage: "training", Done: done, Total: 100, Loss: 2.5},
		Counts:  map[cluster.State]int{cluster.Running: 1, cluster.Waiting: 1},
	}
}

// Where stderr is no terminal: a line when a state changes, and every 10 s.
func TestSweepViewLines(t *testing.T) {
	var out bytes.Buffer
	v := NewSweepView(&out, toyCells(2))
	now := time.Unix(0, 0)
	v.now = func() time.Time { return now }
	v.Report(cluster.Event{Cell: 0, Label: "seed=a", State: cluster.Running})
	for n := 1; n <= 20; n++ {
		now = now.Add(time.Second)
		v.Report(trainingEvent(0, n, float64(n), 100-float64(n)))
	}
	v.Report(cluster.Event{Cell: 0, Label: "seed=a", State: cluster.Running, Message: cluster.Message{Note: "a note"}})
	v.Report(cluster.Event{Cell: 0, Label: "seed=a", State: cluster.Finished, Seconds: 21})
	v.Report(cluster.Event{Cell: 1, Label: "seed=b", State: cluster.Failed, Error: "no data"})
	v.Close()
	want := `cell 0 (seed=a): running, 0s
cell 0 (seed=a): training 10 of 100, loss 2.500, 10s; 1m30s left for all
cell 0 (seed=a): training 20 of 100, loss 2.500, 20s; 1m20s left for all
cell 0 (seed=a): finished, 21s
cell 1 (seed=b): failed: no data
`
	if out.String() != want {
		t.Errorf("found\n%s\nwant\n%s", out.String(), want)
	}
}

// A terminal that knows the sequences that the view uses: up, erase line, erase below.
func screen(text string) []string {
	var lines []string
	row := 0
	for _, part := range regexp.MustCompile(`\x1b\[\d*[A-Z]|[^\x1b]+`).FindAllString(text, -1) {
		switch {
		case strings.HasSuffix(part, "A") && part[0] == 0x1b:
			n := 0
			for _, digit := range part[2 : len(part)-1] {
				n = n*10 + int(digit-'0')
			}
			row -= n
		case part == "\x1b[J":
			lines = lines[:min(row, len(lines))]
		case part == "\x1b[2K":
			if row < len(lines) {
				lines[row] = ""
			}
		default:
			for line := range strings.Lines(part) {
				for len(lines) <= row {
					lines = append(lines, "")
				}
				lines[row] += strings.TrimSuffix(line, "\n")
				if strings.HasSuffix(line, "\n") {
					row++
				}
			}
		}
	}
	return lines
}

func TestSweepViewOnATerminal(t *testing.T) {
	var out bytes.Buffer
	v := NewSweepView(&out, toyCells(6))
	now := time.Unix(0, 0)
	v.start, v.now = now, func() time.Time { return now }
	v.size = func() (int, int) { return 50, 7 }
	v.Report(cluster.Event{Cell: 0, Label: "seed=a", State: cluster.Finished, Seconds: 3, Counts: map[cluster.State]int{cluster.Finished: 1, cluster.Waiting: 5}})
	now = now.Add(time.Minute)
	v.Report(cluster.Event{
		Cell: 5, Label: "seed=f", State: cluster.Failed, Error: strings.Repeat("very long ", 10), Seconds: 3,
		Counts: map[cluster.State]int{cluster.Finished: 1, cluster.Failed: 1, cluster.Waiting: 4},
	})
	e := trainingEvent(3, 10, 70, 0)
	e.Left, e.Counts = 61, map[cluster.State]int{cluster.Finished: 1, cluster.Failed: 1, cluster.Running: 1, cluster.Waiting: 3}
	v.Report(e)
	want := []string{
		"1m0s, 1 finished, 1 running, 3 waiting, 1 failed…",
		"   3  seed=d  training 10 of 100, loss 2.500, 1m…",
		"   5  seed=f  failed: very long very long very l…",
		"   1  seed=b  waiting",
		"   2  seed=c  waiting",
		"      and 2 more",
	}
	if got := screen(out.String()); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// A change that comes at once after a drawing waits, a new state does not.
	before := out.Len()
	v.Report(trainingEvent(3, 11, 70, 0))
	if out.Len() != before {
		t.Error("drawn twice within a moment")
	}
	v.Close()
	got := screen(out.String())
	if last := got[len(got)-1]; last != "cell 5 (seed=f) failed: "+strings.Repeat("very long ", 10) {
		t.Errorf("the error is not shown in full at the end: %q", last)
	}
}
