package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/store"
)

func newScore() *cobra.Command {
	var s surroundings
	var id, dir string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "score --run ID FILE...",
		Short: "Score pictures of faces and show where they look wrong",
		Long: `Score gives each picture, a crop around one face, the anomaly score of a finished run: larger means more likely fake; it
is not a probability. Where the score compares the K variants of a face with their prototypes, it also prints those
similarities and draws them over the face, region by region: FACE.heat.png in the folder --out.`,
		Example: `  seelab score --run seeable-mini face.png
  seelab score --run seeable-mini --json --out heat *.png`,
		Args: arguments(1, -1, "the path of at least one image"),
		RunE: func(cmd *cobra.Command, files []string) error {
			return s.open(cmd, func(l *lab.Lab) error {
				run, err := l.Load(id)
				if err != nil {
					return err
				}
				if run.Record.Train.Synthetic {
					fmt.Fprintf(cmd.ErrOrStderr(), "%s was trained on synthetic faces: its scores say nothing about photographs\n", run.Record.Run)
				}
				scores, skipped, err := l.Score(cmd.Context(), run, files...)
				if err != nil {
					return err
				}
				for _, reason := range skipped {
					fmt.Fprintln(cmd.ErrOrStderr(), "skipped:", reason)
				}
				if len(scores) == 0 {
					return fmt.Errorf("none of the %d files could be scored", len(files))
				}
				scored, err := drawHeat(dir, scores)
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				if asJSON {
					return printJSON(out, map[string]any{"run": run.Record.Run, "faces": scored, "skipped": skipped})
				}
				for _, face := range scored {
					printScore(out, run.Spec.Discrepancy.Types, face)
				}
				return nil
			})
		},
	}
	runFlag(cmd, &id)
	cmd.Flags().StringVar(&dir, "out", ".", "`folder` for the heat maps")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	s.resultsFlag(cmd)
	s.backendFlag(cmd)
	s.strictFlag(cmd)
	return cmd
}

// scored is a scored face and where its heat map is, "" if it has none.
type scored struct {
	lab.FaceScore
	Heat string `json:"heat,omitempty"`
}

// drawHeat writes the heat maps of faces whose score has regions into dir.
func drawHeat(dir string, scores []lab.FaceScore) ([]scored, error) {
	var out []scored
	taken := map[string]bool{}
	for _, score := range scores {
		face := scored{FaceScore: score}
		if len(score.Regions) > 0 {
			face.Heat = heatFile(dir, score.File, taken)
			if err := writeHeat(face.Heat, score); err != nil {
				return nil, err
			}
		}
		out = append(out, face)
	}
	return out, nil
}

// heatFile names the heat map of an image; images of the same name in several folders are numbered.
func heatFile(dir, image string, taken map[string]bool) string {
	name := strings.TrimSuffix(filepath.Base(image), filepath.Ext(image))
	path := filepath.Join(dir, name+".heat.png")
	for n := 2; taken[path]; n++ {
		path = filepath.Join(dir, fmt.Sprintf("%s-%d.heat.png", name, n))
	}
	taken[path] = true
	return path
}

func writeHeat(path string, score lab.FaceScore) error {
	var png bytes.Buffer
	err := figure.PNG(&png, figure.Cells{
		Title: fmt.Sprintf("%s: %s %.3f", filepath.Base(score.File), score.Name, score.Score),
		Label: "mean cosine with the prototypes",
		Image: score.Face.Image, Landmarks: score.Face.Landmarks,
		Regions: score.Masks, Values: score.Regions,
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("heat map: %w", err)
	}
	return store.WriteFile(path, png.Bytes())
}

func printScore(w io.Writer, types []string, face scored) {
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
