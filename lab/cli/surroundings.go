package cli

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

// surroundings are the flags that change no number.
type surroundings struct {
	results, data, faces, backend string
	memory                        string // for faces
	cut                           extract.Params
	devices                       int
	strict, leaks                 bool
}

func (s *surroundings) resultsFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.results, "results", "results/runs", "`folder` of the runs")
}

func (s *surroundings) dataFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.data, "data", os.Getenv(lab.DataEnv), "`folder` of the data; the default is $"+lab.DataEnv)
	s.strictFlag(cmd)
}

// facesFlags say which faces of videos are meant.
func (s *surroundings) facesFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.faces, "faces", "", "`folder` of the faces that are cut from videos; the default is $"+extract.DirEnv+", then one in the user's cache")
	s.cutFlags(cmd)
}

// cutFlags say how faces are cut from videos.
func (s *surroundings) cutFlags(cmd *cobra.Command) {
	usual := extract.Default
	cmd.Flags().IntVar(&s.cut.Frames, "frames", usual.Frames, "frames of a video, evenly spread, in which faces are looked for")
	cmd.Flags().IntVar(&s.cut.Run, "consecutive", usual.Run, "how many of the frames are consecutive: with 32, --frames 128 are 4 runs of 32, for methods that look at clips")
	cmd.Flags().Float64Var(&s.cut.Margin, "margin", usual.Margin, "room on each side of a face, in the longer of its sides")
	cmd.Flags().IntVar(&s.cut.Side, "side", usual.Side, "largest side of the picture of a face in pixels")
}

func (s *surroundings) strictFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.strict, "strict", false, "fail at the first bad image or manifest row instead of skipping, naming and counting it")
}

func (s *surroundings) leaksFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.leaks, "allow-leaks", false, "test on people, videos and pictures that are trained on, too, and mark these figures")
}

func (s *surroundings) backendFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.backend, "backend", "", "`what` computes: xla:cuda, xla:cpu, xla:/path/of/plugin.so, or go (very slow); the default is $GOMLX_BACKEND, then the best there is")
}

func (s *surroundings) devicesFlag(cmd *cobra.Command) {
	cmd.Flags().IntVar(&s.devices, "devices", 1, "`devices` of the backend, such as GPUs, that share each training batch")
}

func (s *surroundings) memoryFlag(cmd *cobra.Command, usage string) {
	cmd.Flags().StringVar(&s.memory, "memory", "", usage)
}

// oneMemory is the usage of memoryFlag where there is one process.
const oneMemory = "`memory` that faces may take, such as 500MB or 2GiB (a number alone is in GB); what has no room is decoded at each use; " +
	"the default is $" + source.MemoryEnv + ", then a quarter of what the machine or its control group has"

// budget is the memory for faces in bytes, 0 if the flag is not given.
func (s *surroundings) budget() (int64, error) {
	if s.memory == "" {
		return 0, nil
	}
	n, err := source.ParseMemory(s.memory)
	if err != nil {
		return 0, fmt.Errorf("seelab: --memory: %w", err)
	}
	return n, nil
}

// open calls do with the lab; progress goes to stderr.
func (s *surroundings) open(cmd *cobra.Command, do func(*lab.Lab) error) error {
	progress := terminal.NewProgress(cmd.ErrOrStderr())
	defer progress.Close()
	return s.openReporting(progress.Report, do)
}

// openReporting calls do with the lab; progress goes to report.
func (s *surroundings) openReporting(report func(lab.Event), do func(*lab.Lab) error) (err error) {
	memory, err := s.budget()
	if err != nil {
		return err
	}
	options := []lab.Option{lab.WithMemory(memory), lab.WithData(s.data), lab.WithBackend(s.backend), lab.WithDevices(s.devices), lab.WithReport(report)}
	if s.cut != (extract.Params{}) {
		options = append(options, lab.WithFaces(s.faces, s.cut))
	}
	if s.strict {
		options = append(options, lab.WithStrict())
	}
	if s.leaks {
		options = append(options, lab.WithLeaks())
	}
	l, err := lab.Open(s.results, options...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return do(l)
}
