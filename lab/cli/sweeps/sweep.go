// Package sweeps is the commands of seelab that run sweeps: seelab sweep, which runs the cells on this machine or prints what hands
// them over to a cluster, and seelab cell, which runs one of them.
package sweeps

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/installer"
	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/cluster"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/terminal"
)

// New makes the command sweep.
func New() *cobra.Command {
	var s command.Surroundings
	var sets []string
	var list, asJSON bool
	var local cluster.Local
	cmd := &cobra.Command{
		Use:   "sweep SWEEP",
		Short: "Run all cells of a sweep, several at once; or go on with a sweep that was stopped",
		Long: `Sweep runs experiments that differ in a few keys, each in a process of its own. A cell that fails stops none of the
others; its error is shown at the end. Ctrl-C makes all cells save their work; the same command goes on from there, and
cells that are finished are not done again. A sweep that names a published table (sweep.table) is set beside it in the end, in files
SWEEP.table.txt, .md, .csv and .tex of the results. SWEEP is one of seelab list, or the path of a .toml file with a section
[sweep] (go doc ./lab/spec ParseSweep).

Cells share the cores. Several at once are faster than one on all cores; on a GPU one runs at a time unless --jobs says
otherwise.`,
		Example: `  seelab sweep ablate-lambda-mini --data DIR
  seelab sweep ablate-lambda-mini --list
  seelab sweep mine.toml --data DIR --jobs 4 --memory 16GB --set train.steps=300
  seelab sweep ablate-grid --data DIR --slurm | sbatch
  seelab sweep ablate-grid --kubernetes --image IMAGE --claim CLAIM | kubectl create -f -`,
		Args: command.Arguments(1, 1, "the name of one sweep or the path of a .toml file"),
	}
	job := schedulerFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		w, cells, err := Load(args[0], sets)
		if err != nil {
			return err
		}
		if job.slurm || job.kubernetes {
			return job.print(cmd, args[0], w, cells, sets, s)
		}
		if list {
			return terminal.ListCells(cmd.OutOrStdout(), cells)
		}
		program, err := os.Executable()
		if err != nil {
			return fmt.Errorf("seelab: %w", err)
		}
		if local.Jobs == 0 && usesGPU(s.Backend) {
			local.Jobs = 1
		}
		if err := share(&s, &local); err != nil {
			return err
		}
		local.Command = func(c spec.Cell, faces int64) *exec.Cmd {
			return exec.Command(program, append(cellArguments(args[0], strconv.Itoa(c.Index), sets, s, faces), "--child")...)
		}
		if err := foresee(&s, cmd, cells); err != nil {
			return err
		}
		view := terminal.NewSweepView(cmd.ErrOrStderr(), cells)
		encoder := json.NewEncoder(cmd.OutOrStdout())
		records := make([]*store.Record, len(cells))
		err = local.Run(cmd.Context(), cells, func(e cluster.Event) {
			if e.Record != nil {
				records[e.Cell] = e.Record
			}
			if asJSON {
				// What reads the events may have gone; the sweep goes on.
				_ = encoder.Encode(e)
				return
			}
			view.Report(e)
		})
		view.Close()
		if !asJSON {
			fmt.Fprint(cmd.OutOrStdout(), terminal.SweepTable(w.Name, cells, records).Text())
		}
		if slices.ContainsFunc(records, func(r *store.Record) bool { return r != nil }) {
			l, openErr := lab.Open(s.Results)
			if openErr != nil {
				return errors.Join(err, openErr)
			}
			tables, tablesErr := l.WriteSweepTables(w)
			path, reportErr := l.WriteSweepReport(w, "seelab sweep "+args[0])
			err = errors.Join(err, tablesErr, reportErr, l.Close())
			for _, table := range tables {
				fmt.Fprintln(cmd.ErrOrStderr(), "table:", table)
			}
			if reportErr == nil {
				fmt.Fprintln(cmd.ErrOrStderr(), "report:", path)
			}
		}
		return err
	}
	SetFlag(cmd, &sets)
	cmd.Flags().BoolVar(&list, "list", false, "list the cells and run none")
	cmd.MarkFlagsMutuallyExclusive("list", "slurm", "kubernetes")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what happens as lines of JSON")
	cmd.Flags().IntVar(&local.Jobs, "jobs", 0, "`cells` at once; the default is one a core, as far as the memory goes")
	cmd.Flags().IntVar(&local.Cores, "cores", 0, "`cores` that all cells share; the default is all")
	s.ResultsFlag(cmd)
	s.DataFlags(cmd)
	s.LeaksFlag(cmd)
	s.FacesFlags(cmd)
	s.MemoryFlag(cmd, "`memory` that the faces of all cells together may take, such as 4GB or 2GiB (a number alone is in GB), divided among "+
		"the cells at once; with --slurm and --kubernetes that of each cell, 1GiB by default; the default is $"+source.MemoryEnv+
		", then a quarter of what the machine or its control group has")
	s.BackendFlag(cmd)
	s.DevicesFlag(cmd)
	return cmd
}

// share sets what the faces of all cells may take, and how many cells it is enough for.
func share(s *command.Surroundings, local *cluster.Local) (err error) {
	if local.Faces, err = s.Budget(); err != nil {
		return err
	}
	if local.Faces == 0 {
		if local.Faces, err = source.DefaultMemory(); err != nil {
			return err
		}
	}
	if local.Jobs == 0 {
		if local.Jobs = local.Cores; local.Jobs == 0 {
			local.Jobs = runtime.GOMAXPROCS(0)
		}
	}
	local.Jobs = min(local.Jobs, int(local.Faces/source.LeastMemory))
	return nil
}

// foresee says of which test sets of the cells no figure can come. It is an error if that holds for every cell; else each cell
// has its own.
func foresee(s *command.Surroundings, cmd *cobra.Command, cells []spec.Cell) error {
	note := func(e lab.Event) {
		if e.Note != "" {
			fmt.Fprintln(cmd.ErrOrStderr(), e.Note)
		}
	}
	return s.OpenReporting(note, func(l *lab.Lab) error {
		found := map[string]error{} // by what decides it
		for _, c := range cells {
			key := fmt.Sprint(c.Spec.Method, c.Spec.Data)
			if _, known := found[key]; !known {
				found[key] = l.Foresee(cmd.Context(), c.Spec)
			}
		}
		var all []error
		for _, key := range slices.Sorted(maps.Keys(found)) {
			if found[key] == nil {
				return nil
			}
			all = append(all, found[key])
		}
		return errors.Join(all...)
	})
}

// cellArguments is the command line of a cell, whose faces may take so many bytes. All flags that change what a cell does, or
// where it finds things, are passed on.
func cellArguments(sweep, index string, sets []string, s command.Surroundings, faces int64) []string {
	args := []string{"cell", sweep, index, "--results", s.Results}
	for _, set := range sets {
		args = append(args, "--set", set)
	}
	if s.Data != "" {
		args = append(args, "--data", s.Data)
	}
	if s.Backend != "" {
		args = append(args, "--backend", s.Backend)
	}
	if s.Devices > 1 {
		args = append(args, "--devices", strconv.Itoa(s.Devices))
	}
	if s.Strict {
		args = append(args, "--strict")
	}
	if s.Leaks {
		args = append(args, "--allow-leaks")
	}
	if s.Faces != "" {
		args = append(args, "--faces", s.Faces)
	}
	usual := extract.Default
	if s.Cut.Frames != usual.Frames {
		args = append(args, "--frames", strconv.Itoa(s.Cut.Frames))
	}
	if s.Cut.Run != usual.Run {
		args = append(args, "--consecutive", strconv.Itoa(s.Cut.Run))
	}
	if s.Cut.Margin != usual.Margin {
		args = append(args, "--margin", strconv.FormatFloat(s.Cut.Margin, 'g', -1, 64))
	}
	if s.Cut.Side != usual.Side {
		args = append(args, "--side", strconv.Itoa(s.Cut.Side))
	}
	return append(args, "--memory", source.FormatMemory(faces))
}

// usesGPU tells whether a backend would take the GPU, of which the first process takes most of the memory.
func usesGPU(backend string) bool {
	if backend == "" {
		backend = os.Getenv(compute.ConfigEnvVar)
	}
	name, plugin, _ := strings.Cut(backend, ":")
	return (name == "" || name == "xla") && !strings.Contains(filepath.Base(plugin), "cpu") && installer.HasNvidiaGPU()
}
