// Package textparse turns text with HTML or Markdown marks into plain text and entities: the ranges of it that are bold,
// a link and so on, with offsets and lengths in UTF-16 units as Telegram counts them.
//
// Both dialects are those that automations of the Python integration were written for (Telethon 1.37): every rule of
// theirs is kept, also the odd ones, because people's messages depend on them. Ours differ where the original loses text
// or gives a range that is not in the text, and HTML knows a few tags more. [Reference] is the original in those points
// too; it exists so that tests can show that nothing else differs.
//
// No input is an error: what is no mark is text. The time taken grows with the length of the input, whatever it is.
// Resolving mentions, splitting long text and the limits of messages are left to message.
package textparse

// A Mode is a dialect.
type Mode string

// The modes.
const (
	Plain    Mode = ""
	HTML     Mode = "html"
	Markdown Mode = "markdown"
)

// A Text is what is shown, and how.
type Text struct {
	Text     string
	Entities []Entity
}

// Parse reads source. White space around the text is cut off; so are the parts of entities that it was in.
func Parse(m Mode, source string) Text { return parse(m, source, false) }

// Reference reads source as the original does: without the tags that it does not know, with a character reference
// beyond the first plane counted as one unit, and with ranges of negative length where marks overlap.
func Reference(m Mode, source string) Text { return parse(m, source, true) }

func parse(m Mode, source string, reference bool) Text {
	switch m {
	case HTML:
		return parseHTML(source, reference)
	case Markdown:
		return parseMarkdown(source, reference)
	}
	return strip(source, nil, reference)
}
