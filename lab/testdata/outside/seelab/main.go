// Command seelab knows the detectors of this module, too.
package main

import (
	_ "example.org/boundary"

	"github.com/seeable-lab/seeable/lab/cli"
)

func main() { cli.Main() }
