package sweeps

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab/cli/command"
	"github.com/seeable-lab/seeable/lab/cluster"
	"github.com/seeable-lab/seeable/lab/spec"
)

// scheduler are the flags that hand a sweep over to a cluster.
type scheduler struct {
	slurm, kubernetes bool
	limit, grace      time.Duration
	gpus              int
	logs              string
	image, claim      string
}

// clusterMemory is what the faces of a cell may take on a cluster unless --memory says otherwise, in bytes: the machines there
// are not this one.
const clusterMemory = 1 << 30

// mount is where pods see the claim.
const mount = "/lab"

func schedulerFlags(cmd *cobra.Command) *scheduler {
	var j scheduler
	cmd.Flags().BoolVar(&j.slurm, "slurm", false, "print a script for sbatch in place of running; --cores and --memory are then those of a cell, which asks for the latter beside what its network takes")
	cmd.Flags().BoolVar(&j.kubernetes, "kubernetes", false, "print an Indexed Job in place of running; --cores and --memory as with --slurm")
	cmd.Flags().DurationVar(&j.limit, "limit", 4*time.Hour, "Slurm: how `long` a cell may run before it is put back into the queue")
	cmd.Flags().DurationVar(&j.grace, "grace", 3*time.Minute, "Slurm, Kubernetes: how `long` a cell may take to save its work")
	cmd.Flags().IntVar(&j.gpus, "gpus", 0, "Slurm, Kubernetes: `GPUs` of a cell")
	cmd.Flags().StringVar(&j.logs, "logs", "", "Slurm: `folder` of the cells' output; the default is slurm beside the folder of the runs")
	cmd.Flags().StringVar(&j.image, "image", "", "Kubernetes: `image` of a container with seelab")
	cmd.Flags().StringVar(&j.claim, "claim", "", "Kubernetes: `name` of the volume claim with data and runs, seen by pods as "+mount)
	return &j
}

// print prints what the cluster wants. File names in it are absolute.
func (j *scheduler) print(cmd *cobra.Command, name string, w spec.Sweep, cells []spec.Cell, sets []string, s command.Surroundings) error {
	if j.gpus > 1 && !cmd.Flags().Changed("devices") {
		s.Devices = j.gpus
	}
	job := cluster.Job{Name: w.Name, Cells: len(cells), Cores: 2, Memory: cluster.CellMemory(cells), GPUs: j.gpus, Grace: j.grace}
	if cores, err := cmd.Flags().GetInt("cores"); err == nil && cores > 0 {
		job.Cores = cores
	}
	faces, err := s.Budget()
	if err != nil {
		return err
	}
	if faces == 0 {
		faces = clusterMemory
	}
	job.Memory += faces
	if j.kubernetes {
		if j.image == "" || j.claim == "" {
			return errors.New("seelab: --kubernetes needs --image and --claim: the container that has seelab, and the volume claim with data and runs")
		}
		// Paths are those that pods see.
		if !cmd.Flags().Changed("results") {
			s.Results = mount + "/runs"
		}
		if !cmd.Flags().Changed("data") {
			s.Data = mount + "/data"
		}
		job.Command = append([]string{"seelab"}, cellArguments(name, cluster.Index, sets, s, faces)...)
		_, err := fmt.Fprint(cmd.OutOrStdout(), cluster.Kubernetes{Job: job, Image: j.image, Claim: j.claim, Mount: mount}.Manifest())
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("seelab: %w", err)
	}
	if strings.HasPrefix(program, os.TempDir()) {
		fmt.Fprintf(cmd.ErrOrStderr(), "seelab: the script calls %s, which is gone soon if it was made by go run; build seelab first\n", program)
	}
	if j.logs == "" {
		j.logs = filepath.Join(filepath.Dir(s.Results), "slurm")
	}
	paths := []*string{&s.Results, &j.logs}
	for _, path := range []*string{&s.Data, &s.Faces} {
		if *path != "" {
			paths = append(paths, path)
		}
	}
	if strings.HasSuffix(name, ".toml") {
		paths = append(paths, &name)
	}
	for _, path := range paths {
		if *path, err = filepath.Abs(*path); err != nil {
			return fmt.Errorf("seelab: %w", err)
		}
	}
	if strings.ContainsAny(j.logs, "\r\n") {
		return fmt.Errorf("seelab: the folder of logs %q has a line break in its name, which no line of a batch script can have; choose another with --logs", j.logs)
	}
	// Slurm does not make the folder, and without it a task fails without a word.
	if err := os.MkdirAll(j.logs, 0o755); err != nil {
		return fmt.Errorf("seelab: %w", err)
	}
	job.Command = append([]string{program}, cellArguments(name, cluster.Index, sets, s, faces)...)
	_, err = fmt.Fprint(cmd.OutOrStdout(), cluster.Slurm{Job: job, Limit: j.limit, Logs: j.logs}.Script())
	return err
}
