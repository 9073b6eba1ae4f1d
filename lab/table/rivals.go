package table

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/rival"
	"github.com/seeable-lab/seeable/lab/store"
)

// rivalsTitle heads the section of the trivial rivals.
const rivalsTitle = "Trivial rivals (less sharp, darker, a smaller file is rather fake)"

// rivalsNote says what the note about rivals rests on.
const rivalsNote = "Trivial rivals are measured on the videos that the detector has scored. Not shown to beat one: the 95 % interval of the difference, " +
	"the detector's AUC minus the rival's paired by video, holds 0 or lies below it, or there is none."

// notBeaten says which rivals a detector is not shown to beat, "" if there are none.
func notBeaten(rivals []store.Rival) string {
	var names []string
	for _, r := range rivals {
		if !r.Beaten() {
			names = append(names, rival.Label(r.Name))
		}
	}
	if names == nil {
		return ""
	}
	return "not shown to beat " + strings.Join(names, ", ")
}

// addRivals adds the rivals of the rows, which are those of tests, as a section to the main table of a run.
func (t *Table) addRivals(r store.Record, tests []store.Test) {
	measured := len(t.Rows)
	for _, x := range tests {
		for _, m := range r.RivalsOf(x) {
			low, difference := figure(m.Low), "no interval of the difference"
			if m.NoInterval != "" {
				low = tooFew
			}
			if d := m.Difference; d != nil {
				difference = fmt.Sprintf("difference %s [%s, %s]", signed(d.Value), signed(d.Low), signed(d.High))
			}
			t.Rows = append(t.Rows, []string{
				plain(rival.Label(m.Name) + ", " + m.Dataset), plain(m.Method), x.Level, share(m.AUC), low, figure(m.High),
				strconv.Itoa(m.NReal), strconv.Itoa(m.NFake), people(m.RealPeople, m.FakePeople), none, difference,
			})
		}
	}
	if n := len(t.Rows) - measured; n > 0 {
		t.Sections = []Section{{"", measured}, {rivalsTitle, n}}
		t.Notes = append(t.Notes, rivalsNote)
	}
}

// signed prints a difference.
func signed(x float64) string {
	if x < 0 {
		return "−" + share(-x)
	}
	return "+" + share(x)
}

// rivals measures the rivals of a run on the real videos of a set and the fakes of a manipulation.
func (r Run) rivals(set evaluation.Set, manipulation string) (found []store.Rival, err error) {
	for _, other := range r.Rivals {
		m, ok, err := set.Against(other, manipulation)
		if err != nil {
			return nil, fmt.Errorf("table: %s: %w", r.Record.Run, err)
		}
		if ok {
			found = append(found, m)
		}
	}
	return found, nil
}

// rivalPart is the section of the rivals below one of measured rows; nil if no run has any. They are those of the first run
// that has figures of the set; what was tested on other faces says so at its own row.
func (b *builder) rivalPart(columns []string, measured Part) (*Part, error) {
	part := Part{Title: rivalsTitle, Set: measured.Set, Rivals: true}
	if part.Set != "" {
		part.Title = "Trivial rivals on " + plain(part.Set)
	}
	rows := map[string]*Row{}
	for i, column := range columns {
		set, manipulation := column, evaluation.All
		if part.Set != "" {
			set, manipulation = part.Set, column
		}
		for _, r := range b.runs {
			s := r.set(set)
			if s == nil || len(r.Rivals) == 0 {
				continue
			}
			found, err := r.rivals(*s, manipulation)
			if err != nil {
				return nil, err
			}
			if len(found) == 0 {
				continue
			}
			for _, m := range found {
				row := rows[m.Name]
				if row == nil {
					row = &Row{Name: rival.Label(m.Name), Cells: make([]Cell, len(columns))}
					for j := range row.Cells {
						row.Cells[j] = blank()
					}
					rows[m.Name] = row
				}
				row.Cells[i] = rivalCell(m, r.test(set).Synthetic)
			}
			break
		}
	}
	for _, name := range rival.Names() {
		if rows[name] != nil {
			part.Rows = append(part.Rows, *rows[name])
		}
	}
	if part.Rows == nil {
		return nil, nil
	}
	return &part, nil
}

// rivalCell is a measured rival in percent.
func rivalCell(m store.Rival, synthetic bool) Cell {
	cell := blank()
	cell.AUC, cell.Seeds, cell.NReal, cell.NFake, cell.RealPeople, cell.FakePeople = 100*m.AUC, 1, m.NReal, m.NFake, m.RealPeople, m.FakePeople
	if m.Low != nil && m.High != nil {
		cell.Low, cell.High = 100**m.Low, 100**m.High
	}
	if m.NoInterval != "" {
		cell.Notes = append(cell.Notes, noInterval(m.NoInterval))
	}
	if synthetic {
		cell.Notes = append(cell.Notes, syntheticNote)
	}
	return cell
}
