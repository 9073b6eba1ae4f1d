package table

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/results"
)

// The columns that a comparison can have.
const (
	CrossDataset      = "cross-dataset"      // test sets, with all their fakes
	CrossManipulation = "cross-manipulation" // manipulations, with one section for each test set that has several
)

// Run is a finished run with the videos of its scores.csv, or the scores of another tool ([evaluation.Foreign]), which have a
// label and no spec.
type Run struct {
	Label  string // what to call it; "" for its name, and the keys in which it differs from others of that name
	Record store.Record
	Spec   spec.Spec
	Sets   []evaluation.Set   // what evaluation.Read makes of scores.csv by Record.Score
	Rivals []evaluation.Rival // what evaluation.ReadRivals makes of it; nil for none
}

// Options say what a comparison shows.
type Options struct {
	Title      string // "" for what the columns are
	Columns    string // CrossDataset, which is the default, or CrossManipulation
	Paper      string // name of a published table, whose rows stand above those of the same system, and else at the foot; "" for none
	OverSeeds  bool   // runs that differ in nothing but the seed make one row
	Against    *Run   // tests the other rows against this run; nil for no tests
	Remeasured bool   // take runs that were measured with another version of the metrics too
}

// Comparison is runs side by side: video-level AUCs measured from their scores, and published ones.
type Comparison struct {
	Title   string
	Columns []string
	Parts   []Part
	Notes   []string // what holds for the whole table
	Against string   // what p-values compare with; "" without them
}

// Part is a section of a comparison.
type Part struct {
	Title  string
	Set    string // the test set of its cells; "" where the columns are test sets
	Rivals bool   // trivial rivals, not runs
	Rows   []Row
}

// Row is one run, several that differ in the seed, or a published method.
type Row struct {
	Name  string
	Runs  []string // their ids
	Seeds []uint64
	Cells []Cell // one for each column
	// Reference marks the run that p-values compare with.
	Reference bool
	Published bool             // not measured here
	Protocol  results.Protocol // of a published row
	Notes     []string

	Trained *store.Training // of a measured row that is a run of the lab: of its first seed

	method string // of the lab, of what was measured
}

// Cell is an AUC over videos in percent, NaN where there is none. What a published cell does not know is NaN or 0.
type Cell struct {
	AUC       float64 // the mean, where there are several seeds
	Accuracy  float64 // a published figure that is no AUC, in percent; else NaN
	Low, High float64 // 95 % interval by people, of several seeds that of their mean; NaN where there are too few
	SD        float64 // standard deviation over several seeds
	Seeds     int     // how many seeds the figure is of
	// Of several seeds these are of the videos that all have scored, and Coverage is the least.
	NReal, NFake           int     // videos with a score
	RealPeople, FakePeople int     // whose heads are seen in them
	Coverage               float64 // share of the videos with a score
	// The 95 % interval by DeLong's standard error; NaN for several seeds.
	DeLongLow, DeLongHigh float64
	// The difference from the run that the table compares with, in percent, the ends of its 95 % interval and the p of no
	// difference, by people; NaN where there are too few or there is no test.
	Diff, DiffLow, DiffHigh, P float64
	Paired                     int    // videos of that test; 0 for no test
	Source                     string // of a published figure
	Notes                      []string
}

// blank is a cell without a figure.
func blank(notes ...string) Cell {
	nan := math.NaN()
	return Cell{AUC: nan, Accuracy: nan, Low: nan, High: nan, SD: nan, Coverage: nan, DeLongLow: nan, DeLongHigh: nan, Diff: nan, DiffLow: nan, DiffHigh: nan, P: nan, Notes: notes}
}

// Compare sets runs side by side. Every figure is measured anew from the videos of the run's scores, as at its end, so that
// all rows are measured in one way; runs that were measured with another version of the metrics are refused, as their own
// reports say something else. Rows say by what they differ from the first: numerics, backend and plugin, type of the maps, where
// landmarks come from; and cells, how the faces were cut. Cells of drawn faces, of parts of a test set, of few videos and of test sets that differ
// between the rows are marked.
func Compare(runs []Run, o Options) (*Comparison, error) {
	if o.Columns == "" {
		o.Columns = CrossDataset
	}
	if o.Columns != CrossDataset && o.Columns != CrossManipulation {
		return nil, fmt.Errorf("table: columns %q, want %s or %s", o.Columns, CrossDataset, CrossManipulation)
	}
	if o.Paper != "" && o.Paper != o.Columns {
		return nil, fmt.Errorf("table: published rows of %s under the columns of %s, want the same of both", o.Paper, o.Columns)
	}
	if len(runs) == 0 && o.Paper == "" {
		return nil, errors.New("table: nothing to show, want finished runs or published rows")
	}
	if o.OverSeeds && o.Against != nil {
		return nil, errors.New("table: tests against a run and rows over seeds exclude each other: a test compares one run with one")
	}
	if err := checkVersions(runs, o); err != nil {
		return nil, err
	}
	paper, err := results.Published()
	if err != nil {
		return nil, err
	}
	published, err := paper.Table(o.Columns)
	if err != nil {
		return nil, err
	}
	b := builder{Options: o, paper: paper, runs: slices.Clone(runs)}
	b.label()
	c := &Comparison{Title: o.Title}
	if c.Title == "" {
		c.Title = o.Columns + ": AUC over videos in percent"
	}
	if slices.ContainsFunc(runs, func(r Run) bool { return synthetic(r.Record) }) {
		c.Title += " (synthetic faces)"
	}
	if err := b.columns(c, published); err != nil {
		return nil, err
	}
	if err := b.measured(c); err != nil {
		return nil, err
	}
	if o.Paper != "" {
		c.Columns = append(c.Columns, results.Average)
		for _, part := range c.Parts {
			for i := range part.Rows {
				part.Rows[i].Cells = append(part.Rows[i].Cells, average(part.Rows[i].Cells, c.Columns, published.Columns))
			}
		}
		b.beside(c, published)
	}
	b.notes(c, published)
	return c, nil
}

// checkVersions refuses runs that were measured in another way. Runs of before the version was recorded have version 1.
func checkVersions(runs []Run, o Options) error {
	if o.Remeasured {
		return nil
	}
	if o.Against != nil {
		runs = append(slices.Clone(runs), *o.Against)
	}
	for _, r := range runs {
		version := r.Record.Versions["metric"]
		if version == "" {
			version = "1"
		}
		if version != metric.Version {
			return fmt.Errorf("table: %s was measured with version %s of the metrics, and this is version %s: its report has other figures than the table would; "+
				"leave it out, or have all rows measured anew (--remeasure)", r.Record.Run, version, metric.Version)
		}
	}
	return nil
}

type builder struct {
	Options
	paper results.Paper
	runs  []Run
}

// label names the runs: by the name of the experiment and, where several specs share it, by the keys in which they differ,
// the seed apart.
func (b *builder) label() {
	settings := func(r Run) map[string]string {
		text := map[string]string{}
		for key, value := range r.Spec.Settings() {
			text[key] = fmt.Sprint(value)
		}
		return text
	}
	named := map[string][]map[string]string{} // settings of the runs by name
	for _, r := range b.runs {
		if r.foreign() {
			continue
		}
		named[r.Record.Name] = append(named[r.Record.Name], settings(r))
	}
	for i, r := range b.runs {
		if r.Label != "" {
			continue
		}
		parts := []string{r.Record.Name}
		mine := settings(r)
		for _, key := range spec.Keys() {
			// Keys of another method's table are not of this one.
			value, has := mine[key]
			differs := has && slices.ContainsFunc(named[r.Record.Name], func(other map[string]string) bool { return other[key] != value })
			if differs && key != "name" && key != "seed" {
				parts = append(parts, key+"="+value)
			}
		}
		b.runs[i].Label = strings.Join(parts, ", ")
	}
}

// columns finds the columns and sections: the published names first, in their order, then others by the alphabet.
func (b *builder) columns(c *Comparison, published results.Table) error {
	var names, sets []string
	add := func(list *[]string, name string) {
		if !slices.Contains(*list, name) {
			*list = append(*list, name)
		}
	}
	for _, r := range b.runs {
		for _, s := range r.Sets {
			if b.Columns == CrossDataset {
				add(&names, s.Name)
			} else if kinds := s.Manipulations(); len(kinds) > 1 {
				add(&sets, s.Name)
				for _, kind := range kinds {
					add(&names, kind)
				}
			}
		}
	}
	if len(b.runs) > 0 && len(names) == 0 {
		return fmt.Errorf("table: the runs have no scores for columns of %s, want those of a test set, of several manipulations for %s",
			b.Columns, CrossManipulation)
	}
	slices.Sort(names)
	slices.Sort(sets)
	for _, name := range published.Columns {
		if b.Paper != "" || slices.Contains(names, name) {
			c.Columns = append(c.Columns, name)
		}
	}
	for _, name := range names {
		add(&c.Columns, name)
	}
	if b.Columns == CrossDataset && len(b.runs) > 0 {
		c.Parts = []Part{{Title: "Measured here"}}
	}
	for _, set := range sets {
		c.Parts = append(c.Parts, Part{Title: "Measured here on " + plain(set), Set: set})
	}
	return nil
}

// measured fills the sections with the rows of the runs.
func (b *builder) measured(c *Comparison) error {
	if b.Against != nil {
		c.Against = b.Against.Record.Run
		for _, r := range b.runs {
			if r.Record.Run == c.Against {
				c.Against = r.Label
			}
		}
	}
	var parts []Part
	for i := range c.Parts {
		part := &c.Parts[i]
		first := map[string]Run{} // by column, the first row that has a figure there
		for _, group := range b.groups() {
			row := Row{Name: plain(group[0].Label), method: group[0].Spec.Method, Reference: b.Against != nil && b.Against.Record.Run == group[0].Record.Run}
			for _, r := range group {
				if part.Set != "" && r.set(part.Set) == nil {
					continue
				}
				if len(row.Runs) == 0 && !r.foreign() {
					row.Trained = &r.Record.Train
				}
				row.Runs = append(row.Runs, r.Record.Run)
				row.Notes = append(row.Notes, r.differences(b.runs[0])...)
				if r.foreign() {
					row.Notes = append(row.Notes, "scores of another tool, of "+plain(r.Record.Run))
				} else {
					row.Seeds = append(row.Seeds, r.Spec.Seed)
				}
				if n := len(r.Record.Skipped); n > 0 {
					row.Notes = append(row.Notes, fmt.Sprintf("%d images or rows of manifests could not be read and were skipped", n))
				}
			}
			if len(row.Runs) == 0 {
				continue
			}
			row.Notes = distinct(row.Notes)
			for _, column := range c.Columns {
				set, manipulation := column, evaluation.All
				if part.Set != "" {
					set, manipulation = part.Set, column
				}
				var cells []Cell
				for _, r := range group {
					cell, err := b.cell(r, set, manipulation)
					if err != nil {
						return err
					}
					if f, known := first[column]; !known && cell.Seeds > 0 {
						first[column] = r
					} else if known && cell.Seeds > 0 && f.otherFaces(r, set, manipulation) {
						cell.Notes = append(cell.Notes, fmt.Sprintf("tested on other faces of %s than the first row: no comparison", plain(set)))
					}
					if f, known := first[column]; known && cell.Seeds > 0 {
						if note := r.otherwise(f, set); note != "" {
							cell.Notes = append(cell.Notes, note)
						}
					}
					cells = append(cells, cell)
				}
				cell, err := overSeeds(cells, group, set, manipulation)
				if err != nil {
					return err
				}
				row.Cells = append(row.Cells, cell)
			}
			part.Rows = append(part.Rows, row)
		}
		parts = append(parts, *part)
		rivals, err := b.rivalPart(c.Columns, *part)
		if err != nil {
			return err
		}
		if rivals != nil {
			parts = append(parts, *rivals)
		}
	}
	c.Parts = parts
	return nil
}

// distinct are the texts without those that were there before.
func distinct(texts []string) (all []string) {
	for _, text := range texts {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// groups are the runs of each row.
func (b *builder) groups() [][]Run {
	var groups [][]Run
	at := map[string]int{}
	for _, r := range b.runs {
		key := r.Record.Foreign
		if !r.foreign() {
			s := r.Spec
			s.Seed = 0
			key = s.Hash()
		}
		key += " " + r.Label
		i, known := at[key]
		if known && b.OverSeeds && !r.foreign() {
			groups[i] = append(groups[i], r)
			continue
		}
		at[key] = len(groups)
		groups = append(groups, []Run{r})
	}
	return groups
}

// foreign tells whether another tool made the scores.
func (r Run) foreign() bool { return r.Record.Foreign != "" }

func (r Run) set(name string) *evaluation.Set {
	i := slices.IndexFunc(r.Sets, func(s evaluation.Set) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &r.Sets[i]
}

// test is the run's own record of a test set.
func (r Run) test(set string) store.Test {
	i := slices.IndexFunc(r.Record.Tests, func(t store.Test) bool { return t.Dataset == set })
	if i < 0 {
		return store.Test{}
	}
	return r.Record.Tests[i]
}

func (r Run) digest(set string) string { return r.test(set).Digest }

// otherFaces tells whether two runs have figures of other faces of a set. Of another tool only the videos are known.
func (r Run) otherFaces(other Run, set, manipulation string) bool {
	if !r.foreign() && !other.foreign() {
		return r.digest(set) != other.digest(set)
	}
	_, _, only, onlyOther := r.set(set).Shared(*other.set(set), manipulation)
	return only+onlyOther > 0
}

// cell measures a run on the real videos of a set and the fakes of a manipulation.
func (b *builder) cell(r Run, set, manipulation string) (Cell, error) {
	s := r.set(set)
	if s == nil {
		return blank(), nil
	}
	cell := blank()
	test, err := s.Test(manipulation)
	if err != nil {
		return Cell{}, fmt.Errorf("table: %s: %w", r.Record.Run, err)
	}
	if test.NoFigure != "" {
		return blank(noFigure(test)), nil
	}
	cell.AUC, cell.Low, cell.High, cell.Seeds = 100*test.AUC, 100*test.Low, 100*test.High, 1
	cell.NReal, cell.NFake, cell.Coverage = test.NReal, test.NFake, test.Coverage
	cell.RealPeople, cell.FakePeople = test.RealPeople, test.FakePeople
	if area, err := s.Area(manipulation); err == nil {
		low, high := area.Interval(0.95)
		cell.DeLongLow, cell.DeLongHigh = 100*low, 100*high
	}
	if r.Record.Train.Synthetic || r.test(set).Synthetic {
		cell.Notes = append(cell.Notes, syntheticNote)
	}
	rivals, err := r.rivals(*s, manipulation)
	if err != nil {
		return Cell{}, err
	}
	if note := notBeaten(rivals); note != "" {
		cell.Notes = append(cell.Notes, note)
	}
	if leaks := r.test(set).Leaks; leaks != "" {
		cell.Notes = append(cell.Notes, "leaks from training into the test set: "+plain(leaks)+"; the figure says too much")
	}
	if t := r.Record.Train; t.Fakes > 0 {
		cell.Notes = append(cell.Notes, fmt.Sprintf("trained on labelled fakes too: %d of %d faces, of %d people", t.Fakes, t.Faces, t.People))
	}
	if note := b.partial(*s, manipulation); note != "" {
		cell.Notes = append(cell.Notes, note)
	} else if r.test(set).Partial {
		cell.Notes = append(cell.Notes, "a part of the test set: videos that its list names are lacking")
	}
	if test.NoInterval != "" {
		cell.Notes = append(cell.Notes, noInterval(test.NoInterval))
	}
	if b.Against == nil || b.Against.Record.Run == r.Record.Run {
		return cell, nil
	}
	if other := b.Against.set(set); other != nil {
		if _, _, only, onlyOther := s.Shared(*other, manipulation); r.foreign() && only+onlyOther > 0 {
			cell.Notes = append(cell.Notes, fmt.Sprintf("p leaves out %d videos that this tool alone has scored, and %d that %s alone has", only, onlyOther, plain(b.Against.Record.Run)))
		}
		switch d, err := s.Difference(*other, manipulation); {
		case evaluation.NothingShared(err):
		case err != nil:
			return Cell{}, fmt.Errorf("table: %s against %s: %w", r.Record.Run, b.Against.Record.Run, err)
		default:
			cell.Paired = d.NReal + d.NFake
			cell.Diff, cell.DiffLow, cell.DiffHigh, cell.P = 100*d.Diff, 100*d.Low, 100*d.High, d.P
			if d.TooFew != "" && test.NoInterval == "" {
				cell.Notes = append(cell.Notes, "p: "+noInterval(d.TooFew))
			}
		}
	}
	return cell, nil
}

// syntheticNote marks figures of drawn faces.
const syntheticNote = "synthetic: of faces drawn by code, in training or test; says nothing about deepfakes"

// partial says which part of an official test set was tested on, or that videos of other parts are among those tested on; "" if it is
// that set.
func (b *builder) partial(s evaluation.Set, manipulation string) string {
	official, known := b.paper.TestSet(s.Name)
	if !known {
		return ""
	}
	reals, fakes := s.Count(manipulation)
	wanted := official.Fake
	if official.Each > 0 {
		wanted = official.Each
		if manipulation == evaluation.All {
			wanted *= max(1, len(s.Manipulations()))
		}
	}
	switch {
	case reals == official.Real && fakes == wanted:
		return ""
	case reals > official.Real || fakes > wanted:
		return fmt.Sprintf("not the test set: %d real and %d fake videos, where it has %d and %d", reals, fakes, official.Real, wanted)
	}
	return fmt.Sprintf("a part of the test set: %d of %d real and %d of %d fake videos", reals, official.Real, fakes, wanted)
}

// overSeeds makes one cell of those of several seeds, on the videos that all seeds with a figure have scored.
func overSeeds(cells []Cell, runs []Run, set, manipulation string) (Cell, error) {
	if len(cells) == 1 {
		return cells[0], nil
	}
	all := blank()
	var sets []evaluation.Set
	for i, c := range cells {
		for _, note := range c.Notes {
			if !slices.Contains(all.Notes, note) {
				all.Notes = append(all.Notes, note)
			}
		}
		if c.Seeds == 0 {
			continue
		}
		if len(sets) == 0 {
			all.Coverage = c.Coverage
		}
		all.Coverage = min(all.Coverage, c.Coverage)
		sets = append(sets, *runs[i].set(set))
	}
	if len(sets) < len(cells) {
		all.Notes = append(all.Notes, fmt.Sprintf("%d of %d seeds", len(sets), len(cells)))
	}
	if len(sets) == 0 {
		return all, nil
	}
	mean, each, err := evaluation.Mean(sets, manipulation)
	if evaluation.NothingShared(err) {
		all.Notes = append(all.Notes, "no figure: the seeds have scored no video of each class in common")
		return all, nil
	}
	if err != nil {
		return Cell{}, fmt.Errorf("table: %s over %d seeds: %w", runs[0].Record.Name, len(sets), err)
	}
	all.Seeds = len(sets)
	all.AUC, all.Low, all.High = 100*mean.Value, 100*mean.Low, 100*mean.High
	all.NReal, all.NFake, all.RealPeople, all.FakePeople = mean.Reals, mean.Fakes, mean.RealPeople, mean.FakePeople
	if note := noInterval(mean.TooFew); mean.TooFew != "" && !slices.Contains(all.Notes, note) {
		all.Notes = append(all.Notes, note)
	}
	if len(each) > 1 {
		all.SD = 100 * stat.StdDev(each, nil)
	}
	return all, nil
}

// average is the mean of a row over the columns of the published table, if it has them all.
func average(cells []Cell, columns, published []string) Cell {
	var aucs []float64
	for i, cell := range cells {
		if slices.Contains(published, columns[i]) {
			aucs = append(aucs, cell.AUC)
		}
	}
	all := blank()
	all.AUC = stat.Mean(aucs, nil)
	return all
}

// beside adds the published rows, each above the measured ones of the same system, in every part that has any; those of systems
// that were not measured make a part at the foot.
func (b *builder) beside(c *Comparison, t results.Table) {
	shown := make([]bool, len(t.Rows))
	for i := range c.Parts {
		part := &c.Parts[i]
		if part.Rivals {
			continue
		}
		var rows []Row
		here := make([]bool, len(t.Rows))
		for _, row := range part.Rows {
			for k, p := range t.Rows {
				if slices.Contains(p.Lab, row.method) && !here[k] {
					rows = append(rows, b.published(c.Columns, p))
					here[k], shown[k] = true, true
				}
			}
			rows = append(rows, row)
		}
		part.Rows = rows
	}
	foot := Part{Title: "Published, not measured here"}
	if t.Note != "" {
		foot.Title += " (" + t.Note + ")"
	}
	if slices.ContainsFunc(t.Rows, func(r results.Row) bool { return r.RealOnly }) {
		foot.Title += "; * trained on real faces only, as the source says"
	}
	for k, p := range t.Rows {
		if !shown[k] {
			foot.Rows = append(foot.Rows, b.published(c.Columns, p))
		}
	}
	if len(foot.Rows) > 0 {
		c.Parts = append(c.Parts, foot)
	}
}

// published is a published row under the columns of a table.
func (b *builder) published(columns []string, r results.Row) Row {
	row := Row{Name: "published: " + r.Method, Published: true, Protocol: r.Protocol, Cells: make([]Cell, len(columns))}
	if r.RealOnly {
		row.Name += " *"
	}
	if r.Note != "" {
		row.Notes = append(row.Notes, r.Note)
	}
	for i := range row.Cells {
		row.Cells[i] = blank()
	}
	for _, cell := range r.Cells {
		i := slices.Index(columns, cell.Column)
		if cell.Accuracy > 0 {
			row.Cells[i].Accuracy = cell.Accuracy
		} else {
			row.Cells[i].AUC = cell.AUC
		}
		row.Cells[i].Source = b.paper.Sources[cell.Source]
	}
	return row
}

// notes says what holds for the whole table.
func (b *builder) notes(c *Comparison, published results.Table) {
	if len(b.runs) > 0 {
		c.Notes = append(c.Notes,
			"Below an AUC its 95 % interval by people (score interval with a variance that takes videos to be correlated where they share a target "+
				"or a known source; results/intervals.md), how many real/fake videos have a score, of how many real/fake people (targets), "+
				"and cov, the share of the videos that have one. "+
				"Metrics of version "+metric.Version+".")
	}
	if slices.ContainsFunc(c.Parts, func(p Part) bool { return p.Rivals }) {
		c.Notes = append(c.Notes, rivalsNote)
	}
	several := slices.ContainsFunc(c.Parts, func(p Part) bool {
		return slices.ContainsFunc(p.Rows, func(r Row) bool { return len(r.Seeds) > 1 })
	})
	if several {
		c.Notes = append(c.Notes, "Of several seeds: mean ± standard deviation over the seeds, in brackets the interval of this mean over people, for these seeds: it does not say what others would give; on the videos that all seeds have scored; cov is the least.")
	}
	if b.Against != nil && len(b.runs) > 0 {
		notes := b.Against.differences(b.runs[0])
		for _, set := range b.Against.Sets {
			if note := b.Against.otherwise(b.runs[0], set.Name); note != "" {
				notes = append(notes, note)
			}
		}
		for _, note := range notes {
			c.Notes = append(c.Notes, fmt.Sprintf("%s, against which rows are tested: %s.", plain(c.Against), note))
		}
	}
	if b.Against != nil {
		c.Notes = append(c.Notes, fmt.Sprintf("diff: difference from %s in points, with its 95 %% interval by people, and p: the paired two-sided test of no difference, "+
			"on the videos that both have scored, in parentheses how many; p is not corrected for the number of tests.", plain(c.Against)))
	}
	if b.Paper != "" {
		c.Notes = append(c.Notes, fmt.Sprintf("Below a published row its protocol: faces trained on; compression of FF++ there and in tests on it; frames of a test video; "+
			"what a score of the figure is of; who measured; whether a checkpoint or parameter was chosen by figures of test sets. "+
			"%s: in no source that could be read.", results.NotGiven))
		if slices.ContainsFunc(published.Rows, func(r results.Row) bool {
			return slices.ContainsFunc(r.Cells, func(c results.Cell) bool { return c.Accuracy > 0 })
		}) {
			c.Notes = append(c.Notes, "acc: an accuracy in percent, not to be set beside an AUC.")
		}
		c.Notes = append(c.Notes, fmt.Sprintf("average: measured, over %s; published, the source's own, over the columns that it has in the row.",
			strings.Join(published.Columns, ", ")))
	}
}
