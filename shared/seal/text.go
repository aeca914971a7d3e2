package seal

import (
	"fmt"
	"io"
	"log/slog"
	"unique"
)

// Text is a secret such as an api hash, a bot token or a webhook address. However it is printed or logged it shows
// as three stars; [Text.Reveal] is the only way to the secret itself, so a search for that name finds every use.
// Texts can be compared with ==.
type Text struct {
	// A handle and not the string: what prints a structure with a Text in a field that is not exported cannot call the
	// methods below, and shows an address.
	secret unique.Handle[string]
}

// NewText makes a Text of a secret.
func NewText(secret string) Text {
	if secret == "" {
		return Text{}
	}
	return Text{unique.Make(secret)}
}

// Reveal returns the secret.
func (t Text) Reveal() string {
	if t.IsZero() {
		return ""
	}
	return t.secret.Value()
}

// IsZero reports whether there is no secret.
func (t Text) IsZero() bool { return t == Text{} }

const stars = "***"

// String returns three stars, or nothing if there is no secret.
func (t Text) String() string {
	if t.IsZero() {
		return ""
	}
	return stars
}

// Format prints what String returns, whatever the verb.
func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// LogValue returns what String does.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalJSON writes what String does: a secret never gets into JSON by accident. Records that are to be sealed
// hold their secrets as plain strings in a type of their own.
func (t Text) MarshalJSON() ([]byte, error) { return []byte(`"` + t.String() + `"`), nil }
