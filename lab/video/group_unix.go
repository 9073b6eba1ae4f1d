//go:build unix

package video

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// ownGroup puts the command in a process group of its own, so that killing it also kills what it started, where ffmpeg is a
// script around the real one. A key that interrupts the terminal's programs does not reach it: its context must.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
}
