package source

import (
	"io"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	_ "github.com/seeable-lab/seeable/datasets/official"  // whoever reads sets knows the published ones
	_ "github.com/seeable-lab/seeable/datasets/synthetic" // and the one that is drawn
	"github.com/seeable-lab/seeable/lab/extract"
)

// DataEnv is the environment variable that names the data root where nothing else does.
const DataEnv = "SEEABLE_DATA"

// Root is where the faces of data sets lie, and how they are read. Its methods may be called by several goroutines.
type Root struct {
	Data    string         // folder of the data sets
	FaceDir string         // of the faces that are cut from videos; "" for the user's cache, see [extract.DefaultDir]
	Cut     extract.Params // how they are cut
	Mode    datasets.Mode  // what to do about a bad image or manifest row
	// Note receives lines for people, and Report that done of total items of a stage are done; nil for none. They are
	// called from several goroutines.
	Note   func(format string, args ...any)
	Report func(stage string, done, total int)
}

func (r *Root) note(format string, args ...any) {
	if r.Note != nil {
		r.Note(format, args...)
	}
}

func (r *Root) report(stage string, done, total int) {
	if r.Report != nil {
		r.Report(stage, done, total)
	}
}

// NoteWriter turns lines into notes.
func (r *Root) NoteWriter() io.Writer { return noteWriter{r} }

type noteWriter struct{ r *Root }

func (w noteWriter) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		w.r.note("%s", strings.TrimRight(line, "\r\n"))
	}
	return len(p), nil
}
