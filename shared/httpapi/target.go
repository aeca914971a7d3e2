package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/seal"
)

const (
	longestAddress = 2048 // bytes
	longestSecret  = 1024
	longestToken   = 4096
	longestName    = 255

	leastAge = time.Minute
	mostAge  = 7 * 24 * time.Hour
)

// setTarget says where an entry's events go.
func (h *entries) setTarget(w http.ResponseWriter, r *http.Request, id entry.ID) error {
	_, members, err := readObject(r)
	if err != nil {
		return err
	}
	target, takeOver, err := readTarget(members, h.Confirm)
	if err != nil {
		return err
	}
	_, err = h.Store.ChangeEntry(r.Context(), id, func(e *entry.Entry) error {
		if !takeOver {
			if err := e.Target.CheckOwner(target.Owner); err != nil {
				return err
			}
		}
		e.Target = e.Target.Successor(target)
		return nil
	})
	if err != nil {
		return err
	}
	o, err := h.Store.Overview(r.Context(), id)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, newTargetJSON(&o))
	return nil
}

// clearTarget detaches an entry from its Home Assistant: the login stays, events wait.
func (h *entries) clearTarget(w http.ResponseWriter, r *http.Request, id entry.ID) error {
	owner := r.URL.Query().Get("owner")
	if owner == "" {
		return fault.At(fault.MissingField, "owner", "Say in the address who detaches: …/target?owner=<id>.")
	}
	_, err := h.Store.ChangeEntry(r.Context(), id, func(e *entry.Entry) error {
		if err := e.Target.CheckOwner(owner); err != nil {
			return err
		}
		e.Target = e.Target.Successor(entry.Target{MaxAge: e.Target.MaxAge})
		return nil
	})
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, done)
	return nil
}

// readTarget reads a target. Each type has its own fields: one that would be of no use is unknown.
func readTarget(members map[string]json.RawMessage, confirm bool) (t entry.Target, takeOver bool, err error) {
	f := newFields(members)
	t.Type = entry.TargetType(f.required("type", longestName))
	switch t.Type {
	case entry.Webhook:
		t.URL = f.address("url")
		t.Secret = f.webhookSecret("secret")
		t.Confirm = f.flag("confirm", confirm)
	case entry.Event:
		t.URL = f.address("url")
		t.Token = seal.NewText(f.required("token", longestToken))
	case entry.Pull:
	default:
		f.wrong("type", "This has to be webhook, event or pull.")
		return t, false, f.err
	}
	t.Owner = f.required("owner", longestName)
	t.TimeZone = f.timeZone("time_zone")
	t.Paused = f.flag("paused", false)
	t.MaxAge = f.seconds("max_age", entry.DefaultMaxAge, leastAge, mostAge)
	takeOver = f.flag("take_over", false)
	return t, takeOver, f.end()
}

// address reads an address of Home Assistant.
func (f *fields) address(name string) seal.Text {
	s := f.required(name, longestAddress)
	if s == "" {
		return seal.Text{}
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		f.wrong(name, "This has to be an address that begins with http:// or https://.")
	case u.User != nil:
		f.wrong(name, "This address has a user name or a password in it. Leave them out.")
	case u.Fragment != "":
		f.wrong(name, "This address has a # in it. Leave it out.")
	}
	return seal.NewText(s)
}

// webhookSecret reads the secret of a webhook's signature, in the form of Standard Webhooks, or two while it is changed.
func (f *fields) webhookSecret(name string) seal.Text {
	s := f.text(name, longestSecret)
	secrets := strings.Fields(s)
	if len(secrets) > 2 {
		f.wrong(name, "These are %d secrets. One is used, or two, separated by a blank, while one replaces the other.", len(secrets))
	}
	for _, one := range secrets {
		key, ok := strings.CutPrefix(one, "whsec_")
		if b, err := base64.StdEncoding.DecodeString(key); !ok || err != nil || len(b) < 16 {
			f.wrong(name, "This has to be whsec_ and at least 16 bytes in base64.")
		}
	}
	return seal.NewText(strings.Join(secrets, " "))
}

// timeZone reads the name of a time zone.
func (f *fields) timeZone(name string) string {
	s := f.text(name, longestName)
	if _, err := time.LoadLocation(s); err != nil || s == "Local" {
		f.wrong(name, "This has to be the name of a time zone, such as Europe/Warsaw.")
	}
	return s
}
