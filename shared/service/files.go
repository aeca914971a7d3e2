package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/media"
	"telegram-client/shared/message"
	"telegram-client/shared/peer"
	"telegram-client/shared/textparse"
)

// fileSending is a call of send_messages that sends files: how it differs from one that sends text.
type fileSending struct {
	w        *sending
	resolved map[peer.Target]resolved
	media    []message.Medium // what Telegram has; nil: nothing yet
	told     []peer.ID        // the chats for which it is announced, or is to be again
	renewed  bool             // the files were taken to Telegram once more
	// until is how long may be waited since it was announced what is about to be sent; zero: it was not yet.
	until time.Time
}

// resolved is what came of looking a target up.
type resolved struct {
	chat chat
	err  error
}

// begin takes the files to Telegram, if there is any target for them.
func (f *fileSending) begin(ctx context.Context, d *delivery) error {
	if f.w.m.DryRun {
		return d.s.inspect(ctx, f.w.m.Files, f.w.m.Look())
	}
	someone, err := f.resolve(ctx, d)
	if err != nil || !someone {
		return err
	}
	var chats []peer.ID
	for _, r := range f.resolved {
		if r.err == nil {
			chats = append(chats, r.chat.id)
		}
	}
	return f.ready(ctx, d, chats...)
}

// resolve finds the targets, so that nothing is uploaded for nobody. After a flood wait the rest is left for later: each
// target has its turn.
func (f *fileSending) resolve(ctx context.Context, d *delivery) (someone bool, err error) {
	f.resolved = map[peer.Target]resolved{}
	for i, t := range d.targets {
		if r := d.answer.earlier(i); r.Fault == nil && len(r.MessageIDs) == d.each {
			continue
		}
		at, err := resolve(ctx, d.call, t)
		switch {
		case err != nil && ends(ctx, err):
			return false, err
		case fault.Is(err, fault.FloodWait):
			return someone, nil
		}
		someone = someone || err == nil
		f.resolved[t] = resolved{at, err}
	}
	return someone, nil
}

// ready takes the files to Telegram and says then, and not before, what is about to be sent: to these chats too.
func (f *fileSending) ready(ctx context.Context, d *delivery, chats ...peer.ID) error {
	if f.media == nil {
		if err := f.attach(ctx, d); err != nil {
			return err
		}
	}
	all := slices.Clone(f.told)
	for _, chat := range chats {
		if !slices.Contains(all, chat) {
			all = append(all, chat)
		}
	}
	begun := !f.until.IsZero()
	if begun && len(all) == len(f.told) {
		return nil
	}
	if err := d.call.Announce(ctx, f.w.intent(d.names, all)); err != nil {
		return err
	}
	f.told = all
	if !begun {
		f.until = d.s.patience()
	}
	return nil
}

func (f *fileSending) attach(ctx context.Context, d *delivery) (err error) {
	f.media, err = d.s.attach(ctx, d.call, f.w.m.Files, f.w.m.Look())
	return err
}

// bounded returns the context of what is done after the announcement, if there was one.
func (f *fileSending) bounded(ctx context.Context) context.Context {
	if f.until.IsZero() {
		return ctx
	}
	return waiting(ctx, f.until)
}

// target sends those files to one target that were not sent earlier.
func (f *fileSending) target(ctx context.Context, d *delivery, at *chat, p message.Place, r *Result, ids []int64) error {
	for {
		if err := f.ready(ctx, d, at.id); err != nil {
			return err
		}
		err := f.send(f.bounded(ctx), d, at, p, r, ids)
		if f.renewed || !tgerr.Is(err, "FILE_REFERENCE_EXPIRED", "FILE_REFERENCE_INVALID", "FILE_REFERENCE_EMPTY") {
			return err
		}
		// Telegram has forgotten what nobody has sent for so long.
		if err := f.renew(ctx, d, err); err != nil {
			return err
		}
	}
}

// renew makes ready for taking the files to Telegram once more: what was announced is taken back, so that this upload holds
// no events either. That cannot be done if something was sent already: its own events are yet to come.
func (f *fileSending) renew(ctx context.Context, d *delivery, forgotten error) error {
	if len(d.call.Done.Marks) > 0 {
		d.rest = true
		return fault.New(fault.TelegramError, "Telegram has forgotten the files while they were being sent. What was sent is in the answer; repeat the call with the same idempotency key to send the rest.").Because(forgotten)
	}
	if err := d.call.Announce(ctx, authorization.Intent{}); err != nil {
		return err
	}
	f.renewed, f.media, f.until = true, nil, time.Time{}
	return nil
}

func (f *fileSending) send(ctx context.Context, d *delivery, at *chat, p message.Place, r *Result, ids []int64) error {
	requests, err := f.w.m.PlanFiles(p, f.media, ids, len(r.MessageIDs))
	if err != nil {
		return err
	}
	n := 0
	batches := make([]batch, len(requests))
	for i, request := range requests {
		begin := n
		items, ids, scheduled := itemsOf(request, f.media[begin:])
		n += len(items)
		batches[i] = batch{items, scheduled, func(ctx context.Context) ([]sent, error) {
			all, err := d.sendFiles(ctx, at, request, items, ids)
			return all, blame(err, f.w.m.Files[begin].At, fault.FileRefused)
		}}
	}
	return d.sendAll(ctx, r, at, batches, f.w.at)
}

// sendFiles makes one request: it sends a file, or several as an album. errSentBefore: they were.
func (d *delivery) sendFiles(ctx context.Context, at *chat, r message.FilesRequest, items []item, ids []int64) ([]sent, error) {
	var answer tg.UpdatesClass
	err := d.s.perform(ctx, d.call, at, func(ctx context.Context) (err error) {
		if r.One != nil {
			r.One.Peer = at.peer
			answer, err = d.call.API.MessagesSendMedia(ctx, r.One)
			return err
		}
		r.Album.Peer = at.peer
		answer, err = d.call.API.MessagesSendMultiMedia(ctx, r.Album)
		return err
	})
	switch {
	case tgerr.Is(err, "RANDOM_ID_DUPLICATE"):
		return nil, errSentBefore
	case err != nil:
		return nil, uncertain(ctx, err)
	}
	all, ok := readAll(d.call, answer, ids)
	if !ok {
		return nil, fmt.Errorf("telegram's answer %s does not name %d messages", answer.TypeName(), len(ids))
	}
	for i := range all {
		all[i].text = items[i].text
	}
	return all, nil
}

// itemsOf returns what the messages of a request are to be found by, and their random ids.
func itemsOf(r message.FilesRequest, files []message.Medium) (items []item, ids []int64, scheduled bool) {
	if r.One != nil {
		return []item{{r.One.Message, files[0].Kind}}, []int64{r.One.RandomID}, r.One.ScheduleDate != 0
	}
	for i, m := range r.Album.MultiMedia {
		items, ids = append(items, item{m.Message, files[i].Kind}), append(ids, m.RandomID)
	}
	return items, ids, r.Album.ScheduleDate != 0
}

// readAll reads the answer to a request that makes messages with these random ids. ok is false if it does not name all.
func readAll(c *authorization.Call, answer tg.UpdatesClass, randomIDs []int64) (all []sent, ok bool) {
	if len(randomIDs) == 1 {
		one, ok := readSent(c, answer, randomIDs[0])
		return []sent{one}, ok
	}
	updates, date := flatten(c, answer)
	named, made := map[int64]int{}, map[int]sent{}
	var ids []int
	for _, u := range updates {
		if n, is := u.(*tg.UpdateMessageID); is {
			named[n.RandomID] = n.ID
		}
		if one, is := madeBy(u); is {
			made[one.id] = one
			ids = append(ids, one.id)
		}
	}
	slices.Sort(ids)
	for i, r := range randomIDs {
		id, is := named[r]
		if !is && len(named) == 0 && len(ids) == len(randomIDs) {
			id, is = ids[i], true // an answer that repeats an earlier send need not name the random ids again
		}
		if !is {
			return nil, false
		}
		one, is := made[id]
		if !is {
			one = sent{id: id, date: date}
		}
		all = append(all, one)
	}
	return all, true
}

// shortCaption refuses a text that is too long to go with a file of this account.
func shortCaption(e *entry.Entry, field string, texts []textparse.Text) error {
	for _, t := range texts {
		if textparse.Units(t.Text) > message.MaxCaption && !e.Account.Premium {
			return message.CaptionTooLong(field, t)
		}
	}
	return nil
}

// kindOf returns what the file of a message is; empty: it has none.
func kindOf(m *tg.Message) media.Kind {
	medium, _ := message.ReadMedium(m.Media)
	return medium.Kind
}
