package account

import (
	"context"
	"strings"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"

	"telegram-client/listener/updates"
	"telegram-client/shared/entry"
	"telegram-client/shared/event"
	"telegram-client/shared/filter"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
)

// serviceAccount is Telegram itself, which sends login codes.
const serviceAccount = peer.ID(777000)

// lives are how long events of a kind are worth something; all others live as long as the target says.
var lives = map[filter.Event]time.Duration{
	filter.UserUpdate: time.Minute, filter.InlineQuery: 30 * time.Second, filter.CallbackQuery: 5 * time.Minute,
}

// read makes events of a batch.
func (a *Account) read(ctx context.Context, b *updates.Batch) {
	a.book.Learn(b.Users, b.Chats)
	described := false
	for _, u := range b.Users {
		if u, ok := u.(*tg.User); ok && !u.Min && peer.UserID(u.ID) == a.book.Self() {
			a.know(u)
			described = true
		}
	}
	now := a.o.Clock.Now()
	for _, g := range b.Gaps {
		a.items = append(a.items, a.gapItem(g))
	}
	at := now
	if b.Date != 0 {
		at = time.Unix(int64(b.Date), 0)
	}
	after := at
	if b.Replayed {
		after = time.Unix(int64(a.state.Date), 0)
	}
	for _, u := range b.Updates {
		if !described {
			a.about(u.TL)
		}
		if u, ok := u.TL.(*tg.UpdateNewAuthorization); ok && a.waiting.told(u, now) {
			a.say(a.report)
		}
		for _, o := range event.Read(a.object(u), event.Context{Me: a.me, Book: a.book, Now: at, After: after}) {
			if it, ok := a.item(&o, b.Replayed); ok {
				it.Query = query(u.TL)
				a.items = append(a.items, it)
			}
		}
	}
	a.state = b.State
}

// query returns the id of a callback query; 0: it is none.
func query(u tg.UpdateClass) int64 {
	switch u := u.(type) {
	case *tg.UpdateBotCallbackQuery:
		return u.QueryID
	case *tg.UpdateInlineBotCallbackQuery:
		return u.QueryID
	}
	return 0
}

// object returns what package event reads: short messages as they came, and login codes masked.
func (a *Account) object(u updates.Update) bin.Object {
	if u.Short != nil {
		if m, ok := u.Short.(*tg.UpdateShortMessage); ok && peer.UserID(m.UserID) == serviceAccount {
			masked := *m
			masked.Message = mask(m.Message)
			return &masked
		}
		return u.Short
	}
	switch t := u.TL.(type) {
	case *tg.UpdateNewMessage:
		if m, ok := fromService(t.Message); ok {
			return &tg.UpdateNewMessage{Message: m, Pts: t.Pts, PtsCount: t.PtsCount}
		}
	case *tg.UpdateEditMessage:
		if m, ok := fromService(t.Message); ok {
			return &tg.UpdateEditMessage{Message: m, Pts: t.Pts, PtsCount: t.PtsCount}
		}
	}
	return u.TL
}

func fromService(m tg.MessageClass) (*tg.Message, bool) {
	message, ok := m.(*tg.Message)
	if !ok || peer.FromTL(message.PeerID) != serviceAccount && peer.FromTL(message.FromID) != serviceAccount {
		return nil, false
	}
	masked := *message
	masked.Message = mask(message.Message)
	masked.ReplyMarkup = nil // a button may have the code to be copied
	masked.SetFlags()
	return &masked, true
}

// shortestCode is from how many digits on a number in a message of the service account may be a login code.
const shortestCode = 5

// mask replaces runs of digits that may be a code. The text keeps its length, for the entities' sake.
func mask(s string) string {
	var out strings.Builder
	for len(s) > 0 {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		switch {
		case n >= shortestCode:
			out.WriteString(strings.Repeat("*", n))
		case n > 0:
			out.WriteString(s[:n])
		default:
			n = 1
			out.WriteByte(s[0])
		}
		s = s[n:]
	}
	return out.String()
}

// item makes an event of an occurrence, if the entry wants to be told.
func (a *Account) item(o *event.Occurrence, replayed bool) (outbox.Item, bool) {
	if o.Occurred.Before(a.entry.CreatedAt.Truncate(time.Second)) {
		a.o.Count("older than the entry", 1)
		return outbox.Item{}, false
	}
	if (o.Chat == serviceAccount || o.Sender == serviceAccount) && !a.entry.Options.Bridge.ExportServiceMessages {
		a.o.Count("service message", 1)
		return outbox.Item{}, false
	}
	a.where.note(o)
	if a.changes.twice(o) {
		a.o.Count("told twice", 1)
		return outbox.Item{}, false
	}
	if len(a.set.Unknown) > 0 {
		a.recompile(o.Sender)
	}
	groups, ok, err := a.set.Match(o.Subject())
	if err != nil {
		a.o.Count("pattern given up", 1)
		if !a.slow[o.Event] { // once is enough to know: it may happen with every message
			a.slow[o.Event] = true
			a.o.Log.Warn("a pattern was given up: what it is asked about does not match", "entry", a.entry.ID, "error", err)
		}
	}
	if !ok {
		a.o.Count("filtered", 1)
		return outbox.Item{}, false
	}
	it := outbox.Item{
		EventID: o.EventID(a.entry.Account.ID), Type: o.Type(), OccurredAt: o.Occurred, Replayed: replayed,
		Class: outbox.Class(o.Class), ExpiresAt: o.Occurred.Add(a.life(o.Event)),
		Body: event.AppendStored(nil, string(a.entry.ID), event.Me(a.entry.Account), o, groups),
	}
	lane := o.Chat
	if lane == 0 {
		lane = a.where.chat(o.Box, o.About)
	}
	if lane != 0 {
		it.Lane = a.names.Chat(lane)
	}
	if o.Latest != "" {
		it.Latest = a.names.Latest(o.Latest)
	}
	it.Own = a.ownOf(o)
	return it, true
}

// ownOf says how to tell whether an event is our own doing; nil: it cannot be.
func (a *Account) ownOf(o *event.Occurrence) *outbox.Own {
	if o.Kind == "" {
		return nil
	}
	kind := outbox.Kind(o.Kind)
	own := &outbox.Own{Kind: kind, Version: o.Version, MessageIDs: o.MessageIDs}
	if o.About != nil {
		own.Text = a.names.Messages(kind, o.Box, o.About)
	} else {
		own.Text = a.names.Text(kind, o.Chat, o.Text)
	}
	if o.Scheduled {
		own.Marks = []string{a.names.Scheduled(o.Chat, o.Text)}
		return own
	}
	for _, id := range o.MessageIDs {
		own.Marks = append(own.Marks, a.names.Mark(o.Box, id))
	}
	return own
}

// recompile looks names of from_users up again that nobody was known by, if somebody new has come by one.
func (a *Account) recompile(sender peer.ID) {
	if sender == 0 {
		return
	}
	for _, n := range a.set.Unknown {
		if id, ok := a.book.Lookup(n.Target); ok && id == sender {
			a.compile()
			return
		}
	}
}

func (a *Account) life(e filter.Event) time.Duration {
	most := a.entry.Target.MaxAge
	if most == 0 {
		most = entry.DefaultMaxAge
	}
	if d, ok := lives[e]; ok {
		return min(d, most)
	}
	return most
}
