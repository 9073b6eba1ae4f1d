package accel

import (
	"fmt"
	"os"
	"sync"

	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"
)

// logged is where GoMLX's log lines go: to stderr, as without this package, except while Open tries
// plugins. That one fails is no news to a user, and the reason is in the error too.
var logged = &logSink{}

// klog may be redirected only before anything logs, hence an init.
func init() {
	klog.SetLogger(textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(logged))))
}

type logSink struct {
	mu   sync.Mutex
	held bool
}

func (s *logSink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held {
		return len(p), nil
	}
	return os.Stderr.Write(p)
}

// hold drops lines until the function it returns is called.
func (s *logSink) hold() (release func()) {
	set := func(held bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.held = held
	}
	set(true)
	return func() { set(false) }
}

// caught runs f, which calls GoMLX, with its logging set aside, and turns a panic into an error.
// Callers hold the registry's turn.
func caught(f func() error) (err error) {
	release := logged.hold()
	defer release()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return f()
}
