// Package nb shows things below a cell of a GoNB notebook: text, tables, pictures, figures, the progress of a training.
//
//	nb.Markdown("**%d** faces", n)
//	nb.Figure(figure.Sphere{...})
//	run := nb.Must(l.Run(nb.Context(), s))
//
// Each function returns when the notebook has what it shows, so that nothing is lost when the cell's program ends. Outside
// of a notebook nothing is shown, so the same code runs in tests.
package nb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/janpfeifer/gonb/gonbui"
)

// Active tells whether this program is the cell of a notebook.
func Active() bool { return gonbui.IsNotebook }

// Markdown shows text as Markdown; format and args are those of fmt.Sprintf.
func Markdown(format string, args ...any) {
	if Active() {
		gonbui.DisplayMarkdown(fmt.Sprintf(format, args...))
		deliver()
	}
}

// HTML shows a piece of a page as it is.
func HTML(piece string) {
	if Active() {
		gonbui.DisplayHTML(piece)
		deliver()
	}
}

// deliver waits until the kernel has what was shown: what still is in the pipe when a cell's program ends is lost.
func deliver() {
	gonbui.Sync()
	if err := gonbui.Error(); err != nil {
		fail(fmt.Errorf("nb: the notebook's kernel does not take what the cell shows: %w", err))
	}
}

// Check ends the cell with a message if err is not nil.
func Check(err error) {
	if err != nil {
		fail(err)
	}
}

// Must returns value, or ends the cell with a message if err is not nil.
func Must[T any](value T, err error) T {
	Check(err)
	return value
}

// fail ends the program as a failing cell does. Deferred calls do not run.
func fail(err error) {
	if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("interrupted (%w)", err)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Context ends when the cell is interrupted: by the stop button of the notebook, or by Ctrl-C elsewhere.
func Context() context.Context { return interruptible() }

var interruptible = sync.OnceValue(func() context.Context {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	return ctx
})

// Path is a path in the checkout of the lab, given from its root, whatever folder the notebook lies in.
func Path(parts ...string) string {
	dir := os.Getenv("GONB_DIR") // where the notebook lies; the program lies elsewhere
	if dir == "" {
		dir = "."
	}
	dir, err := filepath.Abs(dir)
	Check(err)
	root := dir
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			root = at
			break
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	return filepath.Join(append([]string{root}, parts...)...)
}
