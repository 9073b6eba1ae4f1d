package cli

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/terminal"
)

func newDoctor() *cobra.Command {
	var s command.Surroundings
	var asJSON, verbose bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say which data sets lie under a data folder, and what is wrong with them",
		Long: `Doctor looks for data sets in their official layouts under the data folder: FaceForensics++ with DeepFakeDetection,
Celeb-DF v1, v2 and ++, DFDC and its preview, DF40, WildDeepfake, FFIW, FakeAVCeleb, with folders of frames as DeepfakeBench
has them and its lists; for folders with a videos.csv; for plain folders real and fake; and for faces that are cut already. It compares them with their official lists, looks at the beginning of every file, counts the videos whose
faces seelab faces has cut, and names people who are on both sides of a split, and face crops that look nearly like real
faces to train on (dHash; every face is decoded once for that). It says how well trivial rivals of a detector do on each test
set of both classes: sharpness and brightness of the face, and size of the file. It changes nothing.`,
		Example: `  seelab doctor --data DIR
  seelab doctor --data DIR --verbose       with the names of missing videos and all problems
  seelab doctor --data DIR --json`,
		Args: command.Arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.Open(cmd, func(l *lab.Lab) error {
				report, err := l.Doctor(cmd.Context(), verbose)
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				if asJSON {
					enc := json.NewEncoder(out)
					enc.SetIndent("", "  ")
					err = enc.Encode(report)
				} else {
					_, err = io.WriteString(out, terminal.Diagnosis(report, verbose))
				}
				if err == nil && len(report.Datasets)+len(report.Sets) == 0 {
					err = terminal.NothingFound(report)
				}
				return err
			})
		},
	}
	s.DataFlags(cmd)
	s.FacesFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the report as one JSON object")
	cmd.Flags().BoolVar(&verbose, "verbose", false, "name each missing video and each problem")
	return cmd
}
