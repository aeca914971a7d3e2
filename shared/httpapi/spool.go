package httpapi

import (
	"crypto/sha256"
	"errors"
	"io"
	"os"

	"telegram-client/shared/disk"
)

var errFileTooLarge = errors.New("the file is larger than Telegram takes")

// A diskError is what the bridge's own disk has refused: no fault of whoever sends.
type diskError struct{ error }

// Unwrap returns what was refused.
func (e diskError) Unwrap() error { return e.error }

// A diskWriter writes to the bridge's own disk.
type diskWriter struct{ io.Writer }

// Write writes on.
func (w diskWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		err = diskError{err}
	}
	return n, err
}

// spool writes a file down, of which about expected bytes are to come; -1: that is not known. Its name is given even if it
// failed, for it is to be removed then.
func spool(r disk.Room, folder string, from io.Reader, expected int64) (name string, sum [sha256.Size]byte, n int64, err error) {
	if err := r.Takes(folder, max(0, min(expected, largestFile))); err != nil {
		return "", sum, 0, diskError{err}
	}
	to, err := os.CreateTemp(folder, "upload-*") // for its owner only
	if err != nil {
		return "", sum, 0, diskError{err}
	}
	hash := sha256.New()
	n, err = io.Copy(io.MultiWriter(diskWriter{r.Writer(to, folder)}, hash), io.LimitReader(from, largestFile+1))
	if err == nil && n > largestFile {
		err = errFileTooLarge
	}
	if closed := to.Close(); closed != nil && err == nil {
		err = diskError{closed}
	}
	return to.Name(), [sha256.Size]byte(hash.Sum(nil)), n, err
}
