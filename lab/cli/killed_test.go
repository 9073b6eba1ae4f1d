package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
)

// killsEnv has [TestKilledRuns] kill the run of each method as often as it says.
const killsEnv = "SEEABLE_KILLS"

// toldEnv makes the test binary do a run that saves its state after each step, prints a line for each event and waits for one on
// stdin. It holds the paths of spec, data and results.
const toldEnv = "SEEABLE_TEST_TOLD"

func tell(paths []string) {
	s, err := experiments.Load(paths[0])
	var l *lab.Lab
	in := bufio.NewReader(os.Stdin)
	if err == nil {
		l, err = lab.Open(paths[2], lab.WithData(paths[1]), lab.WithBackend("xla:cpu"), lab.WithCheckpoints(time.Nanosecond),
			lab.WithReport(func(lab.Event) {
				fmt.Println("event")
				_, _ = in.ReadString('\n')
			}))
	}
	if err == nil {
		_, err = l.Run(context.Background(), s)
		err = errors.Join(err, l.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(failed)
	}
	os.Exit(0)
}

// Whatever the method, a run that is killed at events drawn among all, from its first to its last, ends with the bytes of one
// that ran through. One kill a method:
//
//	SEEABLE_KILLS=1 go test -run TestKilledRuns -v ./lab/cli
func TestKilledRuns(t *testing.T) {
	kills, err := strconv.Atoi(os.Getenv(killsEnv))
	if err != nil {
		t.Skipf("$%s is not set to a number of kills", killsEnv)
	}
	acceltest.ForTest(t)
	data, _ := drawData(t)
	for _, m := range spec.Methods() {
		if m.Fakes == spec.FakesNeeded {
			continue // there are none among the drawn faces
		}
		t.Run(m.Name, func(t *testing.T) {
			s, err := experiments.Load(m.Name + "-mini")
			if err != nil {
				t.Fatal(err)
			}
			for _, set := range []string{"name=killed", `data.train=["real/drawn"]`, "data.holdout=0.3",
				"encoder.size=32", "train.steps=6", "train.batch=8", "train.validate=2"} {
				if err := s.Set(set); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(t.TempDir(), "killed.toml")
			write(t, path, []byte(s.TOML()))
			// run ends with the process, or kills it at its nth event; n is 0 for never.
			run := func(results string, n int) (events int, killed bool) {
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), toldEnv+"="+path+string(os.PathListSeparator)+data+string(os.PathListSeparator)+results)
				cmd.Stderr = os.Stderr
				in, err := cmd.StdinPipe()
				if err != nil {
					t.Fatal(err)
				}
				out, err := cmd.StdoutPipe()
				if err == nil {
					err = cmd.Start()
				}
				if err != nil {
					t.Fatal(err)
				}
				for lines := bufio.NewScanner(out); lines.Scan(); {
					if events++; events == n {
						err = cmd.Process.Kill()
					} else {
						_, err = io.WriteString(in, "\n")
					}
					if err != nil {
						t.Error(err)
					}
				}
				if err = cmd.Wait(); err != nil && cmd.ProcessState.Exited() {
					t.Fatalf("the run failed: %v", err)
				}
				return events, err != nil
			}
			undisturbed, disturbed := t.TempDir(), t.TempDir()
			run(t.TempDir(), 0) // what is read and compiled once has events of its own
			events, _ := run(undisturbed, 0)
			for i := range kills {
				n := 1 + stream.New(1, "kill "+m.Name, i).IntN(events)
				_, killed := run(disturbed, n)
				if !killed && i == 0 {
					t.Errorf("not killed at event %d of %d", n, events)
				}
				t.Logf("event %d of %d: killed %v, step %d", n, events, killed, store.Look(disturbed, lab.ID(s)).Step)
			}
			run(disturbed, 0)
			want, got := folder(t, filepath.Join(undisturbed, lab.ID(s))), folder(t, filepath.Join(disturbed, lab.ID(s)))
			for _, name := range []string{store.ScoresFile, store.WeightsFile, store.SpecFile} {
				if got[name] != want[name] || want[name] == "" {
					t.Errorf("%s differs from that of a run that ran through", name)
				}
			}
		})
	}
}
