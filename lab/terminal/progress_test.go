package terminal

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/store"
)

func step(n int, heldOut float64) env.Event {
	return env.Event{Stage: "training", Done: n, Total: 100, Training: &store.Step{Loss: 2.5, Accuracy: 0.25, HeldOut: heldOut}}
}

// Steps of a second each: a line every 10 s and the last, with the held-out accuracy once there is one.
func TestProgressLines(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out)
	now := time.Unix(0, 0)
	p.now = func() time.Time { return now }
	for n := 1; n <= 100; n++ {
		heldOut := -1.0
		if n == 15 {
			heldOut = 0.125
		}
		p.Report(step(n, heldOut))
		if n == 50 {
			p.Report(env.Event{Note: "a note"})
		}
		now = now.Add(time.Second)
	}
	p.Close()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 11 {
		t.Fatalf("%d lines, want 9 every 10 s, the last, and a note:\n%s", len(lines), out.String())
	}
	for i, want := range map[int]string{
		0:  "training: loss 2.500, accuracy 0.250, 11 of 100, 1m29s left",
		1:  "training: loss 2.500, accuracy 0.250, held-out 0.125, 21 of 100, 1m19s left",
		4:  "a note",
		10: "training: loss 2.500, accuracy 0.250, held-out 0.125, 100 of 100",
	} {
		if lines[i] != want {
			t.Errorf("line %d is %q, want %q", i, lines[i], want)
		}
	}
}

// Of a method that classifies nothing there is the loss on held-out faces.
func TestProgressWithoutClasses(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out)
	for n, held := range []float64{math.NaN(), -0.125, math.NaN()} {
		p.Report(env.Event{Stage: "training", Done: n + 1, Total: 3, Training: &store.Step{Loss: 2.5, Accuracy: -1, HeldOut: held}})
	}
	if want := "training: loss 2.500, held-out -0.125, 3 of 3\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}

func TestProgressBar(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out)
	p.terminal = true
	p.Report(step(1, 0.125))
	p.Report(env.Event{Note: "a note"})
	p.Report(env.Event{Stage: "testing", Done: 1, Total: 2})
	p.Close()
	// Each bar is drawn over the last after a return to the start of the line; a note has a line of its own.
	parts := strings.FieldsFunc(out.String(), func(r rune) bool { return r == '\r' || r == '\n' })
	for _, want := range []string{"loss 2.500 acc 0.250 held-out 0.125", "a note", "testing"} {
		found := false
		for _, part := range parts {
			found = found || strings.HasPrefix(part, want)
		}
		if !found {
			t.Errorf("no %q in %q", want, out.String())
		}
	}
	for _, part := range parts {
		if n := len([]rune(part)); n > 79 {
			t.Errorf("%d columns: %q", n, part)
		}
	}
	if !strings.Contains(out.String(), "a note\n") {
		t.Errorf("the note does not end its line: %q", out.String())
	}
}
