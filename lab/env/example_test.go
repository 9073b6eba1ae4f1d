package env_test

import (
	"fmt"

	"github.com/seeable-lab/seeable/lab/env"
)

// Whoever is told hears of notes and of stages; nothing computes before it is asked to.
func Example() {
	e := env.New("results/runs")
	defer e.Close()
	e.Tell = func(event env.Event) { fmt.Println(event.Note, event.Stage, event.Done, event.Total) }
	e.Note("%d faces", 1)
	e.Report(env.Event{Stage: "drawing", Done: 1, Total: 1})
	// Output:
	// 1 faces  0 0
	//  drawing 1 1
}
