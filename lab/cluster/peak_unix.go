//go:build unix

package cluster

import (
	"os"
	"runtime"
	"syscall"
)

// peakMemory is the most memory that a process held, in bytes; 0 where the system doesn't report it.
func peakMemory(ended *os.ProcessState) int64 {
	if ended == nil {
		return 0
	}
	usage, ok := ended.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return usage.Maxrss
	}
	return usage.Maxrss * 1024
}
