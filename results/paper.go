// Package results holds published figures, paper.toml, to be read beside the lab's own. None of them was measured here.
package results

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

//go:embed paper.toml
var paper []byte

// Average is the column of a source's own average.
const Average = "average"

// NotGiven stands in a [Protocol] for what the sources do not give.
const NotGiven = "not given"

// Paper is what paper.toml holds.
type Paper struct {
	Sources  map[string]string `toml:"sources"` // by the key that cells name
	TestSets []TestSet         `toml:"test_set"`
	Tables   []Table           `toml:"table"`
}

// TestSet is the size of the official test part of a data set, in videos.
type TestSet struct {
	Name   string `toml:"name"`
	Real   int    `toml:"real"`
	Fake   int    `toml:"fake"` // 0 if it is only known for each manipulation
	Each   int    `toml:"each"` // fakes of each manipulation; 0 if there is one kind
	Source string `toml:"source"`
}

// Table is a table as it was published.
type Table struct {
	Name    string   `toml:"name"` // "cross-dataset"
	Title   string   `toml:"title"`
	Note    string   `toml:"note"`    // of all rows, if not empty
	Columns []string `toml:"columns"` // test sets or manipulations as the lab calls them, without the average
	Rows    []Row    `toml:"row"`
}

// Row is one method of a published table.
type Row struct {
	Method   string   `toml:"method"`
	Lab      []string `toml:"lab"`       // the lab's methods that it is the published figure of: the system itself and its forms
	RealOnly bool     `toml:"real_only"` // the source says that no fakes were trained on
	Protocol Protocol `toml:"protocol"`
	Note     string   `toml:"note"`
	Cells    []Cell   `toml:"cells"`
}

// Protocol says how the figures of a row were measured, [NotGiven] where no source does. No field is empty.
type Protocol struct {
	TrainedOn    string `toml:"trained_on"`     // "FF++ real and fakes"
	Compression  string `toml:"compression"`    // of FF++, in training and in tests on it: "raw", "c23", "c40"; "none" without FF++
	Frames       string `toml:"frames"`         // of a test video: "32"
	Level        string `toml:"level"`          // what one score of the figure is of: "video", "frame"
	MeasuredBy   string `toml:"measured_by"`    // "authors of the method"
	ChosenOnTest string `toml:"chosen_on_test"` // "yes" if a checkpoint or parameter was chosen by the figures of a test set, "no"
}

// check says which field has none of the values that it may have.
func (p Protocol) check() error {
	var errs []error
	for _, f := range []struct {
		key, value string
		values     []string // nil for any text
	}{
		{"trained_on", p.TrainedOn, nil}, {"compression", p.Compression, []string{"raw", "c23", "c40", "none"}}, {"frames", p.Frames, nil},
		{"level", p.Level, []string{"video", "frame"}}, {"measured_by", p.MeasuredBy, nil}, {"chosen_on_test", p.ChosenOnTest, []string{"yes", "no"}},
	} {
		switch {
		case f.value == NotGiven:
		case f.values == nil && strings.TrimSpace(f.value) == "":
			errs = append(errs, fmt.Errorf("protocol.%s is missing, want a text, or %q", f.key, NotGiven))
		case f.values != nil && !slices.Contains(f.values, f.value):
			errs = append(errs, fmt.Errorf("protocol.%s = %q, want one of %q, or %q", f.key, f.value, f.values, NotGiven))
		}
	}
	return errors.Join(errs...)
}

// Cell is one published figure, in percent: an AUC or an accuracy, the other is 0.
type Cell struct {
	Column   string  `toml:"column"` // one of the table's, or Average
	AUC      float64 `toml:"auc"`
	Accuracy float64 `toml:"accuracy"` // what the source calls an AUC may be one
	Source   string  `toml:"source"`   // key of the sources
}

// Published reads paper.toml.
func Published() (Paper, error) {
	p, err := parse(string(paper))
	if err != nil {
		return Paper{}, fmt.Errorf("results: paper.toml: %w", err)
	}
	return p, nil
}

// Table returns a published table by name.
func (p Paper) Table(name string) (Table, error) {
	var names []string
	for _, t := range p.Tables {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return Table{}, fmt.Errorf("results: no published table %q; there are %s", name, strings.Join(names, ", "))
}

// TestSet returns the official size of a test set; FF++ is known whatever its compression ("FF++ c40").
func (p Paper) TestSet(name string) (TestSet, bool) {
	i := slices.IndexFunc(p.TestSets, func(s TestSet) bool { return name == s.Name || strings.HasPrefix(name, s.Name+" c") })
	if i < 0 {
		return TestSet{}, false
	}
	return p.TestSets[i], true
}

// parse decodes and checks: a key that does not exist, a row without a whole protocol, a cell without a source, a column
// that the table lacks, or a figure outside (50, 100] is an error.
func parse(text string) (Paper, error) {
	var p Paper
	meta, err := toml.Decode(text, &p)
	if err != nil {
		return Paper{}, err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return Paper{}, fmt.Errorf("unknown key %q", unknown[0].String())
	}
	var errs []error
	for _, s := range p.TestSets {
		if s.Name == "" || s.Source == "" || s.Real < 1 || s.Fake < 0 || s.Each < 0 || s.Fake+s.Each < 1 {
			errs = append(errs, fmt.Errorf("test set %q: want a name, a source, real, and fake or each", s.Name))
		}
	}
	names := map[string]bool{}
	for _, t := range p.Tables {
		if t.Name == "" || names[t.Name] || len(t.Columns) == 0 || len(t.Rows) == 0 {
			errs = append(errs, fmt.Errorf("table %q: want a name of its own, columns and rows", t.Name))
		}
		names[t.Name] = true
		methods := map[string]bool{}
		for _, r := range t.Rows {
			if r.Method == "" || methods[r.Method] || len(r.Cells) == 0 {
				errs = append(errs, fmt.Errorf("%s, row %q: want a method of its own and cells", t.Name, r.Method))
			}
			methods[r.Method] = true
			if err := r.Protocol.check(); err != nil {
				errs = append(errs, fmt.Errorf("%s, %s: %w", t.Name, r.Method, err))
			}
			seen := map[string]bool{}
			for _, c := range r.Cells {
				at := fmt.Sprintf("%s, %s, column %q", t.Name, r.Method, c.Column)
				if c.Column != Average && !slices.Contains(t.Columns, c.Column) || seen[c.Column] {
					errs = append(errs, fmt.Errorf("%s: want each of %q and %q at most once", at, t.Columns, Average))
				}
				seen[c.Column] = true
				if figure := c.AUC + c.Accuracy; c.AUC != 0 && c.Accuracy != 0 || !(figure > 50 && figure <= 100) {
					errs = append(errs, fmt.Errorf("%s: auc = %v, accuracy = %v, want one of them, in percent in (50, 100]", at, c.AUC, c.Accuracy))
				}
				if p.Sources[c.Source] == "" {
					errs = append(errs, fmt.Errorf("%s: source %q is not in [sources]", at, c.Source))
				}
			}
		}
	}
	return p, errors.Join(errs...)
}
