package filter

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"telegram-client/shared/fault"
)

// ParseOptions reads options as a person sends them. Unknown members and wrong types are faults with the path of the
// option; whether the values make sense is for [Options.Check] to say.
func ParseOptions(raw json.RawMessage) (Options, []*fault.Fault) {
	d := &decoder{}
	o := d.options(raw)
	return o, d.faults
}

// UnmarshalJSON reads stored options. Members of another version of the program are passed over; what cannot be read is
// no error but noted, so that it costs the event it belongs to and nothing else.
func (o *Options) UnmarshalJSON(b []byte) error {
	d := &decoder{}
	*o = d.options(b)
	for _, f := range d.faults {
		if f.Code != fault.UnknownField {
			o.Unreadable = append(o.Unreadable, f)
		}
	}
	return nil
}

// decoder collects what is wrong with the options it reads.
type decoder struct{ faults []*fault.Fault }

func (d *decoder) options(raw json.RawMessage) Options {
	var o Options
	root := d.open("", raw)
	events := d.open("events", root.take("events"))
	for _, e := range Events() {
		if on := events.bool(string(e)); on != nil && !*on {
			if o.Off == nil {
				o.Off = map[Event]bool{}
			}
			o.Off[e] = true
		}
	}
	events.close()
	o.NewMessage = d.messages(NewMessage, root)
	o.MessageEdited = d.messages(MessageEdited, root)
	reads := d.open(string(MessageRead), root.take(string(MessageRead)))
	o.MessageRead = Reads{Inbox: reads.bool("inbox"), Blacklist: reads.flag("blacklist_chats"), Chats: reads.list("chats")}
	reads.close()
	o.MessageDeleted = d.chats(MessageDeleted, root)
	callbacks := d.open(string(CallbackQuery), root.take(string(CallbackQuery)))
	o.CallbackQuery = Callbacks{Blacklist: callbacks.flag("blacklist_chats"), Chats: callbacks.list("chats"),
		Data: callbacks.text("data"), Pattern: callbacks.text("pattern")}
	callbacks.close()
	inlines := d.open(string(InlineQuery), root.take(string(InlineQuery)))
	o.InlineQuery = Inlines{Blacklist: inlines.flag("blacklist_users"), Users: inlines.list("users"), Pattern: inlines.text("pattern")}
	inlines.close()
	o.ChatAction = d.chats(ChatAction, root)
	o.UserUpdate = d.chats(UserUpdate, root)
	bridge := d.open("bridge", root.take("bridge"))
	o.Bridge.ExportServiceMessages = bridge.flag("export_service_messages")
	if answer := bridge.bool("answer_callbacks"); answer != nil {
		o.Bridge.LeaveCallbacks = !*answer
	}
	if after := bridge.number("answer_callbacks_after"); after != nil {
		if o.Bridge.AnswerCallbacksAfter = *after; *after == 0 { // which would be the default
			d.faults = append(d.faults, answerAfterFault())
		}
	}
	bridge.close()
	root.close()
	return o
}

func (d *decoder) messages(e Event, root *object) Messages {
	in := d.open(string(e), root.take(string(e)))
	defer in.close()
	return Messages{Incoming: in.bool("incoming"), Outgoing: in.bool("outgoing"), Forwards: in.bool("forwards"),
		Blacklist: in.flag("blacklist_chats"), Chats: in.list("chats"), FromUsers: in.list("from_users"), Pattern: in.text("pattern")}
}

func (d *decoder) chats(e Event, root *object) Chats {
	in := d.open(string(e), root.take(string(e)))
	defer in.close()
	return Chats{Blacklist: in.flag("blacklist_chats"), Chats: in.list("chats")}
}

// An object is one JSON object on its way into options. Members are taken out; what is left in the end is unknown.
type object struct {
	d       *decoder
	path    string
	members map[string]json.RawMessage
}

func (d *decoder) open(path string, raw json.RawMessage) *object {
	o := &object{d: d, path: path}
	if isNull(raw) {
		return o
	}
	if err := json.Unmarshal(raw, &o.members); err != nil {
		d.faults = append(d.faults, fault.At(fault.InvalidField, path, "This must be a JSON object."))
	}
	return o
}

func (o *object) take(key string) json.RawMessage {
	raw := o.members[key]
	delete(o.members, key)
	return raw
}

func (o *object) close() {
	for _, key := range slices.Sorted(maps.Keys(o.members)) {
		o.d.faults = append(o.d.faults, fault.At(fault.UnknownField, o.at(key), "There is no such option."))
	}
}

func (o *object) at(key string) string {
	if o.path == "" {
		return key
	}
	return o.path + "." + key
}

// read reads a member; nil if it is absent, null, or no V.
func read[V any](o *object, key, wants string) *V {
	raw := o.take(key)
	if isNull(raw) {
		return nil
	}
	value := new(V)
	if err := json.Unmarshal(raw, value); err != nil {
		o.d.faults = append(o.d.faults, fault.At(fault.InvalidField, o.at(key), "This must be %s.", wants))
		return nil
	}
	return value
}

func (o *object) bool(key string) *bool { return read[bool](o, key, "true or false") }

func (o *object) flag(key string) bool {
	value := o.bool(key)
	return value != nil && *value
}

func (o *object) text(key string) *string { return read[string](o, key, "text") }

func (o *object) number(key string) *float64 { return read[float64](o, key, "a number") }

func (o *object) list(key string) List {
	if value := read[List](o, key, "text with commas, a number, or a list of these"); value != nil {
		return *value
	}
	return ""
}

func isNull(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) == 0 || string(raw) == "null"
}

// MarshalJSON writes all parts, defaults filled in.
func (o Options) MarshalJSON() ([]byte, error) {
	events := map[Event]bool{}
	for _, e := range Events() {
		events[e] = o.Enabled(e)
	}
	return json.Marshal(struct {
		Events         map[Event]bool `json:"events"`
		NewMessage     messagesJSON   `json:"new_message"`
		MessageEdited  messagesJSON   `json:"message_edited"`
		MessageRead    readsJSON      `json:"message_read"`
		MessageDeleted chatsJSON      `json:"message_deleted"`
		CallbackQuery  callbacksJSON  `json:"callback_query"`
		InlineQuery    inlinesJSON    `json:"inline_query"`
		ChatAction     chatsJSON      `json:"chat_action"`
		UserUpdate     chatsJSON      `json:"user_update"`
		Bridge         bridgeJSON     `json:"bridge"`
	}{
		events, toJSON(o.NewMessage), toJSON(o.MessageEdited), readsJSON(o.MessageRead), chatsJSON(o.MessageDeleted),
		callbacksJSON(o.CallbackQuery), inlinesJSON(o.InlineQuery), chatsJSON(o.ChatAction), chatsJSON(o.UserUpdate),
		bridgeJSON{o.Bridge.ExportServiceMessages, !o.Bridge.LeaveCallbacks, o.Bridge.After()},
	})
}

type messagesJSON struct {
	Incoming  bool    `json:"incoming"`
	Outgoing  bool    `json:"outgoing"`
	Forwards  *bool   `json:"forwards"`
	Blacklist bool    `json:"blacklist_chats"`
	Chats     List    `json:"chats"`
	FromUsers List    `json:"from_users"`
	Pattern   *string `json:"pattern"`
}

func toJSON(m Messages) messagesJSON {
	incoming, outgoing := m.Directions()
	return messagesJSON{incoming, outgoing, m.Forwards, m.Blacklist, m.Chats, m.FromUsers, m.Pattern}
}

type readsJSON struct {
	Inbox     *bool `json:"inbox"`
	Blacklist bool  `json:"blacklist_chats"`
	Chats     List  `json:"chats"`
}

type chatsJSON struct {
	Blacklist bool `json:"blacklist_chats"`
	Chats     List `json:"chats"`
}

type callbacksJSON struct {
	Blacklist bool    `json:"blacklist_chats"`
	Chats     List    `json:"chats"`
	Data      *string `json:"data"`
	Pattern   *string `json:"pattern"`
}

type inlinesJSON struct {
	Blacklist bool    `json:"blacklist_users"`
	Users     List    `json:"users"`
	Pattern   *string `json:"pattern"`
}

type bridgeJSON struct {
	ExportServiceMessages bool    `json:"export_service_messages"`
	AnswerCallbacks       bool    `json:"answer_callbacks"`
	AnswerCallbacksAfter  float64 `json:"answer_callbacks_after"`
}
