package telegramtest

import (
	"fmt"
	"regexp"
	"strings"
)

// Phone numbers are kept as Telegram shows them: digits with the country's in front, and no plus.

// phonePattern is what the server takes for a number. Whether Telegram takes blanks and brackets too is not known, so
// that it refuses them (A28).
var phonePattern = regexp.MustCompile(`^\+?([1-9][0-9]{6,14})$`)

// readPhone returns the digits of a number as a client writes it; false if it is none.
func readPhone(text string) (string, bool) {
	m := phonePattern.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// newPhone returns a number that nobody has.
func (s *Server) newPhone() string {
	for n := len(s.accountOrder) + 1; ; n++ {
		if phone := fmt.Sprintf("4930%07d", n); s.phones[phone] == nil {
			return phone
		}
	}
}

// digits returns the digits of a number that a test writes in any way.
func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// BanPhone makes a number PHONE_NUMBER_BANNED, or takes that back.
func (s *Server) BanPhone(phone string, banned bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entrance.banned[digits(phone)] = banned
}
