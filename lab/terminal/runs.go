package terminal

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// RunLine is a run as seelab runs and seelab show print it.
type RunLine struct {
	Run         string             `json:"run"`
	Name        string             `json:"name"`
	Status      store.Status       `json:"status"`
	Started     string             `json:"started,omitempty"`
	Seconds     float64            `json:"seconds,omitempty"`
	Synthetic   bool               `json:"synthetic,omitempty"`
	Leaks       []string           `json:"leaks,omitempty"` // test sets that show what was trained on
	AUC         map[string]float64 `json:"auc,omitempty"`   // over videos, all fakes, by test set
	Score       string             `json:"score,omitempty"`
	Differences []string           `json:"differences"` // key=value
	Step        int                `json:"step,omitempty"`
	Steps       string             `json:"steps,omitempty"`
	Owner       *store.Owner       `json:"owner,omitempty"`
	Failure     *store.Failure     `json:"failure,omitempty"`
	Error       string             `json:"error,omitempty"`
}

// Describe lists runs, the newest name first as they come, each with what in its spec is its own.
func Describe(entries []store.Entry) []RunLine {
	type settings struct {
		keys   []string
		values map[string]string
	}
	lines, all := make([]RunLine, len(entries)), make([]settings, len(entries))
	byName := map[string][]int{}
	for i, e := range entries {
		line := RunLine{Run: e.ID, Status: e.Status, Step: e.Step, Owner: e.Owner, Failure: e.Failure, Differences: []string{}}
		if e.Err != nil {
			line.Error = OneLine(e.Err)
		}
		all[i].keys, all[i].values = spec.Values(e.Spec)
		line.Name, line.Steps = strings.Trim(all[i].values["name"], `"`), all[i].values["train.steps"]
		if e.Status == store.Finished {
			r := e.Head
			line.Name, line.Started, line.Seconds, line.Synthetic, line.Score, line.AUC = r.Name, r.Started, r.Seconds, r.Synthetic, r.Score, r.AUC
			line.Leaks = r.Leaks
		}
		lines[i] = line
		byName[line.Name] = append(byName[line.Name], i)
	}
	for name, runs := range byName {
		var base map[string]string
		if s, err := experiments.Load(name); err == nil && !strings.HasSuffix(name, ".toml") {
			_, base = spec.Values(s.TOML())
		} else {
			base = map[string]string{}
			votes := map[[2]string]int{}
			for _, i := range runs {
				for key, value := range all[i].values {
					votes[[2]string{key, value}]++
					if most, ok := base[key]; !ok || cmp.Or(cmp.Compare(votes[[2]string{key, value}], votes[[2]string{key, most}]), cmp.Compare(most, value)) > 0 {
						base[key] = value
					}
				}
			}
		}
		for _, i := range runs {
			for _, key := range all[i].keys {
				// A key that the experiment has not is one of another version of the lab.
				if was, ok := base[key]; ok && key != "name" && all[i].values[key] != was {
					lines[i].Differences = append(lines[i].Differences, key+"="+all[i].values[key])
				}
			}
		}
	}
	return lines
}

// Figures are the AUCs of a line, or why there are none.
func (r RunLine) Figures() string {
	switch r.Status {
	case store.Finished:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(r.AUC)) {
			part := fmt.Sprintf("%s %.3f", name, r.AUC[name])
			if slices.Contains(r.Leaks, name) {
				part += " (leaks)"
			}
			parts = append(parts, part)
		}
		if len(parts) == 0 {
			parts = append(parts, "no figure")
		}
		text := strings.Join(parts, ", ")
		if r.Synthetic {
			text += " (synthetic faces)"
		}
		return text
	case store.Running:
		return r.Owner.String()
	case store.Diverged, store.Failed:
		return r.Failure.Error
	case store.Unreadable:
		return r.Error
	case store.HalfDone:
		return fmt.Sprintf("step %d of %s", r.Step, cmp.Or(r.Steps, "?"))
	}
	return ""
}

// PrintRuns prints a table with a row for each run.
func PrintRuns(out io.Writer, lines []RunLine) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "run\tstatus\tstarted\ttime\tAUC over videos\tdiffers in")
	for _, r := range lines {
		spent := ""
		if r.Seconds > 0 {
			spent = time.Duration(r.Seconds * float64(time.Second)).Round(time.Second).String()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Run, r.Status, r.Started, spent, clip(r.Figures(), 120), strings.Join(r.Differences, " "))
	}
	return w.Flush()
}

// clip cuts a text for a column.
func clip(text string, length int) string {
	runes := []rune(strings.ReplaceAll(text, "\n", "; "))
	if len(runes) <= length {
		return string(runes)
	}
	return string(slices.Concat(runes[:length-1], []rune("…")))
}
