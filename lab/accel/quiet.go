package accel

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"

	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"
)

// logged is where GoMLX's log lines go: to stderr, as without this package, except while Open
// probes for plugins. A probe that fails is no news to a user, and its reason belongs in the error.
var logged = &logSink{}

// klog may be redirected only before anything logs, hence an init.
func init() {
	klog.SetLogger(textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(logged))))
}

type logSink struct {
	mu   sync.Mutex
	held *bytes.Buffer // nil while lines go to stderr
}

func (s *logSink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != nil {
		return s.held.Write(p)
	}
	return os.Stderr.Write(p)
}

// hold sets lines aside until the function it returns is called, which gives the last of them
// without its header.
func (s *logSink) hold() (release func() string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = new(bytes.Buffer)
	return func() string {
		s.mu.Lock()
		defer s.mu.Unlock()
		lines := strings.Split(strings.TrimSpace(s.held.String()), "\n")
		s.held = nil
		last := lines[len(lines)-1]
		if _, text, ok := strings.Cut(last, "] "); ok {
			return text
		}
		return last
	}
}

// caught runs f, which calls GoMLX, with its logging set aside, and turns a panic into an error.
// Callers hold the registry's turn.
func caught(f func() error) (err error) {
	release := logged.hold()
	defer func() {
		p := recover()
		last := release()
		switch {
		case p == nil:
		case last != "":
			// go-xla logs why a plugin does not load, then trips over the nil handle.
			err = fmt.Errorf("%s", last)
		default:
			err = fmt.Errorf("%v", p)
		}
	}()
	return f()
}
