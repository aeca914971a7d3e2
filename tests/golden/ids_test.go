package golden_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/peer"
)

func TestIDs(t *testing.T) {
	t.Parallel()
	passed := map[string]int{}
	readLines(t, "ids.jsonl", func(line []byte) {
		var c struct {
			Op   string
			Peer any
			// Of marked.
			Marked peer.ID
			// Of resolve.
			ID int64
			// Of filter_expand.
			Value int64
			IDs   []peer.ID
		}
		decode(t, line, &c)
		switch c.Op {
		case "marked":
			if got := peer.FromTL(peerOf(t, c.Peer)); got != c.Marked {
				t.Errorf("%s: %d", line, got)
			}
		case "resolve":
			if got := c.Marked.Bare(); got != c.ID {
				t.Errorf("%s: bare id %d", line, got)
			}
			want := map[any]string{"PeerUser": "peerUser", "PeerChat": "peerChat", "PeerChannel": "peerChannel"}[c.Peer]
			if got := c.Marked.Peer().TypeName(); got != want {
				t.Errorf("%s: %s", line, got)
			}
			if got := peer.FromTL(c.Marked.Peer()); got != c.Marked {
				t.Errorf("%s: back to %d", line, got)
			}
		case "filter_expand":
			got := slices.Sorted(slices.Values(peer.Expand(c.Value)))
			if diff := cmp.Diff(c.IDs, slices.Compact(got)); diff != "" {
				t.Errorf("%s: %s", line, diff)
			}
		default: // marked_mixed_up: no peer of Telegram has such an id
			return
		}
		passed[c.Op]++
	})
	if diff := cmp.Diff(map[string]int{"marked": 24, "resolve": 17, "filter_expand": 7}, passed); diff != "" {
		t.Error(diff)
	}
}

func peerOf(t *testing.T, p any) tg.PeerClass {
	fields, _ := p.(map[string]any)
	number := func(key string) int64 {
		n, err := fields[key].(interface{ Int64() (int64, error) }).Int64()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	switch fields["_"] {
	case "PeerUser":
		return &tg.PeerUser{UserID: number("user_id")}
	case "PeerChat":
		return &tg.PeerChat{ChatID: number("chat_id")}
	}
	return &tg.PeerChannel{ChannelID: number("channel_id")}
}
