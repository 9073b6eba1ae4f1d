package cli

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/cli/sweeps"
	"github.com/seeable-lab/seeable/lab/store"
)

// slurm is a cluster of one node on this machine.
type slurm struct {
	t          *testing.T
	dir        string // of its configuration, state and logs
	controller *exec.Cmd
}

// startSlurm starts Slurm out of the folder $SEEABLE_SLURM, which .ci/slurm brings, or off the PATH. It needs no root and
// touches nothing outside of a folder of its own. The test is skipped where there is no Slurm.
func startSlurm(t *testing.T) *slurm {
	t.Helper()
	root := os.Getenv("SEEABLE_SLURM")
	if root != "" {
		libraries, err := filepath.Glob(filepath.Join(root, "usr/lib/*-linux-gnu"))
		if err != nil || len(libraries) != 1 {
			t.Fatalf("SEEABLE_SLURM=%s is no folder that .ci/slurm made", root)
		}
		t.Setenv("PATH", filepath.Join(root, "usr/bin")+":"+filepath.Join(root, "usr/sbin")+":"+os.Getenv("PATH"))
		t.Setenv("LD_LIBRARY_PATH", libraries[0]+":"+filepath.Join(libraries[0], "slurm-wlm")+":"+os.Getenv("LD_LIBRARY_PATH"))
	}
	if program("slurmctld") == "" || program("slurmd") == "" {
		t.Skip("no Slurm: not tested on one; SEEABLE_SLURM=$(.ci/slurm) brings it")
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir: the daemons may still write when the test has failed.
	dir, err := os.MkdirTemp("", "slurm")
	if err != nil {
		t.Fatal(err)
	}
	conf := fmt.Sprintf(`ClusterName=test
SlurmctldHost=%[1]s(127.0.0.1)
SlurmUser=%[2]s
SlurmdUser=%[2]s
AuthType=auth/none
CredType=cred/none
SlurmctldPort=%[3]d
SlurmdPort=%[4]d
StateSaveLocation=%[5]s/state
SlurmdSpoolDir=%[5]s/spool
SlurmctldPidFile=%[5]s/slurmctld.pid
SlurmdPidFile=%[5]s/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
NodeName=%[1]s NodeAddr=127.0.0.1 CPUs=2 RealMemory=16000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`, host, me.Username, freePort(t), freePort(t), dir)
	if root != "" {
		plugins, err := filepath.Glob(filepath.Join(root, "usr/lib/*-linux-gnu/slurm-wlm"))
		if err != nil || len(plugins) != 1 {
			t.Fatalf("%s has no plugins of Slurm", root)
		}
		conf += "PluginDir=" + plugins[0] + "\n"
	}
	write(t, filepath.Join(dir, "slurm.conf"), []byte(conf))
	for _, folder := range []string{"state", "spool"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("SLURM_CONF", filepath.Join(dir, "slurm.conf"))
	s := &slurm{t: t, dir: dir}
	s.controller = s.daemon("slurmctld", "-D")
	args := []string{"-D"}
	if helper := program("slurmstepd"); helper != "" && root != "" {
		args = append(args, "-d", helper)
	}
	node := s.daemon("slurmd", args...)
	t.Cleanup(func() {
		if t.Failed() {
			for _, log := range []string{"slurmctld.log", "slurmd.log"} {
				text, _ := os.ReadFile(filepath.Join(dir, log))
				t.Logf("%s:\n%s", log, text)
			}
		}
		_, _ = s.call("scancel", "--full", "--signal=KILL", "--user="+me.Username)
		for _, cmd := range []*exec.Cmd{s.controller, node} {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		os.RemoveAll(dir)
	})
	s.wait("an idle node", func() bool {
		out, err := s.call("sinfo", "--noheader", "--format=%T")
		return err == nil && strings.TrimSpace(out) == "idle"
	})
	return s
}

// program finds a program of Slurm; Debian adds -wlm to the names of the daemons.
func program(name string) string {
	for _, name := range []string{name, name + "-wlm"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (s *slurm) daemon(name string, args ...string) *exec.Cmd {
	s.t.Helper()
	log, err := os.OpenFile(filepath.Join(s.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(program(name), args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	return cmd
}

func (s *slurm) call(name string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := exec.Command(program(name), args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func (s *slurm) wait(what string, ready func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Minute); !ready(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			queue, _ := s.call("squeue")
			s.t.Fatalf("waited in vain for %s; the queue: %s", what, queue)
		}
	}
}

// A sweep on a real Slurm whose controller is killed as soon as it has taken the job, and one of whose tasks is told to go:
// every cell is done, and none twice.
func TestSlurm(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Slurm and trains")
	}
	s := startSlurm(t)
	acceltest.ForTest(t)
	path, data := tinySweep(t, 40, `{}, { loss.lambda = 0.5 }, { loss.lambda = 1 }`)
	runs := filepath.Join(t.TempDir(), "runs")
	script := filepath.Join(t.TempDir(), "job.sh")
	write(t, script, []byte(must(t, "sweep", path, "--slurm", "--data", data, "--results", runs, "--cores", "1", "--memory", "1")))
	_, cells, err := sweeps.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}

	t.Setenv(programEnv, "1") // goes into the job's environment
	job, err := s.call("sbatch", "--parsable", script)
	if err != nil {
		t.Fatal(job)
	}
	job = strings.TrimSpace(job)
	// Before that Slurm itself may forget the job, and after that start a task that runs already.
	s.wait("the controller to have written down the job", func() bool {
		state, _ := os.ReadFile(filepath.Join(s.dir, "state", "job_state"))
		return bytes.Contains(state, []byte("tiny"))
	})
	if err := s.controller.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.controller.Wait()
	s.controller = s.daemon("slurmctld", "-D")

	moved := lab.ID(cells[1].Spec)
	s.wait("the second cell to be at work", func() bool {
		leases, _ := filepath.Glob(filepath.Join(runs, store.UnfinishedFolder, moved, "lease", "*"))
		return len(leases) > 0
	})
	if out, err := s.call("scancel", "--signal=USR1", "--batch", job+"_1"); err != nil {
		t.Fatal(out)
	}
	s.wait("the second task to be back in the queue", func() bool {
		out, _ := s.call("squeue", "--noheader", "--jobs="+job+"_1", "--format=%T")
		return strings.TrimSpace(out) == "PENDING"
	})
	// Slurm lets a task that was put back wait for two minutes.
	if out, err := s.call("scontrol", "update", "jobid="+job+"_1", "StartTime=now"); err != nil {
		t.Fatal(out)
	}
	s.wait("the end of the job", func() bool {
		out, err := s.call("squeue", "--noheader")
		return err == nil && strings.TrimSpace(out) == ""
	})

	l, err := lab.Open(runs)
	if err != nil {
		t.Fatal(err)
	}
	found, err := l.Runs()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, c := range cells {
		want = append(want, lab.ID(c.Spec))
	}
	slices.Sort(want)
	if !slices.Equal(found, want) {
		logs, _ := filepath.Glob(filepath.Join(filepath.Dir(runs), "slurm", "*"))
		for _, log := range logs {
			text, _ := os.ReadFile(log)
			t.Logf("%s:\n%s", log, text)
		}
		t.Fatalf("runs %q, want %q", found, want)
	}
	if left, _ := filepath.Glob(filepath.Join(runs, store.UnfinishedFolder, "*")); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
	for _, id := range found {
		if err := l.Verify(id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		steps, err := store.ReadSteps(filepath.Join(runs, id, store.TrainingFile))
		if err != nil {
			t.Fatal(err)
		}
		for i, step := range steps {
			if step.Step != i+1 {
				t.Fatalf("%s: line %d of the training is step %d", id, i+1, step.Step)
			}
		}
		_, items, err := store.ReadItems(filepath.Join(runs, id, store.ScoresFile))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, it := range items {
			name := fmt.Sprint(it.Dataset, it.Method, it.Video, it.File)
			if seen[name] {
				t.Errorf("%s: %s is scored twice", id, name)
			}
			seen[name] = true
		}
		if len(steps) != 40 || len(items) == 0 {
			t.Errorf("%s: %d steps and %d faces", id, len(steps), len(items))
		}
	}
	log, err := os.ReadFile(filepath.Join(filepath.Dir(runs), "slurm", fmt.Sprintf("tiny-%s_1.log", job)))
	if err != nil || !strings.Contains(string(log), "start it again to continue") {
		t.Errorf("the task that was told to go says %q, %v", log, err)
	}
}
