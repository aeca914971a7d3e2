package flow

import "encoding/json"

// Raw returns a field as it was sent; nil if it is absent, null or empty text, or has an error.
func (r *Reader) Raw(field string) json.RawMessage {
	if r.errors[field] != "" || !r.has(field) {
		return nil
	}
	return r.in[field]
}
