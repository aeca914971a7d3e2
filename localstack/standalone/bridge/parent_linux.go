package bridge

import "syscall"

// dieWithParent makes a child end when this process is killed.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGTERM }
