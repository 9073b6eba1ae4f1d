//go:build unix

package store

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// jobEnv tells this test's program that it is started as one of many processes at work on toys.
const jobEnv = "SEEABLE_STORE_JOB"

// job is what such a process does.
type job struct {
	Root  string
	IDs   []string
	Steps int
	Lease time.Duration
	Pause time.Duration // before every step
	Stand int           // the step before which it prints "standing" and waits for a line on stdin, −1 for none
	Wait  bool          // for cells that others have, until they are finished
}

func TestMain(m *testing.M) {
	text := os.Getenv(jobEnv)
	if text == "" {
		os.Exit(m.Run())
	}
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	j.do()
}

// do prints a line for each cell: "made", "finished", "busy", or the error.
func (j job) do() {
	for _, id := range j.IDs {
		r := newToy(j.Root, id)
		r.steps, r.lease = j.Steps, j.Lease
		r.at = func(step int) {
			time.Sleep(j.Pause)
			if step == j.Stand {
				fmt.Println("standing")
				_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
			}
		}
		for {
			_, err := r.run(context.Background())
			switch {
			case err == nil:
				fmt.Println("made", id)
			case errors.Is(err, ErrFinished):
				fmt.Println("finished", id)
			case errors.Is(err, ErrBusy):
				if j.Wait {
					time.Sleep(5 * time.Millisecond)
					continue
				}
				fmt.Println("busy", id)
			case errors.Is(err, ErrLost):
				fmt.Println("lost", id)
			default:
				fmt.Println("error", err)
			}
			break
		}
	}
}

func (j job) command(t testing.TB) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), jobEnv+"="+string(text), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	return cmd
}

// A process at work is killed at random moments, and another goes on, until runs have been killed often enough.
func TestKilled(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 6
	}
	rng := rand.New(rand.NewPCG(1, 2))
	root := t.TempDir()
	// How long an undisturbed process takes, to aim at all of it, the commit too.
	start := time.Now()
	j := job{Root: root, IDs: []string{"undisturbed"}, Steps: 10, Lease: time.Second, Stand: -1}
	if out, err := j.command(t).Output(); err != nil || string(out) != "made undisturbed\n" {
		t.Fatalf("%q, error %v", out, err)
	}
	whole := time.Since(start)
	steps := map[int]int{}
	killed, cells := 0, 0
	for ; killed < kills; cells++ {
		r := newToy(root, fmt.Sprintf("cell-%d", cells))
		j.IDs = []string{r.id}
		for {
			cmd := j.command(t)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(time.Duration(rng.Float64()*float64(whole)*1.2), func() { _ = cmd.Process.Kill() })
			err := cmd.Wait()
			timer.Stop()
			if err == nil {
				break
			}
			killed++
			e := Look(root, r.id)
			steps[e.Step]++
			if e.Status == Finished {
				if err := Verify(filepath.Join(root, r.id)); err != nil {
					t.Errorf("killed at its commit: %v", err)
				}
			}
		}
		r.finish(t)
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("%d kills of %d cells; an undisturbed one takes %v; killed by newest checkpoint: %v", killed, cells, whole.Round(time.Millisecond), steps)
	if len(steps) < 3 && !testing.Short() {
		t.Errorf("killed after the checkpoints %v only", steps)
	}
}

// Of 16 processes on one cell one makes it, and 16 processes on 16 cells, each in an order of its own, make each once.
func TestManyProcesses(t *testing.T) {
	const processes = 16
	for _, cells := range []int{1, 16} {
		t.Run(fmt.Sprint(cells, " cells"), func(t *testing.T) {
			j := job{Root: t.TempDir(), Steps: 4, Lease: 10 * time.Second, Stand: -1, Wait: true}
			lines := make(chan string, processes*cells)
			var wait sync.WaitGroup
			for p := range processes {
				j.IDs = nil
				for i := range cells {
					j.IDs = append(j.IDs, fmt.Sprintf("cell-%d", (i*5+p)%cells))
				}
				cmd := j.command(t)
				wait.Go(func() {
					out, err := cmd.Output()
					if err != nil {
						t.Error(err)
					}
					for line := range strings.Lines(string(out)) {
						lines <- strings.TrimSpace(line)
					}
				})
			}
			wait.Wait()
			close(lines)
			made := map[string]int{}
			for line := range lines {
				what, id, _ := strings.Cut(line, " ")
				switch what {
				case "made":
					made[id]++
				case "finished":
				default:
					t.Errorf("a process says %q", line)
				}
			}
			if len(made) != cells {
				t.Errorf("%d cells were made, want %d", len(made), cells)
			}
			for id, n := range made {
				if n != 1 {
					t.Errorf("%s was made %d times", id, n)
				}
				r := newToy(j.Root, id)
				r.steps = j.Steps
				r.check(t)
			}
		})
	}
}

// An owner that stood still past its lease finds its cell taken over: its commit is refused, whether the new owner has
// finished or not, and even if it never looked.
func TestStoppedOwner(t *testing.T) {
	for _, name := range []string{"taken over", "finished", "removed"} {
		t.Run(name, func(t *testing.T) {
			j := job{Root: t.TempDir(), IDs: []string{"toy"}, Steps: 10, Lease: 300 * time.Millisecond, Stand: 5}
			cmd := j.command(t)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			pipe, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			out := bufio.NewReader(pipe)
			line := func() string {
				text, err := out.ReadString('\n')
				if err != nil && err != io.EOF {
					t.Error(err)
				}
				return strings.TrimSpace(text)
			}
			if got := line(); got != "standing" {
				t.Fatalf("the process says %q", got)
			}
			if _, err := Claim(t.Context(), j.Root, "toy", j.Lease); !errors.Is(err, ErrBusy) {
				t.Errorf("claim beside a live owner: %v", err)
			} else if busy, ok := errors.AsType[*BusyError](err); !ok || busy.Owner.PID != cmd.Process.Pid {
				t.Errorf("%v, want process %d", err, cmd.Process.Pid)
			}
			if err := Remove(t.Context(), j.Root, "toy"); !errors.Is(err, ErrBusy) {
				t.Errorf("removed beside a live owner: %v", err)
			}
			if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			r := newToy(j.Root, "toy")
			r.lease = j.Lease
			var mine *Cell
			for end := time.Now().Add(20 * time.Second); mine == nil; {
				if mine, err = Claim(t.Context(), r.root, r.id, r.lease); err != nil && !errors.Is(err, ErrBusy) || time.Now().After(end) {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Millisecond)
			}
			if mine.Fence() != 2 {
				t.Errorf("fencing number %d, want 2", mine.Fence())
			}
			switch name {
			case "finished":
				if _, err := r.work(mine); err != nil {
					t.Fatal(err)
				}
			case "removed":
				if _, err := r.work(mine); err != nil {
					t.Fatal(err)
				}
				if err := Remove(t.Context(), r.root, r.id); err != nil {
					t.Fatal(err)
				}
			}
			if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(in, "\n"); err != nil {
				t.Fatal(err)
			}
			if got := line(); got != "lost toy" {
				t.Errorf("the process that stood still says %q", got)
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
			switch name {
			case "taken over":
				if err := mine.Check(); err != nil {
					t.Error(err)
				}
				if _, err := r.work(mine); err != nil {
					t.Error(err)
				}
				r.check(t)
			case "finished":
				r.check(t)
			case "removed":
				if e := Look(r.root, r.id); e.Status != "" {
					t.Errorf("a removed run is %s again", e.Status)
				}
			}
		})
	}
}

// benchmarkCells makes b.N toy cells of one step each with as many processes.
func benchmarkCells(b *testing.B, processes int) {
	root := b.TempDir()
	var commands []*exec.Cmd
	for p := range processes {
		j := job{Root: root, Steps: 1, Lease: time.Minute, Stand: -1}
		for i := p; i < b.N; i += processes {
			j.IDs = append(j.IDs, fmt.Sprintf("cell-%06d", i))
		}
		commands = append(commands, j.command(b))
	}
	b.ResetTimer()
	var wait sync.WaitGroup
	for _, cmd := range commands {
		wait.Go(func() {
			if out, err := cmd.Output(); err != nil || strings.Contains(string(out), "error") {
				b.Errorf("%s %v", out, err)
			}
		})
	}
	wait.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cells/s")
	if made, err := List(root); err != nil || len(made) != b.N {
		b.Errorf("%d cells of %d, error %v", len(made), b.N, err)
	}
}

// BenchmarkCells claims and commits toy cells; run it with -benchtime 1000x.
func BenchmarkCells(b *testing.B) {
	for _, processes := range []int{1, 8, 64} {
		b.Run(fmt.Sprint("processes=", processes), func(b *testing.B) { benchmarkCells(b, processes) })
	}
}
