package discrepancy

import "github.com/seeable-lab/seeable/lab/jpeg"

// A Workspace is the memory that making images needs. It is used again from image to image; one goroutine at a time may
// use it. The zero value is ready.
type Workspace struct {
	perturbed, coloured, small canvas
	larger                     [2]canvas // of a degradation: the latest, and the one before

	curves    curves
	resampler resampler
	sums      []uint64

	region, core, narrowed bitmap
	spans                  [][2]int
	blendMask              blendMask

	bend    bend
	columns []column
	shifts  []float32

	columnPlaces, rowPlaces []place
	kernel                  []float32
	line, lines, soft       []float32
	jpeg                    jpeg.Codec

	gradients gradientBlend
}
