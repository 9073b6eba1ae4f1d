// Package graphs keeps GoMLX's panics within the lab. GoMLX reports errors by a panic while a graph is built, and so do the lab's
// own functions that build graphs; what calls them outside of a GoMLX Exec does so within [Try]. An Exec catches panics whose
// value is an error; [Try] also those of other values.
package graphs

import (
	"fmt"
	"io"
	"runtime/debug"
)

// PanicError is a panic that [Try] has caught.
type PanicError struct {
	Value any    // what the panic was called with
	Stack []byte // of the goroutine where it was called, as of [debug.Stack]
}

// Error is the panic's value as text, without the stack.
func (e *PanicError) Error() string { return fmt.Sprint(e.Value) }

// Unwrap returns the panic's value if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Format prints the stack after the text for the verb %+v.
func (e *PanicError) Format(s fmt.State, verb rune) {
	switch {
	case verb == 'q':
		fmt.Fprintf(s, "%q", e.Error())
	case verb == 'v' && s.Flag('+'):
		fmt.Fprintf(s, "%s\n\n%s", e.Error(), e.Stack)
	default:
		io.WriteString(s, e.Error())
	}
}

// Try calls f and returns its error, or a [*PanicError] if it panics.
func Try(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{value, debug.Stack()}
		}
	}()
	return f()
}
