package accel

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/seeable-lab/seeable/lab/accel/onednn"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// OneDNNEnv names a shared library of oneDNN 3 to compute convolutions with on a CPU, or is "off" to leave them to XLA.
// Unset, the toolbox brings one where it can.
const OneDNNEnv = "SEEABLE_ONEDNN"

// registerWithOneDNN loads a CPU plugin together with oneDNN, where that is wanted and to be had. If it fails, the plugin may
// still be loaded alone.
func (l loader) registerWithOneDNN(plugin string) error {
	library := os.Getenv(OneDNNEnv)
	switch {
	case library == "off" || library == "" && !toolbox.OneDNN.Supported():
		return nil
	case library == "":
		cache, err := toolbox.OpenCache()
		if err != nil {
			return err
		}
		if library, err = cache.Fetch(l.ctx, toolbox.OneDNN, l.progress); err != nil {
			return fmt.Errorf("%w (%s=off stops asking)", err, OneDNNEnv)
		}
	case !filepath.IsAbs(library):
		return fmt.Errorf("%s is %q, want the absolute path of a library of oneDNN 3, or off", OneDNNEnv, library)
	}
	if err := whole(library); err != nil {
		return err
	}
	return caught(func() error { return onednn.Register(library, plugin) })
}
