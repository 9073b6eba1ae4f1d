package detector_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing/fstest"

	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/face"
)

// A program that scores the pictures that it is given, by eight goroutines: whose faces share passes through the network.
func ExampleOpen() {
	ctx := context.Background()
	d, err := detector.Open(ctx, "results/runs/seeable-small-0123456789abcdef", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	paths := make(chan string)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for path := range paths {
				picture, err := face.Open(path)
				var r detector.Result
				if err == nil {
					r, err = d.Image(ctx, picture)
				}
				fmt.Println(path, r.Found, r.Score, err)
			}
		})
	}
	for _, path := range os.Args[1:] {
		paths <- path
	}
	close(paths)
	wait.Wait()
}

// A folder, here one that is embedded in a program, that holds no detector says what it lacks.
func ExampleOpenFS() {
	_, err := detector.OpenFS(context.Background(), fstest.MapFS{"spec.toml": {}, "metrics.json": {}}, nil)
	fmt.Println(errors.Is(err, detector.ErrNone))
	fmt.Println(err)
	// Output:
	// true
	// detector: no detector here: weights.safetensors is not there; want the folder of a finished run, or what seelab export --detector writes
}
