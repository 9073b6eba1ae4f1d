package main

import (
	"fmt"
	"strings"

	"github.com/seeable-lab/seeable/lab/record"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/table"
)

// scoresTable has every score of each network on the pseudo-fakes that chose among them.
func scoresTable(rows []row) string {
	var n notes
	t := table.Table{
		Title:  "All scores of each network, on the pseudo-fakes that choose one",
		Header: []string{"", "score", "its own", "other makers'", "all"},
		Right:  []bool{false, false, true, true, true},
	}
	for _, r := range rows {
		head := r.head(&n)
		if c := r.record.Choice; c != nil {
			head += "\nchoice by " + clips(store.Pseudo{NReal: c.NReal, NFake: c.NFake, People: c.People})
		}
		for _, s := range r.record.Selection {
			own, others := ofMakers(r.record, s)
			name := s.Score
			if name == r.record.Score {
				name += n.mark("chosen")
			}
			t.Rows = append(t.Rows, []string{head, name, own, others, record.Interval(s.AUC, s.Low, s.High)})
			head = ""
		}
	}
	t.Notes = n.below("AUC of half of the held-out people: its own, the mean over compressions of pseudo-fakes as it is trained on; other makers', that of the others; " +
		"all, the mean of all entries, with its 95 % interval, by which the score is chosen. The best of several says too much of that one.")
	return t.Markdown()
}

// ofMakers are the means of a score's AUCs over the pseudo-fakes of the method itself, and over those of others.
func ofMakers(r *record.Record, s store.Selection) (own, others string) {
	var sum, count [2]float64
	if r.Choice != nil && len(s.Cells) == len(r.Choice.On) {
		for i, on := range r.Choice.On {
			of := 0
			if maker, _, _ := strings.Cut(on, "/"); maker != "own" {
				of = 1
			}
			sum[of] += s.Cells[i]
			count[of]++
		}
	}
	text := [2]string{none, none}
	for i := range text {
		if count[i] > 0 {
			text[i] = fmt.Sprintf("%.3f", sum[i]/count[i])
		}
	}
	return text[0], text[1]
}
