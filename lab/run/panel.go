package run

import (
	"context"
	"fmt"
	"sync"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/source/donor"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// panelFaces bounds the real clips of a panel. They are dealt to the compressions in turn, so that time grows with the number of
// kinds of pseudo-fakes and not with that of compressions, while the mean over all rests on as many faces. Where there are few,
// each serves several compressions, so that each of these has panelShare of them, or all.
const panelFaces, panelShare = 256, 64

// panel is real clips of held-out people, and pseudo-fakes of them, each under a compression: what a score is chosen, fitted or
// reported on. It is a [source.Source], which makes each clip when it is asked for.
type panel struct {
	held    *source.Set
	seed    uint64
	cells   []spec.PseudoCell // of score.choose_on, each once under the name of what it really is
	faces   []panelFace
	pseudos map[spec.PseudoCell]*method.Pseudo
	workers sync.Pool // of *method.Worker
}

// panelFace is a clip of a panel. Kind is "" for a real one.
type panelFace struct {
	at int // in the held-out set
	spec.PseudoCell
}

// newPanel makes the panel of some real clips of a held-out set.
func newPanel(s spec.Spec, held *source.Set, clips []int) (*panel, error) {
	p := &panel{held: held, seed: s.Seed, pseudos: map[spec.PseudoCell]*method.Pseudo{}}
	donors := donor.New(held)
	var compressions []string
	for _, cell := range s.Score.Cells() {
		compression, err := spec.CompressionOf(cell.Compression)
		if err != nil {
			return nil, fmt.Errorf("run: %w", err)
		}
		compressed := s
		compressed.Augment = compression.Augment(s.Augment)
		m, err := method.New(compressed) // whose own pseudo-fakes are compressed so
		if err != nil {
			return nil, err
		}
		p.workers.New = func() any {
			w := method.NewWorker(m.Layout())
			w.Donors = donors
			return w
		}
		pseudo, err := method.NewPseudo(compressed, m, cell.Kind)
		if err != nil {
			return nil, err
		}
		cell.Kind = pseudo.Kind()
		if p.pseudos[cell] != nil {
			continue // the method has none of its own
		}
		p.cells, p.pseudos[cell] = append(p.cells, cell), pseudo
		if real := (spec.PseudoCell{Compression: cell.Compression}); p.pseudos[real] == nil {
			compressions, p.pseudos[real] = append(compressions, cell.Compression), pseudo
		}
	}
	chosen := prepare.Spread(clips, panelFaces)
	for j, at := range chosen {
		for turn := range turns(len(chosen), len(compressions)) {
			compression := compressions[(j+turn)%len(compressions)]
			p.faces = append(p.faces, panelFace{at, spec.PseudoCell{Compression: compression}})
			for _, cell := range p.cells {
				if cell.Compression == compression {
					p.faces = append(p.faces, panelFace{at, cell})
				}
			}
		}
	}
	return p, nil
}

// turns is under how many compressions each of n faces is seen.
func turns(n, compressions int) int {
	return min((panelShare*compressions+n-1)/n, compressions)
}

// Len implements [source.Source].
func (p *panel) Len() int { return len(p.faces) }

// Info implements [source.Source].
func (p *panel) Info(i int) source.Info {
	info := p.held.Info(p.faces[i].at)
	info.Fake = p.faces[i].Kind != ""
	if info.Fake {
		info.ID = fmt.Sprintf("pseudo-fake %s of %s", p.faces[i], info.ID)
	}
	return info
}

// Clip implements [source.Source]. A real clip and all pseudo-fakes of it have the same draws, so that only the manipulation tells
// them apart; they are those of its pixels.
func (p *panel) Clip(ctx context.Context, i int) (face.Clip, error) {
	c, err := p.held.Clip(ctx, p.faces[i].at)
	if err != nil {
		return face.Clip{}, err
	}
	w := p.workers.Get().(*method.Worker)
	defer p.workers.Put(w)
	pseudo, rng := p.pseudos[p.faces[i].PseudoCell], stream.New(p.seed, "choose", c.Digest())
	if p.faces[i].Kind == "" {
		return pseudo.Real(w, c, rng)
	}
	return pseudo.Fake(w, c, rng)
}
