package telegramtest

import "time"

// A Choice is how often the server takes one of two ways that are both Telegram's.
type Choice string

// The choices. The zero value is Sometimes.
const (
	Sometimes Choice = ""
	Always    Choice = "always"
	Never     Choice = "never"
)

// Behaviour is what Telegram does this way or that. It can be changed while the server runs ([Server.Behave]).
type Behaviour struct {
	// Short is whether text messages are told in the short forms (updateShortMessage, updateShortChatMessage,
	// updateShortSentMessage), which carry no users and chats. https://core.telegram.org/api/updates
	Short Choice `json:"short"`
	// Numbered is whether updates that are pushed carry a seq (A9). The short forms never do.
	Numbered Choice `json:"numbered"`
	// RefuseRepeated is whether a random_id that comes again is answered with RANDOM_ID_DUPLICATE; else it is answered
	// with the first message and pts_count 0. facts/telegram.md
	RefuseRepeated Choice `json:"refuse_repeated"`
	// MinUsers makes others than the account itself "min" in pushed updates and differences: without an access hash
	// that could be used. https://core.telegram.org/api/min
	MinUsers bool `json:"min_users"`
	// SliceSize is how many events updates.getDifference returns at most; 0 is 100.
	SliceSize int `json:"slice_size"`
	// TooLongAfter makes updates.getDifference answer differenceTooLong when the client is more pts behind than that; 0
	// is never.
	TooLongAfter int `json:"too_long_after"`
	// LoginsPerHour is how often a bot can log in; 0 is 5. The next time is refused with FLOOD_WAIT_2000.
	// facts/telegram.md
	LoginsPerHour int `json:"logins_per_hour"`
	// ResolvesPerHour is how often an account can ask for usernames; 0 is 200. The next time is refused with
	// FLOOD_WAIT_54000. facts/telegram.md
	ResolvesPerHour int `json:"resolves_per_hour"`
	// UsersWriteFirst forbids a bot to write to a user whom it has not met, even if it knows the access hash (A12).
	UsersWriteFirst bool `json:"users_write_first"`
	// CodesPerDay is how many login codes a number can be sent in 24 hours; 0 is 5. The next one is refused with
	// FLOOD_WAIT_86400. facts/telegram.md
	CodesPerDay int `json:"codes_per_day"`
	// CodeSeconds is how long a login code is good; 0 is 300.
	CodeSeconds int `json:"code_seconds"`
	// WrongCodes is how many wrong codes make the right one PHONE_CODE_EXPIRED; 0 is 5 (A32).
	WrongCodes int `json:"wrong_codes"`
	// Passwords is how many passwords can be tried in an hour; 0 is 5. The next one is refused with FLOOD_WAIT_3600.
	Passwords int `json:"passwords"`
	// AcceptedSeconds is how long a login token can be used after it was accepted; 0 is 60 (A36).
	AcceptedSeconds int `json:"accepted_seconds"`
	// FreshCannotAccept forbids an authorization that is younger than a day to accept a login token (A34).
	FreshCannotAccept bool `json:"fresh_cannot_accept"`
	// Unconfirmed is whether the owner is asked about a new login. https://core.telegram.org/constructor/updateNewAuthorization
	Unconfirmed Choice `json:"unconfirmed"`
	// Unoccupied is whether the right code for a number without an account is PHONE_NUMBER_UNOCCUPIED, or
	// auth.authorizationSignUpRequired. https://core.telegram.org/method/auth.signIn
	Unoccupied Choice `json:"unoccupied"`
	// ChannelTooLongAfter makes updates.getChannelDifference answer channelDifferenceTooLong when the client is more pts
	// behind than that; 0 is never.
	ChannelTooLongAfter int `json:"channel_too_long_after"`
	// ChannelTimeout is after how many seconds Telegram wants to be asked again about a channel that it does not push; 0
	// is 30.
	ChannelTimeout int `json:"channel_timeout"`
	// NameChannels is whether updates.getDifference names a channel in which something happened (A39).
	NameChannels Choice `json:"name_channels"`
	// TellParticipants pushes updateChatParticipantAdd and Delete of small groups besides the service messages (A40).
	TellParticipants bool `json:"tell_participants"`
	// QuerySeconds is how long a callback or inline query can be answered; 0 is 60 (A43).
	QuerySeconds int `json:"query_seconds"`
	// CDNEmpty is whether a CDN has to be given a file before it serves it (upload.cdnFileReuploadNeeded).
	CDNEmpty Choice `json:"cdn_empty"`
	// CDNLies makes the CDN change a byte of each piece.
	CDNLies bool `json:"cdn_lies"`
	// TellEnded pushes updatesTooLong to the connections of an authorization that is ended from another device (A11).
	TellEnded bool `json:"tell_ended"`
}

const (
	loginWait    = 2000  // seconds
	resolveWait  = 54000 // seconds
	passwordWait = 3600  // seconds
	perHour      = time.Hour
)

func (b *Behaviour) setDefaults() {
	defaults := []struct {
		field *int
		value int
	}{{&b.SliceSize, 100}, {&b.LoginsPerHour, 5}, {&b.ResolvesPerHour, 200},
		{&b.CodesPerDay, 5}, {&b.CodeSeconds, 300}, {&b.WrongCodes, 5}, {&b.Passwords, 5}, {&b.AcceptedSeconds, 60},
		{&b.ChannelTimeout, 30}, {&b.QuerySeconds, 60}}
	for _, d := range defaults {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
}

// Behave changes what the server does from now on.
func (s *Server) Behave(change func(*Behaviour)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.behaviour)
	s.behaviour.setDefaults()
}

// Behaviour returns what the server does now.
func (s *Server) Behaviour() Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behaviour
}

// chooses throws a coin where both ways are open.
func (s *Server) chooses(c Choice) bool {
	switch c {
	case Always:
		return true
	case Never:
		return false
	}
	return s.random.IntN(2) == 0
}

// A limiter counts what may happen so often in some time.
type limiter []time.Time

// take reports whether it may happen once more in an hour.
func (l *limiter) take(now time.Time, most int) bool { return l.takeWithin(now, most, perHour) }

func (l *limiter) takeWithin(now time.Time, most int, window time.Duration) bool {
	kept := (*l)[:0]
	for _, at := range *l {
		if now.Sub(at) < window {
			kept = append(kept, at)
		}
	}
	*l = kept
	if len(kept) >= most {
		return false
	}
	*l = append(kept, now)
	return true
}
