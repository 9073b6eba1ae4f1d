package cluster

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/lab/spec"
)

// cores is how many threads this process may run at once.
func cores() int { return runtime.GOMAXPROCS(0) }

// memoryOf estimates the bytes that a cell takes, for the first cells of a sweep; then what they took is known. The
// program with its plugin, the faces (a few thousand, at most 256 pixels wide) and the compiler take about a gigabyte;
// the activations of a batch grow with its pixels.
func memoryOf(s spec.Spec) int64 {
	const program, perPixel = 1 << 30, 1000
	side := int64(s.Encoder.Size)
	return program + int64(s.Train.Batch)*side*side*perPixel
}

// freeMemory is what processes can still take, in bytes, within the limits of the control group; 0 where the system does
// not report it.
func freeMemory() int64 {
	free := number("/proc/meminfo", "MemAvailable:") * 1024
	// A container sees its own control group as the root.
	const group = "/sys/fs/cgroup/"
	if limit := number(group+"memory.max", ""); limit > 0 {
		// The cache of files counts as used, but makes room.
		inside := max(1, limit-number(group+"memory.current", "")+number(group+"memory.stat", "inactive_file"))
		if free == 0 || inside < free {
			free = inside
		}
	}
	return free
}

// number reads the number after a word at the start of a line of a file, or the file's first number without a word; 0
// where there is none.
func number(path, word string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, word); found {
			for _, field := range strings.Fields(rest) {
				n, _ := strconv.ParseInt(field, 10, 64)
				return n
			}
		}
	}
	return 0
}
