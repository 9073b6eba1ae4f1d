package terminal_test

import (
	"bytes"
	"fmt"

	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/terminal"
)

// A buffer is no terminal: a stage that takes less than 10 s has one line, at its end.
func Example() {
	var out bytes.Buffer
	progress := terminal.NewProgress(&out)
	progress.Report(env.Event{Note: "FF++ c40: 3 images of 400 cannot be read"})
	for n := range 25 {
		progress.Report(env.Event{Stage: "testing", Done: n + 1, Total: 25})
	}
	progress.Close()
	fmt.Print(out.String())
	// Output:
	// FF++ c40: 3 images of 400 cannot be read
	// testing, 25 of 25
}
