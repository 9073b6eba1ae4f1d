package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Lease is how long an owner may be silent before its cell is free for others, unless [Claim] is told otherwise.
const Lease = time.Minute

// Owner is a process that works, or worked, on a cell.
type Owner struct {
	Name    string  `json:"owner"` // random: no two claims share it
	Host    string  `json:"host"`
	Boot    string  `json:"boot,omitempty"` // of the host's kernel, where that is known: the same one only since its start
	PID     int     `json:"pid"`
	Started string  `json:"started"`       // of the claim, RFC 3339
	Seconds float64 `json:"lease_seconds"` // how long it may be silent
}

func (o Owner) String() string {
	if o.Name == "" {
		return "a process that has not yet written its name"
	}
	return fmt.Sprintf("process %d on %s since %s", o.PID, o.Host, o.Started)
}

// Errors of a claim.
var (
	// ErrBusy tells that another live process works on the cell; errors.AsType[*BusyError] says which.
	ErrBusy = errors.New("store: busy")
	// ErrFinished tells that the cell is finished.
	ErrFinished = errors.New("store: finished already")
	// ErrLost tells that another process has taken the cell over, because this one was silent for longer than its lease.
	ErrLost = errors.New("store: lost")
)

// BusyError is ErrBusy with the process at work.
type BusyError struct {
	Run   string
	Owner Owner
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("store: %s is being made by %v; wait for it, or stop that process", e.Run, e.Owner)
}

// Is makes errors.Is(e, ErrBusy) true.
func (e *BusyError) Is(target error) bool { return target == ErrBusy }

// now is the wall clock. It decides only whether a lease deserves a longer look, so that a wrong clock costs time, not
// a result.
var now = time.Now

// thisHost is this machine's name and the id of its running kernel.
var thisHost = sync.OnceValues(func() (name, boot string) {
	name, err := os.Hostname()
	if err != nil {
		name = "unknown"
	}
	text, _ := os.ReadFile("/proc/sys/kernel/random/boot_id") // "" where there is none
	return name, strings.TrimSpace(string(text))
})

// A lease is a file named by its fencing number: a line with the [Owner] and a line with the number of the last beat,
//
//	{"owner":"…","host":"node7","pid":4711,…}
//	beat 000000000017
//
// or "free" in place of "beat" once it was given back. Who creates the file of the next number has the cell; creating a
// file that must not exist is atomic also on network file systems. The owner holds a flock on its file, so that on its
// own host its death shows at once; elsewhere, and when it stands still, an observer sees no beat for a lease's time on
// its own monotonic clock.
type lease struct {
	path  string
	fence int
	owner Owner
	lock  *flock.Flock

	mu   sync.Mutex // of all below
	file file
	head int64 // bytes of the first line
	beat int
}

// leaseName is the file name of a fencing number.
func leaseName(fence int) string { return fmt.Sprintf("%09d", fence) }

// lastLease is the greatest fencing number in a folder of leases, 0 if there is none.
func lastLease(dir string) (int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	last := 0
	for _, entry := range entries {
		if fence, err := strconv.Atoi(entry.Name()); err == nil {
			last = max(last, fence)
		}
	}
	return last, nil
}

// takeLease creates the lease of a fencing number. It fails with fs.ErrExist if another process was faster.
func takeLease(dir string, fence int, length time.Duration) (*lease, error) {
	host, boot := thisHost()
	l := &lease{path: filepath.Join(dir, leaseName(fence)), fence: fence, owner: Owner{
		Name: strings.ToLower(rand.Text()), Host: host, Boot: boot, PID: os.Getpid(),
		Started: now().UTC().Format(time.RFC3339), Seconds: length.Seconds(),
	}}
	var err error
	if l.file, err = disk.Open(l.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL); err != nil {
		return nil, err
	}
	// Before the name is written, so that nobody sees a named lease without its lock. Where there are no locks the beats
	// must do.
	l.lock = flock.New(l.path, flock.SetFlag(os.O_RDWR))
	_, _ = l.lock.TryLock()
	head, err := json.Marshal(l.owner)
	if err == nil {
		head = append(head, '\n')
		l.head = int64(len(head))
		_, err = l.file.Write(append(head, l.line("beat")...))
	}
	if err != nil {
		return nil, errors.Join(err, l.drop(), disk.Remove(l.path))
	}
	return l, nil
}

func (l *lease) line(word string) string { return fmt.Sprintf("%s %012d\n", word, l.beat) }

// renew writes the next beat.
func (l *lease) renew() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	l.beat++
	_, err := l.file.WriteAt([]byte(l.line("beat")), l.head)
	return err
}

// release marks the lease as given back.
func (l *lease) release() error {
	l.mu.Lock()
	var err error
	if l.file != nil {
		_, err = l.file.WriteAt([]byte(l.line("free")), l.head)
	}
	l.mu.Unlock()
	return errors.Join(err, l.drop())
}

// drop lets go of the file and its lock without a word, as the end of the process does.
func (l *lease) drop() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := errors.Join(l.file.Close(), l.lock.Close())
	l.file = nil
	return err
}

// held tells whether the lease is still the newest: nobody has taken the cell over.
func (l *lease) held() error {
	last, err := lastLease(filepath.Dir(l.path))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: the folder is gone", ErrLost)
	}
	if err != nil {
		return err
	}
	if last == l.fence {
		text, err := os.ReadFile(l.path)
		if owner, _, ok := parseLease(text); err == nil && ok && owner.Name == l.owner.Name {
			return nil
		}
	}
	text, _ := os.ReadFile(filepath.Join(filepath.Dir(l.path), leaseName(last)))
	owner, _, _ := parseLease(text)
	return fmt.Errorf("%w: taken over by %v, as this process was silent for more than %v", ErrLost, owner, time.Duration(l.owner.Seconds*float64(time.Second)))
}

// parseLease reads the text of a lease. It is not ok when the text was not written in full.
func parseLease(text []byte) (owner Owner, free, ok bool) {
	head, tail, _ := strings.Cut(string(text), "\n")
	if json.Unmarshal([]byte(head), &owner) != nil || owner.Name == "" {
		return Owner{}, false, false
	}
	return owner, strings.HasPrefix(tail, "free "), true
}

// leaseState is what an observer knows of a lease.
type leaseState int

const (
	leaseFree  leaseState = iota // given back, or its owner is dead
	leaseLive                    // its owner has been at work a short time ago
	leaseQuiet                   // no news for longer than it may take: only watching tells
)

// look reads a lease without waiting. length is the time of an owner that has not written its own.
func look(path string, length time.Duration) (Owner, leaseState, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Owner{}, leaseFree, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Owner{}, leaseFree, err
	}
	owner, free, ok := parseLease(text)
	if free {
		return owner, leaseFree, nil
	}
	if ok {
		length = time.Duration(owner.Seconds * float64(time.Second))
		// Locks hold within one kernel, whatever its containers call themselves.
		if _, boot := thisHost(); owner.Boot != "" && owner.Boot == boot && unlocked(path) {
			return owner, leaseFree, nil
		}
	}
	// A beat from the future is no news either: a clock was set.
	if now().Sub(info.ModTime()).Abs() <= length {
		return owner, leaseLive, nil
	}
	return owner, leaseQuiet, nil
}

// unlocked tells that no process holds the flock of a file.
func unlocked(path string) bool {
	// A shared lock, so that observers do not take each other for the owner.
	probe := flock.New(path, flock.SetFlag(os.O_RDONLY))
	defer probe.Close()
	locked, err := probe.TryRLock()
	return err == nil && locked
}

// watch looks at a quiet lease until it changes, which shows its owner alive, or has not for the owner's lease time.
func watch(ctx context.Context, path string, length time.Duration) (dead bool, err error) {
	first, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	if owner, _, ok := parseLease(first); ok {
		length = time.Duration(owner.Seconds * float64(time.Second))
	}
	end := time.NewTimer(length)
	defer end.Stop()
	again := time.NewTicker(max(length/20, time.Millisecond))
	defer again.Stop()
	for over := false; !over; {
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-end.C:
			over = true
		case <-again.C:
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return false, err
		}
		if string(text) != string(first) {
			return false, nil
		}
	}
	return true, nil
}
