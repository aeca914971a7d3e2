package updates

import (
	"slices"
	"time"

	"github.com/gotd/td/tg"
)

// An order is the sequence of containers, for what they bring without a number of its own. Numbered updates go to
// their boxes whatever the order of their containers is.
type order struct {
	seq   int
	held  []*container // by first seq
	since time.Time
}

// A container is what is left of a pushed container after its numbered updates were taken out.
type container struct {
	first, last int // seq; 0: outside the order
	rest        []Update
	from        *origin
}

// old reports whether the container was had before, or is in line already.
func (o *order) old(c *container) bool {
	if c.first == 0 {
		return false
	}
	return c.first <= o.seq || slices.ContainsFunc(o.held, func(h *container) bool { return h.first == c.first })
}

// offer puts a container in line.
func (o *order) offer(c *container) {
	i, _ := slices.BinarySearchFunc(o.held, c.first, func(h *container, first int) int { return h.first - first })
	o.held = slices.Insert(o.held, i, c)
}

// next takes the container that continues the order, and drops what the order is past.
func (o *order) next() (*container, bool) {
	for len(o.held) > 0 {
		c := o.held[0]
		if c.first > o.seq+1 {
			return nil, false
		}
		o.held = o.held[1:]
		if c.first == o.seq+1 {
			o.seq = c.last
			return c, true
		}
	}
	o.held = nil
	return nil, false
}

// jump moves the order to where a difference ends. A difference may name a lower seq: that of another authorization.
func (o *order) jump(seq int) {
	o.seq = seq
	o.since = time.Time{}
}

func (o *order) mind(now time.Time) {
	switch {
	case len(o.held) == 0:
		o.since = time.Time{}
	case o.since.IsZero():
		o.since = now
	}
}

// fleeting reports whether an update carries no number and is worth something only now: nothing brings it back, so it
// waits for nothing.
func fleeting(u tg.UpdateClass) bool {
	switch u.(type) {
	case *tg.UpdateUserStatus, *tg.UpdateUserTyping, *tg.UpdateChatUserTyping, *tg.UpdateChannelUserTyping,
		*tg.UpdateBotCallbackQuery, *tg.UpdateInlineBotCallbackQuery, *tg.UpdateBotInlineQuery, *tg.UpdateBotInlineSend,
		*tg.UpdateBotShippingQuery, *tg.UpdateBotPrecheckoutQuery:
		return true
	}
	return false
}
