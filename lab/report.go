package lab

import (
	"context"
	"fmt"
	"path/filepath"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/report"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
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
	return report.Write(filepath.Join(r.Dir, store.ReportFile), data)
}

// embed puts discrepancies of held-out faces on the sphere, and measures how near each class comes to each prototype.
func (l *Lab) embed(ctx context.Context, d *detector, m *method.SeeABLE, held []face.Face, data *report.Data) error {
	size := d.spec.Encoder.Size
	row := size * size * 3
	images, labels := make([]uint8, embedded*row), make([]int, embedded)
	err := l.quietly().each(ctx, "", embedded, func(worker, i int) error {
		var err error
		labels[i], err = m.Check(d.samplers[worker], images[i*row:(i+1)*row], held[i%len(held)], stream.New(d.spec.Seed, "report", i))
		return err
	})
	if err != nil {
		return err
	}
	exec, err := model.NewExec(l.computer.Backend, d.weights, func(scope *model.Scope, images *Node) *Node {
		return m.Embeddings(scope.In("net"), images)
	})
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	defer exec.Finalize()

	prototypes := m.Prototypes()
	view := prototypes.Projection()
	k := prototypes.K()
	for i := range k {
		at, _, err := view.Point(prototypes.At(i))
		if err != nil {
			return err
		}
		data.Prototypes = append(data.Prototypes, at)
	}
	data.SimilarityN = embedded
	data.Similarity = make([][]float64, k)
	counts := make([]float64, k)
	for i := range data.Similarity {
		data.Similarity[i] = make([]float64, k)
	}
	rows, err := forward(ctx, exec, size, images)
	if err != nil {
		return err
	}
	for i, row := range rows {
		z := float64s(row)
		at, _, err := view.Point(z)
		if err != nil {
			return err
		}
		label := labels[i]
		data.Embeddings = append(data.Embeddings, figure.Embedding{At: at, Class: label})
		counts[label]++
		for j := range k {
			data.Similarity[label][j] += floats.Dot(prototypes.At(j), z)
		}
	}
	for i, n := range counts {
		for j := range data.Similarity[i] {
			data.Similarity[i][j] /= max(1, n)
		}
	}
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
