package terminal

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/version"
)

// Made prints what moves the figures of a record and is in no spec: versions, what computed, how faces came about.
func Made(out io.Writer, r store.Record) {
	v := r.Versions
	parts := []string{"numerics " + cmp.Or(version.NumericsOf(v), "not recorded"), "training " + cmp.Or(version.TrainingOf(v), "not recorded"), "metrics " + cmp.Or(v[version.MetricKey], "1")}
	for _, key := range []string{version.BackendKey, version.PluginKey} {
		if v[key] != "" {
			parts = append(parts, v[key])
		}
	}
	fmt.Fprintf(out, "Made with %s.\n", strings.Join(parts, "; "))
	for _, of := range []struct {
		what  string
		faces map[string]store.Faces
	}{{"Trained on faces of", r.Train.Made}, {"Tested on faces of", r.Faces}} {
		for _, name := range slices.Sorted(maps.Keys(of.faces)) {
			fmt.Fprintf(out, "%s %s: %s.\n", of.what, datasets.Printable(name), of.faces[name])
		}
	}
}
