package service

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/clock"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
)

// A stoppedClock shows a time that a test moves.
type stoppedClock struct {
	clock.Clock
	now time.Time
}

func (c *stoppedClock) Now() time.Time { return c.now }

func TestProgress_TellsTheLogOfLongFilesAndItsCallerOfAll(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	var log bytes.Buffer
	var told [][2]int64
	at := &stoppedClock{clock.System, time.Unix(1795339400, 0)}
	s := New(Options{Clock: at, Log: slog.New(slog.NewTextHandler(&log, nil)), Progress: func(_ context.Context, done, total int64) {
		if total > 0 {
			total /= mb
		}
		told = append(told, [2]int64{done / mb, total})
	}})
	p := s.newProgress(t.Context(), &authorization.Call{Entry: entry.Entry{ID: "tg_x"}}, 3)
	p.sizes[0], p.sizes[2] = 9*mb, 100*mb // the second is an address that does not tell its size before it is asked
	p.of(0, 9*mb)(9*mb, 9*mb)
	second := p.of(1, 20*mb)
	second(1*mb, 20*mb)
	second(2*mb, 20*mb) // a tenth
	second(3*mb, 20*mb)
	at.now = at.now.Add(progressTime)
	second(3*mb, 20*mb) // much time
	second(20*mb, 20*mb)
	third := p.of(2, -1)
	third(50*mb, -1)
	at.now = at.now.Add(progressTime)
	third(60*mb, -1)
	want := [][2]int64{{9, -1}, {10, 129}, {11, 129}, {12, 129}, {12, 129}, {29, 129}, {79, -1}, {89, -1}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told: %s", diff)
	}
	var lines []string
	for line := range strings.Lines(log.String()) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), "entry=")
		lines = append(lines, rest)
	}
	logged := []string{"tg_x file=2 files=3 bytes=2097152 size=20971520", "tg_x file=2 files=3 bytes=3145728 size=20971520",
		"tg_x file=2 files=3 bytes=20971520 size=20971520", "tg_x file=3 files=3 bytes=62914560 size=-1"}
	if diff := cmp.Diff(logged, lines); diff != "" {
		t.Errorf("logged: %s", diff)
	}
}
