package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/terminal"
	"github.com/seeable-lab/seeable/lab/video"
)

func newScore() *cobra.Command {
	var s surroundings
	var id, dir string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "score --run ID FILE...",
		Short: "Score videos, or pictures of faces, and show where they look wrong",
		Long: `Score gives each picture, a crop around one face, the anomaly score of a finished run: larger means more likely fake; it
is not a probability. Where the score compares the K variants of a face with their prototypes, it also prints those
similarities. A method that can tell where in the face it found what it scores has that drawn over the face: FACE.heat.png in
the folder --out.

A video file, or a folder of frames, gets the mean score of the frames in which a face is found, looked for as seelab faces
does. VIDEO.timeline.png shows the frames, and VIDEO.frame-123.heat.png those that look most wrong.`,
		Example: `  seelab score --run seeable-mini face.png
  seelab score --run seeable-mini --json --out heat *.png
  seelab score --run seeable-mini --out scored clip.mp4`,
		Args: arguments(1, -1, "the path of at least one image or video"),
		RunE: func(cmd *cobra.Command, files []string) error {
			return s.open(cmd, func(l *lab.Lab) error {
				run, err := l.Load(id)
				if err != nil {
					return err
				}
				if run.Record.Train.Synthetic {
					fmt.Fprintf(cmd.ErrOrStderr(), "%s was trained on synthetic faces: its scores say nothing about photographs\n", run.Record.Run)
				}
				pictures, clips := sortMedia(files)
				var scores []lab.FaceScore
				skipped := []string{}
				if len(pictures) > 0 {
					if scores, skipped, err = l.Score(cmd.Context(), run, pictures...); err != nil {
						return err
					}
				}
				var videos []terminal.ScoredVideo
				names := terminal.Outputs{Dir: dir}
				for _, clip := range clips {
					var v terminal.ScoredVideo
					score, err := l.ScoreVideo(cmd.Context(), run, clip)
					if err == nil {
						v, err = terminal.DrawVideo(score, &names)
					}
					if err == nil {
						videos = append(videos, v)
					} else if s.strict || len(files) == 1 || cmd.Context().Err() != nil || errors.Is(err, video.ErrNoFFmpeg) {
						return err
					} else {
						skipped = append(skipped, err.Error())
					}
				}
				for _, reason := range skipped {
					fmt.Fprintln(cmd.ErrOrStderr(), "skipped:", terminal.OneLine(errors.New(reason)))
				}
				if len(scores)+len(videos) == 0 {
					return fmt.Errorf("none of the %d files could be scored", len(files))
				}
				scored, err := terminal.DrawHeat(&names, scores)
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				if asJSON {
					found := map[string]any{"run": run.Record.Run, "faces": scored, "skipped": skipped}
					if clips != nil {
						found["videos"] = videos
					}
					return printJSON(out, found)
				}
				for _, face := range scored {
					terminal.PrintScore(out, run.Spec.Discrepancy.Types, face)
				}
				for _, v := range videos {
					terminal.PrintVideo(out, v)
				}
				return nil
			})
		},
	}
	runFlag(cmd, &id)
	cmd.Flags().StringVar(&dir, "out", ".", "`folder` for the pictures")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	s.resultsFlag(cmd)
	s.backendFlag(cmd)
	s.cutFlags(cmd)
	s.strictFlag(cmd)
	return cmd
}

// sortMedia tells pictures from videos and folders of frames.
func sortMedia(files []string) (pictures, clips []string) {
	for _, file := range files {
		if isPicture(file) {
			pictures = append(pictures, file)
		} else {
			clips = append(clips, file)
		}
	}
	return pictures, clips
}

// isPicture tells a picture by its name or its beginning. What cannot be read is taken for one.
func isPicture(path string) bool {
	if slices.Contains([]string{".jpg", ".jpeg", ".png"}, strings.ToLower(filepath.Ext(path))) {
		info, err := os.Stat(path)
		return err != nil || !info.IsDir()
	}
	in, err := os.Open(path)
	if err != nil {
		return true
	}
	defer in.Close()
	head := make([]byte, 4)
	n, _ := io.ReadFull(in, head)
	return bytes.HasPrefix(head[:n], []byte("\xff\xd8\xff")) || bytes.HasPrefix(head[:n], []byte("\x89PNG"))
}
