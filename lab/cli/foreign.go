package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/table"
)

const scoresHelp = `With --scores it measures what another tool has scored, in the same way, and needs no data. --against compares it with a
finished run, on the videos that both have scored. FILE.csv has a header, a row for each face, frame or video, and these
columns in any order, divided by commas or semicolons:

  dataset   the test set as runs call it, such as FF++ c40; several may be in one file
  method    what made the fake, such as Deepfakes; of a real video its kind, such as original
  video     name of the video within data set and method
  fake      1 or true for a fake, 0 or false for a real video
  score     a finite number, larger for what is rather fake; empty or NaN where the tool gave none
  frame     optional: number of the frame, from 0; empty or -1 where it is unknown
  file      optional: name of the face, wanted only where a frame has several of one person
  identity  optional: the person who is seen; of a video that shows several, each face's own
  source    optional: the person whose face or expression was put in; one for a video

A frame has the largest score of its rows, a video the mean over its frames with a score; a video without any counts in
coverage. A tool that scores whole videos needs one row for each, without a frame. For --against, dataset, method and
video are written as in the scores.csv of the run's folder.`

// evalScores prints what the scores of another tool say, alone and against a run.
func evalScores(cmd *cobra.Command, s command.Surroundings, scores, against string, asJSON bool) error {
	f, err := lab.ReadForeign(scores)
	if err != nil {
		return err
	}
	whole := struct {
		store.Record
		Against string     `json:"against,omitempty"` // id of the run of Pairs
		Pairs   []lab.Pair `json:"pairs,omitempty"`
	}{Record: f.Record}
	if against != "" {
		l, err := lab.Open(s.Results)
		if err != nil {
			return err
		}
		run, err := l.Load(against)
		if err != nil {
			return err
		}
		if whole.Pairs, err = lab.Pairs(f, run); err != nil {
			return err
		}
		whole.Against = run.Record.Run
	}
	out := cmd.OutOrStdout()
	if asJSON {
		return command.PrintJSON(out, whole)
	}
	fmt.Fprintln(out, table.Tests(f.Record).Text())
	if against != "" {
		fmt.Fprintln(out, table.Pairs(f.Record.Name, whole.Against, whole.Pairs).Text())
	}
	_, err = fmt.Fprintf(out, "%s: scores of another tool, measured with version %s of the metrics.\n", f.Record.Run, f.Record.Versions["metric"])
	return err
}
