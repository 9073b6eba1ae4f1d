package table

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/version"
)

// condition is something that moves the figures of a run and by which it may differ from another.
type condition struct{ name, value string } // value is "" if it was not recorded

// threads are the parts of a backend's description that change no figure but by rounding.
var threads = regexp.MustCompile(`^\d+ (thread|device)s?$`)

// conditions are those of a run, in a fixed order: the same of every run.
func (r Run) conditions() []condition {
	v := r.Record.Versions
	backend := slices.DeleteFunc(strings.Split(v[version.BackendKey], ", "), threads.MatchString)
	made := ""
	for _, name := range r.Spec.Data.Train {
		if f, ok := r.Record.Train.Made[name]; ok {
			made += "; " + name + ": " + f.String()
		}
	}
	return []condition{
		{"numerics", version.NumericsOf(v)},
		{"training", version.TrainingOf(v)},
		{"backend", strings.Join(backend, ", ")},
		{"plugin", v[version.PluginKey]},
		{"maps of", r.Spec.Encoder.Precision},
		{"landmarks of data.landmarks =", r.Spec.Data.Landmarks},
		{"training faces", strings.TrimPrefix(made, "; ")},
	}
}

// differences says by which conditions a run differs from the first row's, as notes. What was not recorded does not differ, and
// of the scores of other tools nothing is known.
func (r Run) differences(first Run) (notes []string) {
	if r.foreign() || first.foreign() {
		return nil
	}
	others := first.conditions()
	for i, c := range r.conditions() {
		if other := others[i]; c.value != other.value && c.value != "" && other.value != "" {
			notes = append(notes, plain(fmt.Sprintf("%s %s, the first row has %s", c.name, c.value, other.value)))
		}
	}
	return notes
}

// otherwise says in what the faces of a test set came about otherwise than those of the first row with a figure, "" if in
// nothing that is known.
func (r Run) otherwise(first Run, set string) string {
	different := r.Record.Faces[set].Differences(first.Record.Faces[set])
	if different == nil {
		return ""
	}
	return plain(fmt.Sprintf("faces of %s as the first row has not: %s", set, strings.Join(different, "; ")))
}
