package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/pack"
)

func newDetectors(folders []fs.FS) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "detectors",
		Short: "List the detectors that come with seelab",
		Long: `Detectors lists the trained detectors that this program carries along, the one first that seelab score takes: what it is,
what trained it, its AUC over the videos of test sets and what may be done with it. The card of each, in its folder below
results/detectors, says more, above all what it misses.`,
		Example: `  seelab detectors
  seelab detectors --json`,
		Args: command.Arguments(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := pack.List(folders...)
			if err != nil {
				return err
			}
			if asJSON {
				lines := []detectorLine{}
				for _, d := range all {
					r := d.Record
					lines = append(lines, detectorLine{d.Name, d.Spec.Method, r.Score, d.Bytes, r.Train.On(), d.Spec.Data.Train, r.Train.Synthetic, r.Kind, r.AUC, pack.Terms})
				}
				return command.PrintJSON(cmd.OutOrStdout(), lines)
			}
			if len(all) == 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), noDetectors)
				return nil
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "detector\tmethod\tMB\t\tAUC over videos\tterms")
			for _, d := range all {
				var figures []string
				for _, set := range slices.Sorted(maps.Keys(d.Record.AUC)) {
					figures = append(figures, fmt.Sprintf("%s %.3f", set, d.Record.AUC[set]))
				}
				kind := d.Record.Sets()
				if d.Record.Synthetic {
					kind += ", synthetic faces"
				}
				fmt.Fprintf(w, "%s\t%s\t%.1f\t%s\t%s (%s)\t%s\n", d.Name, d.Spec.Method, float64(d.Bytes)/1e6, d.Record.Train.On(), strings.Join(figures, ", "), kind, pack.Terms)
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the detectors as a JSON array")
	return cmd
}

// detectorLine is a detector as seelab detectors --json prints it.
type detectorLine struct {
	Name      string             `json:"name"`
	Method    string             `json:"method"`
	Score     string             `json:"score"`
	Bytes     int64              `json:"bytes"` // of the weights
	Trained   string             `json:"trained"`
	Data      []string           `json:"data"`
	Synthetic bool               `json:"synthetic"`
	Kind      string             `json:"kind"` // of the test sets
	AUC       map[string]float64 `json:"auc"`
	Terms     string             `json:"terms"`
}

const noDetectors = "this seelab carries no detector along; seelab run trains one"

// detectorFlags say which detector a command is to use: one that comes along, one in a folder, or that of a run.
type detectorFlags struct {
	run, own string
	along    []pack.Detector // those that come along, where no run is asked for
}

func (f *detectorFlags) add(cmd *cobra.Command, folders []fs.FS) {
	runFlagOnly(cmd, &f.run)
	cmd.Flags().StringVar(&f.own, "detector", "", "`NAME` of a detector that seelab detectors lists, or the path of the folder of one")
	cmd.MarkFlagsMutuallyExclusive("run", "detector")
	cmd.PreRunE = func(*cobra.Command, []string) (err error) {
		if f.run != "" {
			return nil
		}
		if f.along, err = pack.List(folders...); err == nil && f.own == "" && len(f.along) == 0 {
			err = errors.New("required flag(s) \"run\" not set: " + noDetectors)
		}
		return err
	}
}

// load loads what the flags ask for, the first detector that comes along where they ask for none. name is "" of a run.
func (f *detectorFlags) load(l *lab.Lab) (run *lab.Run, name string, err error) {
	if f.run != "" {
		run, err = l.Load(f.run)
		return run, "", err
	}
	if f.own == "" {
		f.own = f.along[0].Name
	}
	if d, ok := pack.Named(f.along, f.own); ok {
		run, err = lab.OpenRun(d.Files)
		return run, d.Name, err
	}
	info, err := os.Stat(f.own)
	if err != nil || !info.IsDir() {
		there := noDetectors
		if len(f.along) > 0 {
			var names []string
			for _, d := range f.along {
				names = append(names, d.Name)
			}
			there = "there are " + strings.Join(names, ", ")
		}
		return nil, "", fmt.Errorf("no detector %q: %s; want the name of one, or the path of the folder of one", f.own, there)
	}
	if run, err = lab.OpenRun(os.DirFS(f.own)); err != nil {
		return nil, "", fmt.Errorf("%s: %w", f.own, err)
	}
	return run, filepath.Base(f.own), nil
}
