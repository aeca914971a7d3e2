package textparse

import (
	"strings"

	"github.com/gotd/td/tg"
)

// Kind says what an entity is.
type Kind uint8

// The kinds.
const (
	Bold Kind = iota + 1
	Italic
	Underline
	Strike
	Spoiler
	Code
	Pre
	Blockquote
	Link  // with URL
	Email // the text is the address
	Emoji // a custom emoji, with Document
)

// An Entity is a range of a text that is shown in some way. Offset and Length are in UTF-16 units.
type Entity struct {
	Kind      Kind
	Collapsed bool // of a block quote: it opens when it is pressed
	Offset    int
	Length    int
	URL       string // of a link
	Language  string // of preformatted text
	Document  int64  // of a custom emoji
}

// TL returns the entity as requests to Telegram carry it.
func (e Entity) TL() tg.MessageEntityClass {
	switch e.Kind {
	case Bold:
		return &tg.MessageEntityBold{Offset: e.Offset, Length: e.Length}
	case Italic:
		return &tg.MessageEntityItalic{Offset: e.Offset, Length: e.Length}
	case Underline:
		return &tg.MessageEntityUnderline{Offset: e.Offset, Length: e.Length}
	case Strike:
		return &tg.MessageEntityStrike{Offset: e.Offset, Length: e.Length}
	case Spoiler:
		return &tg.MessageEntitySpoiler{Offset: e.Offset, Length: e.Length}
	case Code:
		return &tg.MessageEntityCode{Offset: e.Offset, Length: e.Length}
	case Pre:
		return &tg.MessageEntityPre{Offset: e.Offset, Length: e.Length, Language: e.Language}
	case Blockquote:
		return &tg.MessageEntityBlockquote{Offset: e.Offset, Length: e.Length, Collapsed: e.Collapsed}
	case Link:
		return &tg.MessageEntityTextURL{Offset: e.Offset, Length: e.Length, URL: e.URL}
	case Email:
		return &tg.MessageEntityEmail{Offset: e.Offset, Length: e.Length}
	case Emoji:
		return &tg.MessageEntityCustomEmoji{Offset: e.Offset, Length: e.Length, DocumentID: e.Document}
	}
	return &tg.MessageEntityUnknown{Offset: e.Offset, Length: e.Length}
}

// Mention returns whom a link means that is not one: its URL begins with @ or + (a username, a phone number), or is
// tg://user?id= with digits. The answer is the username or number as it stands there, or the digits.
func (e Entity) Mention() (who string, ok bool) {
	const byID = "tg://user?id="
	switch {
	case e.Kind != Link:
		return "", false
	case strings.HasPrefix(e.URL, "@"), strings.HasPrefix(e.URL, "+"):
		return e.URL, true
	case strings.HasPrefix(e.URL, byID):
		digits := e.URL[len(byID):]
		n := 0
		for n < len(digits) && '0' <= digits[n] && digits[n] <= '9' {
			n++
		}
		return digits[:n], n > 0
	}
	return "", false
}
