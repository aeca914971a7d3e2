package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"telegram-client/shared/message"
)

// pattern is so many bytes, none of which looks like its neighbours.
func pattern(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

// partSize is that of large files: the largest there is. https://core.telegram.org/api/files#uploading-files
const partSize = 512 << 10

// A gate counts the parts that Telegram has, and lets wait for them.
type gate struct {
	mu    sync.Mutex
	more  *sync.Cond
	parts int
	ended bool
}

func newGate(d *desk) *gate {
	g := &gate{}
	g.more = sync.NewCond(&g.mu)
	d.telegram.OnPart(func(int64, int, int, int) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.parts++
		g.more.Broadcast()
	})
	d.t.Cleanup(func() {
		d.telegram.OnPart(nil)
		g.mu.Lock()
		defer g.mu.Unlock()
		g.ended = true
		g.more.Broadcast()
	})
	return g
}

// wait waits until Telegram has so many parts.
func (g *gate) wait(parts int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.parts < parts && !g.ended {
		g.more.Wait()
	}
}

// The source gives a part only when Telegram has the one four before it: who reads more ahead than that, or the whole file
// first, waits for ever.
func TestFiles_AreStreamed(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	g := newGate(d)
	whole := pattern(24*partSize + 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
		for n := 0; n*partSize < len(whole); n++ {
			g.wait(n - 4 + 1)
			if _, err := w.Write(whole[n*partSize : min((n+1)*partSize, len(whole))]); err != nil {
				return
			}
			w.(http.Flusher).Flush()
		}
	}))
	t.Cleanup(server.Close)
	d.send(fields{"target_username": "alice", "file": server.URL + "/large.bin"})
	if all := d.files(); len(all) != 1 || !bytes.Equal(all[0].Data, whole) {
		t.Errorf("%d files", len(all))
	}
}

// Streams do not tell their size, and end wherever they end.
func TestFiles_StreamsEndWhereTheyEnd(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	for _, size := range []int{1, 128 << 10, partSize, 10 << 20, 10<<20 + 1, 10<<20 + 128<<10, 11 << 20, 11<<20 - 1, 11<<20 + 1} {
		whole := pattern(size)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			_, _ = w.Write(whole)
		}))
		before := len(d.files())
		d.send(fields{"target_username": "alice", "file": server.URL + "/x.bin", "force_document": true})
		server.Close()
		if all := d.files()[before:]; len(all) != 1 || !bytes.Equal(all[0].Data, whole) {
			t.Errorf("of %d bytes arrive %d", size, len(all[0].Data))
		}
	}
}

// What a source promises and does not keep is said of the field, and nothing is sent.
func TestFiles_SourcesThatBreak(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	for name, c := range map[string]struct {
		promised, given int // promised < 0: not
	}{
		"small, cut at 60 %":  {100_000, 60_000},
		"large, cut at 60 %":  {20 << 20, 12 << 20},
		"cut in front of all": {20 << 20, 0},
		"nothing":             {0, 0},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(c.promised))
			_, _ = w.Write(pattern(c.given)) // the server ends the connection when less is given than was promised
		}))
		o := d.call(message.SendMessages, 400, fields{"target_username": "alice", "message": "hi", "file": []any{d.put("good.txt", []byte("good")), server.URL + "/x.bin"}})
		server.Close()
		if o.Error == nil || o.Error.Code != "file_refused" || o.Error.Field != "file[1]" {
			t.Errorf("%s: %s", name, o.Body)
		}
	}
	if all := d.files(); len(all) != 0 {
		t.Errorf("%d files were sent", len(all))
	}
}
