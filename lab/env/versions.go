package env

import (
	"runtime"
	"runtime/debug"

	"github.com/seeable-lab/seeable/lab/metric"
)

// Version is that of the lab, as seelab version prints it; it changes when numbers do.
const Version = "0.5.0"

// Versions tells what a run was made with.
func Versions(backend string) map[string]string {
	v := map[string]string{"seelab": Version, "metric": metric.Version, "go": runtime.Version(), "backend": backend, "platform": runtime.GOOS + "/" + runtime.GOARCH}
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
