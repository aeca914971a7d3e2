package process

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
)

// Logging says how a program logs.
type Logging struct {
	Level  slog.Level `env:"LOG_LEVEL" envDefault:"INFO"` // DEBUG, INFO, WARN, ERROR
	Format string     `env:"LOG_FORMAT"`                  // json, text; empty: json in Lambda, else text
}

// Check tells whether the format is known.
func (l *Logging) Check() []string {
	if l.Format != "" && l.Format != "json" && l.Format != "text" {
		return []string{`LOG_FORMAT: is neither "json" nor "text"`}
	}
	return nil
}

// NewLogger returns a logger that writes no secrets: see redact.
func NewLogger(w io.Writer, level slog.Leveler, asJSON bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: redact}
	if asJSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

const stars = "***"

// redact is the last line of defence: whoever logs a secret has made a mistake already. It hides what stands under a
// key that names a secret, cuts addresses down to scheme and host wherever they stand (a webhook's path is as good as a
// password, and net/http puts it into its errors), and hides what looks like a bot's token.
func redact(_ []string, a slog.Attr) slog.Attr {
	if namesSecret(a.Key) {
		if a.Value.Kind() == slog.KindString && a.Value.String() == "" {
			return a
		}
		return slog.String(a.Key, stars)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, scrub(a.Value.String()))
	case slog.KindAny:
		return slog.Attr{Key: a.Key, Value: redactValue(a.Value.Any())}
	}
	return a
}

// redactValue makes text of errors and of what prints itself, and plain maps and lists, secrets hidden, of the rest.
func redactValue(v any) slog.Value {
	switch x := v.(type) {
	case nil, slog.Level, *slog.Source:
		return slog.AnyValue(v)
	case error:
		return slog.StringValue(scrub(x.Error()))
	case fmt.Stringer:
		return slog.StringValue(scrub(x.String()))
	case []byte:
		return slog.StringValue(fmt.Sprintf("%d bytes", len(x)))
	}
	text, err := json.Marshal(v)
	if err != nil {
		return slog.StringValue(fmt.Sprintf("%T", v))
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		return slog.StringValue(fmt.Sprintf("%T", v))
	}
	return slog.AnyValue(redactPlain(plain))
}

func redactPlain(v any) any {
	switch x := v.(type) {
	case string:
		return scrub(x)
	case []any:
		for i := range x {
			x[i] = redactPlain(x[i])
		}
	case map[string]any:
		for key, value := range x {
			if x[key] = redactPlain(value); namesSecret(key) && value != "" && value != nil {
				x[key] = stars
			}
		}
	}
	return v
}

// secretWords are words of keys whose values are not shown. "code" alone is a login code; error_code is none.
var secretWords = map[string]bool{
	"token": true, "tokens": true, "secret": true, "secrets": true, "password": true, "passphrase": true, "phone": true,
	"authorization": true, "cookie": true, "cookies": true, "credentials": true, "otp": true,
}

var secretKeys = map[string]bool{
	"code": true, "phone_code": true, "login_code": true, "api_hash": true, "apihash": true, "auth_key": true, "authkey": true, "naming_key": true, "seal_key": true,
	"seal_keys": true, "session": true, "phone_code_hash": true, "webhook_id": true,
}

func namesSecret(key string) bool {
	words := split(key)
	if secretKeys[strings.Join(words, "_")] {
		return true
	}
	for _, w := range words {
		if secretWords[w] {
			return true
		}
	}
	return false
}

// split cuts a key into its lower-case words: "botToken" and "bot-token" are "bot" and "token".
func split(key string) []string {
	var b strings.Builder
	lower := false
	for _, r := range key {
		switch {
		case unicode.IsUpper(r):
			if lower {
				b.WriteByte('_')
			}
			b.WriteRune(unicode.ToLower(r))
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
		lower = unicode.IsLower(r)
	}
	return strings.FieldsFunc(b.String(), func(r rune) bool { return r == '_' })
}

// scrub hides the parts of a text that may be secret.
func scrub(s string) string {
	if strings.Contains(s, "://") {
		s = scrubAddresses(s)
	}
	if strings.Contains(s, ":") {
		s = scrubTokens(s)
	}
	return s
}

// scrubAddresses leaves scheme and host of each address: "http://u:p@h:1/x?y" becomes "http://h:1/***".
func scrubAddresses(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "://")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("://")
		end := strings.IndexFunc(after, func(r rune) bool { return r <= ' ' || strings.ContainsRune("\"'`<>\\^{|}", r) })
		if end < 0 {
			end = len(after)
		}
		address := after[:end]
		s = after[end:]
		host, rest := address, ""
		// A password may hold a slash that should have been escaped: what stands before the last @ is never shown.
		if i := strings.LastIndexByte(host, '@'); i >= 0 {
			host = host[i+1:]
		}
		if i := strings.IndexAny(host, "/?#"); i >= 0 {
			host, rest = host[:i], host[i:]
		}
		b.WriteString(host)
		if strings.Trim(rest, "/:,;.)") != "" {
			b.WriteString("/" + stars)
			b.WriteString(rest[len(strings.TrimRight(rest, ":,;.)")):])
		} else {
			b.WriteString(rest)
		}
	}
}

// scrubTokens hides bots' tokens: digits, a colon, and 30 or more letters, digits, "_" and "-".
func scrubTokens(s string) string {
	const shortest = 30
	for from := 0; ; {
		i := strings.IndexByte(s[from:], ':')
		if i < 0 {
			return s
		}
		i += from
		begin, end := i, i+1
		for begin > 0 && s[begin-1] >= '0' && s[begin-1] <= '9' {
			begin--
		}
		for end < len(s) && tokenByte(s[end]) {
			end++
		}
		if begin < i && end-i-1 >= shortest {
			s = s[:begin] + stars + s[end:]
			from = begin + len(stars)
			continue
		}
		from = i + 1
	}
}

func tokenByte(c byte) bool {
	return c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
