package env

import (
	"runtime"
	"runtime/debug"

	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/version"
)

// Version is that of the release, as seelab version prints it.
const Version = version.Release

// Numerics is the version of what makes numbers. Finished runs are used again by releases that have the same.
const Numerics = version.Numerics

// Versions tells what a run was made with. Backend says in words what computes; plugin identifies its file, "" for none.
func Versions(backend, plugin string) map[string]string {
	v := map[string]string{
		version.ReleaseKey: Version, version.NumericsKey: Numerics, version.TrainingKey: version.Training, "metric": metric.Version,
		"go": runtime.Version(), "backend": backend, "platform": runtime.GOOS + "/" + runtime.GOARCH,
	}
	if plugin != "" {
		v[version.PluginKey] = plugin
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, dep := range info.Deps {
		switch dep.Path {
		case "github.com/gomlx/gomlx", "github.com/gomlx/go-xla":
			v[dep.Path] = dep.Version
		}
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			v["revision"] = setting.Value
		}
	}
	return v
}

// Made tells what of the faces of a set is the lab's work: whether they are cut out of videos, as e.Cut says, and whether its
// detector has found their landmarks, as data.landmarks says. The zero value says that all came ready-made.
func (e *Env) Made(cut bool, landmarks string) store.Faces {
	switch {
	case cut:
		return e.Cut.Faces()
	case landmarks == source.DetectLandmarks:
		return extract.Nets()
	}
	return store.Faces{}
}
