package run

import (
	"context"
	"iter"
	"path/filepath"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/report"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/sphere"
	"github.com/seeable-lab/seeable/lab/store"
)

// embedded is how many held-out images a report puts on the sphere.
const embedded = 512

// writeReport writes report.html of a run.
func writeReport(ctx context.Context, e *env.Env, r *Run, d *detector.Detector, steps []store.Step, items iter.Seq[store.Item], groups []report.Group, maps []figure.Cells, held source.Source) error {
	data := report.Data{
		Record: r.Record, Spec: r.Spec, Command: "seelab run " + r.Spec.Name,
		Scores: columns(d.Method), Items: items, Steps: steps, Groups: groups, Maps: maps,
	}
	if _, ok := method.As[method.Prototyped](d.Method); ok {
		if err := embed(ctx, d, held, &data); err != nil {
			return err
		}
	}
	charts(ctx, e)
	return report.Write(filepath.Join(r.Dir, store.ReportFile), data)
}

// charts brings what draws a report's charts. Without it the figures stand still, which is no reason to fail.
func charts(ctx context.Context, e *env.Env) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if _, err := figure.FetchScripts(ctx, e.NoteWriter()); err != nil {
		e.Note("the report's charts stand still: %v", err)
	}
}

// embed puts discrepancies of held-out faces on the sphere, and measures how near each class comes to each prototype.
func embed(ctx context.Context, d *detector.Detector, held source.Source, data *report.Data) error {
	p, err := sphere.NewProbe(ctx, d.Spec, d.Method, held, data.Record.Train.Synthetic, embedded)
	if err != nil {
		return err
	}
	embeddings, err := p.Embed(ctx, d.Network)
	if err != nil {
		return err
	}
	sphere, err := embeddings.Sphere("")
	if err != nil {
		return err
	}
	data.Prototypes, data.Embeddings, data.Occupancy = sphere.Prototypes, sphere.Points, sphere.Occupancy
	angles, err := embeddings.Angles("Held-out faces")
	if err != nil {
		return err
	}
	data.Angles = &angles
	data.Similarity, data.SimilarityN = embeddings.Similarity("").Values, embedded
	return nil
}

// profile averages, over the real and the fake faces of a set, how near each variant came to its prototype.
type profile struct {
	method method.Prototyped // nil where there are none
	sums   [2]report.Group
}

func newProfile(m method.Method, set datasets.Set) *profile {
	p := &profile{sums: [2]report.Group{{Name: set.Name + ", real", Synthetic: set.Synthetic}, {Name: set.Name + ", fake", Synthetic: set.Synthetic}}}
	p.method, _ = method.As[method.Prototyped](m)
	return p
}

func (p *profile) add(fake bool, rows []method.Row) {
	if p.method == nil {
		return
	}
	similarities := p.method.Similarities(rows)
	if len(similarities) == 0 {
		return
	}
	g := &p.sums[0]
	if fake {
		g = &p.sums[1]
	}
	if g.Cosine == nil {
		g.Cosine = make([]float64, len(similarities))
	}
	g.N++
	for k, s := range similarities {
		g.Cosine[k] += s
	}
}

func (p *profile) groups() (found []report.Group) {
	for _, g := range p.sums {
		for k := range g.Cosine {
			g.Cosine[k] /= float64(g.N)
		}
		if g.N > 0 {
			found = append(found, g)
		}
	}
	return found
}
