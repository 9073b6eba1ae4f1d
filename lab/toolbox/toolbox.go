// Package toolbox keeps pinned outside artefacts in a private cache: a PJRT plugin, pretrained
// weights, ffmpeg, later Jupyter.
//
// An [Artifact] names one file by package, version and SHA-256. [Cache.Fetch] brings it once per
// user, checks every byte against the pins, and is safe when several processes ask at once: an
// entry is filled in a temporary folder under a lock, synced and renamed into place, so it is
// either absent or complete.
//
// The cache is os.UserCacheDir()/seeable, or the folder that the environment variable
// SEEABLE_CACHE names. Deleting it is always safe; what is needed is fetched again.
package toolbox

import "errors"

// The reasons why an artefact cannot be had. Errors of this package wrap one of them where it
// applies; their text says what to do.
var (
	// ErrUnsupported: no such artefact is published for this operating system and processor.
	ErrUnsupported = errors.New("unsupported platform")
	// ErrNoPython: no python3 with pip on PATH.
	ErrNoPython = errors.New("no python3 with pip")
	// ErrUnreachable: pip ran but could not get the package; most often there is no network.
	ErrUnreachable = errors.New("package not reachable")
	// ErrWrongHash: what came is not what was pinned.
	ErrWrongHash = errors.New("hash mismatch")
	// ErrCache: the cache folder cannot be made, locked or written.
	ErrCache = errors.New("cache not usable")
)
