package terminal

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/explore"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/store"
)

// ScoredFace is a scored face and where its heat map is, "" if it has none.
type ScoredFace struct {
	detector.Result
	Heat string `json:"heat,omitempty"`
}

// DrawHeat writes the heat map of a face, if its method has maps, and says where.
func DrawHeat(names *Outputs, face *ScoredFace) error {
	if face.Map == nil {
		return nil
	}
	path := names.path(face.File, ".heat.png")
	if err := writeHeat(path, filepath.Base(face.File), face.Result); err != nil {
		return err
	}
	face.Heat = path
	return nil
}

// Outputs names the files that are written to a folder.
type Outputs struct {
	Dir   string
	taken map[string]bool
}

// longest is the longest name of an output before its end, in bytes: file systems take 255, and what is being written has a
// longer name for a while.
const longest = 160

// path is that of a picture made of a file; those of files of one name in several folders are numbered. A name that is too
// long is cut.
func (o *Outputs) path(file, end string) string {
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "")
	}
	path := filepath.Join(o.Dir, name+end)
	for n := 2; o.taken[path]; n++ {
		path = filepath.Join(o.Dir, fmt.Sprintf("%s-%d%s", name, n, end))
	}
	if o.taken == nil {
		o.taken = map[string]bool{}
	}
	o.taken[path] = true
	return path
}

// writeHeat draws the heat map of a face under its name.
func writeHeat(path, name string, score detector.Result) error {
	heat, err := explore.HeatMap(score, fmt.Sprintf("%s: %s %.3f", name, score.Name, score.Score))
	if err != nil {
		return err
	}
	return writePNG(path, heat)
}

func writePNG(path string, f figure.Figure) error {
	var png bytes.Buffer
	if err := figure.PNG(&png, f); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return store.WriteFile(path, png.Bytes())
}

// PrintScore prints the score of a face and, where its detector has them, its similarities by the types of discrepancy.
func PrintScore(w io.Writer, types []string, face ScoredFace) {
	fmt.Fprint(w, datasets.Printable(face.File))
	if b := face.Box; len(b) == 4 && !face.Crop {
		fmt.Fprintf(w, ", face at x %d…%d, y %d…%d", b[0], b[2], b[1], b[3])
	}
	fmt.Fprintf(w, ": %.4f (%s)", face.Score, face.Name)
	if face.Fallback {
		fmt.Fprint(w, ", a crop around one face, with the landmarks of a mean face")
	}
	if face.Small > 0 {
		fmt.Fprintf(w, "; %d more too small", face.Small)
	}
	if face.Unclear > 0 {
		fmt.Fprintf(w, "; %d more not surely a face", face.Unclear)
	}
	fmt.Fprintln(w)
	// Labels go type by type.
	n := len(face.Similarities) / len(types)
	for i, kind := range types {
		if n > 0 {
			fmt.Fprintf(w, "  %-10s % .3f\n", kind, face.Similarities[i*n:(i+1)*n])
		}
	}
}

// PrintHeat prints where the heat map of a face is, if there is one.
func PrintHeat(w io.Writer, face ScoredFace) {
	if face.Heat != "" {
		fmt.Fprintf(w, "  heat map: %s\n", datasets.Printable(face.Heat))
	}
}
