package main

import (
	"os/exec"
	"syscall"
)

// newProcess is a process of a group of its own, so that Ctrl-C reaches it
// through stop alone; the kernel ends it when this one is killed.
func newProcess(name string, arguments ...string) *exec.Cmd {
	cmd := exec.Command(name, arguments...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	return cmd
}
