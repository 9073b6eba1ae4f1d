package nb

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
)

// Progress shows below a cell, in place, what is going on: the last notes, a bar with the time that is left, and the
// curves of a training.
type Progress struct {
	id    string
	now   func() time.Time
	show  func(html string)
	shown time.Time

	notes       []string
	stage       string
	first, done int // items done at the stage's first report, and now
	total       int
	began, at   time.Time // of the stage's first report, and of the last
	steps       []TrainingStep
}

// TrainingStep is what a training tells after a step.
type TrainingStep struct {
	Step, Steps    int
	Loss, Accuracy float64 // of the step's batch; a negative accuracy is that of a method that classifies nothing
	// HeldOut is the accuracy on held-out faces, negative where it was not measured; of a method that classifies nothing the
	// loss on them, NaN where it was not measured.
	HeldOut float64
}

// NewProgress returns a display that appears with the first report.
func NewProgress() *Progress {
	p := &Progress{id: "progress_" + gonbui.UniqueId(), now: time.Now}
	p.show = func(piece string) {
		if Active() {
			gonbui.UpdateHTML(p.id, piece)
			deliver()
		}
	}
	return p
}

// shownNotes is how many of the last notes are shown.
const shownNotes = 6

// Note shows a line of text.
func (p *Progress) Note(line string) {
	p.notes = append(p.notes, line)
	p.notes = p.notes[max(0, len(p.notes)-shownNotes):]
	p.update(true)
}

// Stage tells that done of total items of a stage are done.
func (p *Progress) Stage(name string, done, total int) {
	if p.at = p.now(); name != p.stage || done < p.done {
		p.stage, p.first, p.began = name, done, p.at
	}
	p.done, p.total = done, total
	p.update(done == total)
}

// Step tells about a step of a training. The first step begins new curves.
func (p *Progress) Step(stage string, s TrainingStep) {
	if len(p.steps) > 0 && s.Step <= p.steps[len(p.steps)-1].Step {
		p.steps = nil
	}
	p.steps = append(p.steps, s)
	p.Stage(stage, s.Step, s.Steps)
}

// between is the least time from one picture to the next.
const between = 500 * time.Millisecond

// update shows the state, but not too often unless it must.
func (p *Progress) update(must bool) {
	if now := p.now(); must || now.Sub(p.shown) >= between {
		p.shown = now
		p.show(p.html())
	}
}

func (p *Progress) html() string {
	var b strings.Builder
	b.WriteString(`<div style="font-family:system-ui,sans-serif;font-size:13px">`)
	for _, note := range p.notes {
		fmt.Fprintf(&b, "<div>%s</div>", html.EscapeString(note))
	}
	if p.total > 0 {
		fmt.Fprintf(&b, `<div style="margin:6px 0"><progress style="width:240px;vertical-align:middle" max="%d" value="%d"></progress> %s, %d of %d%s</div>`,
			p.total, p.done, html.EscapeString(p.stage), p.done, p.total, p.left())
	}
	if n := len(p.steps); n > 1 {
		last := p.steps[n-1]
		classifies := last.Accuracy >= 0
		var loss, accuracy, held [][2]float64
		for _, s := range p.steps {
			x := float64(s.Step)
			loss, accuracy = append(loss, [2]float64{x, s.Loss}), append(accuracy, [2]float64{x, s.Accuracy})
			if classifies && s.HeldOut >= 0 || !classifies && !math.IsNaN(s.HeldOut) {
				held = append(held, [2]float64{x, s.HeldOut})
			}
		}
		measured := ""
		if len(held) > 0 {
			measured = fmt.Sprintf(", held-out faces %.3f (dots)", held[len(held)-1][1])
		}
		b.WriteString(`<div style="display:flex;flex-wrap:wrap;gap:12px">`)
		title := fmt.Sprintf("loss %.3f", last.Loss)
		if classifies {
			b.WriteString(curve(title, last.Steps, loss, nil))
			b.WriteString(curve(fmt.Sprintf("accuracy %.3f", last.Accuracy)+measured, last.Steps, accuracy, held))
		} else {
			b.WriteString(curve(title+measured, last.Steps, loss, held))
		}
		b.WriteString("</div>")
	}
	b.WriteString("</div>")
	return b.String()
}

// left is how long the stage took, or still takes at its pace.
func (p *Progress) left() string {
	took := p.at.Sub(p.began)
	if p.done >= p.total {
		return fmt.Sprintf(", took %v", took.Round(time.Second/10))
	}
	if p.done <= p.first {
		return ""
	}
	left := time.Duration(float64(took) / float64(p.done-p.first) * float64(p.total-p.done))
	return fmt.Sprintf(", %v left", left.Round(time.Second))
}

// curve draws values over the steps as a small picture whose vertical axis begins at 0. Dots are drawn besides.
func curve(title string, steps int, line, dots [][2]float64) string {
	const width, height, left, top, bottom = 340.0, 150.0, 40.0, 18.0, 16.0
	line = thin(line, 200)
	high := 0.0
	for _, p := range slices.Concat(line, dots) {
		high = max(high, p[1])
	}
	if high == 0 {
		high = 1
	}
	at := func(p [2]float64) (x, y float64) {
		return left + p[0]/float64(steps)*(width-left-4), height - bottom - p[1]/high*(height-bottom-top)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg width="%g" height="%g" role="img" style="background:#fff" font-family="system-ui,sans-serif" font-size="11" fill="#282828">`, width, height)
	fmt.Fprintf(&b, `<text x="%g" y="12">%s</text>`, left, html.EscapeString(title))
	fmt.Fprintf(&b, `<path d="M%g %gV%gH%g" fill="none" stroke="#888"/>`, left, top, height-bottom, width-4)
	fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="end">%.3g</text><text x="%g" y="%g" text-anchor="end">0</text>`, left-4, top+6, high, left-4, height-bottom)
	fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="end">step %d</text>`, width-4, height-3, steps)
	b.WriteString(`<polyline fill="none" stroke="#0072b2" stroke-width="1.5" points="`)
	for _, p := range line {
		x, y := at(p)
		fmt.Fprintf(&b, "%.1f,%.1f ", x, y)
	}
	b.WriteString(`"/>`)
	for _, p := range dots {
		x, y := at(p)
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="#d55e00"/>`, x, y)
	}
	b.WriteString("</svg>")
	return b.String()
}

// thin returns at most n points: means over runs of neighbours.
func thin(line [][2]float64, n int) [][2]float64 {
	run := (len(line) + n - 1) / n
	if run <= 1 {
		return line
	}
	var out [][2]float64
	for part := range slices.Chunk(line, run) {
		var mean [2]float64
		for _, p := range part {
			mean[0] += p[0] / float64(len(part))
			mean[1] += p[1] / float64(len(part))
		}
		out = append(out, mean)
	}
	return out
}
