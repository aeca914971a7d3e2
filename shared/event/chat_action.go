package event

import (
	"fmt"
	"slices"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tdp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

// A chatPayload is what chat_action carries.
type chatPayload struct {
	message  tdp.Object // the service message; nil: another update told
	chat     place
	ids      []peer.ID // whom it concerns
	users    []tdp.Object
	inputs   []tdp.Object
	addedBy  doer
	kickedBy doer

	joined, added, left, kicked bool
	created, newPhoto           bool
	newPin, unpin               bool
	photo                       tdp.Object
	title                       *string
	score                       *int

	pinned []int // what is pinned no more
}

// A doer is who added or kicked somebody. Of one whom nobody has described to us, automations get what the update says:
// a peer or a number.
type doer struct {
	id     peer.ID
	entity tdp.Object
	peer   tdp.Object // what the update says; nil: a number
}

func (c *Context) doer(id peer.ID, said tg.PeerClass) doer {
	d := doer{id: id, entity: c.entity(id)}
	d.peer, _ = said.(tdp.Object)
	return d
}

func (w *writer) doer(name string, d *doer) {
	switch {
	case d.entity != nil:
		w.object(name, d.entity)
	case d.peer != nil:
		w.object(name, d.peer)
	default:
		w.id(name, d.id)
	}
}

// concerns notes whom it concerns.
func (p *chatPayload) concerns(c *Context, ids ...peer.ID) {
	for _, id := range ids {
		if id != 0 {
			p.ids = append(p.ids, id)
		}
	}
	for _, id := range p.ids {
		of := c.party(id)
		if of.entity != nil {
			p.users = append(p.users, of.entity)
		}
		if id == c.self() {
			of.input = &tg.InputPeerSelf{}
		}
		if of.input != nil {
			p.inputs = append(p.inputs, of.input)
		}
	}
}

// change returns how who is in the chat changed.
func (p *chatPayload) change() Change {
	switch {
	case p.joined, p.added:
		return Came
	case p.left, p.kicked:
		return Went
	}
	return ""
}

// chatAction makes the event. date is when it happened; 0: just now.
func (c *Context) chatAction(chat peer.ID, date int, p *chatPayload) Occurrence {
	p.chat = c.place(chat)
	o := c.occurrence(filter.ChatAction, chat, Durable, p)
	o.Change, o.Users = p.change(), p.ids
	if date != 0 {
		o.Occurred = unix(date)
	}
	return o
}

// readMembers reads the updates that are no messages: somebody comes or goes, or something is pinned no more.
func readMembers(u bin.Object, c *Context) (Occurrence, bool) {
	switch u := u.(type) {
	case *tg.UpdatePinnedMessages:
		return c.unpinned(peer.FromTL(u.Peer), u.Messages, u.Pinned)
	case *tg.UpdatePinnedChannelMessages:
		return c.unpinned(peer.ChannelID(u.ChannelID), u.Messages, u.Pinned)
	case *tg.UpdateChatParticipantAdd:
		p := &chatPayload{}
		p.came(c, peer.UserID(u.UserID), peer.UserID(u.InviterID))
		p.joined = p.joined || u.InviterID == 0
		return c.chatAction(peer.GroupID(u.ChatID), u.Date, p), true
	case *tg.UpdateChatParticipantDelete:
		p := &chatPayload{left: true}
		p.concerns(c, peer.UserID(u.UserID))
		return c.chatAction(peer.GroupID(u.ChatID), 0, p), true
	case *tg.UpdateChannelParticipant:
		_, now := u.GetNewParticipant()
		_, before := u.GetPrevParticipant()
		if now == before {
			return Occurrence{}, false // promoted, restricted, banned: still there or still not
		}
		p := &chatPayload{}
		user, actor := peer.UserID(u.UserID), peer.UserID(u.ActorID)
		if now {
			p.came(c, user, actor)
			return c.chatAction(peer.ChannelID(u.ChannelID), u.Date, p), true
		}
		p.concerns(c, user)
		if p.left = actor == user; !p.left && actor != 0 {
			p.kicked, p.kickedBy = true, c.doer(actor, nil)
		}
		return c.chatAction(peer.ChannelID(u.ChannelID), u.Date, p), true
	}
	return Occurrence{}, false
}

// came notes that a user is there now. Who brought themselves has joined.
func (p *chatPayload) came(c *Context, user, by peer.ID) {
	p.concerns(c, user)
	if p.joined = by == user; !p.joined && by != 0 {
		p.added, p.addedBy = true, c.doer(by, nil)
	}
}

// unpinned makes the event of messages that are pinned no more. What is pinned comes as a service message as well.
func (c *Context) unpinned(chat peer.ID, ids []int, pinned bool) (Occurrence, bool) {
	if pinned {
		return Occurrence{}, false
	}
	o := c.chatAction(chat, 0, &chatPayload{unpin: true, pinned: ids})
	o.Kind, o.MessageIDs, o.About = Pin, ids, ids
	return o, true
}

// readService reads a service message.
func readService(m *tg.MessageService, c *Context) (Occurrence, bool) {
	own := *m
	from := peer.FromTL(m.FromID) // who did it: not filled in, as in a message that is shown
	s := c.look(&own)
	p := &chatPayload{message: &own}
	if !p.act(c, m, from, s.seen) {
		return Occurrence{}, false
	}
	o := c.chatAction(s.chat, s.date, p)
	o.Sender, o.Outgoing, o.MessageIDs, o.Service = s.seen, s.out, []int{s.id}, true
	if p.newPin && s.out {
		o.Kind = Pin
		if reply, ok := m.ReplyTo.(*tg.MessageReplyHeader); ok {
			o.About = []int{reply.ReplyToMsgID}
		}
	}
	return o, true
}

// act takes in what a service message tells. from is who did it, if it says so; seen is whom it seems to come from. It
// reports whether that is a chat action: most are not.
func (p *chatPayload) act(c *Context, m *tg.MessageService, from, seen peer.ID) bool {
	switch a := m.Action.(type) {
	case *tg.MessageActionChatJoinedByLink:
		p.joined = true
		p.concerns(c, from)
	case *tg.MessageActionChatAddUser:
		p.concerns(c, userIDs(a.Users)...)
		if p.joined = len(p.ids) == 1 && p.ids[0] == seen; !p.joined && from != 0 {
			p.added, p.addedBy = true, c.doer(from, m.FromID)
		}
	case *tg.MessageActionChatDeleteUser:
		p.concerns(c, peer.UserID(a.UserID))
		if p.left = from == 0 || from == peer.UserID(a.UserID); !p.left {
			p.kicked, p.kickedBy = true, c.doer(from, nil)
		}
	case *tg.MessageActionChatCreate:
		p.created, p.title = true, &a.Title
		p.concerns(c, userIDs(a.Users)...)
	case *tg.MessageActionChannelCreate:
		p.created, p.title = true, &a.Title
		p.concerns(c, from)
	case *tg.MessageActionChatEditTitle:
		p.title = &a.Title
		p.concerns(c, from)
	case *tg.MessageActionChatEditPhoto:
		p.newPhoto = true
		if photo, ok := a.Photo.(*tg.Photo); ok {
			p.photo = photo
		}
		p.concerns(c, from)
	case *tg.MessageActionChatDeletePhoto:
		p.newPhoto = true
		p.concerns(c, from)
	case *tg.MessageActionPinMessage:
		_, p.newPin = m.GetReplyTo()
		return p.newPin
	case *tg.MessageActionGameScore:
		p.score = &a.Score
	default:
		return false
	}
	return true
}

func userIDs(bare []int64) []peer.ID {
	ids := make([]peer.ID, len(bare))
	for i, id := range bare {
		ids[i] = peer.UserID(id)
	}
	return ids
}

func (p *chatPayload) write(w *writer, _ map[string]*string) {
	w.object("action_message", p.message)
	w.doer("added_by", &p.addedBy)
	w.chat(&p.chat)
	w.bool("created", p.created)
	w.object("input_user", first(p.inputs))
	w.objects("input_users", p.inputs)
	w.doer("kicked_by", &p.kickedBy)
	w.bool("new_photo", p.newPhoto)
	w.bool("new_pin", p.newPin)
	if p.score != nil {
		w.int("new_score", int64(*p.score))
	} else {
		w.null("new_score")
	}
	if p.title != nil {
		w.text("new_title", *p.title)
	} else {
		w.null("new_title")
	}
	w.object("photo", p.photo)
	w.bool("unpin", p.unpin)
	w.object("user", first(p.users))
	w.bool("user_added", p.added)
	w.bool("user_joined", p.joined)
	w.bool("user_kicked", p.kicked)
	w.bool("user_left", p.left)
	w.objects("users", p.users)
	if len(p.ids) == 0 {
		w.null("user_id")
		w.null("user_ids")
		return
	}
	w.id("user_id", p.ids[0])
	all := make([]int, len(p.ids))
	for i, id := range p.ids {
		all[i] = int(id)
	}
	w.ints("user_ids", all)
}

func first(all []tdp.Object) tdp.Object {
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

func (p *chatPayload) appendIdentity(dst []byte, o *Occurrence) []byte {
	switch {
	case p.message != nil:
		return fmt.Appendf(dst, "%d %d", o.Box, o.MessageIDs[0])
	case p.unpin:
		return fmt.Appendf(dst, "%d unpin %v %d", o.Chat, sorted(p.pinned), o.Occurred.Unix())
	}
	users := slices.Clone(p.ids)
	slices.Sort(users)
	return fmt.Appendf(dst, "%d %s %v %d", o.Chat, p.change(), users, o.Occurred.Unix())
}
