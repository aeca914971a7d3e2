package redisstore

import (
	"context"
	"strings"

	"telegram-client/shared/authorization"
)

// Announce records what the holder of a grant is about to do. See authorization.Store.
func (s *Store) Announce(ctx context.Context, g *authorization.Grant, i authorization.Intent) error {
	h := fields{"name": g.Name}
	intend(h, i)
	return s.held(ctx, s.scripts.announce, g.Entry.ID, g.Lease, h)
}

// intend says an intent in a script's words.
func intend(h fields, i authorization.Intent) {
	if len(i.Kinds) > 0 {
		kinds := " "
		for _, k := range i.Kinds {
			kinds += string(k) + " "
		}
		h["kinds"] = kinds
	}
	h["texts"] = strings.Join(i.Texts, ",")
}
