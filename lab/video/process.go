package video

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// process is a running ffmpeg whose stdout is read from the process and whose stderr goes to its log. It must be ended by
// end or stop.
type process struct {
	log    log
	path   string
	stall  time.Duration
	ctx    context.Context // of this process; its cause says why it was killed
	cancel context.CancelCauseFunc
	cmd    *exec.Cmd
	stdout io.Reader
	dog    *watchdog
	quiet  chan struct{} // closed when stderr ends

	once   sync.Once
	result error
}

// errStopped is the cause when this package needs no more output.
var errStopped = errors.New("stopped")

// start runs ffmpeg with the arguments input and output. comes is given to the log.
func (v *Video) start(ctx context.Context, input, output []string, comes func(stamp) (int, bool, error)) (*process, error) {
	p := &process{path: v.Path, stall: v.options.Stall, quiet: make(chan struct{})}
	p.log.more = sync.NewCond(&p.log.mu)
	p.log.comes = comes
	p.ctx, p.cancel = context.WithCancelCause(ctx)
	p.cmd = exec.CommandContext(p.ctx, v.options.FFmpeg, append(input, output...)...)
	p.cmd.Env = append(os.Environ(), "AV_LOG_FORCE_NOCOLOR=1")
	p.cmd.WaitDelay = 5 * time.Second
	ownGroup(p.cmd)
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		p.cancel(nil)
		return nil, fmt.Errorf("video: %w", err)
	}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		p.cancel(nil)
		return nil, fmt.Errorf("video: %w", err)
	}
	p.stdout = stdout
	p.dog = newWatchdog(p.stall, func() { p.cancel(ErrStalled) })
	if err := p.cmd.Start(); err != nil {
		p.cancel(nil)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("video: %q: %w", v.Path, context.Cause(ctx))
		}
		return nil, fmt.Errorf("video: %w: cannot run it: %v", ErrNoFFmpeg, err)
	}
	p.dog.wake()
	go func() {
		defer close(p.quiet)
		defer p.log.end()
		lines := bufio.NewReader(stderr)
		for cut := false; ; {
			line, more, err := lines.ReadLine()
			if err != nil {
				return
			}
			p.dog.feed()
			// What is said beyond the buffer of a very long line is of no interest.
			if !cut {
				p.log.line(string(line))
			}
			cut = more
		}
	}()
	return p, nil
}

// Read reads ffmpeg's stdout.
func (p *process) Read(b []byte) (int, error) {
	n, err := p.stdout.Read(b)
	p.dog.feed()
	return n, err
}

// end waits until ffmpeg ends, which it does only once its output has been read, and says how it ended. If called again
// it returns the same.
func (p *process) end() error {
	p.once.Do(func() {
		p.dog.wake()
		<-p.quiet
		err := p.cmd.Wait()
		p.dog.sleep()
		cause := context.Cause(p.ctx)
		p.cancel(nil)
		switch {
		case err == nil, errors.Is(cause, errStopped):
		case errors.Is(cause, ErrStalled):
			p.result = fmt.Errorf("video: %w: it said nothing about %q for %v and was killed%s", ErrStalled, p.path, p.stall, because(p.log.tail()))
		case cause != nil:
			p.result = fmt.Errorf("video: %q: %w", p.path, cause)
		default:
			p.result = fmt.Errorf("video: %q: ffmpeg failed, %w%s", p.path, err, because(p.log.tail()))
		}
	})
	return p.result
}

// stop kills ffmpeg and waits until it is gone. Its error is that of a process that was killed before for another reason.
func (p *process) stop() error {
	p.cancel(errStopped)
	return p.end()
}

// failed reports whether ffmpeg ended by itself and was not content.
func (p *process) failed() bool {
	var exit *exec.ExitError
	return errors.As(p.end(), &exit) && exit.Exited()
}

// watchdog barks when it is awake and was not fed for some time.
type watchdog struct {
	mu    sync.Mutex
	awake bool
	timer timer
	limit time.Duration
}

// timer is what a watchdog needs of a [time.Timer].
type timer interface {
	Reset(time.Duration) bool
	Stop() bool
}

// afterFunc is [time.AfterFunc]. Only tests replace it, to have a time of their own.
var afterFunc = func(d time.Duration, f func()) timer { return time.AfterFunc(d, f) }

func newWatchdog(limit time.Duration, bark func()) *watchdog {
	w := &watchdog{limit: limit}
	w.timer = afterFunc(limit, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.awake {
			bark()
		}
	})
	w.timer.Stop()
	return w
}

func (w *watchdog) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.awake = true
	w.timer.Reset(w.limit)
}

func (w *watchdog) feed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.awake {
		w.timer.Reset(w.limit)
	}
}

func (w *watchdog) sleep() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.awake = false
	w.timer.Stop()
}
