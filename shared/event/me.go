package event

import (
	"strconv"

	"github.com/gotd/td/tg"

	"telegram-client/shared/tljson"
)

// Me is what events say about the account itself: the member `me`. Empty text is null. An entry.Account converts to it.
type Me struct {
	ID         int64
	Username   string
	FirstName  string
	LastName   string
	Phone      string
	Restricted bool
	Premium    bool
}

// MeOf returns what there is to say of the own user.
func MeOf(u *tg.User) Me {
	name := u.Username
	for _, other := range u.Usernames {
		if name == "" && other.Active {
			name = other.Username
		}
	}
	return Me{ID: u.ID, Username: name, FirstName: u.FirstName, LastName: u.LastName, Phone: u.Phone, Restricted: u.Restricted, Premium: u.Premium}
}

// Append appends the object.
func (m Me) Append(dst []byte) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendInt(dst, m.ID, 10)
	dst = append(dst, `,"username":`...)
	dst = appendText(dst, m.Username)
	dst = append(dst, `,"restricted":`...)
	dst = strconv.AppendBool(dst, m.Restricted)
	dst = append(dst, `,"premium":`...)
	dst = strconv.AppendBool(dst, m.Premium)
	dst = append(dst, `,"last_name":`...)
	dst = appendText(dst, m.LastName)
	dst = append(dst, `,"first_name":`...)
	dst = appendText(dst, m.FirstName)
	dst = append(dst, `,"phone":`...)
	dst = appendText(dst, m.Phone)
	return append(dst, '}')
}

func appendText(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return tljson.AppendString(dst, s)
}

// AppendHead appends the members that every event of an entry begins with: `"config_entry_id":…,"me":…`.
func AppendHead(dst []byte, entryID string, me Me) []byte {
	dst = append(dst, `"config_entry_id":`...)
	dst = tljson.AppendString(dst, entryID)
	dst = append(dst, `,"me":`...)
	return me.Append(dst)
}

// AppendStored appends what is kept of an event until it is delivered, the body of an outbox item: its members without
// braces, and without those that only delivery knows.
func AppendStored(dst []byte, entryID string, me Me, o *Occurrence, groups map[string]*string) []byte {
	dst = AppendHead(dst, entryID, me)
	dst = append(dst, ',')
	return o.AppendJSON(dst, groups)
}
