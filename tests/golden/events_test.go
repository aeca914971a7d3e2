package golden_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/event"
	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

// finished are the events that are read and filtered in full. The others follow, one name at a time.
var finished = []filter.Event{filter.NewMessage}

type eventCase struct {
	ID        string
	Event     filter.Event
	Entry     string `json:"config_entry_id"`
	Self      map[string]any
	Options   json.RawMessage
	Enabled   bool
	Cache     struct{ Users, Chats []map[string]any }
	Contacts  []map[string]any
	Usernames map[string]map[string]any
	Now       json.RawMessage
	Update    string `json:"update_b64"`
	Expected  []any
	Invalid   json.RawMessage `json:"invalid_options"`
}

func TestEvents(t *testing.T) {
	t.Parallel()
	cases := map[filter.Event][]eventCase{}
	readLines(t, "events.jsonl", func(line []byte) {
		var c eventCase
		decode(t, line, &c)
		cases[c.Event] = append(cases[c.Event], c)
	})
	for _, e := range finished {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			if len(cases[e]) == 0 {
				t.Fatal("no cases")
			}
			passed := 0
			for _, c := range cases[e] {
				if diff := c.run(t); diff != "" {
					t.Errorf("%s: %s", c.ID, diff)
					continue
				}
				passed++
			}
			fmt.Printf("events(%s): %d/%d\n", e, passed, len(cases[e]))
		})
	}
}

// run returns how the events that fire differ from those expected.
func (c *eventCase) run(t *testing.T) string {
	me := tl(t, c.Self).(*tg.User)
	book := peer.NewBook(me.ID)
	book.Learn([]tg.UserClass{me}, nil)
	book.Learn(users(t, c.Cache.Users), chats(t, c.Cache.Chats))
	set, problems := filter.Compile(c.options(t), c.names(t, me))
	if invalid := len(c.Invalid) > 0; invalid != (len(problems) > 0) {
		return fmt.Sprintf("problems %v, invalid %s", problems, c.Invalid)
	}
	in := decodeContainer(t, c.Update)
	book.Learn(in.users, in.chats)
	ctx := event.Context{Me: me, Book: book, Now: time.Unix(1726050030, 0)}
	got := []any{}
	for _, u := range in.updates {
		for _, o := range event.Read(u, ctx) {
			groups, ok, err := set.Match(o.Subject())
			if err != nil {
				return err.Error()
			}
			if !ok {
				continue
			}
			raw := event.AppendStored([]byte{'{'}, c.Entry, event.MeOf(me), &o, groups)
			var fired any
			decode(t, append(raw, '}'), &fired)
			got = append(got, fired)
		}
	}
	return cmp.Diff(c.Expected, got)
}

// options returns the options of an entry on which the case's event alone is enabled.
func (c *eventCase) options(t *testing.T) filter.Options {
	stored := map[string]any{}
	on := map[filter.Event]bool{}
	for _, e := range filter.Events() {
		on[e] = c.Enabled && e == c.Event
	}
	stored["events"] = on
	stored[string(c.Event)] = c.Options
	raw, err := json.Marshal(stored)
	if err != nil {
		t.Fatal(err)
	}
	var o filter.Options
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// names returns a book of those whom Telegram would name when asked for contacts and usernames.
func (c *eventCase) names(t *testing.T, me *tg.User) *peer.Book {
	book := peer.NewBook(me.ID)
	book.Learn(users(t, c.Contacts), nil)
	for _, u := range c.Usernames {
		book.Learn(users(t, []map[string]any{u}), nil)
	}
	return book
}

func users(t *testing.T, from []map[string]any) []tg.UserClass {
	var all []tg.UserClass
	for _, u := range from {
		all = append(all, tl(t, u).(tg.UserClass))
	}
	return all
}

func chats(t *testing.T, from []map[string]any) []tg.ChatClass {
	var all []tg.ChatClass
	for _, c := range from {
		all = append(all, tl(t, c).(tg.ChatClass))
	}
	return all
}
