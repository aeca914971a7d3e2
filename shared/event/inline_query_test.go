package event

import (
	"testing"

	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
)

func TestRead_InlineQuery(t *testing.T) {
	t.Parallel()
	u := &tg.UpdateBotInlineQuery{QueryID: -1, UserID: 1001, Query: `ca"ts`, Offset: "20", PeerType: &tg.InlineQueryPeerTypePM{}}
	u.SetFlags()
	at := *u
	at.Geo = &tg.GeoPoint{Long: 2, Lat: 1.5, AccessHash: -5}
	at.SetFlags()
	nowhereAt := *u
	nowhereAt.Geo = &tg.GeoPointEmpty{}
	nowhereAt.SetFlags()
	check(t, map[string]row{
		"a query": {u, filter.InlineQuery, with(inAlice, map[string]string{"id": "-1", "text": `"ca\"ts"`, "offset": `"20"`, "geo": "null",
			"sender_id": "1001", "input_sender": `{"user_id":1001,"access_hash":-7}`, "pattern_match": "null"})},
		"with a place":       {&at, filter.InlineQuery, map[string]string{"geo": `{"long":2.0,"lat":1.5,"access_hash":-5,"accuracy_radius":null}`}},
		"with an empty one":  {&nowhereAt, filter.InlineQuery, map[string]string{"geo": `{}`}},
		"by a stranger":      {&tg.UpdateBotInlineQuery{UserID: 1009}, filter.InlineQuery, map[string]string{"chat": "null", "sender": "null", "sender_id": "1009", "input_sender": "null", "is_private": "true"}},
		"a result was taken": {&tg.UpdateBotInlineSend{UserID: 1001, Query: "cats"}, "", nil},
	})
	if o := one(t, u, world()); o.Class != Passing || o.Text != `ca"ts` {
		t.Errorf("%+v", o)
	}
}
