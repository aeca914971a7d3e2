// Package disk leaves some of a disk free when files that come from outside are written to it: a store that is on the same
// disk ends when it can write no more. Where a system does not tell how full a disk is, it is full when it is full.
package disk

import (
	"fmt"
	"io"
	"syscall"
)

const (
	// Reserve is how many bytes are left free, at most; of a small disk a tenth.
	Reserve = 512 << 20
	// UntilLook is how many bytes are written before the disk is looked at again.
	UntilLook = 4 << 20
)

// ErrNoRoom is a disk of which only the reserve is left. It is a syscall.ENOSPC.
var ErrNoRoom = fmt.Errorf("little is left of the disk: %w", syscall.ENOSPC)

// A Room tells how many bytes the disk of a folder has, and how many of them may still be written. Look is one.
type Room func(folder string) (total, free int64, known bool)

// Takes returns ErrNoRoom if the disk of a folder has no room for n bytes and its reserve.
func (r Room) Takes(folder string, n int64) error {
	if total, free, known := r(folder); known && free-n < min(Reserve, total/10) {
		return ErrNoRoom
	}
	return nil
}

// Writer returns what writes to a file of a folder as long as its disk takes it.
func (r Room) Writer(to io.Writer, folder string) io.Writer { return &writer{to, r, folder, 0} }

type writer struct {
	to     io.Writer
	room   Room
	folder string
	left   int64 // bytes until the disk is looked at
}

func (w *writer) Write(p []byte) (int, error) {
	if w.left -= int64(len(p)); w.left < 0 {
		w.left = UntilLook
		if err := w.room.Takes(w.folder, max(UntilLook, int64(len(p)))); err != nil {
			return 0, err
		}
	}
	return w.to.Write(p)
}
