//go:build unix && !linux

package main

import (
	"os/exec"
	"syscall"
)

// newProcess is a process of a group of its own, so that Ctrl-C reaches it
// through stop alone.
func newProcess(name string, arguments ...string) *exec.Cmd {
	cmd := exec.Command(name, arguments...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}
