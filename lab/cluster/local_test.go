package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/seeable-lab/seeable/lab/method" // the defaults name its methods
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// The test binary is its own child: this variable says how it behaves, the second names a folder for what it leaves.
const childEnv, folderEnv = "SEEABLE_TEST_CHILD", "SEEABLE_TEST_FOLDER"

func TestMain(m *testing.M) {
	if behaviour, isChild := os.LookupEnv(childEnv); isChild {
		os.Exit(child(behaviour, os.Getenv(folderEnv)))
	}
	os.Exit(m.Run())
}

// child is the process of a cell.
func child(behaviour, folder string) int {
	say := func(m Message) { _ = json.NewEncoder(os.Stdout).Encode(m) }
	mark := func(name string) { _ = os.WriteFile(filepath.Join(folder, name), nil, 0o600) }
	marked := func(name string) bool { _, err := os.Stat(filepath.Join(folder, name)); return err == nil }
	name, number, _ := strings.Cut(behaviour, " ")
	switch name {
	case "ok":
		say(Message{Stage: "training", Done: 1, Total: 2, Loss: 3})
		fmt.Println("a library speaks")
		say(Message{Record: &store.Record{Run: "run-" + number, Versions: map[string]string{
			"GOMAXPROCS": os.Getenv("GOMAXPROCS"), "PJRT_NPROC": os.Getenv("PJRT_NPROC"),
		}}})
	case "fail":
		fmt.Fprintln(os.Stderr, "a note\nseelab: no data there")
		return 1
	case "panic":
		panic("something is wrong")
	case "kill":
		fmt.Fprintln(os.Stderr, "a note")
		if p, err := os.FindProcess(os.Getpid()); err == nil {
			_ = p.Kill()
		}
		select {}
	case "silent":
	case "wait", "stubborn": // works until it is told to stop
		say(Message{Stage: "training", Done: 1, Total: 2})
		_, _ = io.Copy(io.Discard, os.Stdin)
		if name == "stubborn" {
			time.Sleep(time.Hour)
		}
		mark("saved-" + number)
		return TryAgain
	case "busy": // the first time
		if !marked("seen-" + number) {
			mark("seen-" + number)
			say(Message{Busy: true, Note: "process 7 has it"})
			return TryAgain
		}
		return child("ok "+number, folder)
	case "slow":
		time.Sleep(100 * time.Millisecond)
		return child("ok "+number, folder)
	}
	return 0
}

// cellsLike makes a cell for each behaviour; networks says which train the same, by number, or nil for all different.
func cellsLike(behaviours []string, networks []int) []spec.Cell {
	cells := make([]spec.Cell, len(behaviours))
	for i := range cells {
		s := spec.Default()
		s.Seed = uint64(i)
		if networks != nil {
			s.Seed = uint64(networks[i])
		}
		cells[i] = spec.Cell{Index: i, Label: fmt.Sprint("cell ", i), Spec: s}
	}
	return cells
}

// shares, if it is there, gets what each child of play may take for faces.
var shares *[]int64

// play runs cells of some behaviours and returns the events.
func play(t *testing.T, ctx context.Context, l Local, behaviours []string, networks []int, each func(Event)) (events []Event, err error) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	l.Command = func(c spec.Cell, faces int64) *exec.Cmd {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", childEnv, behaviours[c.Index], c.Index), folderEnv+"="+folder)
		if shares != nil {
			*shares = append(*shares, faces)
		}
		return cmd
	}
	if l.Memory == 0 {
		l.Memory = 1 << 50
	}
	err = l.Run(ctx, cellsLike(behaviours, networks), func(e Event) {
		events = append(events, e)
		if each != nil {
			each(e)
		}
	})
	saved, globErr := filepath.Glob(filepath.Join(folder, "saved-*"))
	if globErr != nil {
		t.Fatal(globErr)
	}
	t.Logf("%d events, %d saved", len(events), len(saved))
	for i, behaviour := range behaviours {
		if behaviour == "wait" {
			if _, err := os.Stat(filepath.Join(folder, fmt.Sprint("saved-", i))); err != nil && last(events, i).Seconds > 0 {
				t.Errorf("cell %d was started and did not save its work", i)
			}
		}
	}
	return events, err
}

func last(events []Event, cell int) (e Event) {
	for _, event := range events {
		if event.Cell == cell {
			e = event
		}
	}
	return e
}

// most is how many cells ran at once.
func most(events []Event) int {
	n := 0
	for _, e := range events {
		n = max(n, e.Counts[Running])
	}
	return n
}

func TestAFailedCellStopsNoOther(t *testing.T) {
	events, err := play(t, t.Context(), Local{Jobs: 2, Cores: 4}, []string{"ok", "fail", "panic", "kill", "silent", "ok", "ok"}, nil, nil)
	failure, ok := errors.AsType[*SweepError](err)
	if !ok || *failure != (SweepError{Failed: 4, Cells: 7}) || !strings.Contains(err.Error(), "4 of 7 cells failed") {
		t.Errorf("error %v", err)
	}
	for cell, want := range map[int]string{
		1: "no data there", 2: "panic: something is wrong", 3: "signal: killed: a note", 4: "its process ended without a result",
	} {
		if e := last(events, cell); e.State != Failed || !strings.Contains(e.Error, want) || strings.Contains(e.Error, "\n") {
			t.Errorf("cell %d: %s, error %q, want failed with %q", cell, e.State, e.Error, want)
		}
	}
	if e := last(events, 2); !strings.Contains(e.Stderr, "goroutine ") {
		t.Errorf("the end of stderr is %q, want the trace", e.Stderr)
	}
	for _, cell := range []int{0, 5, 6} {
		e := last(events, cell)
		if e.State != Finished || e.Record == nil || e.Record.Run != fmt.Sprint("run-", cell) || e.Label != fmt.Sprint("cell ", cell) {
			t.Errorf("cell %d: %+v, want finished with its own record", cell, e)
		}
	}
	if n := most(events); n != 2 {
		t.Errorf("%d cells ran at once, want 2", n)
	}
	final := events[len(events)-1].Counts
	if final[Finished] != 3 || final[Failed] != 4 || len(final) != 2 {
		t.Errorf("counts at the end: %v", final)
	}
	training, noise := false, false
	for _, e := range events {
		training = training || e.Cell == 0 && e.Stage == "training" && e.Done == 1 && e.Total == 2 && e.Loss == 3
		noise = noise || e.Cell == 0 && e.Note == "a library speaks" && e.Stage == "training"
	}
	if !training || !noise {
		t.Errorf("progress came through: %v; what is no message came as a note: %v", training, noise)
	}
}

// Each child gets an equal share of the cores.
func TestCores(t *testing.T) {
	for _, c := range []struct {
		jobs, cores, cells int
		want               string
	}{{2, 4, 4, "2"}, {3, 4, 4, "1"}, {1, 4, 2, "4"}, {8, 4, 8, "1"}, {4, 4, 1, "4"}} {
		behaviours := make([]string, c.cells)
		for i := range behaviours {
			behaviours[i] = "ok"
		}
		events, err := play(t, t.Context(), Local{Jobs: c.jobs, Cores: c.cores}, behaviours, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if v := last(events, 0).Record.Versions; v["GOMAXPROCS"] != c.want || v["PJRT_NPROC"] != c.want {
			t.Errorf("%d jobs on %d cores: the first child has %v threads, want %s", c.jobs, c.cores, v, c.want)
		}
	}
}

func TestMemoryLimitsJobs(t *testing.T) {
	need := memoryOf(spec.Default())
	for _, c := range []struct {
		memory int64
		want   int
	}{{10 * need, 3}, {2*need + 1, 2}, {need / 2, 1}} {
		events, err := play(t, t.Context(), Local{Jobs: 3, Cores: 3, Memory: c.memory}, []string{"slow", "slow", "slow"}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := most(events); n != c.want {
			t.Errorf("with memory for %.1f cells, %d ran at once, want %d", float64(c.memory)/float64(need), n, c.want)
		}
	}
}

// What faces may take is divided among the cells that run at once, and makes room for fewer of them.
func TestFacesShareTheMemory(t *testing.T) {
	need := memoryOf(spec.Default())
	for _, c := range []struct {
		memory, faces int64
		cells, want   int
	}{{10 * need, 3 * need, 3, 3}, {4 * need, 2 * need, 3, 2}, {4 * need, 4 * need, 3, 1}, {10 * need, 3 * need, 1, 1}, {10 * need, 0, 3, 3}} {
		var given []int64
		shares = &given
		events, err := play(t, t.Context(), Local{Jobs: 3, Cores: 3, Memory: c.memory, Faces: c.faces}, []string{"slow", "slow", "slow"}[:c.cells], nil, nil)
		shares = nil
		if err != nil {
			t.Fatal(err)
		}
		if n := most(events); n != c.want || given[0] != c.faces/int64(c.want) {
			t.Errorf("memory for %d cells, faces of %d: %d ran at once and the first had %d bytes for faces, want %d and %d",
				c.memory/need, c.faces/need, n, given[0], c.want, c.faces/int64(c.want))
		}
	}
}

// Cells of one network wait for the first of them; then they run beside each other.
func TestOneNetworkIsTrainedOnce(t *testing.T) {
	events, err := play(t, t.Context(), Local{Jobs: 4, Cores: 4}, []string{"slow", "slow", "slow", "slow", "slow"}, []int{1, 1, 1, 2, 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	running, done, beside := map[int]bool{}, false, 0
	for _, e := range events {
		switch e.State {
		case Running:
			running[e.Cell] = true
		case Finished:
			delete(running, e.Cell)
			done = done || e.Cell == 0
		}
		if running[0] && (running[1] || running[2] || running[4]) && !done {
			t.Fatalf("cells %v run, of which several train one network", running)
		}
		beside = max(beside, len(running))
	}
	if beside < 3 {
		t.Errorf("at most %d cells ran at once, want 3 when the network was there", beside)
	}
}

// When the one that trains fails, another one of its network takes its place.
func TestTheNextTrainsWhenTheFirstFails(t *testing.T) {
	events, err := play(t, t.Context(), Local{Jobs: 3, Cores: 3}, []string{"kill", "ok", "ok"}, []int{1, 1, 1}, nil)
	if _, ok := errors.AsType[*SweepError](err); !ok || last(events, 1).State != Finished || last(events, 2).State != Finished {
		t.Errorf("error %v, cells %s, %s", err, last(events, 1).State, last(events, 2).State)
	}
}

func TestBusyCellsAreLookedAtAgain(t *testing.T) {
	events, err := play(t, t.Context(), Local{Jobs: 1, Cores: 1, BusyPause: 200 * time.Millisecond}, []string{"busy", "ok"}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, e := range events {
		if e.State != Running {
			order = append(order, fmt.Sprint(e.Cell, " ", e.State))
		}
	}
	if got := strings.Join(order, ", "); got != "0 busy, 1 finished, 0 finished" {
		t.Errorf("%s; want the other cell done while the first is busy", got)
	}
}

func TestInterruptLetsChildrenSave(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	started := map[int]bool{}
	events, err := play(t, ctx, Local{Jobs: 2, Cores: 2, Grace: time.Minute}, []string{"wait", "wait", "wait"}, nil, func(e Event) {
		if started[e.Cell] = started[e.Cell] || e.Stage == "training"; len(started) == 2 && started[0] && started[1] {
			cancel()
		}
	})
	failure, ok := errors.AsType[*SweepError](err)
	if !ok || *failure != (SweepError{Interrupted: 3, Cells: 3}) {
		t.Errorf("error %v, want three interrupted", err)
	}
	for cell := range 3 {
		if e := last(events, cell); e.State != Interrupted {
			t.Errorf("cell %d: %s", cell, e.State)
		}
	}
	if last(events, 2).Seconds != 0 {
		t.Error("a cell was started after the interrupt")
	}
}

func TestStubbornChildrenAreKilled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events, err := play(t, ctx, Local{Jobs: 1, Cores: 1, Grace: 50 * time.Millisecond}, []string{"stubborn"}, nil, func(e Event) {
		if e.Stage == "training" {
			cancel()
		}
	})
	if e := last(events, 0); err == nil || e.State != Failed || !strings.Contains(e.Error, "killed") {
		t.Errorf("error %v, cell %s: %s", err, e.State, e.Error)
	}
}

func TestMissingProgram(t *testing.T) {
	l := Local{Jobs: 1, Command: func(spec.Cell, int64) *exec.Cmd { return exec.Command(filepath.Join(t.TempDir(), "none")) }}
	var events []Event
	err := l.Run(t.Context(), cellsLike([]string{"", ""}, nil), func(e Event) { events = append(events, e) })
	if err == nil || last(events, 1).State != Failed || !strings.Contains(last(events, 1).Error, "none") {
		t.Errorf("error %v, %+v", err, last(events, 1))
	}
}

func TestTail(t *testing.T) {
	var kept tail
	for i := range 10_000 {
		fmt.Fprintf(&kept, "line %d\n", i)
	}
	text := kept.String()
	if len(text) > tailSize || !strings.HasPrefix(text, "line ") || !strings.HasSuffix(text, "line 9999\n") {
		t.Errorf("%d bytes, from %q to %q", len(text), text[:20], text[len(text)-20:])
	}
}

func TestLeft(t *testing.T) {
	p := newPace(cellsLike(make([]string, 4), nil))
	if p.left() != 0 {
		t.Errorf("%g s before anything happened", p.left())
	}
	p.launch(0)
	p.progress(0, Message{Stage: "training", Done: 25, Total: 100})
	p.progress(0, Message{Stage: "training", Done: 75, Total: 100})
	// Half a cell in 10 s; the rest of it and three more are left.
	p.start = time.Now().Add(-10 * time.Second)
	if got := p.left(); got < 64 || got > 66 {
		t.Errorf("%g s while training, want 65", got)
	}
	// A whole cell took 40 s, of which another process had trained a quarter.
	p.launched[0] = time.Now().Add(-30 * time.Second)
	p.stop(0, true, true)
	p.launch(1)
	p.launched[1] = time.Now().Add(-10 * time.Second)
	if got := p.left(); got < 109 || got > 111 {
		t.Errorf("%g s after a cell of 40 s and 10 s of the second, want 110", got)
	}

	// Of four cells with one network the first trains; the others cost what the second took.
	p = newPace(cellsLike(make([]string, 4), []int{1, 1, 1, 1}))
	p.launch(0)
	p.progress(0, Message{Stage: "training", Done: 100, Total: 100})
	p.launched[0] = time.Now().Add(-100 * time.Second)
	p.stop(0, true, true)
	p.launch(1)
	p.launched[1] = time.Now().Add(-20 * time.Second)
	p.stop(1, true, true)
	p.launch(2)
	if got := p.left(); got < 39 || got > 41 {
		t.Errorf("%g s for two cells that do not train, want 40", got)
	}
}
