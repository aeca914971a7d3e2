package bridge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// errInUse: another bridge works with the data folder.
var errInUse = errors.New("the data folder is in use by another bridge")

// lockWait is how long a process that was killed just now may take to end its store.
const lockWait = 15 * time.Second

// lock takes the data folder for this process. The lock lies on the open file: it ends with the last process that has
// it, and the store has it too, so that two stores never write to the same files.
func lock(ctx context.Context, dir string, wait time.Duration) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			f.Close()
			return nil, fmt.Errorf("lock the data folder: %w", err)
		}
		if !pause(ctx, 100*time.Millisecond) {
			f.Close()
			return nil, errInUse
		}
	}
}

// pause waits and reports whether ctx has not ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
