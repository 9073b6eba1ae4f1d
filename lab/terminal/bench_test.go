package terminal

import (
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/bench"
)

// A method has one row, whose last figure is that of scoring.
func TestBenchTables(t *testing.T) {
	var b strings.Builder
	Samples(&b, []bench.Speed{{Method: "one", Size: 128, ImagesPerSecond: 211.6, CPUPerImage: 4.25, Cost: 1.517}})
	Systems(&b, []bench.Speed{
		{Method: "two", Encoder: "net", Size: 64, Batch: 32, ImagesPerSecond: 900, InputPerSecond: 1000, NetworkPerSecond: 1100, FacesPerSecond: 1},
		{Method: "two", ImagesPerSecond: 7, FacesPerSecond: 1234},
	})
	for _, want := range []string{"one        128       212             4.25  1.52\n", "two     net          64     32      900         1000           1100          1234\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}
