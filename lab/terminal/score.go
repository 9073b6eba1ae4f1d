package terminal

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

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

// DrawHeat writes the heat maps of faces whose score has regions.
func DrawHeat(names *Outputs, scores []detector.Result) ([]ScoredFace, error) {
	var out []ScoredFace
	for _, score := range scores {
		face := ScoredFace{Result: score}
		if score.Map != nil {
			face.Heat = names.path(score.File, ".heat.png")
			if err := writeHeat(face.Heat, filepath.Base(score.File), score); err != nil {
				return nil, err
			}
		}
		out = append(out, face)
	}
	return out, nil
}

// Outputs names the files that are written to a folder.
type Outputs struct {
	Dir   string
	taken map[string]bool
}

// path is that of a picture made of a file; those of files of one name in several folders are numbered.
func (o *Outputs) path(file, end string) string {
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
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
	fmt.Fprintf(w, "%s: %.4f (%s)", face.File, face.Score, face.Name)
	if face.Fallback {
		fmt.Fprint(w, ", no landmarks: those of a mean face")
	}
	fmt.Fprintln(w)
	// Labels go type by type.
	n := len(face.Similarities) / len(types)
	for i, kind := range types {
		if n > 0 {
			fmt.Fprintf(w, "  %-10s % .3f\n", kind, face.Similarities[i*n:(i+1)*n])
		}
	}
	if face.Heat != "" {
		fmt.Fprintf(w, "  heat map: %s\n", face.Heat)
	}
}
