package compiler

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Executables is a folder of compiled programs, for several processes at once. An entry is written aside and renamed into place,
// and begins with its checksum: a damaged one is ignored. When they take more than the limit, the least recently used ones are
// removed.
//
// Errors of reading and writing are not reported: the program is compiled, which costs only time.
type Executables struct {
	dir   string
	limit int64
}

// NewExecutables keeps executables in the folder dir, of limit bytes at most. It makes no folder yet.
func NewExecutables(dir string, limit int64) *Executables { return &Executables{dir, limit} }

const extension = ".executable"

func (e *Executables) path(key string) string { return filepath.Join(e.dir, key+extension) }

func (e *Executables) get(key string) (executable []byte, ok bool) {
	data, err := os.ReadFile(e.path(key))
	if err != nil || len(data) < sha256.Size {
		return nil, false
	}
	sum := sha256.Sum256(data[sha256.Size:])
	if !bytes.Equal(sum[:], data[:sha256.Size]) {
		return nil, false
	}
	now := time.Now()
	_ = os.Chtimes(e.path(key), now, now)
	return data[sha256.Size:], true
}

func (e *Executables) put(key string, executable []byte) {
	if err := os.MkdirAll(e.dir, 0o700); err != nil {
		return
	}
	aside, err := os.CreateTemp(e.dir, "*.part")
	if err != nil {
		return
	}
	sum := sha256.Sum256(executable)
	_, err = aside.Write(slices.Concat(sum[:], executable))
	if err = cmp.Or(err, aside.Close()); err == nil {
		err = os.Rename(aside.Name(), e.path(key))
	}
	if err != nil {
		_ = os.Remove(aside.Name())
		return
	}
	e.trim()
}

func (e *Executables) drop(key string) { _ = os.Remove(e.path(key)) }

// trim removes what was not used for longest until the rest is within the limit, and what a process that died has left.
func (e *Executables) trim() {
	entries, err := os.ReadDir(e.dir)
	if err != nil {
		return
	}
	var kept []fs.FileInfo
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			continue
		}
		switch filepath.Ext(entry.Name()) {
		case extension:
			kept = append(kept, info)
		case ".part":
			if time.Since(info.ModTime()) > time.Hour {
				_ = os.Remove(filepath.Join(e.dir, entry.Name()))
			}
		}
	}
	slices.SortFunc(kept, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	var size int64
	for _, info := range kept {
		if size += info.Size(); size > e.limit {
			_ = os.Remove(filepath.Join(e.dir, info.Name()))
		}
	}
}

// module is the name of a program, in which GoMLX counts the graphs of the process.
var module = regexp.MustCompile(`^module @\S+`)

// keyOf names the executable of a program.
func keyOf(identity string, program, options []byte) string {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(identity), module.ReplaceAll(program, nil), options} {
		fmt.Fprintf(h, "%d\n%s", len(part), part)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// processor is the kind of the processors and how many there are, for which XLA compiles. It is known on Linux only.
func processor() (kind string, known bool) {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", false
	}
	lines := []string{runtime.GOARCH, fmt.Sprint(runtime.NumCPU())}
	first, _, _ := strings.Cut(string(info), "\n\n")
	for line := range strings.Lines(first) {
		name, _, _ := strings.Cut(line, "\t")
		switch name {
		case "model name", "cpu family", "model", "stepping", "flags", "Features", "CPU implementer", "CPU part", "CPU variant":
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n"), true
}
