package seal

import "log/slog"

// Text is a secret such as an api hash, a bot token or a webhook address. However it is printed or logged it shows
// as three stars; [Text.Reveal] is the only way to the secret itself, so a search for that name finds every use.
type Text struct{ secret string }

// NewText makes a Text of a secret.
func NewText(secret string) Text { return Text{secret} }

// Reveal returns the secret.
func (t Text) Reveal() string { return t.secret }

// IsZero reports whether there is no secret.
func (t Text) IsZero() bool { return t.secret == "" }

const stars = "***"

// String returns three stars, or nothing if there is no secret.
func (t Text) String() string {
	if t.secret == "" {
		return ""
	}
	return stars
}

// GoString returns what String does, for %#v.
func (t Text) GoString() string { return `seal.Text("` + t.String() + `")` }

// LogValue returns what String does.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalJSON writes what String does: a secret never gets into JSON by accident. Records that are to be sealed
// hold their secrets as plain strings in a type of their own.
func (t Text) MarshalJSON() ([]byte, error) { return []byte(`"` + t.String() + `"`), nil }
