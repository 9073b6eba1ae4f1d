package cluster

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
)

// reason says in one line why a child failed.
func (e *end) reason(code int) string {
	// A program of ours says it in its last line; a crash prints more after its first.
	said := strings.TrimSpace(e.stderr)
	if cut := strings.LastIndexByte(said, '\n'); cut >= 0 && code > 0 {
		said = said[cut+1:]
	} else if cut := strings.IndexByte(said, '\n'); cut >= 0 {
		said = said[:cut]
	}
	said = strings.TrimPrefix(said, "seelab: ")
	switch {
	case e.err == nil:
		return "its process ended without a result"
	case code > 0 && said != "":
		return said
	case said != "":
		return fmt.Sprintf("%v: %s", e.err, said)
	}
	return e.err.Error()
}

// peakMemory is the most memory that a process held, in bytes; 0 where the system does not tell.
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

// lines is a writer that calls each for every line; the last may lack its end.
type lines struct {
	each func([]byte)
	part []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.part = append(l.part, p...)
	for {
		line, rest, found := bytes.Cut(l.part, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.part = rest
		l.each(line)
	}
}

// tail is a writer that keeps the end of what it gets, from the start of a line.
type tail struct{ kept []byte }

const tailSize = 8192

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if excess := len(t.kept) - tailSize; excess > 0 {
		t.kept = append(t.kept[:0], t.kept[excess:]...)
		if _, whole, found := bytes.Cut(t.kept, []byte("\n")); found {
			t.kept = whole
		}
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.kept) }
