package telegramtest

import (
	"fmt"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) presenceMethods(t table) {
	add(t, tg.MessagesSetTypingRequestTypeID, loggedIn, setTyping)
}

// Typing and statuses have neither pts nor qts: who is not connected never hears of them. Bots are told of neither
// (A41). https://core.telegram.org/api/updates

// typings are what somebody can be doing. https://core.telegram.org/type/SendMessageAction
var typings = map[string]func(progress int) tg.SendMessageActionClass{
	"typing":          func(int) tg.SendMessageActionClass { return &tg.SendMessageTypingAction{} },
	"cancel":          func(int) tg.SendMessageActionClass { return &tg.SendMessageCancelAction{} },
	"game":            func(int) tg.SendMessageActionClass { return &tg.SendMessageGamePlayAction{} },
	"geo":             func(int) tg.SendMessageActionClass { return &tg.SendMessageGeoLocationAction{} },
	"contact":         func(int) tg.SendMessageActionClass { return &tg.SendMessageChooseContactAction{} },
	"sticker":         func(int) tg.SendMessageActionClass { return &tg.SendMessageChooseStickerAction{} },
	"record_audio":    func(int) tg.SendMessageActionClass { return &tg.SendMessageRecordAudioAction{} },
	"record_video":    func(int) tg.SendMessageActionClass { return &tg.SendMessageRecordVideoAction{} },
	"record_round":    func(int) tg.SendMessageActionClass { return &tg.SendMessageRecordRoundAction{} },
	"upload_audio":    func(n int) tg.SendMessageActionClass { return &tg.SendMessageUploadAudioAction{Progress: n} },
	"upload_video":    func(n int) tg.SendMessageActionClass { return &tg.SendMessageUploadVideoAction{Progress: n} },
	"upload_round":    func(n int) tg.SendMessageActionClass { return &tg.SendMessageUploadRoundAction{Progress: n} },
	"upload_photo":    func(n int) tg.SendMessageActionClass { return &tg.SendMessageUploadPhotoAction{Progress: n} },
	"upload_document": func(n int) tg.SendMessageActionClass { return &tg.SendMessageUploadDocumentAction{Progress: n} },
}

// Type lets somebody be doing something in a chat: "typing", "cancel", "record_audio", "upload_photo", ... progress is
// that of an upload.
func (s *Server) Type(from, to int64, what string, progress int) error {
	action := typings[what]
	if action == nil {
		return fmt.Errorf("nobody can be doing %q", what)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[from]
	if a == nil {
		return errNoAccount
	}
	in, err := s.place(to)
	if err != nil {
		return err
	}
	s.tellTyping(a, in, action(progress))
	return nil
}

// tellTyping tells the others in a chat; nobody in a broadcast channel, where nobody sees who writes.
func (s *Server) tellTyping(a *account, in place, action tg.SendMessageActionClass) {
	from := &tg.PeerUser{UserID: a.id}
	var others []*account
	var u tg.UpdateClass
	switch {
	case in.user != nil:
		others, u = []*account{in.user}, &tg.UpdateUserTyping{UserID: a.id, Action: action}
	case in.group != nil:
		others, u = in.group.members, &tg.UpdateChatUserTyping{ChatID: in.group.id, FromID: from, Action: action}
	case !in.channel.broadcast:
		others = in.channel.members()
		u = &tg.UpdateChannelUserTyping{ChannelID: in.channel.id, FromID: from, Action: action}
	}
	for _, b := range others {
		if b != a && !b.bot {
			s.pass(b, u)
		}
	}
}

// pass pushes an update without entities to an account.
func (s *Server) pass(a *account, u tg.UpdateClass) {
	for _, x := range s.of(a) {
		s.tellPassing(x, u, nil)
	}
}

// https://core.telegram.org/method/messages.setTyping
func setTyping(c *call, r *tg.MessagesSetTypingRequest) (bin.Encoder, error) {
	in, err := c.inputPeer(r.Peer)
	if err != nil {
		return nil, err
	}
	if err := c.mayWrite(in); err != nil {
		return nil, err
	}
	c.server.tellTyping(c.account, in, r.Action)
	return &tg.BoolTrue{}, nil
}

// A Status is whether somebody is there.
type Status string

// The statuses. https://core.telegram.org/type/UserStatus
const (
	Online    Status = "online"  // until a time
	Offline   Status = "offline" // since a time
	Recently  Status = "recently"
	LastWeek  Status = "last_week"
	LastMonth Status = "last_month"
	NoStatus  Status = "empty"
)

func (st Status) class(at int) (tg.UserStatusClass, error) {
	switch st {
	case Online:
		return &tg.UserStatusOnline{Expires: at}, nil
	case Offline:
		return &tg.UserStatusOffline{WasOnline: at}, nil
	case Recently:
		return &tg.UserStatusRecently{}, nil
	case LastWeek:
		return &tg.UserStatusLastWeek{}, nil
	case LastMonth:
		return &tg.UserStatusLastMonth{}, nil
	case NoStatus:
		return &tg.UserStatusEmpty{}, nil
	}
	return nil, tgerr.New(400, "STATUS_INVALID")
}

// SetStatus says that a user is online until a time, was so at a time, or is hidden. Those are told who have it as a
// contact, or know it from a chat. A zero time is now.
func (s *Server) SetStatus(user int64, st Status, at time.Time) error {
	if at.IsZero() {
		at = s.opt.Clock.Now()
	}
	class, err := st.class(int(at.Unix()))
	if err != nil {
		return fmt.Errorf("there is no status %q", st)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[user]
	if a == nil || a.bot {
		return errNoAccount
	}
	a.status = class
	for _, b := range s.accountOrder {
		if b != a && !b.bot && (b.contacts[a.id] || b.met[a.id]) {
			s.pass(b, &tg.UpdateUserStatus{UserID: a.id, Status: class})
		}
	}
	return nil
}
