package cluster

import (
	"fmt"
	"strings"
	"time"

	"github.com/seeable-lab/seeable/lab/shell"
)

// Index stands for the index of a cell in the command of a job.
const Index = "{cell}"

// Job is what a scheduler is to run: one task for each cell.
type Job struct {
	Name    string
	Cells   int
	Command []string      // of a cell, with the word Index in it; it ends with TryAgain when it was asked to stop
	Cores   int           // of a cell
	Memory  int64         // of a cell, in bytes
	GPUs    int           // of a cell
	Grace   time.Duration // how long a cell may take to save its work
}

// name is the job's name as schedulers and file systems like it: lower-case letters, digits and dashes.
func (j Job) name() string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(j.Name))
	if name = strings.Trim(name, "-"); name == "" {
		return "sweep"
	}
	// A label of Kubernetes has 63 letters at most, and pods add their index and five letters to the name of the job.
	return strings.Trim(name[:min(len(name), 46)], "-")
}

// gigabytes rounds up.
func (j Job) gigabytes() int64 { return max(1, (j.Memory+1<<30-1)>>30) }

// Slurm says how a job runs under Slurm.
type Slurm struct {
	Job
	Limit time.Duration // of one task between two requeues
	Logs  string        // folder of the tasks' output; it must be there when the job starts
}

// Script is a batch script for sbatch: an array with a task for each cell. Before the limit is reached, or when the task is
// to go, the cell gets SIGUSR1, saves its work and ends with TryAgain; then the task is put back into the queue. Slurm
// may start a task twice when its controller dies at the wrong moment: the lease of the cell makes the second wait for
// the first.
func (s Slurm) Script() string {
	words := make([]string, len(s.Command))
	for i, word := range s.Command {
		words[i] = shell.Quote(word)
		if word == Index {
			words[i] = `"$SLURM_ARRAY_TASK_ID"`
		}
	}
	gpus := ""
	if s.GPUs > 0 {
		gpus = fmt.Sprintf("#SBATCH --gres=gpu:%d\n", s.GPUs)
	}
	minutes := max(1, int(s.Limit.Minutes()))
	return fmt.Sprintf(`#!/bin/bash
# Sweep %[1]s: %[2]d cells. Written by seelab sweep --slurm; submit it with sbatch.
#SBATCH --job-name=%[1]s
#SBATCH --array=0-%[3]d
#SBATCH --cpus-per-task=%[4]d
#SBATCH --mem=%[5]dG
%[6]s#SBATCH --time=%[7]d
#SBATCH --signal=B:USR1@%[8]d
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%[9]s

export GOMAXPROCS=%[4]d PJRT_NPROC=%[4]d
%[10]s &
cell=$!
# Bash runs a trap between commands, and wait ends for it.
trap 'told=1; kill -USR1 "$cell" 2>/dev/null' USR1 TERM
until
	told=
	wait "$cell"
	code=$?
	[[ -z $told || $code -le 128 ]]
do :; done

if [[ $code == %[11]d && $(squeue --noheader --jobs="$SLURM_JOB_ID" --format=%%T) == RUNNING ]]; then
	# Not done, its work saved. Not so when the job was cancelled: then it is not RUNNING.
	scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
`, s.name(), s.Cells, s.Cells-1, s.Cores, s.gigabytes(), gpus, minutes, int(s.Grace.Seconds()), s.output(),
		strings.Join(words, " "), TryAgain)
}

// output is where a task writes, with the signs that sbatch replaces by the numbers of job and task.
func (s Slurm) output() string {
	file := s.name() + "-%A_%a.log"
	dir := directive(s.Logs)
	if quoted, ok := strings.CutSuffix(dir, `"`); ok {
		return quoted + "/" + file + `"`
	}
	return dir + "/" + file
}

// directive makes one word of a line #SBATCH, which takes double quotes as a shell does, of a path; no sign of it is one that
// sbatch replaces.
func directive(path string) string {
	path = strings.ReplaceAll(path, "%", "%%")
	if shell.Quote(path) == path {
		return path
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
}
