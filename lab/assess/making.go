package assess

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/run"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/source/donor"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// selfBlended is the maker that every matrix has: the self-blended images that SBI trains on.
const selfBlended = "selfblend"

// making is real faces, and behind each the pseudo-fakes that makers make of it. It is a [source.Source], which makes each clip when
// it is asked for.
type making struct {
	held      *source.Set
	synthetic bool
	seed      uint64
	at        []int   // in held, of the real faces
	makers    []maker // the first one leaves a face real
}

type maker struct {
	name    string
	clip    func(w *method.Worker, c face.Clip, rng *rand.Rand) (face.Clip, error)
	workers *sync.Pool // of *method.Worker
}

// openMaking opens the faces of [Makers] for networks of at least so many pixels. Who has read all closes held.
func openMaking(ctx context.Context, e *env.Env, runs []*run.Run, most, side int) (*making, error) {
	if len(runs) == 0 || most < 1 {
		return nil, fmt.Errorf("run: %d runs and %d faces to compare makers: want some of each", len(runs), most)
	}
	common := spec.Default()
	common.Data, common.Seed, common.Encoder.Size = runs[0].Spec.Data, runs[0].Spec.Seed, side
	var specs []spec.Spec
	for _, r := range runs {
		specs = append(specs, r.Spec)
		common.Encoder.Size = max(common.Encoder.Size, r.Spec.Encoder.Size)
		common.Augment.Margin[0] = min(common.Augment.Margin[0], r.Spec.Augment.Margin[0])
		common.Augment.Margin[1] = max(common.Augment.Margin[1], r.Spec.Augment.Margin[1])
	}
	m, err := method.New(common)
	if err != nil {
		return nil, err
	}
	_, set, _, err := e.TrainingSets(common)
	if err != nil {
		return nil, err
	}
	held, _, err := prepare.Training(ctx, e, common, m, "reading held-out faces", set, "")
	if err != nil {
		return nil, err
	}
	_, reporting := prepare.Halves(held, common)
	if len(reporting) == 0 {
		held.Close()
		return nil, fmt.Errorf("run: %s: none of the people it holds out report; want two or more: raise data.holdout", runs[0].Record.Run)
	}
	p, err := newMaking(common, held, prepare.Spread(reporting, most), specs)
	if err != nil {
		held.Close()
		return nil, err
	}
	p.synthetic = set.Synthetic
	return p, nil
}

// newMaking makes the pseudo-fakes of the methods of some specs, each once, with the augmentation of common.
func newMaking(common spec.Spec, held *source.Set, at []int, specs []spec.Spec) (*making, error) {
	compression, err := spec.CompressionOf(makersOn)
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	p, donors := &making{held: held, seed: common.Seed, at: at}, donor.New(held)
	add := func(s spec.Spec, kind, name string) error {
		s.Augment = compression.Augment(common.Augment)
		m, err := method.New(s)
		if err != nil {
			return err
		}
		pseudo, err := method.NewPseudo(s, m, kind)
		if err != nil {
			return err
		}
		workers := &sync.Pool{New: func() any {
			w := method.NewWorker(m.Layout())
			w.Donors = donors
			return w
		}}
		if len(p.makers) == 0 {
			p.makers = append(p.makers, maker{"", pseudo.Real, workers})
		}
		p.makers = append(p.makers, maker{name, pseudo.Fake, workers})
		return nil
	}
	if err := add(common, selfBlended, selfBlended); err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, s := range specs {
		m, err := method.New(s)
		if err != nil {
			return nil, err
		}
		if n := m.Layout().Count(); n != 1 {
			return nil, fmt.Errorf("run: method %s looks at clips of %d frames: want one that looks at single faces", s.Method, n)
		}
		if _, own := method.As[method.Faker](m); !own {
			continue
		}
		// What makes a pseudo-fake is the method, with its table and discrepancies.
		only := s
		only.Seed, only.Data, only.Augment, only.Encoder = common.Seed, common.Data, common.Augment, common.Encoder
		only.Loss, only.Train, only.Score = common.Loss, common.Train, common.Score
		if known[only.Hash()] {
			continue
		}
		name := s.Method
		if slices.ContainsFunc(p.makers, func(k maker) bool { return k.name == name }) {
			name = s.Name
		}
		known[only.Hash()] = true
		if err := add(s, "own", name); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Len implements [source.Source].
func (p *making) Len() int { return len(p.at) * len(p.makers) }

// Info implements [source.Source].
func (p *making) Info(i int) source.Info {
	info, by := p.held.Info(p.at[i/len(p.makers)]), p.makers[i%len(p.makers)]
	if info.Fake = by.name != ""; info.Fake {
		info.ID = fmt.Sprintf("pseudo-fake %s of %s", by.name, info.ID)
	}
	return info
}

// Clip implements [source.Source]. A real face and all pseudo-fakes of it have the same colours.
func (p *making) Clip(ctx context.Context, i int) (face.Clip, error) {
	c, err := p.held.Clip(ctx, p.at[i/len(p.makers)])
	if err != nil {
		return face.Clip{}, err
	}
	by := p.makers[i%len(p.makers)]
	w := by.workers.Get().(*method.Worker)
	defer by.workers.Put(w)
	return by.clip(w, c, stream.New(p.seed, "makers", c.Digest()))
}

// people are those of the real faces, one for each.
func (p *making) people() (people []string) {
	for _, at := range p.at {
		people = append(people, p.held.Item(at).Identity)
	}
	return people
}
