package source

import (
	"fmt"
	"io/fs"
	"iter"
	"math"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// MemoryEnv is the environment variable that says how much memory faces may take when nothing else does.
const MemoryEnv = "SEEABLE_MEMORY"

// LeastMemory is the least that may be given to faces, in bytes: what a few faces take that are being read at the same time,
// one of them a photograph of 24 megapixels.
const LeastMemory = 100e6

// unknownMemory is the default where the system does not tell what there is.
const unknownMemory = 1 << 30

// DefaultMemory is how many bytes faces may take: $SEEABLE_MEMORY, else a quarter of what the machine has or of what the
// control group of this process may take, whichever is less.
func DefaultMemory() (int64, error) {
	if text := os.Getenv(MemoryEnv); text != "" {
		n, err := ParseMemory(text)
		if err != nil {
			return 0, fmt.Errorf("source: $%s: %w", MemoryEnv, err)
		}
		return n, nil
	}
	total := machineMemory(os.DirFS("/"))
	if total == 0 {
		return unknownMemory, nil
	}
	return max(LeastMemory, total/4), nil
}

var memoryForm = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) *(?:([kmgt])(i?)b?|b)?$`)

// ParseMemory reads an amount of memory, such as 500MB, 2GiB or 1.5GB, and returns it in bytes; a number alone is in GB. Less
// than [LeastMemory] is an error.
func ParseMemory(text string) (int64, error) {
	lower := strings.ToLower(strings.TrimSpace(text))
	parts := memoryForm.FindStringSubmatch(lower)
	if parts == nil {
		return 0, fmt.Errorf("memory is %q; want an amount such as 500MB, 2GiB or 1.5GB", text)
	}
	n, err := strconv.ParseFloat(parts[1], 64)
	base, power := 1000.0, 3.0
	switch {
	case parts[2] != "":
		power = float64(strings.Index("kmgt", parts[2]) + 1)
		if parts[3] != "" {
			base = 1024
		}
	case strings.HasSuffix(lower, "b"):
		power = 0
	}
	n *= math.Pow(base, power)
	if err != nil || n >= 1<<60 {
		return 0, fmt.Errorf("memory is %q; no machine has that much", text)
	}
	if n < LeastMemory {
		return 0, fmt.Errorf("memory is %q; want at least %s: less does not hold the faces that are being read at one time", text, FormatMemory(LeastMemory))
	}
	return int64(n), nil
}

// FormatMemory is an amount of memory as [ParseMemory] reads it, without loss.
func FormatMemory(bytes int64) string {
	for _, unit := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}} {
		if bytes != 0 && bytes%unit.size == 0 {
			return fmt.Sprintf("%d%s", bytes/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%dB", bytes)
}

// machineMemory is what the machine has, or what the control group of this process and those above it may take, whichever is
// less, in bytes; 0 if the system does not tell. Both versions of control groups are known.
func machineMemory(root fs.FS) int64 {
	least := int64(0)
	limit := func(n int64) {
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	limit(1024 * numberOf(root, "proc/meminfo", "MemTotal:"))
	for dir, group := range controlGroups(root) {
		limit(group.limit(root, dir))
	}
	if least > 1<<60 {
		return 0
	}
	return least
}

// AvailableMemory is how many bytes this process can still take before the machine, or one of its control groups, has no more;
// 0 if the system does not tell. What files take that can be dropped counts as available.
func AvailableMemory() int64 { return availableMemory(os.DirFS("/")) }

func availableMemory(root fs.FS) int64 {
	least := 1024 * numberOf(root, "proc/meminfo", "MemAvailable:")
	for dir, group := range controlGroups(root) {
		limit := group.limit(root, dir)
		if limit <= 0 || limit > 1<<60 {
			continue
		}
		left := limit - numberOf(root, path.Join(dir, group.used), "") + numberOf(root, path.Join(dir, "memory.stat"), group.files)
		if left = max(left, 1); least == 0 || left < least {
			least = left
		}
	}
	return least
}

// controlGroup names the files of a version of control groups: the limit, what is used, and the key in memory.stat of what
// files take that were not used lately.
type controlGroup struct{ most, used, files string }

var (
	version1 = controlGroup{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}
	version2 = controlGroup{"memory.max", "memory.current", "inactive_file"}
)

// limit is the bytes that a group may take; 0 if it has no limit in version 2, almost 2⁶³ in version 1.
func (c controlGroup) limit(root fs.FS, dir string) int64 {
	return numberOf(root, path.Join(dir, c.most), "")
}

// controlGroups are the folders of the control groups of this process and those above them.
func controlGroups(root fs.FS) iter.Seq2[string, controlGroup] {
	return func(yield func(string, controlGroup) bool) {
		// A line is hierarchy:controllers:path; version 2 has hierarchy 0 and no controllers. In a container the path may be that on
		// the host, so that only the root of the files is there.
		groups, _ := fs.ReadFile(root, "proc/self/cgroup")
		for line := range strings.Lines(string(groups) + "0::/\n1:memory:/\n") {
			parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
			if len(parts) != 3 {
				continue
			}
			mount, version := "sys/fs/cgroup", version2
			if parts[1] != "" {
				if mount, version = "sys/fs/cgroup/memory", version1; !strings.Contains(","+parts[1]+",", ",memory,") {
					continue
				}
			}
			for dir := path.Clean("/" + parts[2]); ; dir = path.Dir(dir) {
				if !yield(path.Join(mount, dir), version) {
					return
				}
				if dir == "/" {
					break
				}
			}
		}
	}
}

// numberOf is the number that follows key in a line of a file, or that the file begins with if key is "". What is not there is
// 0, and so is "max".
func numberOf(root fs.FS, file, key string) int64 {
	text, _ := fs.ReadFile(root, file)
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if key != "" && (len(fields) < 2 || fields[0] != key) {
			continue
		}
		if key != "" {
			fields = fields[1:]
		}
		if len(fields) == 0 {
			return 0
		}
		n, _ := strconv.ParseInt(fields[0], 10, 64)
		return n
	}
	return 0
}
