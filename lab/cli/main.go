// Package cli is the command seelab, a thin layer over package lab. A program whose main calls [Main] is a seelab with the
// methods, encoders and losses of the packages that it imports besides:
//
//	import (
//		_ "example.org/boundary"
//
//		"github.com/seeable-lab/seeable/lab/cli"
//	)
//
//	func main() { cli.Main() }
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/cli/sweeps"
	"github.com/seeable-lab/seeable/lab/cluster"
	"github.com/seeable-lab/seeable/lab/terminal"
)

// Main runs the command line that the process was called with, and ends the process. detectors are folders of packed detectors that
// the program carries along, as package pack lists them; seelab score takes the first where it is told none.
func Main(detectors ...fs.FS) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr, detectors...))
}

// Exit codes.
const (
	failed      = 1
	misused     = 2
	interrupted = 130 // as a shell says of a command that SIGINT ended
)

// execute runs a command line and returns its exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer, detectors ...fs.FS) int {
	root := newRoot(detectors...)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	called, err := root.ExecuteContextC(ctx)
	var failure failure
	switch {
	case err == nil:
		return 0
	case errors.Is(err, sweeps.ErrTryAgain):
		fmt.Fprintf(stderr, "seelab: %s\n", message(err))
		return cluster.TryAgain
	case ctx.Err() != nil:
		text := "interrupted"
		if stopped, ok := errors.AsType[*lab.StoppedError](err); ok {
			text += ": " + stopped.Error()
		}
		fmt.Fprintf(stderr, "seelab: %s\n", text)
		return interrupted
	case errors.As(err, &failure):
		fmt.Fprintf(stderr, "seelab: %s\n", message(err))
		return failed
	default:
		fmt.Fprintf(stderr, "seelab: %s (see %s --help)\n", message(err), called.CommandPath())
		return misused
	}
}

// failure is an error of a command that was called rightly.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// message is an error in one line behind the name of the command, which it may begin with itself.
func message(err error) string { return strings.TrimPrefix(terminal.OneLine(err), "seelab: ") }
