package cli

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/table"
)

func newFaces() *cobra.Command {
	var s surroundings
	var names []string
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:   "faces",
		Short: "Cut the faces out of the videos under a data folder, once",
		Long: `Faces finds the faces in frames of the videos that are tested and trained on, with 68 landmarks each, and keeps them in a
cache outside of the data folder, where run and eval find them. It does each video once: stopped at any moment, it goes on
where it was; several may run at a time. A video file that has changed, and other parameters, are another matter and done
anew. Videos that cannot be read are named and counted.`,
		Example: `  seelab faces --data DIR
  seelab faces --data DIR --dataset "FF++ c23" --frames 16
  seelab eval --run seeable-mini --data DIR`,
		Args: arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.open(cmd, func(l *lab.Lab) error {
				reports, err := l.Faces(cmd.Context(), all, names...)
				if err != nil {
					return err
				}
				for _, r := range reports {
					skipped(cmd.ErrOrStderr(), r.Problems)
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), reports)
				}
				printFaces(cmd, reports)
				return nil
			})
		},
	}
	cmd.Flags().StringArrayVar(&names, "dataset", nil, "a data set by `name`, such as \"FF++ c40\"; may be repeated; the default is all that are found")
	cmd.Flags().BoolVar(&all, "all", false, "all videos, also those of validation parts, which are neither trained nor tested on, and fakes of training parts, on which only data.fakes trains")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what was found as a JSON list")
	s.dataFlags(cmd)
	s.facesFlags(cmd)
	return cmd
}

func printFaces(cmd *cobra.Command, reports []extract.Report) {
	t := table.Table{
		Title:  "Faces of videos",
		Header: []string{"data set", "videos", "new", "frames", "without face", "faces", "videos without face", "problems"},
		Right:  []bool{false, true, true, true, true, true, true, true},
	}
	out := cmd.OutOrStdout()
	frames, seconds := 0, 0.0
	for _, r := range reports {
		t.Rows = append(t.Rows, []string{
			graphic(r.Dataset), strconv.Itoa(r.Videos), strconv.Itoa(r.Fresh), strconv.Itoa(r.Frames), strconv.Itoa(r.Blank),
			strconv.Itoa(r.Faces), strconv.Itoa(len(r.Missing)), strconv.Itoa(len(r.Problems)),
		})
		frames, seconds = frames+r.FreshFrames, seconds+r.Seconds
	}
	fmt.Fprintln(out, t.Text())
	for _, r := range reports {
		if text := listing("No face in videos of "+r.Dataset, r.Missing, shown); text != "" {
			fmt.Fprintln(out, text)
		}
	}
	if frames > 0 {
		fmt.Fprintf(out, "%d new frames in %.0f s, %.1f a second.\n", frames, seconds, float64(frames)/seconds)
	}
	for _, r := range reports {
		fmt.Fprintf(out, "%s: %s\n", graphic(r.Dataset), r.Dir)
	}
}
