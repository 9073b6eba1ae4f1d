package table

import (
	"fmt"
	"strconv"

	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/store"
)

// Alarms is what the threshold of a run found on the faces of each test set: the false alarms on its real faces, and the share of the
// fakes that it finds, each with its 95 % interval by people. Without rows where the run has no threshold.
func Alarms(r store.Record) Table {
	t := Table{
		Header: []string{"dataset", "method", "level", "false alarms", "low", "high", "real", "found", "low", "high", "fake", "people"},
		Right:  []bool{false, false, false, true, true, true, true, true, true, true, true, true},
	}
	for _, a := range r.Alarms {
		t.Title = fmt.Sprintf("%s: at the threshold %.4f, for %.3g %% false alarms", plain(r.Name), a.Threshold, 100*a.Asked)
		row := []string{plain(a.Dataset), plain(a.Method), a.Level}
		row = append(append(row, proportion(a.False)...), proportion(a.Found)...)
		t.Rows = append(t.Rows, append(row, people(peopleOf(a.False), peopleOf(a.Found))))
		t.Notes = []string{fmt.Sprintf("The threshold is for single faces, by split conformal prediction on real faces of %d held-out people, one each. It keeps its rate on new "+
			"people of that kind; what a set really had is under false alarms. Found: fakes above it (TPR).", a.Calibrated)}
	}
	return t
}

// Subgroups are the false alarms of a run on real faces, in all and by group; the worst group stands out.
func Subgroups(name string, a operating.Alarms) Table {
	t := Table{
		Title:  fmt.Sprintf("%s on real faces of %s: above %.4f, for %.3g %% false alarms", plain(name), plain(a.Set), a.Threshold, 100*a.Asked),
		Header: []string{"by", "group", "false alarms", "low", "high", "faces", "people"},
		Right:  []bool{false, false, true, true, true, true, true},
	}
	add := func(by, group string, measured metric.Proportion, mark bool) {
		p := store.Proportion(measured)
		t.Rows = append(t.Rows, append(append([]string{plain(by), plain(group)}, proportion(&p)...), strconv.Itoa(p.People)))
		t.Mark = append(t.Mark, mark)
	}
	add("all", "", a.All, false)
	for _, g := range a.Groups {
		add(g.By, g.Value, g.Proportion, g.By+" "+g.Value == a.Worst)
	}
	t.Notes = []string{fmt.Sprintf("The faces show %s. The threshold rests on %d people; intervals are 95 %%, by people.", plain(a.Whom), a.Calibrated)}
	if a.Worst != "" {
		t.Notes = append(t.Notes, fmt.Sprintf("Worst of %d groups: %s; the worst of many is partly so by chance.", len(a.Groups), plain(a.Worst)))
	}
	if a.Hidden > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%d groups of fewer than %d people are not shown.", a.Hidden, operating.LeastPeople))
	}
	if a.Unscored > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%d faces have no score.", a.Unscored))
	}
	return t
}

// proportion is a share, the ends of its interval and its n.
func proportion(p *store.Proportion) []string {
	if p == nil {
		return []string{none, none, none, "0"}
	}
	return []string{share(p.Share), share(p.Low), share(p.High), strconv.Itoa(p.N)}
}

func peopleOf(p *store.Proportion) int {
	if p == nil {
		return 0
	}
	return p.People
}
