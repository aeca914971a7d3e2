// Package message says what service calls that concern messages ask for: the table of their fields ([Fields]), from
// which everything that lists them is generated, the reading of a call ([ParseSend]), and the requests to Telegram that
// carry it out ([Send.Plan]).
//
// What a call asks for is read once, here, and everything that is wrong with it is said at once, with the path of the
// field. A field that cannot be honoured is refused, never passed over. Finding targets, sending and answering is the
// business of service.
package message

// A Verb is a service, as in POST /services/telegram_client/<verb>.
type Verb string

// The verbs.
const SendMessages Verb = "send_messages"

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
	Moment                   // a date and time
	Keyboard                 // a button, a list of them, or a list of lists
	Files                    // a path, an address, an object with data, or a list
)

// Use is how a verb takes a field.
type Use int

// The uses.
const (
	Optional Use = iota + 1
	Required
	// Planned: the field is part of the API, and refused until it works.
	Planned
)

// A Field is one field of service calls.
type Field struct {
	Name     string
	Kind     Kind
	Selector string // Home Assistant's selector, as JSON
	Title    string
	Text     string // what it does, for the person who writes the call
	Example  string // as JSON
	Uses     map[Verb]Use
}

const (
	textSelector    = `{"text":{}}`
	linesSelector   = `{"text":{"multiline":true}}`
	flagSelector    = `{"boolean":{}}`
	numberSelector  = `{"number":{"min":1,"mode":"box"}}`
	severalSelector = `{"text":{"multiple":true}}`
	objectSelector  = `{"object":{}}`
	modeSelector    = `{"select":{"options":["html","markdown"]}}`
	momentSelector  = `{"datetime":{}}`
	entrySelector   = `{"config_entry":{"integration":"telegram_client"}}`
)

// Fields returns the table of all fields, in the order in which forms show them.
func Fields() []Field {
	send := func(u Use) map[Verb]Use { return map[Verb]Use{SendMessages: u} }
	return []Field{
		{"config_entry_id", Text, entrySelector, "Config entry", "Which Telegram account acts. Without it the oldest one does.", `"tg_k3vq7…"`, send(Optional)},
		{"target_username", Names, severalSelector, "Target username",
			"Username or usernames to send to, or me for the account's own saved messages. At least one of target_username and target_id is required. They are sent to before target_id.", `"@alice"`, send(Optional)},
		{"target_id", IDs, severalSelector, "Target ID",
			"Id or ids of users, groups and channels to send to, as events have them in chat_id. At least one of target_username and target_id is required.", `[1001,-1001234567890]`, send(Optional)},
		{"message", Text, linesSelector, "Message",
			"The text. One of more than 4096 characters is sent as several messages, parted at the end of a line or word.", `"Hi"`, send(Required)},
		{"reply_to", Integer, numberSelector, "Reply to", "Id of the message to reply to, or of the topic to send to.", `71`, send(Optional)},
		{"parse_mode", Text, modeSelector, "Parse mode", "How the text is formatted: html or markdown. Without it the text is sent as it is.", `"html"`, send(Planned)},
		{"link_preview", Flag, flagSelector, "Link preview", "Whether links in the text get a preview.", `true`, send(Planned)},
		{"file", Files, objectSelector, "File", "What to send with the message.", `"www/door.jpg"`, send(Planned)},
		{"force_document", Flag, flagSelector, "Force document", "Send images and videos as plain files.", `false`, send(Planned)},
		{"clear_draft", Flag, flagSelector, "Clear draft", "Clear the draft in the chat after sending.", `false`, send(Planned)},
		{"keyboard", Keyboard, objectSelector, "Keyboard", "Button, list of buttons or list of rows shown in place of the keyboard.", `["Yes","No"]`, send(Planned)},
		{"inline_keyboard", Keyboard, objectSelector, "Inline keyboard", "Button, list of buttons or list of rows shown under the message.", `[{"text":"Accept","data":"accept"}]`, send(Planned)},
		{"keyboard_resize", Flag, flagSelector, "Keyboard resize", "Make the keyboard as small as its buttons.", `true`, send(Planned)},
		{"keyboard_single_use", Flag, flagSelector, "Keyboard single use", "Hide the keyboard after a button was pressed.", `true`, send(Planned)},
		{"silent", Flag, flagSelector, "Silent", "Send without a notification sound.", `true`, send(Optional)},
		{"supports_streaming", Flag, flagSelector, "Supports streaming", "The video can be watched while it loads.", `true`, send(Planned)},
		{"schedule", Moment, momentSelector, "Schedule", "When Telegram is to send the message. Only for users, bots cannot.", `"2026-11-22T11:30:00"`, send(Planned)},
		{"comment_to", Integer, numberSelector, "Comment to", "Id of the post of a channel to comment on.", `71`, send(Planned)},
		{"nosound_video", Flag, flagSelector, "No sound video", "Show a video without sound as a video, not as an animation.", `true`, send(Planned)},
		{"dry_run", Flag, flagSelector, "Dry run", "Only check the call: the targets are looked up and nothing is sent.", `false`, send(Optional)},
		{"wait", Flag, flagSelector, "Wait", "Answer only when everything is done.", `true`, send(Planned)},
		{"idempotency_key", Text, textSelector, "Idempotency key",
			"Any text of up to 255 characters that is new for each call: a call that is repeated with its key within 24 hours sends nothing twice.", `"b1…"`, send(Optional)},
	}
}
