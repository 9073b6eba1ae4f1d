// Package version tells the version of the release from that of the numerics.
package version

import "cmp"

// Release is the version of the lab, as seelab version prints it.
const Release = "0.6.0"

// Numerics is the version of all that makes numbers: how faces are loaded and samples drawn, networks, losses, training,
// scores. It is the release that last changed a number of some spec. Only this version decides whether a finished run, a
// cell that was begun, a trained network or a film may be used again; what is cached of faces has a version of its own
// (package extract).
const Numerics = "0.5.0"

// The keys of a record's versions.
const (
	ReleaseKey  = "seelab"
	NumericsKey = "numerics"
)

// NumericsOf returns the version of the numerics that a record's versions tell, "" if they tell none. Releases up to 0.5.0
// noted only themselves: each had numerics of its own.
func NumericsOf(versions map[string]string) string {
	return cmp.Or(versions[NumericsKey], versions[ReleaseKey])
}
