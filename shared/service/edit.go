package service

import (
	"context"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
	"telegram-client/shared/textparse"
)

// An EditAnswer is what became of a call of edit_message.
type EditAnswer struct {
	Entry     entry.ID
	DryRun    bool
	ChatID    peer.ID
	MessageID int
	Date      time.Time // of the edit, or of the message if it was not modified; zero: not known
	Scheduled time.Time // when the message is to be sent; zero: it was
	Modified  bool      // false: it was like that already
}

// EditMessage edits one message. Repeating a call does no harm: the message is like that already.
func (s *Service) EditMessage(ctx context.Context, m message.Edit) (*EditAnswer, error) {
	id, err := s.entryID(ctx, m.EntryID)
	if err != nil {
		return nil, err
	}
	var mentions []peer.Target
	r := s.request(ctx, id)
	if m.HasFiles() {
		if s.o.Files == nil {
			return nil, fault.At(fault.FileRefused, m.File.At, "This bridge sends no files.")
		}
		r = s.fileRequest(ctx, id)
	}
	if m.Target != (peer.Target{}) {
		r.Targets = append(r.Targets, m.Target)
	}
	if m.Text != nil {
		mentions = message.Mentions([]textparse.Text{*m.Text})
		r.Targets = append(r.Targets, mentions...)
	}
	if !m.DryRun && !m.HasFiles() && !uncaptions(m) { // those announce themselves when they are about to edit
		var texts []string
		if m.Text != nil {
			texts = []string{m.Text.Text}
		}
		r.Intent = s.editIntent(id, 0, texts...)
	}
	answer := &EditAnswer{Entry: id, DryRun: m.DryRun, MessageID: m.MessageID}
	err = s.o.Pool.Do(ctx, r, func(ctx context.Context, c *authorization.Call) error {
		w := editing{s: s, c: c, m: m, answer: answer}
		return w.run(ctx, mentions)
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// uncaptions reports whether an edit takes the text away: then the chat has to be known to say what is going to be done.
func uncaptions(m message.Edit) bool { return m.Text != nil && m.Text.Text == "" }

// editIntent is what an edit in a chat says that it is about to do.
func (s *Service) editIntent(id entry.ID, chat peer.ID, texts ...string) authorization.Intent {
	i := authorization.Intent{Kinds: []outbox.Kind{outbox.Edit}}
	for _, text := range texts {
		i.Texts = append(i.Texts, s.names(id).Text(outbox.Edit, chat, text))
	}
	return i
}

// editing is one call at work.
type editing struct {
	s      *Service
	c      *authorization.Call
	m      message.Edit
	at     chat
	old    *tg.Message        // the message as it was; nil: nobody has asked
	file   tg.InputMediaClass // what it is to have for a file; nil: what it has
	answer *EditAnswer
}

func (w *editing) run(ctx context.Context, mentions []peer.Target) error {
	if err := onlyBots(&w.c.Entry, w.m.Markup); err != nil {
		return err
	}
	due, err := w.s.due(&w.c.Entry, w.m.Schedule)
	if err != nil {
		return err
	}
	found, err := mentioned(ctx, w.c, mentions)
	if err != nil {
		return err
	}
	named := w.m.Target != (peer.Target{})
	if named {
		if w.at, err = resolve(ctx, w.c, w.m.Target); err != nil {
			return err
		}
	}
	markup := w.m.Markup.TL()
	if w.m.Markup.Kind == message.RemoveMarkup {
		markup = nil // an edit without one removes it
	}
	// Telegram takes an inline keyboard away unless the edit brings it again. Only bots have any.
	keeps := w.m.Markup.Kind == message.NoMarkup && w.c.Entry.ClientType == entry.Bot
	if !named || keeps || w.m.HasFiles() {
		before, err := w.before(ctx)
		if err != nil {
			return err
		}
		if inline, ok := before.ReplyMarkup.(*tg.ReplyInlineMarkup); ok && keeps {
			markup = inline
		}
		w.old = before
		w.answer.Date = unix(max(before.Date, before.EditDate))
	}
	w.answer.ChatID = w.at.id
	if w.m.HasFiles() {
		if err := w.attach(ctx); err != nil {
			return err
		}
		ctx = waiting(ctx, w.s.patience())
	}
	if w.m.DryRun {
		w.answer.Scheduled = due
		return nil
	}
	if !w.m.HasFiles() && uncaptions(w.m) {
		if err := w.c.Announce(ctx, w.s.editIntent(w.answer.Entry, w.at.id, "")); err != nil {
			return err
		}
	}
	return w.edit(ctx, w.m.Plan(w.at.peer, due, w.file, markup, finder(found)), due)
}

// before returns the message as it is, and finds its chat if the call names none.
func (w *editing) before(ctx context.Context) (*tg.Message, error) {
	if w.m.Target == (peer.Target{}) {
		m, err := oneMessage(ctx, w.s, w.c, &chat{}, w.m.MessageID)
		if err != nil {
			return nil, err
		}
		if m == nil {
			return nil, fault.New(fault.TargetRequired, "There is no message with this id in private chats and small groups. If it is in a channel or supergroup say in which: target_id or target_username.")
		}
		w.at, err = resolve(ctx, w.c, peer.Target{ID: peer.FromTL(m.PeerID)})
		return m, err
	}
	read := oneMessage
	if !w.m.Schedule.IsZero() {
		read = oneScheduled
	}
	m, err := read(ctx, w.s, w.c, &w.at, w.m.MessageID)
	if err == nil && m == nil {
		err = fault.At(fault.MessageIDInvalid, "message", "There is no such message in this chat. It may have been deleted, or the id belongs to another chat.")
	}
	return m, err
}

// oneMessage returns a message of a channel, or of the account's common box; nil if it is not there.
func oneMessage(ctx context.Context, s *Service, c *authorization.Call, at *chat, id int) (*tg.Message, error) {
	all, err := messagesByID(ctx, s, c, at, []int{id})
	if err != nil {
		return nil, err
	}
	return withID(all, at, id), nil
}

// oneScheduled returns a message of a chat that is yet to be sent; nil if it is not there.
func oneScheduled(ctx context.Context, s *Service, c *authorization.Call, at *chat, id int) (*tg.Message, error) {
	all, err := s.messages(ctx, c, at, func(ctx context.Context) (tg.MessagesMessagesClass, error) {
		return c.API.MessagesGetScheduledHistory(ctx, &tg.MessagesGetScheduledHistoryRequest{Peer: at.peer})
	})
	if err != nil {
		return nil, err
	}
	return withID(all, at, id), nil
}

// withID returns the message of a chat that has the id, if it is there; of any chat if at is the zero chat.
func withID(all []tg.MessageClass, at *chat, id int) *tg.Message {
	for _, each := range all {
		if m, ok := each.(*tg.Message); ok && m.ID == id && (at.id == 0 || peer.FromTL(m.PeerID) == at.id) {
			return m
		}
	}
	return nil
}

// attach takes the file to Telegram that the message is to have, and says then, and not before, what is about to be done.
func (w *editing) attach(ctx context.Context) error {
	if w.m.Text != nil {
		if err := shortCaption(&w.c.Entry, "text", []textparse.Text{*w.m.Text}); err != nil {
			return err
		}
	}
	files := []message.File{*w.m.File}
	if w.m.DryRun {
		return w.s.inspect(ctx, files, w.m.Look())
	}
	media, err := w.s.attach(ctx, w.c, files, w.m.Look())
	if err != nil {
		return err
	}
	w.file = media[0].Input
	text := w.old.Message
	if w.m.Text != nil {
		text = w.m.Text.Text
	}
	return w.c.Announce(ctx, w.s.editIntent(w.answer.Entry, w.at.id, text))
}

// keepText makes an edit that brings a file and no text bring what the message says already.
func (w *editing) keepText(r *tg.MessagesEditMessageRequest) {
	if w.file == nil || w.m.Text != nil {
		return
	}
	if kept := message.Kept(w.old.Entities, func(id int64) (tg.InputUserClass, bool) {
		p, _, _ := w.c.Peers.Find(peer.Target{ID: peer.ID(id)})
		u, ok := p.(*tg.InputPeerUser)
		if !ok {
			return nil, false
		}
		return &tg.InputUser{UserID: u.UserID, AccessHash: u.AccessHash}, true
	}); len(kept) > 0 {
		r.SetEntities(kept)
	}
	r.SetMessage(w.old.Message)
}

// messagesByID asks for messages by their ids.
func messagesByID(ctx context.Context, s *Service, c *authorization.Call, at *chat, ids []int) ([]tg.MessageClass, error) {
	wanted := make([]tg.InputMessageClass, len(ids))
	for i, id := range ids {
		wanted[i] = &tg.InputMessageID{ID: id}
	}
	return s.messages(ctx, c, at, func(ctx context.Context) (tg.MessagesMessagesClass, error) {
		if channel, ok := at.channel(); ok {
			return c.API.ChannelsGetMessages(ctx, &tg.ChannelsGetMessagesRequest{Channel: channel, ID: wanted})
		}
		return c.API.MessagesGetMessages(ctx, wanted)
	})
}

// edit asks Telegram for the edit and reads what came of it.
func (w *editing) edit(ctx context.Context, r *tg.MessagesEditMessageRequest, due time.Time) error {
	var answer tg.UpdatesClass
	w.keepText(r)
	err := w.s.perform(ctx, w.c, &w.at, func(ctx context.Context) (err error) {
		r.Peer = w.at.peer
		answer, err = w.c.API.MessagesEditMessage(ctx, r)
		return err
	})
	switch {
	case tgerr.Is(err, "MESSAGE_NOT_MODIFIED"):
		w.answer.Scheduled = due
		return nil
	case tgerr.Is(err, "REPLY_MARKUP_INVALID") && w.m.Markup.Kind == message.ReplyMarkup:
		return fault.At(fault.InvalidField, "keyboard", "Telegram lets edits change inline keyboards only. Send a new message to show another keyboard.").Because(err)
	case err != nil && w.m.HasFiles():
		return blame(blame(err, "message", fault.MessageIDInvalid), w.m.File.At, fault.FileRefused)
	case err != nil:
		return blame(err, "message", fault.MessageIDInvalid)
	}
	w.answer.Modified = true
	w.c.Done.Sent.LastEdited = w.m.MessageID
	updates, date := flatten(w.c, answer)
	w.answer.Date = date
	for _, u := range updates {
		if made, ok := madeBy(u); ok && made.scheduled && made.id == w.m.MessageID {
			w.answer.Date, w.answer.Scheduled = made.date, due
			w.c.Done.Marks = append(w.c.Done.Marks, made.mark(w.s.names(w.answer.Entry), w.at.id))
			continue
		}
		if m, ok := editedBy(u); ok && m.id == w.m.MessageID {
			w.answer.Date = m.date
			w.c.Done.Marks = append(w.c.Done.Marks, authorization.Mark{Kind: outbox.Edit, Box: w.at.box(), MessageID: m.id, Version: m.version})
		}
	}
	return nil
}

type edited struct {
	id      int
	date    time.Time
	version int64 // as event.Occurrence.Version
}

// editedBy returns the message that an update tells of as edited.
func editedBy(u tg.UpdateClass) (edited, bool) {
	var m tg.MessageClass
	pts := 0
	switch u := u.(type) {
	case *tg.UpdateEditMessage:
		m, pts = u.Message, u.Pts
	case *tg.UpdateEditChannelMessage:
		m, pts = u.Message, u.Pts
	default:
		return edited{}, false
	}
	text, ok := m.(*tg.Message)
	if !ok {
		return edited{}, false
	}
	if text.EditDate == 0 {
		return edited{text.ID, unix(text.Date), int64(pts)}, true
	}
	return edited{text.ID, unix(text.EditDate), int64(text.EditDate)}, true
}
