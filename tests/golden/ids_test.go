package golden_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/peer"
)

func TestIDs(t *testing.T) {
	t.Parallel()
	runFile(t, "ids", 52, func(line []byte) (string, string, bool) {
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
		decode(line, &c)
		var want, got any
		switch c.Op {
		case "marked", "marked_mixed_up":
			want, got = c.Marked, peer.FromTL(peerOf(c.Peer))
		case "resolve":
			type resolved struct {
				Bare int64
				Peer string
				Back peer.ID
			}
			name := map[any]string{"PeerUser": "peerUser", "PeerChat": "peerChat", "PeerChannel": "peerChannel"}[c.Peer]
			p := c.Marked.Peer()
			want, got = resolved{c.ID, name, c.Marked}, resolved{c.Marked.Bare(), p.TypeName(), peer.FromTL(p)}
		case "filter_expand":
			want, got = c.IDs, slices.Compact(slices.Sorted(slices.Values(peer.Expand(c.Value))))
		default:
			failCase("what is %q?", c.Op)
		}
		return string(line), cmp.Diff(want, got), false
	})
}

func peerOf(p any) tg.PeerClass {
	fields, _ := p.(map[string]any)
	number := func(key string) int64 {
		n, err := json.Number(fmt.Sprint(fields[key])).Int64()
		if err != nil {
			failCase("%v", err)
		}
		return n
	}
	switch fields["_"] {
	case "PeerUser":
		return &tg.PeerUser{UserID: number("user_id")}
	case "PeerChat":
		return &tg.PeerChat{ChatID: number("chat_id")}
	case "PeerChannel":
		return &tg.PeerChannel{ChannelID: number("channel_id")}
	}
	failCase("what is %v?", p)
	return nil
}
