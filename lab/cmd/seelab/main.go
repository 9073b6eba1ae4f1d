// Command seelab trains, tests and looks into deepfake detectors that learn from real faces only; seelab help lists what it
// does. One that knows methods from elsewhere, too, is this file with their imports.
package main

import (
	"github.com/seeable-lab/seeable/lab/cli"
	"github.com/seeable-lab/seeable/results/detectors"
)

func main() { cli.Main(detectors.Files) }
