package env_test

import (
	"context"
	"fmt"

	"github.com/seeable-lab/seeable/lab/env"
)

// Whoever is told hears of notes and of stages; nothing computes before it is asked to.
func Example() {
	e := env.New("results/runs")
	defer e.Close()
	e.Tell = func(event env.Event) { fmt.Println(event.Note, event.Stage, event.Done, event.Total) }
	e.Note("%d faces", 1)
	if err := e.Each(context.Background(), "drawing", 1, func(_, _ int) error { return nil }); err != nil {
		panic(err)
	}
	// Output:
	// 1 faces  0 0
	//  drawing 1 1
}
