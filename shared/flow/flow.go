// Package flow is the shape of a dialogue of several steps: forms, answers and results as Home Assistant's own config
// and options flows have them, so that a component can pass them through and a person who knows the one knows the other.
package flow

import (
	"encoding/json"
	"time"
)

// Handler is the handler of a config flow.
const Handler = "telegram_client"

// OptionsFlow is the kind of a flow that follows another (Result.Next) and asks for options.
const OptionsFlow = "options_flow"

// A Type says what a result is.
type Type string

// The types.
const (
	Form        Type = "form"
	CreateEntry Type = "create_entry"
	Abort       Type = "abort"
)

// A Field is one input of a form, in the form Home Assistant's own API serialises it.
type Field struct {
	Name     string `json:"name"`
	Type     string `json:"type,omitempty"` // "integer", "string", "boolean"; empty where Selector says it
	Required bool   `json:"required"`
	Optional bool   `json:"optional,omitempty"`
	Default  any    `json:"default,omitempty"`
	// Description has "suggested_value", with which the input begins: unlike a default it can be emptied.
	Description map[string]any `json:"description,omitempty"`
	Selector    any            `json:"selector,omitempty"`
}

// A Result is one answer of a flow: a form to fill in, or its end. httpapi writes it; which members appear depends on
// Type.
type Result struct {
	Type    Type
	FlowID  string
	Handler string

	// Of a form.
	StepID       string
	Fields       []Field
	Errors       map[string]string // field, or "base" for the whole form, to error code
	Messages     map[string]string // the same keys to a sentence
	Placeholders map[string]string
	LastStep     bool
	ExpiresAt    time.Time

	// Of an entry.
	Title   string
	Entry   any        // the whole entry as httpapi shows it
	EntryID string     // which entry
	Next    *[2]string // next_flow: kind and flow id

	// Of an end without an entry.
	Reason  string
	Message string
}

// Input is what a person entered: an object whose members are still raw.
type Input map[string]json.RawMessage
