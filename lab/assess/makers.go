package assess

import (
	"context"
	"fmt"
	"image"
	"slices"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/run"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// MakerFaces is how many faces [Makers] looks at unless told otherwise: as many as a run measures its own pseudo-fakes on.
const MakerFaces = 256

// makersOn is the compression of all faces of [Makers]: the mildest, so that what a maker leaves is still there to be found.
const makersOn = "none"

// Makers measures which pseudo-fakes teach what: each run's detector on the pseudo-fakes that each run's method makes of its own
// ([method.Faker]), and on self-blended images.
//
// The real faces are at most so many of the held-out people on whom the first run reports, and donors are of those whom it holds
// out. All detectors see the same pictures. They are as large as the largest network among the runs wants them, and have the
// colours of the default augmentation, neither resampled nor JPEG, whatever a maker trains with (our choice): a maker's own
// compression would be learnt beside its blends. Each is a function of the seed and of the pixels that it is made of.
//
// It is an error if a run trained on one of these people, or chose its score on one, as runs of other data or seeds may have.
func Makers(ctx context.Context, e *env.Env, runs []*run.Run, most int) (*MakerMatrix, error) {
	p, err := openMaking(ctx, e, runs, most, 0)
	if err != nil {
		return nil, err
	}
	defer p.held.Close()
	m := &MakerMatrix{Faces: len(p.at), People: distinct(p.people()), Synthetic: p.synthetic}
	for _, k := range p.makers[1:] {
		m.Makers = append(m.Makers, k.name)
	}
	for _, r := range runs {
		if err := p.unseen(e, r); err != nil {
			return nil, err
		}
	}
	for _, r := range runs {
		figures, err := p.figures(ctx, e, r)
		if err != nil {
			return nil, fmt.Errorf("run: %s on pseudo-fakes: %w", r.Record.Run, err)
		}
		m.Rows = append(m.Rows, MakerRow{r.Record.Run, r.Spec.Method, r.Record.Score, r.Spec.Data.Fakes, figures})
	}
	return m, nil
}

// MakerPicture is a real face, or a pseudo-fake of it.
type MakerPicture struct {
	Maker string // "" of the real face
	Image *image.RGBA
}

// MakerPictures shows what [Makers] is about: at most n of its faces, each with the pseudo-fakes of all makers behind it, made for a
// network that sees a face in side pixels.
func MakerPictures(ctx context.Context, e *env.Env, runs []*run.Run, n, side int) (faces [][]MakerPicture, err error) {
	p, err := openMaking(ctx, e, runs, n, side)
	if err != nil {
		return nil, err
	}
	defer p.held.Close()
	for i := range p.Len() {
		c, err := p.Clip(ctx, i)
		if err != nil {
			return nil, fmt.Errorf("run: %s: %w", p.Info(i).ID, err)
		}
		k := i % len(p.makers)
		if k == 0 {
			faces = append(faces, nil)
		}
		last := &faces[len(faces)-1]
		*last = append(*last, MakerPicture{p.makers[k].name, c.Frames[0].Image})
	}
	return faces, nil
}

// unseen refuses a run that trained on people whose faces are looked at, or chose its score on them.
func (p *making) unseen(e *env.Env, r *run.Run) error {
	train, held, _, err := e.TrainingSets(r.Spec)
	if err != nil {
		return err
	}
	reports := datasets.Halves(held.Items, r.Spec.Data.Fakes, r.Spec.Seed)
	chose := slices.DeleteFunc(slices.Clone(held.Items), reports)
	seen := map[string]bool{}
	for _, it := range slices.Concat(train.Items, chose) {
		seen[it.Identity], seen[it.Source] = true, true
	}
	delete(seen, "") // nobody knows who
	people := p.people()
	all := distinct(people)
	people = slices.DeleteFunc(people, func(person string) bool { return !seen[person] })
	if n := distinct(people); n > 0 {
		return fmt.Errorf("run: %s trained or chose its score on %d of the %d people whose faces makers are compared on, which the first run holds out: want runs of the same data.train, data.holdout and seed",
			r.Record.Run, n, all)
	}
	return nil
}

// figures are those of a run's detector, by maker.
func (p *making) figures(ctx context.Context, e *env.Env, r *run.Run) ([]store.Pseudo, error) {
	d, err := run.Detector(ctx, e, r)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return p.judge(ctx, d, r.Record.Score, func(read int) {
		e.Report(env.Event{Stage: r.Record.Run + " on pseudo-fakes", Done: read, Total: p.Len()})
	})
}

// judge is how a score of a detector tells the real faces from the pseudo-fakes of each maker.
func (p *making) judge(ctx context.Context, d *detector.Detector, score string, done func(read int)) (figures []store.Pseudo, err error) {
	scores := make([]float64, p.Len())
	err = d.Each(ctx, p, detector.Part, score, func(i int, r detector.Reading) error {
		if r.Err != nil {
			return fmt.Errorf("%s: %w", p.Info(i).ID, r.Err)
		}
		scores[i] = d.Score(score, r.Rows)
		return nil
	}, done)
	if err != nil {
		return nil, err
	}
	for k := 1; k < len(p.makers); k++ {
		var s metric.Stratum
		for i, person := range p.people() {
			at := i * len(p.makers)
			s.Scores = append(s.Scores, scores[at], scores[at+k])
			s.Fake, s.People = append(s.Fake, false, true), append(s.People, person, person)
		}
		figure, err := run.PseudoFigure(spec.PseudoCell{Kind: p.makers[k].name, Compression: makersOn}.String(), s)
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure)
	}
	return figures, nil
}
