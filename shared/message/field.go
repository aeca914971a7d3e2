package message

import "slices"

// A Verb is a service, as in POST /services/telegram_client/<verb>.
type Verb string

// The verbs.
const (
	SendMessages        Verb = "send_messages"
	EditMessage         Verb = "edit_message"
	DeleteMessages      Verb = "delete_messages"
	ForwardMessages     Verb = "forward_messages"
	SendReaction        Verb = "send_reaction"
	PinMessage          Verb = "pin_message"
	UnpinMessage        Verb = "unpin_message"
	SendChatAction      Verb = "send_chat_action"
	MarkRead            Verb = "mark_read"
	AnswerCallbackQuery Verb = "answer_callback_query"
	GetChats            Verb = "get_chats"
	GetMessages         Verb = "get_messages"
	DownloadMedia       Verb = "download_media"
)

// Verbs returns all verbs, in the order in which lists show them.
func Verbs() []Verb {
	return []Verb{
		SendMessages, EditMessage, DeleteMessages, ForwardMessages, SendReaction, PinMessage, UnpinMessage, SendChatAction,
		MarkRead, AnswerCallbackQuery, GetChats, GetMessages, DownloadMedia,
	}
}

// Kind is the form of a field's value.
type Kind int

// The kinds. Wherever a number is wanted, digits in text will do, and null is the same as no field at all: that is what
// Home Assistant's templates make of them.
const (
	Text     Kind = iota + 1 // numbers and booleans become text
	Flag                     // true or false
	Integer                  // a positive number
	IDs                      // an id, several with commas between, or a list
	Names                    // a username, several with commas between, or a list
	Moment                   // a date and time, or a duration from now
	Keyboard                 // a button, a list of them, or a list of lists
	Files                    // a path, an address, an object with data, or a list
	Choice                   // one of the words in Choices
)

// Use is how a verb takes a field.
type Use int

// The uses.
const (
	Optional Use = iota + 1
	Required
)

// A Field is one field of service calls. A name may stand for different things in different verbs: then it has several
// entries in the table.
type Field struct {
	Name     string
	Kind     Kind
	Selector string // Home Assistant's selector, as JSON
	Title    string
	Text     string // what it does, for the person who writes the call
	Example  string // as JSON
	Uses     map[Verb]Use
	Choices  []string // of a Choice
}

// Fields returns the table of all fields, in the order in which forms show them.
func Fields() []Field { return slices.Clone(fields) }

// FieldsOf returns the fields of one verb, in the order in which forms show them.
func FieldsOf(v Verb) []Field {
	return slices.DeleteFunc(Fields(), func(f Field) bool { return f.Uses[v] == 0 })
}

// fieldOf returns the field of that name of a verb.
func fieldOf(v Verb, name string) (*Field, bool) {
	for i := range fields {
		if f := &fields[i]; f.Name == name && f.Uses[v] != 0 {
			return f, true
		}
	}
	return nil, false
}
