package lab

import (
	"context"
	"path/filepath"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/report"
	"github.com/seeable-lab/seeable/lab/store"
)

// embedded is how many held-out images a report puts on the sphere.
const embedded = 512

// writeReport writes report.html of a run.
func (l *Lab) writeReport(ctx context.Context, r *Run, d *detector, steps []store.Step, items []store.Item, groups []report.Group, held []face.Face) error {
	data := report.Data{
		Record: r.Record, Spec: r.Spec, Command: "seelab run " + r.Spec.Name,
		Scores: d.method.Scores(), Items: items, Steps: steps, Groups: groups,
	}
	if seeable, ok := d.method.(*method.SeeABLE); ok {
		if err := l.embed(ctx, d, seeable, held, &data); err != nil {
			return err
		}
	}
	l.charts(ctx)
	return report.Write(filepath.Join(r.Dir, store.ReportFile), data)
}

// charts brings what draws a report's charts. Without it the figures stand still, which is no reason to fail.
func (l *Lab) charts(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if _, err := figure.FetchScripts(ctx, l.env.NoteWriter()); err != nil {
		l.env.Note("the report's charts stand still: %v", err)
	}
}

// embed puts discrepancies of held-out faces on the sphere, and measures how near each class comes to each prototype.
func (l *Lab) embed(ctx context.Context, d *detector, m *method.SeeABLE, held []face.Face, data *report.Data) error {
	p, err := l.probeOf(ctx, d.spec, m, held, embedded)
	if err != nil {
		return err
	}
	e, err := p.embed(ctx, d.network)
	if err != nil {
		return err
	}
	sphere, err := e.Sphere("")
	if err != nil {
		return err
	}
	data.Prototypes, data.Embeddings, data.Occupancy = sphere.Prototypes, sphere.Points, sphere.Occupancy
	angles, err := e.Angles("Held-out faces")
	if err != nil {
		return err
	}
	data.Angles = &angles
	data.Similarity, data.SimilarityN = e.similarity(), embedded
	return nil
}

// similarityGroups averages, over the real and the fake faces of a set, how near each variant came to its prototype.
func similarityGroups(m method.Method, set datasets.Set, items []datasets.Item, evidence [][][]float32) []report.Group {
	seeable, ok := m.(*method.SeeABLE)
	if !ok {
		return nil
	}
	groups := []report.Group{{Name: set.Name + ", real"}, {Name: set.Name + ", fake"}}
	for i, it := range items {
		similarities := seeable.Similarities(evidence[i])
		if len(similarities) == 0 {
			return nil
		}
		g := &groups[0]
		if it.Fake {
			g = &groups[1]
		}
		if g.Cosine == nil {
			g.Cosine = make([]float64, len(similarities))
		}
		g.N++
		for k, s := range similarities {
			g.Cosine[k] += s
		}
	}
	var found []report.Group
	for _, g := range groups {
		for k := range g.Cosine {
			g.Cosine[k] /= float64(g.N)
		}
		g.Synthetic = set.Synthetic
		if g.N > 0 {
			found = append(found, g)
		}
	}
	return found
}
