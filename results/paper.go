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
	Method   string `toml:"method"`
	RealOnly bool   `toml:"real_only"` // the source says that no fakes were trained on
	Note     string `toml:"note"`
	Cells    []Cell `toml:"cells"`
}

// Cell is one published figure.
type Cell struct {
	Column string  `toml:"column"` // one of the table's, or Average
	AUC    float64 `toml:"auc"`    // in percent
	Source string  `toml:"source"` // key of the sources
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

// parse decodes and checks: a key that does not exist, a cell without a source, a column that the table lacks, or a figure
// outside (50, 100] is an error.
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
			seen := map[string]bool{}
			for _, c := range r.Cells {
				at := fmt.Sprintf("%s, %s, column %q", t.Name, r.Method, c.Column)
				if c.Column != Average && !slices.Contains(t.Columns, c.Column) || seen[c.Column] {
					errs = append(errs, fmt.Errorf("%s: want each of %q and %q at most once", at, t.Columns, Average))
				}
				seen[c.Column] = true
				if !(c.AUC > 50 && c.AUC <= 100) {
					errs = append(errs, fmt.Errorf("%s: auc = %v, want percent in (50, 100]", at, c.AUC))
				}
				if p.Sources[c.Source] == "" {
					errs = append(errs, fmt.Errorf("%s: source %q is not in [sources]", at, c.Source))
				}
			}
		}
	}
	return p, errors.Join(errs...)
}
