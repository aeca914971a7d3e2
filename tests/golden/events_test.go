package golden_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/event"
	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

// An eventCase is a line of events.jsonl.
type eventCase struct {
	world
	Event    filter.Event
	Entry    string `json:"config_entry_id"`
	Options  json.RawMessage
	Enabled  bool
	Expected []any
	Invalid  json.RawMessage `json:"invalid_options"`
}

// A world is what an update arrives in.
type world struct {
	ID        string
	Self      map[string]any
	Cache     struct{ Users, Chats []map[string]any }
	Contacts  []map[string]any
	Usernames map[string]map[string]any
	Now       string
	Update    string `json:"update_b64"`
}

func TestEvents(t *testing.T) {
	t.Parallel()
	runFile(t, "events", 354, func(line []byte) (string, string, bool) {
		var c eventCase
		decode(line, &c)
		return c.ID, c.run(), false
	})
}

// run returns how the events that fire differ from those expected.
func (c *eventCase) run() string {
	set, problems := filter.Compile(c.options(), c.names())
	if invalid := len(c.Invalid) > 0; invalid != (len(problems) > 0) {
		return fmt.Sprintf("problems %v, invalid %s", problems, c.Invalid)
	}
	got := []any{}
	me := tl(c.Self).(*tg.User)
	c.fire(set, func(o *event.Occurrence, groups map[string]*string) {
		raw := event.AppendStored([]byte{'{'}, c.Entry, event.MeOf(me), o, groups)
		var fired any
		decode(append(raw, '}'), &fired)
		got = append(got, fired)
	})
	return cmp.Diff(c.Expected, got)
}

// fire reads the update and calls fired with all that passes the filters.
func (w *world) fire(set *filter.Set, fired func(*event.Occurrence, map[string]*string)) {
	me := tl(w.Self).(*tg.User)
	book := peer.NewBook(me.ID)
	book.Learn([]tg.UserClass{me}, nil)
	book.Learn(users(w.Cache.Users), chats(w.Cache.Chats))
	in := decodeContainer(w.Update)
	book.Learn(in.users, in.chats)
	for _, u := range in.updates {
		for _, o := range event.Read(u, event.Context{Me: me, Book: book, Now: w.now()}) {
			groups, ok, err := set.Match(o.Subject())
			if err != nil {
				failCase("%v", err)
			}
			if ok {
				fired(&o, groups)
			}
		}
	}
}

func (w *world) now() time.Time {
	if w.Now == "" {
		return time.Unix(1726050030, 0)
	}
	at, err := time.Parse(time.RFC3339, w.Now)
	if err != nil {
		failCase("%v", err)
	}
	return at
}

// options returns the options of an entry on which the case's event alone is enabled.
func (c *eventCase) options() filter.Options {
	stored := map[string]any{}
	on := map[filter.Event]bool{}
	for _, e := range filter.Events() {
		on[e] = c.Enabled && e == c.Event
	}
	stored["events"] = on
	stored[string(c.Event)] = c.Options
	raw, err := json.Marshal(stored)
	if err != nil {
		failCase("%v", err)
	}
	var o filter.Options
	if err := json.Unmarshal(raw, &o); err != nil {
		failCase("%v", err)
	}
	return o
}

// names returns those whom Telegram would name when asked for contacts and usernames.
func (w *world) names() filter.Names {
	me := tl(w.Self).(*tg.User)
	found := telegram{peer.NewBook(me.ID), map[string]peer.ID{}}
	found.Learn(users(w.Contacts), nil)
	for name, u := range w.Usernames {
		who := users([]map[string]any{u})
		found.Learn(who, nil)
		found.usernames[strings.ToLower(name)] = peer.UserID(who[0].GetID())
	}
	return found
}

// telegram knows contacts, and what it would answer about usernames.
type telegram struct {
	*peer.Book
	usernames map[string]peer.ID
}

func (w telegram) Lookup(t peer.Target) (peer.ID, bool) {
	if id, ok := w.usernames[strings.ToLower(t.Username)]; ok && t.Username != "" {
		return id, true
	}
	return w.Book.Lookup(t)
}

func users(from []map[string]any) []tg.UserClass {
	var all []tg.UserClass
	for _, u := range from {
		all = append(all, tl(u).(tg.UserClass))
	}
	return all
}

func chats(from []map[string]any) []tg.ChatClass {
	var all []tg.ChatClass
	for _, c := range from {
		all = append(all, tl(c).(tg.ChatClass))
	}
	return all
}
