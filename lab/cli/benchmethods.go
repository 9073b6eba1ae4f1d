package cli

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/table"
)

// Benches of all methods that are linked, each by its small experiment.
const benchMakers, benchSystems = "makers", "systems"

// methodSpec is the small experiment of a method, the default one with the method where it has none.
func methodSpec(name string) (spec.Spec, error) {
	if _, err := spec.MethodOf(name); err != nil {
		return spec.Spec{}, err
	}
	if slices.Contains(experiments.Names(), name+"-mini") {
		return experiments.Load(name + "-mini")
	}
	s := spec.Default()
	s.Method = name
	return s, nil
}

// benchMethods prints the makers or the systems of all methods; size is 0 for that of the experiment.
func benchMethods(cmd *cobra.Command, l *lab.Lab, what string, size int, least time.Duration, asJSON bool) error {
	var specs []spec.Spec
	for _, m := range spec.Methods() {
		s, err := methodSpec(m.Name)
		if err != nil {
			return err
		}
		if size > 0 {
			s.Encoder.Size = size
		}
		specs = append(specs, s)
	}
	if what == benchMakers {
		return benchSamples(cmd, l, specs, least, asJSON)
	}
	t := table.Table{
		Title:  "Training and scoring, by method",
		Header: []string{"method", "network", "pixels", "batch", "trained/s", "input alone/s", "network alone/s", "faces scored/s"},
		Right:  []bool{false, false, true, true, true, true, true, true},
	}
	var all []lab.Speed
	for _, s := range specs {
		trained, err := l.Bench(cmd.Context(), "train", s, least)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Method, err)
		}
		scored, err := l.Bench(cmd.Context(), "score", s, least)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Method, err)
		}
		all = append(all, trained, scored)
		t.Rows = append(t.Rows, []string{s.Method, trained.Encoder, fmt.Sprint(trained.Size), fmt.Sprint(trained.Batch), whole(trained.ImagesPerSecond),
			whole(trained.InputPerSecond), whole(trained.NetworkPerSecond), whole(scored.FacesPerSecond)})
	}
	return printBench(cmd, t, all, asJSON)
}

// benchSamples prints what the training samples of methods cost beside those of the yardstick among them.
func benchSamples(cmd *cobra.Command, l *lab.Lab, specs []spec.Spec, least time.Duration, asJSON bool) error {
	const reference = "sbi"
	s, err := methodSpec(reference)
	if err != nil {
		return err
	}
	s.Encoder.Size = specs[0].Encoder.Size
	all, err := l.BenchSamples(cmd.Context(), s, specs, least)
	if err != nil {
		return err
	}
	t := table.Table{
		Title:  fmt.Sprintf("Training samples at %d px, %d cores", all[0].Size, all[0].Cores),
		Header: []string{"method", "images/s", "CPU ms an image", "cost"}, Right: []bool{false, true, true, true},
		Notes: []string{"cost: CPU time over that of " + reference + ", measured beside each."},
	}
	for _, speed := range all {
		t.Rows = append(t.Rows, []string{speed.Method, whole(speed.ImagesPerSecond), fmt.Sprintf("%.2f", speed.CPUPerImage), fmt.Sprintf("%.2f", speed.Cost)})
	}
	return printBench(cmd, t, all, asJSON)
}

func printBench(cmd *cobra.Command, t table.Table, all []lab.Speed, asJSON bool) error {
	if asJSON {
		return command.PrintJSON(cmd.OutOrStdout(), map[string]any{"bench": all})
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), t.Text())
	return err
}

func whole(x float64) string { return fmt.Sprintf("%.0f", x) }
