//go:build cgo

package accel

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/seeable-lab/seeable/lab/accel/graphs"
	"github.com/seeable-lab/seeable/lab/accel/onednn"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// openOneDNN loads oneDNN, unless $SEEABLE_ONEDNN is off or the toolbox has none for this machine.
func (l loader) openOneDNN() (open bool, err error) {
	library := os.Getenv(OneDNNEnv)
	switch {
	case library == "off" || library == "" && !toolbox.OneDNN.Supported():
		return false, nil
	case library == "":
		cache, err := toolbox.OpenCache()
		if err != nil {
			return false, err
		}
		if library, err = cache.Fetch(l.ctx, toolbox.OneDNN, l.progress); err != nil {
			return false, fmt.Errorf("%w (%s=off stops asking)", err, OneDNNEnv)
		}
	case !filepath.IsAbs(library):
		return false, fmt.Errorf("%s is %q, want the absolute path of a library of oneDNN 3, or off", OneDNNEnv, library)
	}
	if err := whole(library); err != nil {
		return false, err
	}
	return true, graphs.Try(func() error { return onednn.Open(library) })
}
