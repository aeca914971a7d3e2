package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// gentle are the probes that break nothing. What no probe here examines is marked so in tests/assumptions.md.
var gentle = []probe{
	{"A1", (*field).repeat}, {"A2", (*field).repeatForm}, {"A5", (*field).ownActions}, {"A6", (*field).borrowedHash},
	{"A7", (*field).states}, {"A8", (*field).numbers}, {"A10", (*field).ahead}, {"A13", (*field).noHash}, {"A14", (*field).fromID},
	{"A15", (*field).difference}, {"A16", (*field).longest}, {"A17", (*field).missed}, {"A18", (*field).everyLogin}, {"A19", (*field).subscribed},
	{"A25", (*field).notRevoked}, {"A26", (*field).blocked},
}

func answer(id int, err error) string {
	if err != nil {
		if e, ok := tgerr.As(err); ok {
			return e.Message
		}
		return err.Error()
	}
	return fmt.Sprintf("message %d", id)
}

func unique(text string) string { return fmt.Sprintf("%s %d", text, time.Now().UnixNano()) }

func (f *field) repeat(ctx context.Context) (finding, error) {
	text, random := unique("A1"), randomID()
	id, err := f.sendAs(ctx, f.first, f.toPerson, text, random)
	if err != nil {
		return finding{}, err
	}
	again := answer(f.sendAs(ctx, f.first, f.toPerson, text, random))
	once, err := f.count(ctx, text)
	if err != nil {
		return finding{}, err
	}
	other := answer(f.sendAs(ctx, f.second, f.toPerson, text, random))
	n, err := f.count(ctx, text)
	if err != nil {
		return finding{}, err
	}
	return found(once == 1 && n == 2, "sent as message %d; again by this login: %s, the person has %d; by the other login: %s, the person has %d", id, again, once, other, n)
}

func (f *field) repeatForm(ctx context.Context) (finding, error) {
	text, random := unique("A2"), randomID()
	id, err := f.sendAs(ctx, f.first, f.toPerson, text, random)
	if err != nil {
		return finding{}, err
	}
	forms := map[string]int{}
	known := true
	for range 5 {
		a := answer(f.sendAs(ctx, f.first, f.toPerson, text, random))
		known = known && (a == "RANDOM_ID_DUPLICATE" || a == answer(id, nil))
		forms[a]++
	}
	return found(known, "message %d, again: %v", id, forms)
}

func (f *field) ownActions(ctx context.Context) (finding, error) {
	text := unique("A5")
	if _, err := f.send(ctx, f.first, f.toPerson, text); err != nil {
		return finding{}, err
	}
	mine, err := f.first.heard(ctx)
	if err != nil {
		return finding{}, err
	}
	others, err := f.second.heard(ctx)
	if err != nil {
		return finding{}, err
	}
	a, b := texts(messages(mine)), texts(messages(others))
	return found(len(a) == 0 && slices.Equal(b, []string{"> " + text}), "the login that sent is pushed %d messages, the other one %d", len(a), len(b))
}

func (f *field) borrowedHash(ctx context.Context) (finding, error) {
	// The hash is the first login's; the second has never asked for it.
	a := answer(f.send(ctx, f.second, f.toPerson, unique("A6")))
	return found(strings.HasPrefix(a, "message "), "the other login of the bot writes with the hash: %s", a)
}

func (f *field) states(ctx context.Context) (finding, error) {
	if _, err := f.send(ctx, f.person, f.toBot, unique("A7")); err != nil {
		return finding{}, err
	}
	for _, d := range []*device{f.first, f.second} {
		if _, err := d.heard(ctx); err != nil {
			return finding{}, err
		}
	}
	a, err := f.first.api.UpdatesGetState(ctx)
	if err != nil {
		return finding{}, err
	}
	b, err := f.second.api.UpdatesGetState(ctx)
	if err != nil {
		return finding{}, err
	}
	return found(a.Pts == b.Pts, "pts %d and %d, qts %d and %d, seq %d and %d", a.Pts, b.Pts, a.Qts, b.Qts, a.Seq, b.Seq)
}

func (f *field) numbers(ctx context.Context) (finding, error) {
	var mine []int
	for n := range 3 {
		id, err := f.send(ctx, f.first, f.toPerson, unique(fmt.Sprint("A8 ", n)))
		if err != nil {
			return finding{}, err
		}
		mine = append(mine, id)
	}
	all, err := f.history(ctx)
	if err != nil {
		return finding{}, err
	}
	return found(mine[1] == mine[0]+1 && mine[2] == mine[0]+2, "the bot's ids are %v, the person's last is %d", mine, all[0].ID)
}

func (f *field) ahead(ctx context.Context) (finding, error) {
	s, err := f.first.api.UpdatesGetState(ctx)
	if err != nil {
		return finding{}, err
	}
	var said []string
	assumed := true
	for _, more := range []int{1, 1000} {
		d, err := f.first.api.UpdatesGetDifference(ctx, &tg.UpdatesGetDifferenceRequest{Pts: s.Pts + more, Date: s.Date, Qts: s.Qts})
		text := fmt.Sprintf("%T", d)
		if err != nil {
			text = answer(0, err)
		}
		assumed = assumed && text == "PERSISTENT_TIMESTAMP_INVALID"
		said = append(said, fmt.Sprintf("pts + %d: %s", more, text))
	}
	return found(assumed, "%s", strings.Join(said, ", "))
}

func (f *field) noHash(ctx context.Context) (finding, error) {
	users, err := f.second.api.UsersGetUsers(ctx, []tg.InputUserClass{&tg.InputUser{UserID: f.person.self.ID}, &tg.InputUser{UserID: 5}})
	asked := fmt.Sprintf("users.getUsers gives %d of the person and a stranger", len(users))
	if err != nil {
		asked = "users.getUsers: " + answer(0, err)
	}
	a := answer(f.send(ctx, f.second, &tg.InputPeerUser{UserID: f.person.self.ID}, unique("A13")))
	return found(len(users) == 1 && a == "PEER_ID_INVALID", "%s; writing with hash 0: %s", asked, a)
}

func (f *field) fromID(ctx context.Context) (finding, error) {
	if _, err := f.send(ctx, f.person, f.toBot, unique("A14")); err != nil {
		return finding{}, err
	}
	pushed, err := f.first.heard(ctx)
	if err != nil {
		return finding{}, err
	}
	in := messages(pushed)
	if len(in) != 1 {
		return finding{}, fmt.Errorf("%d messages were pushed, not 1", len(in))
	}
	all, err := f.history(ctx)
	if err != nil {
		return finding{}, err
	}
	// gotd fills from_id where a short form names the sender, so that only the person's own side tells.
	out := all[0].FromID != nil
	return found(out, "the bot's side has from_id: %t, the person's own: %t", in[0].FromID != nil, out)
}

// difference: while the second login is away a message is written, one is edited, one deleted, and an old one edited.
func (f *field) difference(ctx context.Context) (finding, error) {
	old := unique("A15 old")
	oldID, err := f.send(ctx, f.person, f.toBot, old)
	if err != nil {
		return finding{}, err
	}
	if _, err := f.second.heard(ctx); err != nil {
		return finding{}, err
	}
	before, err := f.second.api.UpdatesGetState(ctx)
	if err != nil {
		return finding{}, err
	}
	if err := f.second.down(ctx); err != nil {
		return finding{}, err
	}
	ids := map[string]int{}
	for _, what := range []string{"new", "edited", "deleted"} {
		if ids[what], err = f.send(ctx, f.person, f.toBot, unique("A15 "+what)); err != nil {
			return finding{}, err
		}
	}
	for id, text := range map[int]string{ids["edited"]: "A15 edited since", oldID: "A15 old, edited since"} {
		if _, err := f.person.api.MessagesEditMessage(ctx, &tg.MessagesEditMessageRequest{Peer: f.toBot, ID: id, Message: text}); err != nil {
			return finding{}, err
		}
	}
	if _, err := f.person.api.MessagesDeleteMessages(ctx, &tg.MessagesDeleteMessagesRequest{Revoke: true, ID: []int{ids["deleted"]}}); err != nil {
		return finding{}, err
	}
	if err := f.second.up(ctx, f.asBot, false); err != nil {
		return finding{}, err
	}
	d, err := f.second.api.UpdatesGetDifference(ctx, &tg.UpdatesGetDifferenceRequest{Pts: before.Pts, Date: before.Date, Qts: before.Qts})
	if err != nil {
		return finding{}, err
	}
	whole, ok := d.(*tg.UpdatesDifference)
	if !ok {
		return found(false, "the answer is %T", d)
	}
	edits, deletions := 0, 0
	for _, u := range whole.OtherUpdates {
		switch u.(type) {
		case *tg.UpdateEditMessage:
			edits++
		case *tg.UpdateDeleteMessages:
			deletions++
		}
	}
	return found(len(whole.NewMessages) == 2 && edits == 2 && deletions == 1,
		"of a new message, one that was edited since, one that was deleted since and an edit of an old one: %d new, %d edits, %d deletions; pts %d to %d",
		len(whole.NewMessages), edits, deletions, before.Pts, whole.State.Pts)
}

func (f *field) longest(ctx context.Context) (finding, error) {
	var said []string
	var refused []bool
	for _, text := range []string{strings.Repeat("a", 4096), strings.Repeat("a", 4097), strings.Repeat("😀", 2048), strings.Repeat("😀", 2049)} {
		_, err := f.send(ctx, f.first, f.toPerson, text)
		refused = append(refused, tgerr.Is(err, "MESSAGE_TOO_LONG"))
		said = append(said, fmt.Sprintf("%d x %q: %t", len([]rune(text)), []rune(text)[0], err == nil))
	}
	return found(slices.Equal(refused, []bool{false, true, false, true}), "taken: %s", strings.Join(said, ", "))
}

// missed: nothing is pushed when a client comes back.
func (f *field) missed(ctx context.Context) (finding, error) {
	if err := f.second.down(ctx); err != nil {
		return finding{}, err
	}
	text := unique("A17")
	if _, err := f.send(ctx, f.person, f.toBot, text); err != nil {
		return finding{}, err
	}
	if _, err := f.second.heard(ctx); err != nil {
		return finding{}, err
	}
	if err := f.second.up(ctx, f.asBot, false); err != nil {
		return finding{}, err
	}
	pushed, err := f.second.heard(ctx)
	if err != nil {
		return finding{}, err
	}
	return found(len(pushed) == 0, "after coming back %d pushes, with the messages %q", len(pushed), texts(messages(pushed)))
}

func (f *field) everyLogin(ctx context.Context) (finding, error) {
	const all = 20
	for range all {
		if _, err := f.send(ctx, f.person, f.toBot, unique("A18")); err != nil {
			return finding{}, err
		}
	}
	a, err := f.first.heard(ctx)
	if err != nil {
		return finding{}, err
	}
	b, err := f.second.heard(ctx)
	if err != nil {
		return finding{}, err
	}
	n, m := len(messages(a)), len(messages(b))
	return found(n == all && m == all, "of %d messages one login is told %d, the other %d", all, n, m)
}

// subscribed: a session that wraps every call in invokeWithoutUpdates is pushed nothing.
func (f *field) subscribed(ctx context.Context) (finding, error) {
	if err := f.second.down(ctx); err != nil {
		return finding{}, err
	}
	if err := f.second.up(ctx, f.asBot, true); err != nil {
		return finding{}, err
	}
	if _, err := f.second.heard(ctx); err != nil {
		return finding{}, err
	}
	if _, err := f.send(ctx, f.person, f.toBot, unique("A19")); err != nil {
		return finding{}, err
	}
	mute, err := f.second.heard(ctx)
	if err != nil {
		return finding{}, err
	}
	if err := f.second.down(ctx); err != nil {
		return finding{}, err
	}
	if err := f.second.up(ctx, f.asBot, false); err != nil {
		return finding{}, err
	}
	if _, err := f.second.heard(ctx); err != nil {
		return finding{}, err
	}
	if _, err := f.send(ctx, f.person, f.toBot, unique("A19")); err != nil {
		return finding{}, err
	}
	open, err := f.second.heard(ctx)
	if err != nil {
		return finding{}, err
	}
	return found(len(mute) == 0 && len(messages(open)) == 1, "a session without updates is pushed %d, one with updates %d", len(mute), len(messages(open)))
}

// notRevoked: deleting without revoke takes a message from one's own box only.
func (f *field) notRevoked(ctx context.Context) (finding, error) {
	text := unique("A25")
	id, err := f.send(ctx, f.first, f.toPerson, text)
	if err != nil {
		return finding{}, err
	}
	if _, err := f.first.api.MessagesDeleteMessages(ctx, &tg.MessagesDeleteMessagesRequest{ID: []int{id}}); err != nil {
		return found(false, "a bot's deletion without revoke is refused: %s", answer(0, err))
	}
	kept, err := f.count(ctx, text)
	if err != nil {
		return finding{}, err
	}
	if id, err = f.send(ctx, f.first, f.toPerson, text); err != nil {
		return finding{}, err
	}
	if _, err := f.first.api.MessagesDeleteMessages(ctx, &tg.MessagesDeleteMessagesRequest{Revoke: true, ID: []int{id}}); err != nil {
		return finding{}, err
	}
	left, err := f.count(ctx, text)
	if err != nil {
		return finding{}, err
	}
	return found(kept == 1 && left == 1, "deleted without revoke the person keeps %d of 1, with revoke %d of 2", kept, left)
}

// blocked: what has a qts is told to the logins of that moment, each with its own.
func (f *field) blocked(ctx context.Context) (finding, error) {
	states := map[*device]*tg.UpdatesState{}
	for _, d := range []*device{f.first, f.second} {
		s, err := d.api.UpdatesGetState(ctx)
		if err != nil {
			return finding{}, err
		}
		states[d] = s
	}
	if _, err := f.person.api.ContactsBlock(ctx, &tg.ContactsBlockRequest{ID: f.toBot}); err != nil {
		return finding{}, err
	}
	if _, err := f.person.api.ContactsUnblock(ctx, &tg.ContactsUnblockRequest{ID: f.toBot}); err != nil {
		return finding{}, err
	}
	var told []int
	for _, d := range []*device{f.first, f.second} {
		before := states[d]
		x, err := d.api.UpdatesGetDifference(ctx, &tg.UpdatesGetDifferenceRequest{Pts: before.Pts, Date: before.Date, Qts: before.Qts})
		if err != nil {
			return finding{}, err
		}
		n := 0
		if whole, ok := x.(*tg.UpdatesDifference); ok {
			for _, u := range whole.OtherUpdates {
				if _, ok := u.(*tg.UpdateBotStopped); ok {
					n++
				}
			}
		}
		told = append(told, n)
	}
	return found(slices.Equal(told, []int{2, 2}), "of a block and its end the logins are told %v", told)
}
