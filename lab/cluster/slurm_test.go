//go:build unix

package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/lab/shell"
)

func job(command ...string) Slurm {
	return Slurm{
		Job:   Job{Name: "My sweep", Cells: 3, Command: command, Cores: 2, Memory: 3<<30 + 1, Grace: 90 * time.Second},
		Limit: 90 * time.Minute, Logs: "/logs",
	}
}

func TestSlurmDirectives(t *testing.T) {
	script := job("seelab", "cell", "it's", Index).Script()
	for _, want := range []string{
		"#!/bin/bash\n", "--job-name=my-sweep\n", "--array=0-2\n", "--cpus-per-task=2\n", "--mem=4G\n", "--time=90\n",
		"--signal=B:USR1@90\n", "--requeue\n", "--output=/logs/my-sweep-%A_%a.log\n",
		"\nseelab cell 'it'\\''s' \"$SLURM_ARRAY_TASK_ID\" &\n",
	} {
		if !strings.Contains(script, want) {
			t.Errorf("no %q in\n%s", want, script)
		}
	}
	if strings.Contains(script, "gres") {
		t.Error("asks for a GPU")
	}
	for logs, want := range map[string]string{
		"/my runs/slurm": `"/my runs/slurm/my-sweep-%A_%a.log"`, `/a"b\c`: `"/a\"b\\c/my-sweep-%A_%a.log"`,
		"/100%": "/100%%/my-sweep-%A_%a.log", "/50% of it": `"/50%% of it/my-sweep-%A_%a.log"`, "/結果": `"/結果/my-sweep-%A_%a.log"`,
	} {
		j := job("seelab", "--results", logs, Index)
		j.Logs = logs
		if script := j.Script(); !strings.Contains(script, "#SBATCH --output="+want+"\n") || !strings.Contains(script, "--results "+shell.Quote(logs)+" ") {
			t.Errorf("no --output=%s in\n%s", want, script)
		}
	}
	gpu := job("seelab", Index)
	gpu.GPUs = 2
	if !strings.Contains(gpu.Script(), "#SBATCH --gres=gpu:2\n#SBATCH --time") {
		t.Errorf("asks for no GPUs:\n%s", gpu.Script())
	}
	for name, want := range map[string]string{"": "sweep", "../A b": "a-b", strings.Repeat("long", 20): strings.Repeat("long", 11) + "lo"} {
		if got := (Job{Name: name}).name(); got != want {
			t.Errorf("a job called %q is named %q, want %q", name, got, want)
		}
	}
}

// The script under bash, with commands of Slurm that write down how they were called: a task that is told to go passes it
// on, waits for its cell, and goes back into the queue only if the cell asks for it and the job was not cancelled.
func TestSlurmScript(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash: the script was not run")
	}
	for _, c := range []struct {
		name     string
		state    string         // that squeue tells
		signal   syscall.Signal // that the batch shell gets
		trap     string         // what the cell does when it is told to stop, if it is not to save its work
		cell     string         // what it does after it has said that it is ready
		code     int
		requeued bool
	}{
		{name: "done", state: "RUNNING", cell: "exit 0"},
		{name: "failed", state: "RUNNING", cell: "exit 3", code: 3},
		{name: "time is up", state: "RUNNING", signal: syscall.SIGUSR1, cell: "work", code: TryAgain, requeued: true},
		{name: "preempted", state: "RUNNING", signal: syscall.SIGTERM, cell: "work", code: TryAgain, requeued: true},
		{name: "cancelled", state: "COMPLETING", signal: syscall.SIGTERM, cell: "work", code: TryAgain},
		{name: "done in time", state: "RUNNING", signal: syscall.SIGUSR1, trap: "sleep 0.2; exit 0", cell: "work"},
		{name: "crashed", state: "RUNNING", cell: "kill -9 $$", code: 128 + 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put := func(name, text string) {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/bash\n"+text+"\n"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			put("squeue", "echo "+c.state)
			put("scontrol", "echo \"$@\" >> "+filepath.Join(dir, "requeued"))
			if c.trap == "" {
				c.trap = "sleep 0.2; exit 75"
			}
			put("cell", "trap '"+c.trap+"' USR1\n"+`work() { while :; do sleep 0.02; done; }
echo "$1 $SLURM_ARRAY_TASK_ID $PJRT_NPROC" > `+filepath.Join(dir, "ready")+"\n"+c.cell)
			put("script", strings.TrimPrefix(job(filepath.Join(dir, "cell"), Index).Script(), "#!/bin/bash\n"))

			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, "bash", filepath.Join(dir, "script"))
			cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "SLURM_ARRAY_TASK_ID=2", "SLURM_JOB_ID=41")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ready := ""
			for ctx.Err() == nil && ready == "" {
				text, _ := os.ReadFile(filepath.Join(dir, "ready"))
				ready = string(text)
				time.Sleep(5 * time.Millisecond)
			}
			if ready != "2 2 2\n" {
				t.Errorf("index, variable and threads of the cell are %q", ready)
			}
			if c.signal != 0 {
				if err := cmd.Process.Signal(c.signal); err != nil {
					t.Fatal(err)
				}
			}
			// The exit code tells more than the error.
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			requeued, _ := os.ReadFile(filepath.Join(dir, "requeued"))
			want := ""
			if c.requeued {
				want = "requeue 41\n"
			}
			if string(requeued) != want {
				t.Errorf("scontrol was called with %q, want %q", requeued, want)
			}
		})
	}
}

func ExampleSlurm_Script() {
	script := Slurm{
		Job: Job{
			Name: "ablate-lambda", Cells: 12, Cores: 4, Memory: 8 << 30, Grace: 3 * time.Minute,
			Command: []string{"seelab", "cell", "ablate-lambda", Index, "--data", "/data"},
		},
		Limit: 4 * time.Hour, Logs: "/logs",
	}.Script()
	for line := range strings.Lines(script) {
		if strings.Contains(line, "array") || strings.HasPrefix(line, "seelab") {
			fmt.Print(line)
		}
	}
	// Output:
	// #SBATCH --array=0-11
	// seelab cell ablate-lambda "$SLURM_ARRAY_TASK_ID" --data /data &
}
