package service

import (
	"context"
	"fmt"
	"slices"

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
	renewed  bool             // the files were taken to Telegram once more
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
	return f.ready(ctx, d)
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

// ready takes the files to Telegram and says then, and not before, what is about to be sent.
func (f *fileSending) ready(ctx context.Context, d *delivery) error {
	if err := f.attach(ctx, d); err != nil {
		return err
	}
	return d.call.Announce(ctx, f.w.intent(d.names))
}

func (f *fileSending) attach(ctx context.Context, d *delivery) (err error) {
	f.media, err = d.s.attach(ctx, d.call, f.w.m.Files, f.w.m.Look())
	return err
}

// target sends those files to one target that were not sent earlier.
func (f *fileSending) target(ctx context.Context, d *delivery, at *chat, p message.Place, r *Result, ids []int64) error {
	if f.media == nil {
		if err := f.ready(ctx, d); err != nil {
			return err
		}
	}
	for {
		err := f.send(ctx, d, at, p, r, ids)
		if f.renewed || !tgerr.Is(err, "FILE_REFERENCE_EXPIRED", "FILE_REFERENCE_INVALID", "FILE_REFERENCE_EMPTY") {
			return err
		}
		// Telegram has forgotten what nobody has sent for so long.
		f.renewed = true
		if err := f.attach(ctx, d); err != nil {
			return err
		}
	}
}

func (f *fileSending) send(ctx context.Context, d *delivery, at *chat, p message.Place, r *Result, ids []int64) error {
	requests, err := f.w.m.PlanFiles(p, f.media, ids, len(r.MessageIDs))
	if err != nil {
		return err
	}
	for _, request := range requests {
		all, err := d.sendFiles(ctx, at, request, f.media[len(r.MessageIDs):])
		if err != nil {
			return blame(err, f.w.m.Files[len(r.MessageIDs)].At, fault.FileRefused)
		}
		for _, one := range all {
			d.sent(r, *at, one, f.w.at)
		}
	}
	return nil
}

// sendFiles makes one request: it sends the first of some files, or several as an album.
func (d *delivery) sendFiles(ctx context.Context, at *chat, r message.FilesRequest, files []message.Medium) ([]sent, error) {
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
	items, ids, scheduled := itemsOf(r, files)
	switch {
	case tgerr.Is(err, "RANDOM_ID_DUPLICATE"):
		return d.proof(ctx, *at, items, scheduled)
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
