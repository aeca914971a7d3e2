package main

import (
	"fmt"
	"slices"

	"telegram-client/shared/message"
)

// services says of each verb what the table of fields does not: what it is called, and what it answers.
var services = map[message.Verb]struct {
	id, summary, answer string
	// several is said of verbs that have several targets, of which some may fail; keyed of those that an idempotency key
	// makes safe to repeat.
	several, keyed bool
}{
	message.SendMessages:        {"sendMessages", "Send messages to users, groups and channels", "SendAnswer", true, true},
	message.ForwardMessages:     {"forwardMessages", "Forward messages to users, groups and channels", "SendAnswer", true, true},
	message.EditMessage:         {"editMessage", "Edit a message", "EditAnswer", false, false},
	message.DeleteMessages:      {"deleteMessages", "Delete messages", "DeleteAnswer", true, false},
	message.SendReaction:        {"sendReaction", "React to a message, or take the reaction back", "DoneAnswer", false, false},
	message.PinMessage:          {"pinMessage", "Pin a message", "DoneAnswer", false, false},
	message.UnpinMessage:        {"unpinMessage", "Unpin a message, or all of a chat", "DoneAnswer", false, false},
	message.SendChatAction:      {"sendChatAction", "Show to a chat that the account is typing", "DoneAnswer", false, false},
	message.MarkRead:            {"markRead", "Mark the messages of a chat as read", "DoneAnswer", false, false},
	message.AnswerCallbackQuery: {"answerCallbackQuery", "Answer a press of an inline button", "DoneAnswer", false, false},
	message.GetChats:            {"getChats", "List the chats of an account", "ChatsAnswer", false, false},
	message.GetMessages:         {"getMessages", "Read messages of a chat", "MessagesAnswer", false, false},
	message.DownloadMedia:       {"downloadMedia", "Fetch the photo or file of a message", "DownloadAnswer", false, false},
}

// Verbs whose calls may bring files along, and those that need not be waited for.
var (
	filed = []message.Verb{message.SendMessages, message.EditMessage}
	later = []message.Verb{message.SendMessages}
)

// serviceOf returns the operation of a verb.
func serviceOf(v message.Verb) (object, error) {
	s, ok := services[v]
	if !ok {
		return nil, fmt.Errorf("nothing is said of %s", v)
	}
	fields, err := fieldsOf(v)
	if err != nil {
		return nil, err
	}
	schema := object{"$ref": "#/components/schemas/" + s.answer}
	answer := func(description string, schema object) object {
		return object{"description": description, "content": object{"application/json": object{"schema": schema}}}
	}
	responses := object{"200": answer("Done", schema), "default": answer("An error", object{"$ref": "#/components/schemas/Error"})}
	if s.several {
		responses["200"], responses["207"] = answer("Done for all", schema), answer("Done for some", schema)
		responses["default"] = answer("An error; what was done before it stands in results",
			object{"anyOf": []any{schema, object{"$ref": "#/components/schemas/Error"}}})
	}
	if v == message.DownloadMedia { // without a path
		responses["200"].(object)["content"].(object)["*/*"] = object{"schema": object{"description": "The file itself, if the call has no path."}}
	}
	o := object{
		"operationId": s.id, "summary": s.summary, "responses": responses,
		"requestBody": object{"required": true, "content": object{"application/json": object{"schema": fields}}},
	}
	if slices.Contains(filed, v) {
		o["requestBody"].(object)["content"].(object)["multipart/form-data"] = object{"schema": formOf(fields)}
	}
	if slices.Contains(later, v) {
		responses["202"] = answer("Taken, to be done later: wait was false", object{"$ref": "#/components/schemas/TakenAnswer"})
	}
	if s.keyed {
		o["parameters"] = []any{object{"$ref": "#/components/parameters/IdempotencyKey"}}
	}
	return o, nil
}

// formOf returns the schema of a call as a form.
func formOf(fields object) object {
	properties := object{}
	for name, schema := range fields["properties"].(object) {
		properties[name] = schema
	}
	properties["file"] = object{"type": "array", "items": object{"type": "string", "contentMediaType": "application/octet-stream"},
		"description": "A part with a filename is a file; one without names a file, as in JSON. Their order is that of the files."}
	return object{"type": "object", "additionalProperties": false, "properties": properties,
		"description": "A part for each field. Lists and objects are JSON; a field that takes several values may have several parts."}
}

// schemaOf returns what a field takes. Null is the same as no field everywhere.
func schemaOf(f message.Field) object {
	one := func(types ...string) object { return object{"type": append(types, "null")} }
	list := func(types ...string) object {
		s := one(append(types, "array")...)
		s["items"] = object{"type": types}
		return s
	}
	button := object{"anyOf": []any{
		object{"type": []string{"string", "number", "boolean"}},
		object{"type": "object", "required": []string{"text"}, "additionalProperties": false,
			"properties": object{"text": object{"type": "string"}, "data": object{"type": "string"}, "url": object{"type": "string"}}},
	}}
	switch f.Kind {
	case message.Text:
		return one("string", "number", "boolean")
	case message.Flag:
		return one("boolean", "string")
	case message.Integer:
		return one("integer", "string")
	case message.IDs:
		return list("integer", "string")
	case message.Names:
		return list("string")
	case message.Moment:
		return one("string", "number", "object")
	case message.Keyboard:
		row := object{"type": "array", "items": button}
		return object{"anyOf": []any{button, object{"type": "array", "items": object{"anyOf": []any{button, row}}}, object{"type": "null"}}}
	case message.Files:
		file := object{"anyOf": []any{
			object{"type": "string"},
			object{"type": "object", "required": []string{"data"}, "additionalProperties": false,
				"properties": object{"data": object{"type": "string", "contentEncoding": "base64"}, "filename": object{"type": "string"}}},
		}}
		return object{"anyOf": []any{file, object{"type": "array", "items": file, "maxItems": message.MaxFiles}, object{"type": "null"}}}
	case message.Choice:
		s := one("string")
		var choices []any
		for _, c := range f.Choices {
			choices = append(choices, c)
		}
		s["examples"] = choices // in any case, and under other names too: no enum
		return s
	}
	return nil
}
