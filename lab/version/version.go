// Package version tells the version of the release from that of the numerics.
package version

import "cmp"

// Release is the version of the lab, as seelab version prints it.
const Release = "0.6.0"

// Numerics is the version of all that makes numbers: how faces are loaded and samples drawn, networks, losses, training,
// scores, figures. It is the release that last changed a number of some spec. Only this version decides whether a finished
// run may be used again; what is cached of faces has a version of its own (package extract).
const Numerics = "0.6.0"

// Training is the version of what makes a network: how faces are loaded and drawn in training, networks, losses, steps. It is
// the release that last changed a weight of some spec. Only this version decides whether a cell that was begun, a trained
// network or a film may be used again; what was scored of a cell is kept for the same Numerics.
const Training = "0.5.0"

// The keys of a record's versions.
const (
	ReleaseKey  = "seelab"
	NumericsKey = "numerics"
	TrainingKey = "training"
	MetricKey   = "metric"
	BackendKey  = "backend"
	PluginKey   = "plugin"
)

// NumericsOf returns the version of the numerics that a record's versions tell, "" if they tell none. Releases up to 0.5.0
// noted only themselves: each had numerics of its own.
func NumericsOf(versions map[string]string) string {
	return cmp.Or(versions[NumericsKey], versions[ReleaseKey])
}

// TrainingOf returns the version of the training that a record's versions tell, "" if they tell none. Where only the numerics
// are noted training is of that version.
func TrainingOf(versions map[string]string) string {
	return cmp.Or(versions[TrainingKey], NumericsOf(versions))
}

// Tested are the versions of a record whose network was trained with some and tested with others: those of the test, the
// version of the training, and what computed it where that is something else.
func Tested(trained, tested map[string]string) map[string]string {
	tested[TrainingKey] = TrainingOf(trained)
	for _, key := range []string{BackendKey, PluginKey} {
		if was := trained[key]; was != "" && was != tested[key] {
			tested["trained with "+key] = was
		}
	}
	return tested
}
