// Package report writes what a run or a sweep found as one HTML file for people. It opens from disk and loads nothing, not
// even a font: styles, figures and the scripts that draw the charts are inside. Where the toolbox's cache lacks the scripts,
// the figures are still pictures, and the page says so. Whatever comes from data is escaped. It shows no face of any data
// set; heat maps are drawn on the lines of a mean face.
package report

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/table"
)

// Data is what a report tells. Record and Spec are needed; sections without data are left out.
type Data struct {
	Record  store.Record
	Spec    spec.Spec
	Command string // that made the run

	Scores []string             // names of the scores of Items
	Items  iter.Seq[store.Item] // tested faces, those of a video in a row; nil for none
	Steps  []store.Step

	// Prototypes and embeddings of held-out real faces as [hypersphere.Projection] shows them.
	Prototypes [][3]float64
	Embeddings []figure.Embedding
	Occupancy  []float64   // the share of the embeddings nearest to each prototype; nil if unknown
	Angles     *figure.Map // the embeddings by their angles to prototypes; nil for none
	// Similarity is the mean cosine of the embeddings of each class (rows) with each prototype (columns), K×K, over
	// SimilarityN images of held-out real faces.
	Similarity  [][]float64
	SimilarityN int
	Groups      []Group
	// Maps are the best and the worst maps of faces with known masks, without pictures of the faces.
	Maps []figure.Cells
}

// Group is how near the variants of some faces came to their own prototypes.
type Group struct {
	Name      string    // "FF++ c40, real"
	N         int       // faces
	Cosine    []float64 // of each class, in [−1, 1]: the mean over the faces
	Synthetic bool
}

//go:embed *.html
var pages embed.FS

var page = template.Must(template.ParseFS(pages, "*.html"))

// Write writes the report to path. A figure whose data do not make sense is an error, and nothing is written then.
func Write(path string, d Data) error {
	v, err := d.view()
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return execute(path, "report.html", v)
}

// execute writes the page that a template makes.
func execute(path, name string, view any) error {
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, name, view); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := store.WriteFile(path, b.Bytes()); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// view is what the page shows, figures drawn.
type view struct {
	Data
	sheet
	Synthetic  string // what is synthetic, in words; "" for nothing
	Leaking    []string
	Tests      template.HTML
	Alarms     table.Table
	Selection  table.Table
	Pseudo     table.Table
	Localised  table.Table
	Masked     []template.HTML
	Bars       template.HTML
	ROC        template.HTML
	DET        template.HTML
	Histograms []template.HTML
	Training   template.HTML
	Facts      []Fact
	Cells      []template.HTML
	Matrix     template.HTML
	Sphere     template.HTML
	AngleMap   template.HTML
	Classes    []string
	Versions   []Fact
	Digests    []Fact
	SpecText   string
	Duration   string
}

// Fact is a line of a list.
type Fact struct{ Name, Value string }

func (d Data) view() (view, error) {
	r := d.Record
	v := view{
		Data: d, Synthetic: synthetic(r), Leaking: leaking(nil, r), Tests: template.HTML(table.Tests(r).HTML()), Alarms: table.Alarms(r), Selection: table.Selection(r), Pseudo: table.Pseudo(r), Localised: table.Localisation(r),
		Facts: training(r), Versions: facts(r.Versions), Digests: facts(r.Train.Data),
		SpecText: d.Spec.TOML(), Duration: duration(r.Seconds),
	}
	for _, name := range slices.Sorted(maps.Keys(r.Train.Made)) {
		v.Versions = append(v.Versions, Fact{"faces of " + name + " to train", r.Train.Made[name].String()})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Faces)) {
		v.Versions = append(v.Versions, Fact{"faces of " + name, r.Faces[name].String()})
	}
	for _, t := range r.Tests {
		if f := (Fact{t.Dataset, t.Digest}); !slices.Contains(v.Digests, f) {
			v.Digests = append(v.Digests, f)
		}
	}
	for _, draw := range []func(*view) error{drawBars, drawTests, drawTraining, drawCells, drawMaps, drawSphere} {
		if err := draw(&v); err != nil {
			return view{}, err
		}
	}
	v.finish()
	return v, nil
}

// sheet is what the figures of a page need.
type sheet struct {
	Charts   bool // the page has figures
	Spatial  bool // and some of them in three dimensions
	Scripts  figure.Scripts
	NoCharts error // why there are no scripts
}

// figure draws a figure: still until the scripts run.
func (s *sheet) figure(f figure.Figure) (template.HTML, error) {
	s.Charts = true
	s.Spatial = s.Spatial || figure.Spatial(f)
	return figure.Snippet(f)
}

// finish brings the scripts, if there is something to draw.
func (s *sheet) finish() {
	if s.Charts {
		s.Scripts, s.NoCharts = figure.FindScripts()
	}
}

// synthetic says in words what of a run rests on drawn faces.
func synthetic(r store.Record) string {
	tested := slices.ContainsFunc(r.Tests, func(t store.Test) bool { return t.Synthetic })
	switch {
	case r.Train.Synthetic && tested:
		return "It was trained and tested on faces drawn by code"
	case r.Train.Synthetic:
		return "It was trained on faces drawn by code"
	case tested:
		return "Some of its test sets are faces drawn by code"
	case r.Synthetic:
		return "Some of its faces are drawn by code"
	}
	return ""
}

// leaking adds to a list what the test sets of a run show that was trained or chosen on.
func leaking(all []string, r store.Record) []string {
	for _, t := range r.Tests {
		if text := t.Dataset + ": " + t.Leaks; t.Leaks != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

func training(r store.Record) []Fact {
	t := r.Train
	held := Fact{t.Held() + " on held-out faces", fmt.Sprintf("%.3f at official strength", t.HeldOutLoss)}
	if t.Classified() {
		held = Fact{"accuracy on held-out faces", fmt.Sprintf("%.3f at official strength; guessing gives %.3f", t.Accuracy, t.Chance)}
	}
	if t.AtFirst > 0 {
		held.Value += fmt.Sprintf("; %.3f when it was measured first", t.AtFirst)
	}
	list := append([]Fact{held}, learnt(t)...)
	list = append(list, Fact{"final loss", fmt.Sprintf("%.3f, mean of the last tenth of the steps", t.Loss)})
	if t.Floor > 0 {
		list = append(list, Fact{"least possible loss", fmt.Sprintf("%.3f", t.Floor)})
	}
	list = append(list,
		Fact{"faces", fmt.Sprintf("%d real ones to train, %d held out", t.Faces-t.Fakes, t.HeldOut)},
		Fact{"effort", fmt.Sprintf("%d steps, %d images, %s", t.Steps, t.Images, duration(t.Seconds))},
	)
	if t.Fakes > 0 {
		list = append(list, Fact{"labelled fakes", fmt.Sprintf("%d of the %d faces to train, of %d people", t.Fakes, t.Faces, t.People)})
	}
	if t.Fallback > 0 {
		list = append(list, Fact{"without landmarks of their own", fmt.Sprintf("%d faces; the mean face was laid into their boxes", t.Fallback)})
	}
	return list
}

// learnt is what a network knows of its own pseudo-fakes.
func learnt(t store.Training) (list []Fact) {
	if p := t.Own; p != nil {
		list = append(list, Fact{"pseudo-fakes " + p.On, fmt.Sprintf("AUC %.3f [%.2f, %.2f] of %d, of %d people who had no part in the choice of the score, and %d real faces of them",
			p.AUC, p.Low, p.High, p.NFake, p.People, p.NReal)})
	}
	if g := t.Gauge; g != nil {
		list = append(list, Fact{g.Name, fmt.Sprintf("%.3f on %d samples of %d people; the best that is the same for all of them: %.3f", g.Value, g.N, g.People, g.Blind)})
	}
	return list
}

func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", seconds)
	}
	return d.Round(time.Second).String()
}

func facts(m map[string]string) []Fact {
	var list []Fact
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, Fact{name, m[name]})
	}
	return list
}
