package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/pack"
	"github.com/seeable-lab/seeable/lab/terminal"
	"github.com/seeable-lab/seeable/lab/video"
)

func newScore(detectors []fs.FS) *cobra.Command {
	var s command.Surroundings
	var by detectorFlags
	var dir string
	var asJSON, mean bool
	rates := operating.Default
	cmd := &cobra.Command{
		Use:   "score [--run ID | --detector NAME|DIR] FILE...",
		Short: "Score pictures and videos, and show where they look wrong",
		Long: `Score gives each face in a picture the anomaly score of a finished run or of a detector that comes with seelab, the first that
seelab detectors lists where none is named: larger means more likely fake; it is not a probability. Faces are looked for as seelab faces does; a picture that is a crop around one face, as test sets have them, is
scored as eval scores it. A picture without a face has no score, nor has one of less than 32 pixels. JPEG, PNG, WebP, BMP,
TIFF and GIF are read, whatever the file is called, and turned as EXIF says.

Where the score compares the K variants of a face with their prototypes, it also prints those similarities. A method that can
tell where in the face it found what it scores has that drawn over the face: FACE.heat.png in the folder --out.

A video file, or a folder of frames, gets the mean score of the frames in which a face is found, looked for as seelab faces
does. VIDEO.timeline.png shows the frames, and VIDEO.frame-123.heat.png those that look most wrong.

What the number means is said in words where the run was calibrated, on one real face each of held-out people who neither
trained nor chose: the share of them that scores as high or higher, with its 95 % interval; flagged above the threshold for
--false-alarms, real-looking below that for --misses of pseudo-fakes, "can't say" in between. It holds for new people of that
kind; photographs of other kinds may be flagged more often. The thresholds are for single faces: a video has none.

Files without a score are named with the reason; the exit code is 1 if no file has one. A picture that cannot be drawn costs no
score.`,
		Example: `  seelab score photo.jpg
  seelab score --run seeable-mini photo.jpg
  seelab score --run seeable-mini --json --out heat *.png
  seelab score --run seeable-mini --out scored clip.mp4`,
		Args: command.Arguments(1, -1, "the path of at least one image or video"),
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := rates.Check(); err != nil {
				return err
			}
			return s.Open(cmd, func(l *lab.Lab) error {
				run, name, err := by.load(l)
				if err != nil {
					return err
				}
				points, err := operating.Read(run.Files())
				if err != nil {
					return err
				}
				if name != "" {
					fmt.Fprintf(cmd.ErrOrStderr(), "scored by the detector %s (%s, %s), for %s\n", name, run.Spec.Method, run.Record.Train.On(), pack.Terms)
				}
				if run.Record.Train.Synthetic {
					fmt.Fprintf(cmd.ErrOrStderr(), "%s was trained on synthetic faces: its scores say nothing about photographs\n", run.Record.Run)
				}
				j := scoring{lab: l, run: run, detector: name, points: points, rates: rates, mean: mean, files: len(files), strict: s.Strict, warn: cmd.ErrOrStderr()}
				j.names.Dir = dir
				if !asJSON {
					j.out = cmd.OutOrStdout()
				}
				if err := j.score(cmd.Context(), files); err != nil {
					return err
				}
				if asJSON {
					if err := command.PrintJSON(cmd.OutOrStdout(), j.result()); err != nil {
						return err
					}
				}
				return j.end()
			})
		},
	}
	by.add(cmd, detectors)
	cmd.Flags().StringVar(&dir, "out", ".", "`folder` for the pictures")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().BoolVar(&mean, "mean-face", false, "look for no face in pictures: take each as a crop around one, with the landmarks of a mean face")
	falseAlarmsFlag(cmd, &rates.FalseAlarms)
	cmd.Flags().Float64Var(&rates.Misses, "misses", rates.Misses, "`share` of pseudo-fakes that may be called real-looking")
	s.ResultsFlag(cmd)
	s.BackendFlag(cmd)
	s.CutFlags(cmd)
	s.StrictFlag(cmd)
	return cmd
}

// scoring is files that are being scored. What has a score is printed before it is drawn.
type scoring struct {
	lab      *lab.Lab
	run      *lab.Run
	detector string // its name, if it is no run of one's own
	points   *operating.Points
	rates    operating.Rates
	told     bool // the thresholds, or that there are none
	mean     bool
	strict   bool
	names    terminal.Outputs
	out      io.Writer // for people; nil where JSON is wanted
	warn     io.Writer

	files   int
	faces   []terminal.ScoredFace
	videos  []terminal.ScoredVideo
	skipped []lab.Skipped
	undrawn []error
}

func (j *scoring) score(ctx context.Context, files []string) error {
	var pictures, clips []string
	for _, file := range files {
		if lab.IsPicture(file) {
			pictures = append(pictures, file)
		} else {
			clips = append(clips, file)
		}
	}
	if len(pictures) > 0 {
		score := j.lab.Score
		if j.mean {
			score = j.lab.ScoreCrops
		}
		scores, skipped, err := score(ctx, j.run, pictures...)
		if err != nil {
			return err
		}
		for _, why := range skipped {
			j.skip(why)
		}
		for _, score := range scores {
			j.face(terminal.ScoredFace{Result: score})
		}
	}
	for _, clip := range clips {
		score, err := j.lab.ScoreVideo(ctx, j.run, clip)
		switch {
		case err == nil:
			j.video(score)
		case j.strict || ctx.Err() != nil || errors.Is(err, video.ErrNoFFmpeg):
			return err
		default:
			j.skip(lab.Unscored(clip, err))
		}
	}
	return nil
}

func (j *scoring) skip(why lab.Skipped) {
	j.skipped = append(j.skipped, why)
	fmt.Fprintln(j.warn, "skipped:", terminal.OneLine(why))
}

func (j *scoring) face(f terminal.ScoredFace) {
	meaning := j.points.Meaning(f.Score, j.rates)
	f.Meaning = &meaning
	if j.out != nil {
		terminal.PrintScore(j.out, j.run.Spec.Discrepancy.Types, f)
		terminal.PrintMeaning(j.out, meaning, !j.told)
		j.told = true
	}
	j.drawn(terminal.DrawHeat(&j.names, &f))
	if j.out != nil {
		terminal.PrintHeat(j.out, f)
	}
	j.faces = append(j.faces, f)
}

func (j *scoring) video(score *lab.VideoScore) {
	v, err := terminal.DrawVideo(score, &j.names)
	if err != nil {
		v = terminal.ScoredVideo{VideoScore: score}
	}
	j.drawn(err)
	if j.out != nil {
		terminal.PrintVideo(j.out, v)
		if v.Meaning != nil {
			terminal.PrintMeaning(j.out, *v.Meaning, true)
		}
	}
	j.videos = append(j.videos, v)
}

func (j *scoring) drawn(err error) {
	if err != nil {
		j.undrawn = append(j.undrawn, err)
	}
}

// scored is how many of the files have a score: each is either scored or skipped.
func (j *scoring) scored() int { return j.files - len(j.skipped) }

// result is what is printed as JSON.
func (j *scoring) result() map[string]any {
	found := map[string]any{
		"run": j.run.Record.Run, "faces": orEmpty(j.faces), "skipped": orEmpty(j.skipped),
		"counts": map[string]int{"files": j.files, "scored": j.scored(), "skipped": len(j.skipped)},
	}
	if j.detector != "" {
		found["detector"] = j.detector
	}
	if j.videos != nil {
		found["videos"] = j.videos
	}
	if j.undrawn != nil {
		var why []string
		for _, err := range j.undrawn {
			why = append(why, terminal.OneLine(err))
		}
		found["undrawn"] = why
	}
	return found
}

// orEmpty is a list that JSON shows as [] and not as null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// end tells what was not drawn, and fails if nothing was scored.
func (j *scoring) end() error {
	if n := len(j.undrawn); n > 0 {
		fmt.Fprintf(j.warn, "%d pictures could not be drawn, the first: %s; choose another folder with --out\n", n, terminal.OneLine(j.undrawn[0]))
	}
	switch {
	case j.scored() > 0:
		return nil
	case j.files == 1:
		return errors.New("no score")
	}
	return fmt.Errorf("none of the %d files could be scored", j.files)
}
