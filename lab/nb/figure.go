package nb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seeable-lab/seeable/lab/figure"
)

// Figure shows figures below each other: charts to point at where the notebook runs in a browser, still pictures until
// then. What draws the charts is sent once in a kernel's life; where the cache lacks it, the pictures stay.
func Figure(figures ...figure.Figure) {
	for _, f := range figures {
		piece, err := figure.Snippet(f)
		Check(err)
		if !Active() {
			continue
		}
		HTML(string(piece) + scripts(figure.Spatial(f)))
	}
}

// scripts returns the libraries that this kernel has not sent yet, of those that a figure needs.
func scripts(spatial bool) string {
	s, err := figure.FindScripts()
	if err != nil {
		return "" // still pictures are figures too
	}
	piece := ""
	if first("core") {
		piece += string(s.Core)
	}
	if spatial && first("gl") {
		piece += string(s.GL)
	}
	return piece
}

// first is true once in a kernel's life for a name. Every cell is a program of its own, so a file in the kernel's temporary
// folder remembers.
func first(name string) bool {
	dir := os.Getenv("GONB_TMP_DIR")
	if dir == "" {
		return true
	}
	f, err := os.OpenFile(filepath.Join(dir, ".seeable-sent-"+name), os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return !errors.Is(err, fs.ErrExist)
	}
	if err := f.Close(); err != nil {
		fail(fmt.Errorf("nb: %w", err))
	}
	return true
}
