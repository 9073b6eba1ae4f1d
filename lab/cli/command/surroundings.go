package command

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/terminal"
)

// Surroundings are the flags that change no number.
type Surroundings struct {
	Results, Data, Faces, Backend string
	memory                        string // for faces
	Cut                           extract.Params
	Devices                       int
	Strict, Leaks                 bool
}

// Flags add those of a command that works on runs in one process: the runs, the data, the faces of videos, the memory and what
// computes.
func (s *Surroundings) Flags(cmd *cobra.Command) {
	s.ResultsFlag(cmd)
	s.DataFlags(cmd)
	s.FacesFlags(cmd)
	s.MemoryFlag(cmd, OneMemory)
	s.BackendFlag(cmd)
}

// ResultsFlag adds the flag of the folder of the runs.
func (s *Surroundings) ResultsFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.Results, "results", "results/runs", "`folder` of the runs")
}

// DataFlags add the flags of the data folder and of bad files in it.
func (s *Surroundings) DataFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.Data, "data", os.Getenv(lab.DataEnv), "`folder` of the data; the default is $"+lab.DataEnv)
	s.StrictFlag(cmd)
}

// FacesFlags say which faces of videos are meant.
func (s *Surroundings) FacesFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.Faces, "faces", "", "`folder` of the faces that are cut from videos; the default is $"+extract.DirEnv+", then one in the user's cache")
	s.CutFlags(cmd)
}

// CutFlags say how faces are cut from videos.
func (s *Surroundings) CutFlags(cmd *cobra.Command) {
	usual := extract.Default
	cmd.Flags().IntVar(&s.Cut.Frames, "frames", usual.Frames, "frames of a video, evenly spread, in which faces are looked for")
	cmd.Flags().IntVar(&s.Cut.Run, "consecutive", usual.Run, "how many of the frames are consecutive: with 32, --frames 128 are 4 runs of 32, for methods that look at clips")
	cmd.Flags().Float64Var(&s.Cut.Margin, "margin", usual.Margin, "room on each side of a face, in the longer of its sides")
	cmd.Flags().IntVar(&s.Cut.Side, "side", usual.Side, "largest side of the picture of a face in pixels")
}

// StrictFlag adds the flag that makes bad images and rows errors.
func (s *Surroundings) StrictFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.Strict, "strict", false, "fail at the first bad image or manifest row instead of skipping, naming and counting it")
}

// LeaksFlag adds the flag that permits tests on what was trained on.
func (s *Surroundings) LeaksFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.Leaks, "allow-leaks", false, "test on people, videos and pictures that are trained on, too, and mark these figures")
}

// BackendFlag adds the flag of what computes.
func (s *Surroundings) BackendFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.Backend, "backend", "", "`what` computes: xla:cuda, xla:cpu, xla:/path/of/plugin.so, or go (very slow); the default is $GOMLX_BACKEND, then the best there is")
}

// DevicesFlag adds the flag of how many devices share a batch.
func (s *Surroundings) DevicesFlag(cmd *cobra.Command) {
	cmd.Flags().IntVar(&s.Devices, "devices", 1, "`devices` of the backend, such as GPUs, that share each training batch")
}

// MemoryFlag adds the flag of the memory for faces.
func (s *Surroundings) MemoryFlag(cmd *cobra.Command, usage string) {
	cmd.Flags().StringVar(&s.memory, "memory", "", usage)
}

// OneMemory is the usage of MemoryFlag where there is one process.
const OneMemory = "`memory` that faces may take, such as 500MB or 2GiB (a number alone is in GB); what has no room is decoded at each use; " +
	"the default is $" + source.MemoryEnv + ", then a quarter of what the machine or its control group has"

// Budget is the memory for faces in bytes, 0 if the flag is not given.
func (s *Surroundings) Budget() (int64, error) {
	if s.memory == "" {
		return 0, nil
	}
	n, err := source.ParseMemory(s.memory)
	if err != nil {
		return 0, fmt.Errorf("seelab: --memory: %w", err)
	}
	return n, nil
}

// Open calls do with the lab; progress goes to stderr.
func (s *Surroundings) Open(cmd *cobra.Command, do func(*lab.Lab) error) error {
	progress := terminal.NewProgress(cmd.ErrOrStderr())
	defer progress.Close()
	return s.OpenReporting(progress.Report, do)
}

// OpenReporting calls do with the lab; progress goes to report.
func (s *Surroundings) OpenReporting(report func(lab.Event), do func(*lab.Lab) error) (err error) {
	memory, err := s.Budget()
	if err != nil {
		return err
	}
	options := []lab.Option{lab.WithMemory(memory), lab.WithData(s.Data), lab.WithBackend(s.Backend), lab.WithDevices(s.Devices), lab.WithReport(report)}
	if s.Cut != (extract.Params{}) {
		options = append(options, lab.WithFaces(s.Faces, s.Cut))
	}
	if s.Strict {
		options = append(options, lab.WithStrict())
	}
	if s.Leaks {
		options = append(options, lab.WithLeaks())
	}
	l, err := lab.Open(s.Results, options...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return do(l)
}
