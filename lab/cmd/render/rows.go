package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/experiments"
	_ "github.com/seeable-lab/seeable/lab/method" // registers the methods that the experiments name
	"github.com/seeable-lab/seeable/lab/record"
	"github.com/seeable-lab/seeable/lab/spec"
	_ "github.com/seeable-lab/seeable/lab/systems" // and the others
	"github.com/seeable-lab/seeable/lab/version"
)

// book is all records.
type book struct{ records []record.Record }

// row is a record under its label, or a label of which there is no record.
type row struct {
	label  string
	record *record.Record
}

// make makes the text of a block.
func (b book) make(at, command string) (string, error) {
	words := strings.Fields(command)
	if len(words) == 0 {
		return "", fmt.Errorf("want one of training, own, scores, tests, manipulations, compared, published, header")
	}
	kind, args := words[0], words[1:]
	if kind == "header" {
		if len(args) > 0 || !strings.HasSuffix(at, ".toml") {
			return "", fmt.Errorf("header stands in the file of an experiment, without arguments")
		}
		rows, err := b.rows(strings.TrimSuffix(path.Base(at), ".toml"))
		if err != nil {
			return "", err
		}
		return header(rows), nil
	}
	set := ""
	if kind == "manipulations" {
		quoted, rest, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(strings.TrimPrefix(command, kind)), `"`), `"`)
		if !ok {
			return "", fmt.Errorf(`want the test set in quotes: manipulations "FF++ c40" NAME …`)
		}
		set, args = quoted, strings.Fields(rest)
	}
	if len(args) == 0 {
		return "", fmt.Errorf("want names of experiments or of sweeps")
	}
	if kind == "published" {
		return published(args...)
	}
	rows, err := b.rows(args...)
	if err != nil {
		return "", err
	}
	switch kind {
	case "training":
		return measured(rows, trainingTable), nil
	case "own":
		return measured(rows, ownTable), nil
	case "scores":
		return measured(rows, scoresTable), nil
	case "tests":
		return measured(rows, testTable), nil
	case "manipulations":
		return measured(rows, func(rows []row) string { return manipulationTable(set, rows) }), nil
	case "compared":
		return measured(rows, comparisonTable), nil
	}
	return "", fmt.Errorf("unknown command %q, want training, own, scores, tests, manipulations, compared, published or header", kind)
}

// measured makes a table of the rows that have a record, and names the others below.
func measured(rows []row, make func([]row) string) string {
	var there []row
	var lacking []string
	for _, r := range rows {
		if r.record != nil {
			there = append(there, r)
		} else {
			lacking = append(lacking, "`"+r.label+"`")
		}
	}
	text := ""
	if len(there) > 0 {
		text = make(there)
	}
	if len(lacking) > 0 {
		if text != "" {
			text += "\n"
		}
		text += fmt.Sprintf("Not measured at version %s: %s.\n", version.Numerics, strings.Join(lacking, ", "))
	}
	return text
}

// rows are those of experiments, each followed by its variants if a star follows its name, and of the cells of sweeps.
func (b book) rows(names ...string) (rows []row, err error) {
	for _, name := range names {
		name, variants := strings.CutSuffix(name, "*")
		if slices.Contains(experiments.Names(), name) {
			s, err := experiments.Load(name)
			if err != nil {
				return nil, err
			}
			found := b.experiment(name, s)
			if !variants {
				found = found[:1]
			}
			rows = append(rows, found...)
			continue
		}
		if !slices.Contains(experiments.Sweeps(), name) {
			found := b.experiment(name, spec.Spec{})[1:]
			if len(found) == 0 {
				return nil, fmt.Errorf("%q is no experiment, no sweep and the name of no record", name)
			}
			rows = append(rows, found...)
			continue
		}
		w, err := experiments.LoadSweep(name)
		if err != nil {
			return nil, err
		}
		cells, err := w.Cells()
		if err != nil {
			return nil, err
		}
		for _, c := range cells {
			rows = append(rows, row{c.Label, b.of(c.Spec)})
		}
	}
	return rows, nil
}

// of is the record of a spec, nil if there is none.
func (b book) of(s spec.Spec) *record.Record {
	hash := s.Hash()
	for i, r := range b.records {
		if r.Hash == hash {
			return &b.records[i]
		}
	}
	return nil
}

// experiment are the rows of an experiment: as it is, and the records of its name that have other values. The zero spec is of a
// name that is no experiment of the lab.
func (b book) experiment(name string, s spec.Spec) []row {
	rows := []row{{name, b.of(s)}}
	var keys []string
	var base map[string]string
	if s.Method != "" {
		keys, base = spec.Values(s.TOML())
	}
	for i, r := range b.records {
		if r.Name != name || r.Hash == s.Hash() {
			continue
		}
		_, values := spec.Values(strings.Join(r.Spec, "\n"))
		label := name
		for _, key := range keys {
			if value, has := values[key]; has && value != base[key] {
				label += ", " + key + "=" + value
			}
		}
		rows = append(rows, row{label, &b.records[i]})
	}
	return rows
}
