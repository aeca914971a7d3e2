package options

import (
	"encoding/json"
	"strconv"
	"strings"

	"telegram-client/shared/fault"
	"telegram-client/shared/filter"
	"telegram-client/shared/flow"
)

// The fields of the forms are named as in the options themselves. Yes or no has a default, so that a field left out is as
// it was. What can be empty has a suggested value instead: Home Assistant leaves out what a person has emptied.

var (
	textSelector    = map[string]any{"text": map[string]any{}}
	secondsSelector = map[string]any{"number": map[string]any{"min": 1, "max": filter.MaxAnswerAfter, "mode": "box", "unit_of_measurement": "s"}}
)

// Choices where nothing is an answer too.
const (
	choiceAny = "any"
	choiceYes = "true"
	choiceNo  = "false"
)

func yesNo(name string, is bool) flow.Field {
	return flow.Field{Name: name, Type: "boolean", Optional: true, Default: is}
}

func text(name, is string) flow.Field {
	return suggest(flow.Field{Name: name, Optional: true, Selector: textSelector}, is)
}

func optionalText(name string, is *string) flow.Field {
	if is == nil {
		return text(name, "")
	}
	return text(name, *is)
}

func suggest(f flow.Field, is string) flow.Field {
	if is != "" {
		f.Description = map[string]any{"suggested_value": is}
	}
	return f
}

// choice is yes, no, or both.
func choice(name string, is *bool) flow.Field {
	chosen := choiceAny
	if is != nil {
		chosen = strconv.FormatBool(*is)
	}
	return suggest(flow.Field{Name: name, Optional: true, Selector: map[string]any{
		"select": map[string]any{"options": []string{choiceAny, choiceYes, choiceNo}, "translation_key": name}}}, chosen)
}

// fields returns the form of a step, preset with the options.
func fields(step string, o *filter.Options) []flow.Field {
	chats := func(blacklist bool, chats filter.List) []flow.Field {
		return []flow.Field{yesNo("blacklist_chats", blacklist), text("chats", string(chats))}
	}
	switch e := filter.Event(step); e {
	case stepInit:
		var all []flow.Field
		for _, e := range filter.Events() {
			all = append(all, yesNo(string(e), o.Enabled(e)))
		}
		return all
	case filter.NewMessage, filter.MessageEdited:
		m := messages(e, o)
		in, out := m.Directions()
		all := []flow.Field{yesNo("incoming", in), yesNo("outgoing", out), choice("forwards", m.Forwards)}
		all = append(append(all, chats(m.Blacklist, m.Chats)...), text("from_users", string(m.FromUsers)), optionalText("pattern", m.Pattern))
		if e == filter.NewMessage {
			all = append(all, yesNo("export_service_messages", o.Bridge.ExportServiceMessages))
		}
		return all
	case filter.MessageRead:
		return append([]flow.Field{choice("inbox", o.MessageRead.Inbox)}, chats(o.MessageRead.Blacklist, o.MessageRead.Chats)...)
	case filter.MessageDeleted, filter.ChatAction, filter.UserUpdate:
		c := chatsOf(e, o)
		return chats(c.Blacklist, c.Chats)
	case filter.CallbackQuery:
		q := &o.CallbackQuery
		return append(chats(q.Blacklist, q.Chats), optionalText("data", q.Data), optionalText("pattern", q.Pattern),
			yesNo("answer_callbacks", !o.Bridge.LeaveCallbacks),
			flow.Field{Name: "answer_callbacks_after", Optional: true, Default: o.Bridge.After(), Selector: secondsSelector})
	case filter.InlineQuery:
		q := &o.InlineQuery
		return []flow.Field{yesNo("blacklist_users", q.Blacklist), text("users", string(q.Users)), optionalText("pattern", q.Pattern)}
	}
	return []flow.Field{whoField(nil, "")}
}

func messages(e filter.Event, o *filter.Options) *filter.Messages {
	if e == filter.MessageEdited {
		return &o.MessageEdited
	}
	return &o.NewMessage
}

func chatsOf(e filter.Event, o *filter.Options) *filter.Chats {
	switch e {
	case filter.MessageDeleted:
		return &o.MessageDeleted
	case filter.ChatAction:
		return &o.ChatAction
	}
	return &o.UserUpdate
}

// answer takes the answer to the step that a flow is at into its draft, and notes what is wrong with it.
func answer(fl *Flow, r *flow.Reader) {
	o := &fl.Draft
	switch e := filter.Event(fl.StepID); e {
	case stepInit:
		o.Off = map[filter.Event]bool{}
		for _, e := range filter.Events() {
			if !boolean(r, string(e)) {
				o.Off[e] = true
			}
		}
		return
	case stepWho:
		answerWho(o, r)
		return
	case filter.NewMessage, filter.MessageEdited:
		in, out := boolean(r, "incoming"), boolean(r, "outgoing")
		*messages(e, o) = filter.Messages{Incoming: &in, Outgoing: &out, Forwards: either(r, "forwards"), Blacklist: boolean(r, "blacklist_chats"),
			Chats: list(r, "chats"), FromUsers: list(r, "from_users"), Pattern: verbatim(r, "pattern")}
		if e == filter.NewMessage {
			o.Bridge.ExportServiceMessages = boolean(r, "export_service_messages")
		}
	case filter.MessageRead:
		o.MessageRead = filter.Reads{Inbox: either(r, "inbox"), Blacklist: boolean(r, "blacklist_chats"), Chats: list(r, "chats")}
	case filter.CallbackQuery:
		o.CallbackQuery = filter.Callbacks{Blacklist: boolean(r, "blacklist_chats"), Chats: list(r, "chats"), Data: verbatim(r, "data"), Pattern: verbatim(r, "pattern")}
		o.Bridge.LeaveCallbacks = !boolean(r, "answer_callbacks")
		o.Bridge.AnswerCallbacksAfter = seconds(r, "answer_callbacks_after", o.Bridge.AnswerCallbacksAfter)
	case filter.InlineQuery:
		o.InlineQuery = filter.Inlines{Blacklist: boolean(r, "blacklist_users"), Users: list(r, "users"), Pattern: verbatim(r, "pattern")}
	default:
		*chatsOf(e, o) = filter.Chats{Blacklist: boolean(r, "blacklist_chats"), Chats: list(r, "chats")}
	}
	o.Unreadable = nil // what could not be read is written anew
	blame(r, o.CheckEvent(filter.Event(fl.StepID)))
}

// blame notes faults at their fields.
func blame(r *flow.Reader, faults []*fault.Fault) {
	for _, f := range faults {
		_, field, _ := strings.Cut(f.Field, ".")
		r.Blame(field, string(f.Code), "%s", f.Message)
	}
}

// take takes over what was answered in a step.
func take(step string, to, from *filter.Options) {
	switch e := filter.Event(step); e {
	case stepInit:
		to.Off = from.Off
	case stepWho:
		takeWho(to, from)
	case filter.NewMessage:
		to.NewMessage, to.Bridge.ExportServiceMessages = from.NewMessage, from.Bridge.ExportServiceMessages
	case filter.MessageEdited:
		to.MessageEdited = from.MessageEdited
	case filter.MessageRead:
		to.MessageRead = from.MessageRead
	case filter.CallbackQuery:
		to.CallbackQuery = from.CallbackQuery
		to.Bridge.LeaveCallbacks, to.Bridge.AnswerCallbacksAfter = from.Bridge.LeaveCallbacks, from.Bridge.AnswerCallbacksAfter
	case filter.InlineQuery:
		to.InlineQuery = from.InlineQuery
	default:
		*chatsOf(e, to) = *chatsOf(e, from)
	}
}

// boolean reads yes or no. Templates make text of it.
func boolean(r *flow.Reader, field string) bool {
	switch strings.ToLower(r.Text(field)) {
	case choiceYes:
		return true
	case choiceNo, "":
		return false
	}
	r.Blame(field, string(fault.InvalidField), "This has to be true or false.")
	return false
}

// either reads yes, no, or both.
func either(r *flow.Reader, field string) *bool {
	var yes bool
	switch strings.ToLower(r.Text(field)) {
	case choiceYes:
		yes = true
	case choiceNo:
	case choiceAny, "":
		return nil
	default:
		r.Blame(field, string(fault.InvalidField), "This has to be one of: any, true, false.")
		return nil
	}
	return &yes
}

// list reads ids or names.
func list(r *flow.Reader, field string) filter.List {
	var l filter.List
	if raw := r.Raw(field); raw != nil && json.Unmarshal(raw, &l) != nil {
		r.Blame(field, string(fault.InvalidField), "This has to be text with commas, a number, or a list of these.")
	}
	return l
}

// verbatim reads text as it is: blanks count in it. Empty text is none.
func verbatim(r *flow.Reader, field string) *string {
	raw := r.Raw(field)
	if raw == nil {
		return nil
	}
	s := new(string)
	if json.Unmarshal(raw, s) != nil {
		r.Blame(field, string(fault.InvalidField), "This has to be text.")
		return nil
	}
	return s
}

// seconds reads a number of seconds; if it is none, it stays as it is.
func seconds(r *flow.Reader, field string, is float64) float64 {
	n, err := strconv.ParseFloat(r.Text(field), 64)
	if err != nil || !(n > 0 && n <= filter.MaxAnswerAfter) {
		r.Blame(field, string(filter.InvalidNumber), "Write a number of seconds above 0 and up to %d; to answer none, switch answer_callbacks off.", filter.MaxAnswerAfter)
		return is
	}
	return n
}
