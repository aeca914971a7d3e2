//go:build linux || darwin

package disk

import "syscall"

// Look returns how many bytes the disk of a folder has, and how many of them may still be written.
func Look(folder string) (total, free int64, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil || s.Blocks == 0 { // not all file systems count
		return 0, 0, false
	}
	return int64(s.Blocks) * int64(s.Bsize), int64(s.Bavail) * int64(s.Bsize), true
}
