package assess

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/robust"
	"github.com/seeable-lab/seeable/lab/store"
)

// Robustness is what [Robust] has found.
type Robustness struct {
	Run   string      `json:"run"`
	Score string      `json:"score"`
	Seed  uint64      `json:"seed"`
	Sets  []DamageSet `json:"sets"`
	Files []string    `json:"files"` // that were written beside the run: figures and this record
}

// DamageSet is what became of one test set. Means are over what all of their cells have scored.
type DamageSet struct {
	Data      string         `json:"data"`
	Clean     DamageFigure   `json:"clean"`
	Cells     []DamageFigure `json:"cells"`
	Kinds     []DamageMean   `json:"kinds"`  // over all levels of a kind; of those that have all
	Levels    []DamageMean   `json:"levels"` // over the seven kinds at a level
	Mean7     *DamageMean    `json:"mean7"`  // over all levels of the seven kinds; null where a cell is missing
	Partial   bool           `json:"partial,omitempty"`
	Synthetic bool           `json:"synthetic,omitempty"`
	Leaks     string         `json:"leaks,omitempty"`
}

// DamageFigure is one cell. What is not to be had is null, and the reason is given.
type DamageFigure struct {
	Damaged
	Seen     bool     `json:"seen"` // training damages its faces in a like way
	AUC      *float64 `json:"auc"`  // over videos
	Low      *float64 `json:"low"`  // 95 % interval by people
	High     *float64 `json:"high"`
	N        int      `json:"n"` // videos with a score
	Real     int      `json:"real"`
	Fake     int      `json:"fake"`
	Coverage float64  `json:"coverage"`
	// Drop is the AUC of the clean faces less that of the damaged ones, over the videos that have both scores, paired by video.
	Drop     *float64 `json:"drop"`
	DropLow  *float64 `json:"drop_low"`
	DropHigh *float64 `json:"drop_high"`
	Lost     int      `json:"lost"` // videos that have a score as long as they are clean
	Reason   string   `json:"reason,omitempty"`
	Dir      string   `json:"dir"` // of its scores, below that of the run
}

// DamageMean is a mean over cells, each with the same weight.
type DamageMean struct {
	Kind  string   `json:"kind,omitempty"`
	Level int      `json:"level,omitempty"`
	AUC   float64  `json:"auc"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
	Drop  float64  `json:"drop"` // mean of those of the cells
	Seen  bool     `json:"seen,omitempty"`
}

// measured is a cell with its videos.
type measured struct {
	*damageCell
	figure DamageFigure
	videos evaluation.Set
}

// measure makes the figures of the cells, which are there.
func (p *damaging) measure() (*Robustness, error) {
	out := &Robustness{Run: p.run.Record.Run, Score: p.run.Record.Score, Seed: p.options.Seed}
	for _, set := range p.sets {
		found, err := p.measureSet(set)
		if err != nil {
			return nil, err
		}
		out.Sets = append(out.Sets, found)
	}
	return out, p.write(out)
}

func (p *damaging) measureSet(set *damagedSet) (out DamageSet, err error) {
	out = DamageSet{
		Data: set.Name, Partial: set.Partial, Synthetic: set.Synthetic || p.run.Record.Train.Synthetic, Leaks: set.leaks,
		Cells: []DamageFigure{}, Kinds: []DamageMean{}, Levels: []DamageMean{},
	}
	var cells []measured
	for _, c := range set.cells {
		m, err := p.read(c)
		if err != nil {
			return DamageSet{}, err
		}
		cells = append(cells, m)
		if c.level > 0 {
			if err := m.against(cells[0].videos); err != nil {
				return DamageSet{}, err
			}
			out.Cells = append(out.Cells, m.figure)
			cells[len(cells)-1] = m
		}
	}
	out.Clean = cells[0].figure
	of := func(wanted func(measured) bool) (found []measured) {
		for _, m := range cells[1:] {
			if wanted(m) {
				found = append(found, m)
			}
		}
		return found
	}
	levels, sevens := 0, 0
	for _, k := range robust.Kinds() {
		if k.Seven {
			sevens, levels = sevens+1, max(levels, len(k.Values))
		}
		all := of(func(m measured) bool { return m.kind.Name == k.Name })
		mean, err := meanOf(all, len(k.Values))
		if err != nil {
			return DamageSet{}, err
		}
		if mean != nil {
			mean.Kind, mean.Seen = k.Name, all[0].figure.Seen
			out.Kinds = append(out.Kinds, *mean)
		}
	}
	for l := 1; l <= levels; l++ {
		mean, err := meanOf(of(func(m measured) bool { return m.kind.Seven && m.level == l }), sevens)
		if err != nil {
			return DamageSet{}, err
		}
		if mean != nil {
			mean.Level = l
			out.Levels = append(out.Levels, *mean)
		}
	}
	out.Mean7, err = meanOf(of(func(m measured) bool { return m.kind.Seven }), sevens*levels)
	return out, err
}

// read reads a cell that was made.
func (p *damaging) read(c *damageCell) (m measured, err error) {
	dir := filepath.Join(p.dir, c.id)
	if err := store.Verify(dir); err != nil {
		return m, fmt.Errorf("%w; remove %s and measure again", err, dir)
	}
	m = measured{damageCell: c, figure: DamageFigure{Damaged: c.made, Seen: seenInTraining(p.run.Spec.Augment, c.kind.Name), Dir: c.id}}
	text, err := os.ReadFile(filepath.Join(dir, damageFile))
	if err == nil {
		err = json.Unmarshal(text, &m.figure.Damaged)
	}
	if err != nil {
		return m, fmt.Errorf("run: %s: %w", dir, err)
	}
	sets, err := evaluation.Read(filepath.Join(dir, store.ScoresFile), p.run.Record.Score)
	if err != nil {
		return m, err
	}
	if len(sets) != 1 {
		return m, fmt.Errorf("run: %s has the scores of %d test sets, want one", dir, len(sets))
	}
	m.videos = sets[0]
	test, err := m.videos.Test(evaluation.All)
	if err != nil {
		return m, err
	}
	f := &m.figure
	f.Real, f.Fake, f.N, f.Coverage, f.Reason = test.NReal, test.NFake, test.NReal+test.NFake, test.Coverage, test.NoFigure
	if test.NoFigure == "" {
		f.AUC = &test.AUC
		if f.Reason = test.NoInterval; f.Reason == "" {
			f.Low, f.High = &test.Low, &test.High
		}
	}
	return m, nil
}

// against compares a cell with the clean faces.
func (m *measured) against(clean evaluation.Set) error {
	_, _, m.figure.Lost, _ = clean.Shared(m.videos, evaluation.All)
	d, err := clean.Difference(m.videos, evaluation.All)
	if evaluation.NothingShared(err) {
		return nil
	}
	if err != nil {
		return err
	}
	m.figure.Drop = &d.Diff
	if d.TooFew == "" {
		m.figure.DropLow, m.figure.DropHigh = &d.Low, &d.High
	}
	return nil
}

// meanOf is the mean over so many cells, nil if one of them is missing.
func meanOf(cells []measured, wanted int) (*DamageMean, error) {
	if len(cells) != wanted {
		return nil, nil
	}
	var sets []evaluation.Set
	var mean DamageMean
	for _, m := range cells {
		if m.figure.AUC == nil || m.figure.Drop == nil {
			return nil, nil
		}
		sets = append(sets, m.videos)
		mean.Drop += *m.figure.Drop / float64(wanted)
	}
	i, _, err := evaluation.Mean(sets, evaluation.All)
	if evaluation.NothingShared(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	mean.AUC = i.Value
	mean.Low, mean.High = ends(i)
	return &mean, nil
}

// ends are those of an interval, nil where there is none.
func ends(i metric.Interval) (low, high *float64) {
	if math.IsNaN(i.Low) || math.IsNaN(i.High) {
		return nil, nil
	}
	return &i.Low, &i.High
}

// write writes the figures and the record beside the run.
func (p *damaging) write(out *Robustness) error {
	files, err := out.figures(p.run.Record.Name)
	if err != nil {
		return err
	}
	for _, name := range files.names {
		out.Files = append(out.Files, filepath.Join(p.dir, name))
	}
	out.Files = append(out.Files, filepath.Join(p.dir, robustFile))
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	for i, name := range files.names {
		if err := store.WriteFile(filepath.Join(p.dir, name), files.data[i]); err != nil {
			return err
		}
	}
	return store.WriteFile(filepath.Join(p.dir, robustFile), append(text, '\n'))
}

const robustFile = "robust.json"

// named are files to be written.
type named struct {
	names []string
	data  [][]byte
}

func (n *named) add(name string, data []byte) {
	n.names, n.data = append(n.names, name), append(n.data, slices.Clone(data))
}
