package assess

import (
	"fmt"

	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/table"
)

// MakerMatrix is how well each of some detectors tells real faces from the pseudo-fakes of each of some makers.
type MakerMatrix struct {
	Faces     int        `json:"faces"` // real ones, each of which gives a pseudo-fake of each maker
	People    int        `json:"people"`
	Synthetic bool       `json:"synthetic"`
	Makers    []string   `json:"makers"`
	Rows      []MakerRow `json:"rows"`
}

// MakerRow is a detector of a [MakerMatrix].
type MakerRow struct {
	Run     string         `json:"run"`
	Method  string         `json:"method"`
	Score   string         `json:"score"`
	Fakes   bool           `json:"labelled_fakes"` // its training saw some
	Figures []store.Pseudo `json:"figures"`        // by maker
}

// title says what the figures are of.
func (m *MakerMatrix) title() string {
	return fmt.Sprintf("Which pseudo-fakes teach what: AUC on those of each maker, %d real faces of %d people", m.Faces, m.People)
}

// Table sets the matrix: a row for each detector, a column for each maker.
func (m *MakerMatrix) Table() table.Table {
	t := table.Table{Title: m.title(), Header: append([]string{"trained"}, m.Makers...), Right: []bool{false}, Notes: []string{
		"AUC with 95 % intervals by people; as many pseudo-fakes of each maker as real faces, the same ones for all. Compression: " + makersOn + ".",
	}}
	if m.Synthetic {
		t.Notes = append(t.Notes, "Synthetic: the faces are drawn by code.")
	}
	for range m.Makers {
		t.Right = append(t.Right, true)
	}
	for _, r := range m.Rows {
		row := []string{r.Run + "\n" + r.saw()}
		for _, f := range r.Figures {
			row = append(row, fmt.Sprintf("%.3f\n[%.2f, %.2f]", f.AUC, f.Low, f.High))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// saw says whether the training of a detector saw labelled fakes.
func (r MakerRow) saw() string {
	if r.Fakes {
		return "score " + r.Score + ", saw labelled fakes"
	}
	return "score " + r.Score + ", no labelled fakes"
}

// Heat is the matrix as a heat map.
func (m *MakerMatrix) Heat() figure.Ablation {
	a := figure.Ablation{
		Title: m.title(), Quantity: "AUC over faces (share)", Synthetic: m.Synthetic,
		X: figure.Parameter{Name: "pseudo-fakes of", Values: m.Makers}, Y: figure.Parameter{Name: "trained"},
	}
	for _, r := range m.Rows {
		a.Y.Values = append(a.Y.Values, r.Method)
		var row []figure.Estimate
		for _, f := range r.Figures {
			row = append(row, figure.Estimate{Value: f.AUC, Low: f.Low, High: f.High, N: fmt.Sprintf("%d real, %d pseudo-fakes, %d people", f.NReal, f.NFake, f.People)})
		}
		a.Cells = append(a.Cells, row)
	}
	return a
}
