package peer

import (
	"strconv"
	"strings"

	"telegram-client/shared/fault"
)

// A Target is whom a service call names: exactly one of its fields is set.
type Target struct {
	ID       ID
	Username string // without @, as it was written
	Phone    string // in digits, of somebody whose number the account knows
	Self     bool   // the account itself: its saved messages
}

// maxNumber bounds the ids that are taken, so that marking one cannot overflow. Telegram's own stay below 2⁴¹.
const maxNumber = 1 << 52

// maxUsername is the longest username Telegram gives out. The shortest have three characters (@gif, @pic).
const (
	minUsername = 3
	maxUsername = 32
)

// String returns the target as answers show it: "1001", "@alice", "me". Of a phone number they show the end: it is
// nobody's business who reads the answer or the log.
func (t Target) String() string {
	switch {
	case t.Self:
		return "me"
	case t.Username != "":
		return "@" + t.Username
	case t.Phone != "":
		return "+…" + t.Phone[max(0, len(t.Phone)-2):]
	}
	return t.ID.String()
}

// MarshalJSON writes an id as a number and everything else as text.
func (t Target) MarshalJSON() ([]byte, error) {
	if t.ID != 0 {
		return strconv.AppendInt(nil, int64(t.ID), 10), nil
	}
	return strconv.AppendQuote(nil, t.String()), nil
}

// Name returns the name under which a [Book] knows the target: the username in lower case, or the phone number with a
// plus sign; empty for ids and the account itself.
func (t Target) Name() string {
	if t.Phone != "" {
		return "+" + t.Phone
	}
	return strings.ToLower(t.Username)
}

// IDs returns the ids that the target may mean, the likeliest first; none for a username and for the account itself.
// Whoever loads a part of a [Book] to find the target in loads these.
func (t Target) IDs() []ID {
	if t.ID == 0 {
		return nil
	}
	return Expand(int64(t.ID))
}

// ParseTarget reads what a person writes as a target: a marked id, @username or username, a t.me link, a phone number
// with its plus sign, or "me". The fault names no field: the caller knows it.
func ParseTarget(s string) (Target, *fault.Fault) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return Target{}, fault.New(fault.InvalidField, "The target is empty. Write an id, @username or me.")
	case strings.EqualFold(s, "me") || strings.EqualFold(s, "self"):
		return Target{Self: true}, nil
	case strings.HasPrefix(s, "+"):
		return parsePhone(s)
	}
	if strings.Trim(strings.TrimPrefix(s, "-"), "0123456789") == "" {
		return parseID(s)
	}
	name := s
	if rest, ok := linkPath(s); ok {
		id, user, f := parseLink(rest)
		if f != nil || id != 0 {
			return Target{ID: id}, f
		}
		name = user
	}
	name = strings.TrimPrefix(name, "@")
	if !validUsername(name) {
		return Target{}, fault.New(fault.InvalidField,
			"This is neither an id nor a username: usernames have 3 to 32 Latin letters, digits and underscores and begin with a letter.")
	}
	return Target{Username: name}, nil
}

// Phone numbers have at most 15 digits (ITU-T E.164). The shortest that Telegram knows are those of its tests and of
// small islands.
const (
	minPhone = 5
	maxPhone = 15
)

// parsePhone reads +1 (555) 10-01.
func parsePhone(s string) (Target, *fault.Fault) {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune("()-. ", r) {
			return -1
		}
		return r
	}, s[1:])
	if len(digits) < minPhone || len(digits) > maxPhone || strings.Trim(digits, "0123456789") != "" {
		return Target{}, fault.New(fault.InvalidField, "This is no phone number: they have a plus sign and 5 to 15 digits, the country's first.")
	}
	return Target{Phone: digits}, nil
}

func parseID(s string) (Target, *fault.Fault) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > maxNumber || n < -maxNumber {
		return Target{}, fault.New(fault.InvalidField, "This number is too large to be an id.")
	}
	if n == 0 {
		return Target{}, fault.New(fault.InvalidField, "0 is nobody's id.")
	}
	return Target{ID: ID(n)}, nil
}

// linkPath returns what follows the host of a link to Telegram, or the username of a tg://resolve link.
func linkPath(s string) (string, bool) {
	if query, ok := cutPrefixFold(s, "tg://resolve?"); ok {
		for _, pair := range strings.Split(query, "&") {
			if name, ok := cutPrefixFold(pair, "domain="); ok {
				return name, true
			}
		}
		return "", true
	}
	for _, scheme := range []string{"https://", "http://"} {
		s, _ = cutPrefixFold(s, scheme)
	}
	s, _ = cutPrefixFold(s, "www.")
	for _, host := range []string{"t.me/", "telegram.me/", "telegram.dog/"} {
		if path, ok := cutPrefixFold(s, host); ok {
			return path, true
		}
	}
	return "", false
}

// cutPrefixFold is strings.CutPrefix for a prefix in any case.
func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

// parseLink reads the path of a t.me link: "alice", "alice/71", "s/alice", "c/1234567890/71".
func parseLink(path string) (ID, string, *fault.Fault) {
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "#")
	first, rest, _ := strings.Cut(path, "/")
	switch {
	case strings.HasPrefix(first, "+") || first == "joinchat":
		return 0, "", fault.New(fault.InvalidField, "An invitation is not a target. Join the chat, then write its id.")
	case first == "c":
		number, _, _ := strings.Cut(rest, "/")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n <= 0 || n > -channelMark {
			return 0, "", fault.New(fault.InvalidField, "This link names no channel.")
		}
		return ChannelID(n), "", nil
	case first == "s":
		first, _, _ = strings.Cut(rest, "/")
	}
	return 0, first, nil
}

func validUsername(s string) bool {
	if len(s) < minUsername || len(s) > maxUsername {
		return false
	}
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}
