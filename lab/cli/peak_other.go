//go:build !unix

package cli

func peakRSS() float64 { return 0 }
