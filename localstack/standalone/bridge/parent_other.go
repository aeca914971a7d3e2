//go:build !linux

package bridge

import "syscall"

// dieWithParent does nothing: only Linux tells a child of its parent's death. A store that outlives a killed bridge
// keeps the lock of the data folder until somebody ends it.
func dieWithParent(*syscall.SysProcAttr) {}
