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
	"github.com/seeable-lab/seeable/lab/terminal"
)

// Benches of all methods that are linked, each by its small experiment; samples are compared with those of the yardstick.
const benchMakers, benchSystems = "makers", "systems"

// methodSpec is the small experiment of a method, the default one with the method where it has none; size is 0 for its own.
func methodSpec(name string, size int) (s spec.Spec, err error) {
	if _, err = spec.MethodOf(name); err != nil {
		return s, err
	}
	if s = spec.Default(); slices.Contains(experiments.Names(), name+"-mini") {
		s, err = experiments.Load(name + "-mini")
	}
	s.Method = name
	if size > 0 {
		s.Encoder.Size = size
	}
	return s, err
}

// benchMethods measures the makers or the systems of all methods.
func benchMethods(cmd *cobra.Command, l *lab.Lab, what string, size int, least time.Duration, asJSON bool) error {
	var specs []spec.Spec
	var reference spec.Spec
	for _, m := range spec.Methods() {
		s, err := methodSpec(m.Name, size)
		if err != nil {
			return err
		}
		specs = append(specs, s)
		if m.Yardstick {
			reference = s
		}
	}
	var all []lab.Speed
	var err error
	show := terminal.Samples
	if what == benchMakers {
		if all, err = l.BenchSamples(cmd.Context(), reference, specs, least); err != nil {
			return err
		}
	} else {
		show = terminal.Systems
		for _, s := range specs {
			for _, bench := range []string{"train", "score"} {
				speed, err := l.Bench(cmd.Context(), bench, s, least)
				if err != nil {
					return fmt.Errorf("%s: %w", s.Method, err)
				}
				all = append(all, speed)
			}
		}
	}
	if asJSON {
		return command.PrintJSON(cmd.OutOrStdout(), map[string]any{"bench": all})
	}
	show(cmd.OutOrStdout(), all)
	return nil
}
