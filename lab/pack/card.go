package pack

import (
	"fmt"
	"strings"

	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/record"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/table"
	"github.com/seeable-lab/seeable/lab/version"
)

// Terms are those of weights that the lab gives away (our choice: the sets that train them are for research, and FFHQ, which is
// among those in use, for sharing alike).
const Terms = "research only, not commercial (CC BY-NC-SA 4.0)"

// Card says to people what the detector is, what trained it, how it did, what it misses and what may be done with it. All of its
// figures are those of its record.
func (d Detector) Card() string {
	var b strings.Builder
	r := d.Record
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }

	line("# %s\n", d.Name)
	line("A detector of deepfakes, made by SeeABLE Lab. **For research only.** Its score says how anomalous a face looks to it. It is wrong about")
	line("many faces, real and fake: nobody may be accused, cleared or sorted by it.")
	if r.Train.Synthetic {
		line("\n**Synthetic: it was trained on faces drawn by code and knows nothing about photographs.**")
	}

	line("\n## What it is\n")
	start := "random weights"
	if w := d.Spec.Encoder.Weights; w != "" {
		start = "the weights `" + w + "`"
	}
	line("- method `%s` with the encoder `%s` at %d pixels, started from %s; score `%s`", d.Spec.Method, d.Spec.Encoder.Name, d.Spec.Encoder.Size, start, r.Score)
	line("- %.1f MB of weights, kernels and matrices as float16", float64(d.Bytes)/1e6)
	line("- run `%s`, numerics %s; all its parameters are in `%s`, its figures in `%s`", r.Run, version.NumericsOf(r.Versions), store.SpecFile, RecordFile)

	line("\n## What trained it\n")
	line("It was %s: `%s`; %s images were made of them.", r.Train.On(), strings.Join(d.Spec.Data.Train, "`, `"), store.Thousands(r.Train.Images))

	line("\n## How it did\n")
	line("%s", d.figures().Markdown())
	line("These are the figures of the run, before its weights were rounded; `seelab eval --run` with the path of this folder measures its own.")

	line("\n## What it misses\n")
	for _, missed := range d.missed() {
		line("- %s", missed)
	}

	line("\n## What may be done with it\n")
	line("The code of the lab is under Apache-2.0; these weights are not. They are for %s:", Terms)
	line("<https://creativecommons.org/licenses/by-nc-sa/4.0/>. The photographs that trained them stay with those who hold rights in them, and none is here.")
	return b.String()
}

// figures are the AUCs over videos, by test set and manipulation.
func (d Detector) figures() table.Table {
	t := table.Table{
		Title:  "AUC over videos with its 95 % interval by people; " + d.Record.Sets(),
		Header: []string{"test set", "fakes", "AUC", "real/fake", "remarks"},
		Right:  []bool{false, false, true, false, false},
	}
	for _, x := range d.Record.Tests {
		auc := "no figure: " + x.NoFigure
		if x.NoFigure == "" {
			auc = record.Interval(x.AUC, x.Low, x.High)
		}
		t.Rows = append(t.Rows, []string{x.Dataset, x.Method, auc, record.Videos(x.NReal, x.NFake, x.RealPeople, x.FakePeople), strings.Join(d.Record.Remarks(x), "; ")})
	}
	if d.Record.Kind == record.Development {
		t.Notes = append(t.Notes, "Development sets were looked at while methods were made: their figures may say too much.")
	}
	t.Notes = append(t.Notes, "Not shown to beat: the interval of the difference from what this alone says of a video holds 0 or lies below it.")
	return t
}

// missed is what the detector is known, or must be expected, to miss.
func (d Detector) missed() (all []string) {
	var guessed, untested []string
	for _, x := range d.Record.Tests {
		name := x.Dataset
		if x.Method != evaluation.All {
			name += " " + x.Method
		}
		switch {
		case x.NoFigure != "":
			untested = append(untested, name)
		case !(x.Low > 0.5): // also where there is no interval
			guessed = append(guessed, name)
		}
	}
	if guessed != nil {
		all = append(all, "Not shown to do better than guessing, as the interval reaches 0.5 or there is none: "+strings.Join(guessed, ", ")+".")
	}
	if untested != nil {
		all = append(all, "Without a figure: "+strings.Join(untested, ", ")+".")
	}
	all = append(all, "What the table does not show was not tested: other manipulations, faces that are generated whole, other compressions, small or covered faces.")
	if l := d.Points.Limits(operating.Default); l.Alarm == nil {
		all = append(all, "It flags nothing, as it has no threshold: "+l.NoAlarm+".")
	} else {
		all = append(all, fmt.Sprintf("Its threshold is for false alarms on %.3g %% of single faces like those of the %s held-out people that it was set on. Photographs of another kind are flagged more often, and videos have no threshold.",
			100*l.FalseAlarms, store.Thousands(len(d.Points.Real))))
	}
	return all
}
