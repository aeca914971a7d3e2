package httpapi

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"syscall"
)

var errFileTooLarge = errors.New("the file is larger than Telegram takes")

// A diskError is what the bridge's own disk has refused: no fault of whoever sends.
type diskError struct{ error }

// Unwrap returns what was refused.
func (e diskError) Unwrap() error { return e.error }

const (
	// mostReserve is how much of the disk is left free, at most; of a small one a tenth. A store beside the uploads ends when
	// it can write no more.
	mostReserve = 512 << 20
	// untilLook is how much is written before the disk is looked at again.
	untilLook = 4 << 20
)

// errNoRoom is a disk that has not enough left. It looks as a full one does.
var errNoRoom = fmt.Errorf("little is left of the disk: %w", syscall.ENOSPC)

// room is how full a disk is: roomOn, but in tests.
type room func(folder string) (total, free int64, known bool)

// takes reports, as an error, that a disk has no room for n bytes and its reserve.
func (r room) takes(folder string, n int64) error {
	total, free, known := r(folder)
	if known && free-n < min(mostReserve, total/10) {
		return errNoRoom
	}
	return nil
}

// A spooled is a file that is being written down.
type spooled struct {
	to     *os.File
	hash   hash.Hash
	room   room
	folder string
	look   int64 // bytes until the disk is looked at
}

// Write writes on.
func (s *spooled) Write(p []byte) (int, error) {
	if s.look -= int64(len(p)); s.look < 0 {
		if err := s.room.takes(s.folder, untilLook); err != nil {
			return 0, diskError{err}
		}
		s.look = untilLook
	}
	s.hash.Write(p)
	n, err := s.to.Write(p)
	if err != nil {
		err = diskError{err}
	}
	return n, err
}

// spool writes a file down, of which about expected bytes are to come; -1: that is not known. Its name is given even if it
// failed, for it is to be removed then.
func spool(r room, folder string, from io.Reader, expected int64) (name string, sum [sha256.Size]byte, n int64, err error) {
	if err := r.takes(folder, max(0, min(expected, largestFile))); err != nil {
		return "", sum, 0, diskError{err}
	}
	to, err := os.CreateTemp(folder, "upload-*") // for its owner only
	if err != nil {
		return "", sum, 0, diskError{err}
	}
	w := &spooled{to: to, hash: sha256.New(), room: r, folder: folder, look: untilLook}
	n, err = io.Copy(w, io.LimitReader(from, largestFile+1))
	if err == nil && n > largestFile {
		err = errFileTooLarge
	}
	if closed := to.Close(); closed != nil && err == nil {
		err = diskError{closed}
	}
	return to.Name(), [sha256.Size]byte(w.hash.Sum(nil)), n, err
}
