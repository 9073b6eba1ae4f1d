//go:build unix

package cli

import (
	"runtime"
	"syscall"
)

// peakRSS is the most memory that the process has had in use, in 10⁶ bytes; 0 where the system does not report it.
func peakRSS() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	bytes := float64(usage.Maxrss)
	if runtime.GOOS != "darwin" {
		bytes *= 1024 // Linux counts in KiB
	}
	return bytes / 1e6
}
