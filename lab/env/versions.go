package env

import (
	"runtime"
	"runtime/debug"

	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/version"
)

// Version is that of the release, as seelab version prints it.
const Version = version.Release

// Numerics is the version of what makes numbers. Finished runs are used again by releases that have the same.
const Numerics = version.Numerics

// Versions tells what a run was made with.
func Versions(backend string) map[string]string {
	v := map[string]string{
		version.ReleaseKey: Version, version.NumericsKey: Numerics, version.TrainingKey: version.Training, "metric": metric.Version,
		"go": runtime.Version(), "backend": backend, "platform": runtime.GOOS + "/" + runtime.GOARCH,
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
