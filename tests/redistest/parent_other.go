//go:build !linux

package redistest

import "os/exec"

// dieWithParent would end the server with the test's process: only Linux can.
func dieWithParent(*exec.Cmd) {}
