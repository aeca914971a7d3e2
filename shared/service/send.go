package service

import (
	"context"
	"fmt"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
)

// SendMessages sends a text, or files, to each target. One target's failure does not stop the others. A fault that
// concerns the call as a whole is the error if nothing was sent yet, else part of the answer.
func (s *Service) SendMessages(ctx context.Context, m message.Send) (*Answer, error) {
	id, err := s.entryID(ctx, m.EntryID)
	if err != nil {
		return nil, err
	}
	w := &sending{m: m, mentions: message.Mentions(m.Parts)}
	r := s.request(ctx, id)
	if m.HasFiles() {
		if s.o.Files == nil {
			return nil, fault.At(fault.FileRefused, m.Files[0].At, "This bridge sends no files.")
		}
		r = s.fileRequest(ctx, id)
	}
	r.Targets = append(append(r.Targets, m.Targets...), w.mentions...)
	if !m.DryRun && !m.HasFiles() { // who uploads first announces itself when that is done
		r.Intent = w.intent(s.names(id), nil)
	}
	return s.deliver(ctx, r, delivery{
		targets: m.Targets, each: m.Each(), key: m.IdempotencyKey, body: m.Hash(), dryRun: m.DryRun, begin: w.begin, target: w.target,
	})
}

// sending is a call of send_messages at work.
type sending struct {
	m        message.Send
	mentions []peer.Target
	found    map[peer.Target]tg.InputUserClass
	at       time.Time // of a schedule; zero: at once
	files    *fileSending
}

// intent is what the call says that it is about to do, in these chats: files without a caption are known by them only.
func (w *sending) intent(names outbox.Names, chats []peer.ID) authorization.Intent {
	i := authorization.Intent{Kinds: []outbox.Kind{outbox.Send}}
	for _, p := range w.m.Parts {
		i.Texts = append(i.Texts, names.Text(outbox.Send, 0, p.Text))
	}
	if len(w.m.Files) > len(w.m.Parts) {
		for _, chat := range chats {
			i.Texts = append(i.Texts, names.Text(outbox.Send, chat, ""))
		}
	}
	return i
}

// begin finds out what holds for all targets.
func (w *sending) begin(ctx context.Context, d *delivery) error {
	err := onlyBots(&d.call.Entry, w.m.Markup)
	if err == nil {
		w.at, err = d.s.due(&d.call.Entry, w.m.Schedule)
	}
	if err == nil && w.m.HasFiles() {
		err = shortCaption(&d.call.Entry, "message", w.m.Parts)
	}
	if err == nil {
		w.found, err = mentioned(ctx, d.call, w.mentions)
	}
	if err == nil && w.m.HasFiles() {
		w.files = &fileSending{w: w}
		err = w.files.begin(ctx, d)
	}
	return err
}

// target sends to one target what was not sent earlier.
func (w *sending) target(ctx context.Context, d *delivery, t peer.Target, r *Result, ids []int64) error {
	if w.files != nil {
		ctx = w.files.bounded(ctx)
	}
	at, err := w.resolve(ctx, d, t)
	if err != nil {
		return err
	}
	place := message.Place{ReplyTo: w.m.ReplyTo, At: w.at, Find: finder(w.found)}
	if w.m.CommentTo != 0 {
		if at, place.ReplyTo, err = d.s.discussion(ctx, d.call, at, w.m.CommentTo); err != nil {
			return err
		}
	}
	r.ChatID = at.id
	if w.m.DryRun {
		r.Scheduled = w.at
		return nil
	}
	place.Peer = at.peer
	if w.files != nil {
		return w.files.target(ctx, d, &at, place, r, ids)
	}
	requests, err := w.m.Plan(place, ids)
	if err != nil {
		return err
	}
	batches := make([]batch, len(requests))
	for i, request := range requests {
		batches[i] = batch{[]item{{text: request.Message}}, request.ScheduleDate != 0, func(ctx context.Context) ([]sent, error) {
			one, err := d.send(ctx, &at, request)
			return []sent{one}, err
		}}
	}
	return d.sendAll(ctx, r, &at, batches, w.at)
}

// resolve finds a target, of a call with files at its beginning.
func (w *sending) resolve(ctx context.Context, d *delivery, t peer.Target) (chat, error) {
	if w.files != nil {
		if r, asked := w.files.resolved[t]; asked {
			return r.chat, r.err
		}
	}
	return resolve(ctx, d.call, t)
}

// send sends one message. errSentBefore: it was.
func (d *delivery) send(ctx context.Context, at *chat, r *tg.MessagesSendMessageRequest) (sent, error) {
	var answer tg.UpdatesClass
	err := d.s.perform(ctx, d.call, at, func(ctx context.Context) (err error) {
		r.Peer = at.peer
		answer, err = d.call.API.MessagesSendMessage(ctx, r)
		return err
	})
	switch {
	case tgerr.Is(err, "RANDOM_ID_DUPLICATE"):
		return sent{}, errSentBefore
	case err != nil:
		return sent{}, uncertain(ctx, err)
	}
	one, ok := readSent(d.call, answer, r.RandomID)
	if !ok {
		return one, fmt.Errorf("telegram's answer %s names no message", answer.TypeName())
	}
	one.text = r.Message
	return one, nil
}

// discussion returns where to comment on a post of a channel: the group linked with it, and which of its messages to
// reply to, the first of those that the post became there.
func (s *Service) discussion(ctx context.Context, c *authorization.Call, at chat, post int) (chat, int, error) {
	var answer *tg.MessagesDiscussionMessage
	err := s.perform(ctx, c, &at, func(ctx context.Context) (err error) {
		answer, err = c.API.MessagesGetDiscussionMessage(ctx, &tg.MessagesGetDiscussionMessageRequest{Peer: at.peer, MsgID: post})
		return err
	})
	if err != nil {
		return chat{}, 0, blame(err, "comment_to", fault.MessageIDInvalid)
	}
	c.Peers.Learn(answer.Users, answer.Chats)
	var group peer.ID
	first := 0
	for _, m := range answer.Messages {
		if full, ok := m.AsNotEmpty(); ok && (first == 0 || full.GetID() < first) {
			first, group = full.GetID(), peer.FromTL(full.GetPeerID())
		}
	}
	if first == 0 {
		return chat{}, 0, fault.At(fault.MessageIDInvalid, "comment_to", "This post cannot be commented on: its channel has no discussion group, or there is no such post.")
	}
	found, err := resolve(ctx, c, peer.Target{ID: group})
	return found, first, err
}

// onlyBots refuses keyboards of users: Telegram passes over them without a word.
func onlyBots(e *entry.Entry, m message.Markup) error {
	if m.Kind == message.NoMarkup || e.ClientType == entry.Bot {
		return nil
	}
	field := "keyboard"
	if m.Kind == message.InlineMarkup {
		field = "inline_keyboard"
	}
	return fault.At(fault.InvalidField, field, "Only bots can send keyboards, and this entry is a user's. Name an entry of a bot in config_entry_id.")
}

// due returns when a scheduled message is to be sent; zero: at once.
func (s *Service) due(e *entry.Entry, sc message.Schedule) (time.Time, error) {
	if sc.IsZero() {
		return time.Time{}, nil
	}
	if e.ClientType == entry.Bot {
		return time.Time{}, fault.At(fault.BotCannotSchedule, "schedule", "Telegram lets only users schedule messages, and this entry is a bot's. Name an entry of a user in config_entry_id, or let Home Assistant wait.")
	}
	zone, err := time.LoadLocation(e.Target.TimeZone)
	if err != nil { // it was checked when it was set
		zone = time.UTC
	}
	at, f := sc.Time(s.o.Clock.Now(), zone)
	if f != nil {
		return at, f
	}
	return at, nil
}

// blame returns an error as one of a field if it is about what the field says.
func blame(err error, field string, codes ...fault.Code) error {
	if !fault.Is(err, codes...) {
		return err
	}
	f := *fault.Of(err)
	f.Field = field
	return f.Because(err)
}

// uncertain returns the error of a request that makes a message: if Telegram's answer is missing, nobody knows whether it
// did.
func uncertain(ctx context.Context, err error) error {
	if answered(err) || !ends(ctx, err) {
		return err
	}
	return fault.New(fault.UnknownOutcome,
		"The connection to Telegram broke while this was being sent. Look whether it arrived, or repeat the call with the same idempotency key.").Because(err)
}
