package disk

import (
	"bytes"
	"errors"
	"path/filepath"
	"syscall"
	"testing"
)

func disk(total, free int64) Room {
	return func(string) (int64, int64, bool) { return total, free, true }
}

func TestTakes_LeavesTheReserve(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		room Room
		want error
	}{
		"enough":                 {disk(100<<30, Reserve+7), nil},
		"too little":             {disk(100<<30, Reserve+6), ErrNoRoom},
		"a small disk":           {disk(1000, 107), nil},
		"a small disk, too full": {disk(1000, 106), ErrNoRoom},
		"not known":              {func(string) (int64, int64, bool) { return 0, 0, false }, nil},
	} {
		if err := test.room.Takes("folder", 7); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !errors.Is(ErrNoRoom, syscall.ENOSPC) {
		t.Error("it does not look like a full disk")
	}
}

func TestWriter_LooksWhileItWrites(t *testing.T) {
	t.Parallel()
	free, looks := int64(Reserve+3*UntilLook), 0
	var out bytes.Buffer
	w := Room(func(string) (int64, int64, bool) { looks++; return 100 << 30, free - int64(out.Len()), true }).Writer(&out, "folder")
	var err error
	for p := make([]byte, UntilLook/4); err == nil; {
		_, err = w.Write(p)
	}
	if !errors.Is(err, ErrNoRoom) || int64(out.Len()) > free-Reserve || out.Len() < UntilLook || looks != 3 {
		t.Errorf("%d bytes, %d looks, %v", out.Len(), looks, err)
	}
}

func TestLook_KnowsTheDisk(t *testing.T) {
	t.Parallel()
	if total, free, known := Look(t.TempDir()); known && (total <= 0 || free < 0 || free > total) {
		t.Errorf("%d of %d are free", free, total)
	}
	if _, _, known := Look(filepath.Join(t.TempDir(), "gone")); known {
		t.Error("there is no such folder")
	}
}
