package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
	"pgregory.net/rapid"

	"telegram-client/shared/fault"
)

func TestDownload_EveryByteInOrder(t *testing.T) {
	t.Parallel()
	all := some(5<<20 + 1)
	rapid.Check(t, func(t *rapid.T) {
		size := max(1, rapid.SampledFrom([]int{0, 1000, hashLen, PartSize, 2 * PartSize, 3 * PartSize, 5 << 20}).Draw(t, "edge")+rapid.IntRange(-1, 1).Draw(t, "off"))
		c := &cloud{file: all[:size], reference: "r", dc: rapid.SampledFrom([]int{homeDC, 4}).Draw(t, "dc"), cdn: rapid.Bool().Draw(t, "CDN"),
			hashes: rapid.SampledFrom([]int{0, 1, 5, 1000}).Draw(t, "hashes"), missing: map[int64]bool{PartSize: rapid.Bool().Draw(t, "missing")}}
		says := int64(size)
		if rapid.Bool().Draw(t, "size is not known") {
			says = -1
		}
		var got bytes.Buffer
		var said int64
		err := Download(context.Background(), tg.NewClient(at{c, homeDC}), c, place(says, "r"), never, &got, func(done, total int64) {
			if done < said || total != says {
				t.Errorf("progress %d of %d after %d", done, total, said)
			}
			said = done
		})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), all[:size]) {
			t.Fatalf("%d bytes are not the %d of the file", got.Len(), size)
		}
		if said != int64(size) {
			t.Fatalf("progress ended at %d of %d", said, size)
		}
		if c.most > mostInFlight {
			t.Fatalf("%d parts at once", c.most)
		}
		if want := c.dc != homeDC; slices.Contains(c.visits, 4) != want || slices.Contains(c.visits, cdnDC) != c.cdn {
			t.Fatalf("visited %v", c.visits)
		}
		if c.cdn && c.given != 0 {
			t.Fatalf("%d bytes came from Telegram, though the CDN has them", c.given)
		}
	})
}

func TestDownload_TroubleThatPasses(t *testing.T) {
	t.Parallel()
	all := some(4*PartSize + 77)
	flip := func(offset int64, sealed []byte) []byte {
		if offset == 2*PartSize {
			sealed[5] ^= 1
		}
		return sealed
	}
	for name, c := range map[string]struct {
		cloud   *cloud
		refresh string // the reference that a refresh finds
		size    int64  // 0: the file's
		refused string
		wants   int64 // bytes that are written; 0: all of the file
	}{
		"the reference has expired":          {cloud: &cloud{dc: homeDC, reference: "new"}, refresh: "new"},
		"expired, in another data centre":    {cloud: &cloud{dc: 4, reference: "new"}, refresh: "new"},
		"expired twice":                      {cloud: &cloud{dc: homeDC, reference: "newer"}, refresh: "new", refused: "FILE_REFERENCE_EXPIRED", wants: -1},
		"the CDN changes a byte":             {cloud: &cloud{dc: homeDC, reference: "old", cdn: true, lie: flip}},
		"the CDN of another DC lies":         {cloud: &cloud{dc: 4, reference: "old", cdn: true, hashes: 100, lie: flip}},
		"the CDN gives less":                 {cloud: &cloud{dc: homeDC, reference: "old", cdn: true, lie: func(_ int64, b []byte) []byte { return b[:len(b)/2] }}},
		"the CDN gives less of who knows":    {cloud: &cloud{dc: homeDC, reference: "old", cdn: true, lie: func(_ int64, b []byte) []byte { return b[:min(len(b), hashLen)] }}, size: -1},
		"the CDN gives nothing":              {cloud: &cloud{dc: homeDC, reference: "old", cdn: true, lie: func(int64, []byte) []byte { return nil }}, size: -1},
		"the CDN gives more":                 {cloud: &cloud{dc: homeDC, reference: "old", cdn: true, lie: func(_ int64, b []byte) []byte { return append(b, 1) }}},
		"the CDN gives too much":             {cloud: &cloud{dc: homeDC, reference: "old", cdn: true, lie: func(_ int64, b []byte) []byte { return make([]byte, 2<<20) }}, size: -1},
		"the CDN gives another part":         {cloud: &cloud{dc: homeDC, reference: "old", cdn: true, lie: func(_ int64, b []byte) []byte { return seal(all[PartSize:2*PartSize], PartSize)[:len(b)] }}},
		"hashes that do not fit parts":       {cloud: &cloud{dc: homeDC, reference: "old", cdn: true, hashEvery: 100_000}},
		"the CDN never gets the file":        {cloud: &cloud{dc: homeDC, reference: "old", cdn: true, lie: nil, before: cdnSays("CDN_UPLOAD_TIMEOUT", 500, 1000)}},
		"the CDN is not to be used":          {cloud: &cloud{dc: homeDC, reference: "old", cdn: true, before: cdnSays("CDN_METHOD_INVALID", 400, 1000)}},
		"the token is not known any more":    {cloud: &cloud{dc: homeDC, reference: "old", cdn: true, before: cdnSays("FILE_TOKEN_INVALID", 400, 1)}},
		"no token is known, ever":            {cloud: &cloud{dc: homeDC, reference: "old", cdn: true, before: cdnSays("FILE_TOKEN_INVALID", 400, 1000)}},
		"a flood at the CDN":                 {cloud: &cloud{dc: homeDC, reference: "old", cdn: true, before: cdnSays("FLOOD_WAIT_3", 420, 2)}},
		"the file is longer than it said":    {cloud: &cloud{dc: homeDC, reference: "old"}, size: 3 * PartSize, wants: 3 * PartSize},
		"the file is longer by a few bytes":  {cloud: &cloud{dc: homeDC, reference: "old"}, size: 4*PartSize + 70, refused: "telegram_error", wants: 4 * PartSize},
		"the file is shorter than it said":   {cloud: &cloud{dc: homeDC, reference: "old"}, size: 5 * PartSize, refused: "telegram_error", wants: 4 * PartSize},
		"it is moved about for ever":         {cloud: &cloud{dc: 9, reference: "old", before: moves}, refused: "FILE_MIGRATE", wants: -1},
		"Telegram is in trouble for a while": {cloud: &cloud{dc: homeDC, reference: "old", before: homeSays("WORKER_BUSY_TOO_LONG_RETRY", 500, 3)}},
		"Telegram asks to wait":              {cloud: &cloud{dc: homeDC, reference: "old", before: homeSays("FLOOD_PREMIUM_WAIT_4", 420, 5)}},
		"Telegram refuses":                   {cloud: &cloud{dc: homeDC, reference: "old", before: homeSays("LOCATION_INVALID", 400, 1)}, refused: "LOCATION_INVALID", wants: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				here := c.cloud
				here.file = all
				size, asked, gaveUp := c.size, 0, 0
				if size == 0 {
					size = int64(len(all))
				}
				var got bytes.Buffer
				p := place(size, "old")
				p.GaveUp = func(error) { gaveUp++ }
				err := Download(t.Context(), tg.NewClient(at{here, homeDC}), here, p, func(context.Context) (tg.InputFileLocationClass, error) {
					if asked++; asked > 1 || c.refresh == "" {
						t.Error("a new reference was asked for once too often")
					}
					return place(0, c.refresh).Location, nil
				}, &got, nil)
				if c.refused == "" && err != nil {
					t.Fatal(err)
				}
				if e, ok := tgerr.As(err); c.refused != "" && !(ok && e.Type == c.refused) && !fault.Is(err, fault.Code(c.refused)) {
					t.Fatalf("%v", err)
				}
				want := all
				if c.wants != 0 {
					want = all[:max(0, c.wants)]
				}
				if !bytes.Equal(got.Bytes(), want) {
					t.Errorf("%d bytes were written that are not the %d of the file", got.Len(), len(want))
				}
				if went := slices.Contains(here.visits, cdnDC) && here.given > 0; went != (gaveUp == 1) || gaveUp > 1 {
					t.Errorf("it was said %d times that the CDN was given up", gaveUp)
				}
				if c.refresh != "" && asked != 1 {
					t.Errorf("a new reference was asked for %d times", asked)
				}
			})
		})
	}
}

// cdnSays makes the first requests to the CDN fail, homeSays those to Telegram.
func cdnSays(what string, code, times int) func(context.Context, int, int64) error {
	return says(what, code, times, func(dc int) bool { return dc == cdnDC })
}

func homeSays(what string, code, times int) func(context.Context, int, int64) error {
	return says(what, code, times, func(dc int) bool { return dc != cdnDC })
}

func says(what string, code, times int, to func(dc int) bool) func(context.Context, int, int64) error {
	var mu sync.Mutex
	return func(_ context.Context, dc int, _ int64) error {
		mu.Lock()
		defer mu.Unlock()
		if !to(dc) || times == 0 {
			return nil
		}
		times--
		return tgerr.New(code, what)
	}
}

// moves says that the file lies in the next data centre, wherever it is asked for.
func moves(_ context.Context, dc int, _ int64) error {
	return tgerr.New(303, fmt.Sprintf("FILE_MIGRATE_%d", dc+1))
}

// What cannot be written ends it, also behind a CDN, which is not to blame for it.
func TestDownload_EndsWithItsWriter(t *testing.T) {
	t.Parallel()
	for _, cdn := range []bool{false, true} {
		full := errors.New("the disk is full")
		c := &cloud{file: some(3 * PartSize), dc: homeDC, reference: "r", cdn: cdn}
		err := Download(t.Context(), tg.NewClient(at{c, homeDC}), c, place(3*PartSize, "r"), never, failingWriter{full}, nil)
		if !errors.Is(err, full) || len(c.visits) > 1 {
			t.Errorf("%v, visited %v", err, c.visits)
		}
	}
}

type failingWriter struct{ err error }

func (f failingWriter) Write([]byte) (int, error) { return 0, f.err }

func TestDownload_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, cdn := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := &cloud{file: some(9 * PartSize), dc: homeDC, reference: "r", cdn: cdn, before: func(ctx context.Context, dc int, offset int64) error {
				if offset < 2*PartSize {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			}}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var got bytes.Buffer
			err := Download(ctx, tg.NewClient(at{c, homeDC}), c, place(9*PartSize, "r"), never, &got, nil)
			if !errors.Is(err, context.DeadlineExceeded) || !bytes.Equal(got.Bytes(), c.file[:2*PartSize]) {
				t.Errorf("%v after %d bytes", err, got.Len())
			}
			if c.most < 2 {
				t.Errorf("never more than %d part at once", c.most)
			}
		})
	}
}
