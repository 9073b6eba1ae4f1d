package cluster

import (
	"bytes"
	"fmt"
	"strings"
)

// reason says in one line why a child failed.
func (e *end) reason() string {
	if e.err == nil {
		return "its process ended without a result"
	}
	said := ""
	for line := range strings.Lines(e.stderr) {
		line = strings.TrimSpace(line)
		if text, ours := strings.CutPrefix(line, "seelab: "); ours {
			return text
		}
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return line // what follows is where
		}
		if line != "" {
			said = line
		}
	}
	if said == "" {
		return e.err.Error()
	}
	return fmt.Sprintf("%v: %s", e.err, said)
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
