package event

import (
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tdp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

// A userPayload is what user_update carries: what somebody is doing in a chat, or when they were online last.
type userPayload struct {
	chat   place
	user   party
	action tg.SendMessageActionClass // nil: it is the status
	status tg.UserStatusClass
	now    time.Time
}

// readUserUpdate reads who types and who is online.
func readUserUpdate(u bin.Object, c *Context) (Occurrence, bool) {
	switch u := u.(type) {
	case *tg.UpdateUserStatus:
		user := peer.UserID(u.UserID)
		return c.userUpdate(user, user, &userPayload{status: u.Status}), true
	case *tg.UpdateUserTyping:
		user := peer.UserID(u.UserID)
		return c.userUpdate(user, user, &userPayload{action: u.Action}), true
	case *tg.UpdateChatUserTyping:
		return c.userUpdate(peer.GroupID(u.ChatID), peer.FromTL(u.FromID), &userPayload{action: u.Action}), true
	case *tg.UpdateChannelUserTyping:
		return c.userUpdate(peer.ChannelID(u.ChannelID), peer.FromTL(u.FromID), &userPayload{action: u.Action}), true
	}
	return Occurrence{}, false
}

func (c *Context) userUpdate(chat, user peer.ID, p *userPayload) Occurrence {
	p.chat, p.user, p.now = c.place(chat), c.party(user), c.Now
	o := c.occurrence(filter.UserUpdate, chat, Passing, p)
	o.Sender = user
	what := "typing"
	if p.action == nil {
		what = "status"
	}
	o.Latest = what + " " + chat.String() + " " + user.String()
	return o
}

// A deed is what an action is, as the flags of user_update have it.
type deed struct {
	typing, cancel, playing, geo, contact, sticker, document, photo, audio, video, round bool
	recording, uploading                                                                 bool
}

// deedOf returns what an action is. Some are none of it, as speaking in a call.
func deedOf(a tg.SendMessageActionClass) deed {
	switch a.(type) {
	case *tg.SendMessageTypingAction:
		return deed{typing: true}
	case *tg.SendMessageCancelAction:
		return deed{cancel: true}
	case *tg.SendMessageGamePlayAction:
		return deed{playing: true}
	case *tg.SendMessageGeoLocationAction:
		return deed{geo: true}
	case *tg.SendMessageChooseContactAction:
		return deed{contact: true, uploading: true}
	case *tg.SendMessageChooseStickerAction:
		return deed{sticker: true, uploading: true}
	case *tg.SendMessageUploadDocumentAction:
		return deed{document: true, uploading: true}
	case *tg.SendMessageUploadPhotoAction:
		return deed{photo: true, uploading: true}
	case *tg.SendMessageUploadAudioAction:
		return deed{audio: true, uploading: true}
	case *tg.SendMessageUploadVideoAction:
		return deed{video: true, uploading: true}
	case *tg.SendMessageUploadRoundAction:
		return deed{round: true, uploading: true}
	case *tg.SendMessageRecordAudioAction:
		return deed{audio: true, recording: true}
	case *tg.SendMessageRecordVideoAction:
		return deed{video: true, recording: true}
	case *tg.SendMessageRecordRoundAction:
		return deed{round: true, recording: true}
	}
	return deed{}
}

// Whoever hides when they were online is said to have been "recently", "within a week", "within a month".
const (
	recent    = 24 * time.Hour
	lastWeek  = 7 * 24 * time.Hour
	lastMonth = 30 * 24 * time.Hour
	longAgo   = 365 * 24 * time.Hour
)

// age is how long ago somebody was online, as far as their status says.
func age(status tg.UserStatusClass, now time.Time) time.Duration {
	switch s := status.(type) {
	case *tg.UserStatusOnline:
		return 0
	case *tg.UserStatusOffline:
		return now.Sub(unix(s.WasOnline))
	case *tg.UserStatusRecently:
		return recent
	case *tg.UserStatusLastWeek:
		return lastWeek
	case *tg.UserStatusLastMonth:
		return lastMonth
	}
	return longAgo
}

func (p *userPayload) write(w *writer, _ map[string]*string) {
	w.chat(&p.chat)
	w.object("input_sender", p.user.input)
	w.object("input_user", p.user.input)
	w.object("sender", p.user.entity)
	w.id("sender_id", p.user.id)
	w.object("user", p.user.entity)
	w.id("user_id", p.user.id)
	p.writeAction(w)
	p.writeStatus(w)
}

func (p *userPayload) writeAction(w *writer) {
	action, _ := p.action.(tdp.Object)
	w.object("action", action)
	d := deedOf(p.action)
	for _, flag := range [...]struct {
		name string
		set  bool
	}{
		{"audio", d.audio}, {"cancel", d.cancel}, {"contact", d.contact}, {"document", d.document}, {"geo", d.geo},
		{"photo", d.photo}, {"playing", d.playing}, {"recording", d.recording}, {"round", d.round}, {"sticker", d.sticker},
		{"typing", d.typing}, {"uploading", d.uploading}, {"video", d.video},
	} {
		if action == nil {
			w.null(flag.name)
		} else {
			w.bool(flag.name, flag.set)
		}
	}
}

func (p *userPayload) writeStatus(w *writer) {
	status, _ := p.status.(tdp.Object)
	w.object("status", status)
	if offline, ok := p.status.(*tg.UserStatusOffline); ok {
		w.time("last_seen", offline.WasOnline)
	} else {
		w.null("last_seen")
	}
	if online, ok := p.status.(*tg.UserStatusOnline); ok {
		w.time("until", online.Expires)
	} else {
		w.null("until")
	}
	ago := age(p.status, p.now)
	for _, within := range [...]struct {
		name string
		most time.Duration
	}{{"online", 0}, {"recently", recent}, {"within_weeks", lastWeek}, {"within_months", lastMonth}} {
		if status == nil {
			w.null(within.name)
		} else {
			w.bool(within.name, ago <= within.most)
		}
	}
}

func (p *userPayload) appendIdentity(dst []byte, _ *Occurrence) []byte { return dst }
