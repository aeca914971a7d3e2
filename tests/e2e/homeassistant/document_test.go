//go:build homeassistant

package homeassistant

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/tests/telegramtest"
)

// The automations of the user document, each to the letter.
const (
	respondToMom = `
alias: Respond to a greeting message from mom
trigger:
  - platform: event
    event_type: telegram_client_new_message
    event_data:
      message:
        from_id:
          user_id: YOUR_MOM_TELEGRAM_USER_ID
condition:
  - condition: template
    value_template: >-
      {{ trigger.event.data.message.message | regex_match('hello', ignorecase=True) }}
action:
  - service: telegram_client.send_messages
    data:
      config_entry_id: "{{ trigger.event.data.config_entry_id }}"
      message: Hello, mom!
      target_id: "{{ trigger.event.data.message.from_id.user_id }}"
`
	blameEditor = `
alias: Blame "Poker planing" chat message editor
trigger:
  - platform: event
    event_type: telegram_client_message_edited
    event_data:
      chat_id: POKER_PLANNING_CHAT_ID
condition:
  - condition: template
    value_template: >-
      {{ trigger.event.data.message.from_id.user_id != trigger.event.data.me.id }}
action:
  - service: telegram_client.send_messages
    data:
      config_entry_id: "{{ trigger.event.data.config_entry_id }}"
      message: You're not suppose to change your estimation!
      target_id: "{{ trigger.event.data.chat_id }}"
      reply_to: "{{ trigger.event.data.message.id }}"
`
	secretChat = `
alias: Secret chat with Bob
trigger:
  - platform: event
    event_type: telegram_client_message_read
    event_data:
      chat_id: BOBS_USER_ID
action:
  - delay:
      seconds: 10
  - service: telegram_client.delete_messages
    data:
      config_entry_id: "{{ trigger.event.data.config_entry_id }}"
      message_ids: "{{ trigger.event.data.max_id }}"
mode: restart
`
	respondToCallback = `
alias: Respond to callback query
trigger:
  - platform: event
    event_type: telegram_client_callback_query
    event_data:
      sender_id: POKER_PLANNING_CHAT_ID
action:
  - service: telegram_client.send_messages
    data:
      config_entry_id: "{{ trigger.event.data.config_entry_id }}"
      target_id: "{{ trigger.event.data.chat_id }}"
      message: >-
        {{ trigger.event.data.sender.first_name }}, thanks for selecting "{{ trigger.event.data.data }}"!
      reply_to: "{{ trigger.event.data.message_id }}"
`
	greetJoiner = `
alias: Greet new joiner
trigger:
  - platform: event
    event_type: telegram_client_chat_action
    event_data:
      chat_id: CHAT_ID
      user_joined: true
action:
  - service: telegram_client.send_messages
    data:
      config_entry_id: "{{ trigger.event.data.config_entry_id }}"
      message: >-
        Welcome, {{ trigger.event.data.user.first_name }} {{ trigger.event.data.user.last_name }}!
      target_id: "{{ trigger.event.data.chat_id }}"
`
	spyEye = `
alias: Spy eye
trigger:
  - platform: event
    event_type: telegram_client_user_update
    event_data:
      user_id: BOBS_USER_ID
      typing: true
action:
  - service: telegram_client.send_messages
    data:
      config_entry_id: "{{ trigger.event.data.config_entry_id }}"
      message: Whats up, man?
      target_id: "{{ trigger.event.data.chat_id }}"
  - delay:
      seconds: 30
mode: restart
`
	// witness records every event. Without it nothing would say that a near miss has arrived at all.
	witness = `
automation:
  - alias: Witness
    mode: queued
    max: 1000
    triggers:
      - trigger: event
        event_type:
          - telegram_client_new_message
          - telegram_client_message_edited
          - telegram_client_message_read
          - telegram_client_callback_query
          - telegram_client_chat_action
          - telegram_client_user_update
    actions:
      - action: record.append
        data:
          name: "{{ trigger.event.event_type }}"
          event: "{{ trigger.event.data }}"
`
)

// service is a call of ours in an automation of the document.
var service = regexp.MustCompile(`service: telegram_client\.(\w+)\n    data:\n`)

// An automation of the document in a home: recorded is that it runs, and what it would have called, with the templates
// filled in.
type automation struct {
	name    string // in the record
	text    string
	id      int64  // what its trigger asks for
	eventBy string // the entry's
	near    []nearMiss
	hit     func() map[string]any // makes it run, and returns what it must call
}

// A nearMiss is an event of the automation's type that must not make it run.
type nearMiss struct {
	make      func()
	chat, who int64 // who did it; 0: the event does not say
}

var (
	placeholder = regexp.MustCompile(`\b[A-Z]+(_[A-Z]+)*_ID\b`)
	eventType   = regexp.MustCompile(`event_type: (\w+)`)
)

// yaml returns the package with the automation.
func (a *automation) yaml() string {
	text := placeholder.ReplaceAllString(strings.TrimSpace(a.text), strconv.FormatInt(a.id, 10))
	text = service.ReplaceAllString(text, "service: record.append\n    data:\n      name: "+a.name+"\n      service: $1\n")
	// At once: a run in its delay is broken off by the next one.
	text = strings.Replace(text, "\naction:\n", "\naction:\n  - service: record.append\n    data:\n      name: "+a.name+"\n      runs: true\n", 1)
	return "automation:\n  - " + strings.ReplaceAll(text, "\n", "\n    ") + "\n"
}

// seen reports whether the events of all near misses are in the record.
func (a *automation) seen(all []Record) bool {
	event := eventType.FindStringSubmatch(a.text)[1]
	for _, n := range a.near {
		if !slices.ContainsFunc(all, func(r Record) bool {
			e := r.Event
			return r.Name == event && e.EntryID == a.eventBy && e.ChatID == n.chat && (n.who == 0 || n.who == e.SenderID || n.who == e.UserID)
		}) {
			return false
		}
	}
	return true
}

// Every automation of the document runs in a real Home Assistant on what happens in Telegram, and on that alone.
func TestDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tg := w.telegram
	bot, botEntry := w.login("poker_bot")
	owner, ownerEntry := w.loginUser("owner") // bots are told neither who reads nor who types
	mom, bob, carol, anne := tg.User("mother"), tg.User("bobby"), tg.User("carol"), tg.User("annie")
	joiner := tg.User("newcomer", func(a *telegramtest.Account) { a.FirstName, a.LastName = "New", "Comer" })
	poker, other := tg.Group("Poker planning", bob.ID, carol.ID, bot.ID), tg.Group("Another group", bob.ID, bot.ID)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	press := func(user int64, asked telegramtest.Message) {
		t.Helper()
		_, err := tg.Press(telegramtest.Pressing{User: user, Chat: poker.ID, Message: tg.IDFor(user, asked.Number), Button: "Five"})
		must(err)
	}
	asked, err := tg.Post(telegramtest.Saying{From: bot.ID, To: poker.ID, Text: "How much?", Buttons: [][]telegramtest.Button{{{Text: "Five", Data: "5 points"}}}})
	must(err)

	automations := []*automation{{
		name: "mom", text: respondToMom, id: mom.ID, eventBy: botEntry,
		near: []nearMiss{{func() { tg.Say(carol.ID, bot.ID, "hello") }, carol.ID, carol.ID}},
		hit: func() map[string]any {
			tg.Say(mom.ID, bot.ID, "Hello, my dear")
			return map[string]any{"service": "send_messages", "message": "Hello, mom!", "target_id": mom.ID}
		},
	}, {
		name: "editor", text: blameEditor, id: poker.ID, eventBy: botEntry,
		near: []nearMiss{{func() { must(tg.Edit(carol.ID, tg.Say(carol.ID, bot.ID, "three").ID, "five")) }, carol.ID, carol.ID}},
		hit: func() map[string]any {
			said := tg.Say(carol.ID, poker.ID, "three")
			must(tg.Edit(carol.ID, said.ID, "five"))
			return map[string]any{
				"service": "send_messages", "message": "You're not suppose to change your estimation!",
				"target_id": poker.ID, "reply_to": tg.IDFor(bot.ID, said.Number),
			}
		},
	}, {
		name: "secret", text: secretChat, id: bob.ID, eventBy: ownerEntry,
		near: []nearMiss{{func() { tg.Say(owner.ID, carol.ID, "for you"); must(tg.ReadHistory(carol.ID, owner.ID, 0)) }, carol.ID, 0}},
		hit: func() map[string]any {
			said := tg.Say(owner.ID, bob.ID, "for you alone")
			must(tg.ReadHistory(bob.ID, owner.ID, 0))
			return map[string]any{"service": "delete_messages", "message_ids": said.ID}
		},
	}, {
		// What the document puts for sender_id is the id of who pressed: a chat presses nothing.
		name: "callback", text: respondToCallback, id: bob.ID, eventBy: botEntry,
		near: []nearMiss{{func() { press(carol.ID, asked) }, poker.ID, carol.ID}},
		hit: func() map[string]any {
			press(bob.ID, asked)
			return map[string]any{
				"service": "send_messages", "message": bob.FirstName + `, thanks for selecting "5 points"!`,
				"target_id": poker.ID, "reply_to": tg.IDFor(bot.ID, asked.Number),
			}
		},
	}, {
		name: "joiner", text: greetJoiner, id: poker.ID, eventBy: botEntry,
		near: []nearMiss{
			{func() { must(tg.Join(other.ID, joiner.ID, joiner.ID)) }, other.ID, joiner.ID},
			{func() { must(tg.Join(poker.ID, anne.ID, bob.ID)) }, poker.ID, anne.ID}, // added
		},
		hit: func() map[string]any {
			must(tg.Join(poker.ID, joiner.ID, joiner.ID))
			return map[string]any{"service": "send_messages", "message": "Welcome, New Comer!", "target_id": poker.ID}
		},
	}, {
		name: "spy", text: spyEye, id: bob.ID, eventBy: ownerEntry,
		near: []nearMiss{
			{func() { must(tg.Type(carol.ID, owner.ID, "typing", 0)) }, carol.ID, carol.ID},
			{func() { must(tg.Type(bob.ID, owner.ID, "upload_photo", 40)) }, bob.ID, bob.ID},
		},
		hit: func() map[string]any {
			must(tg.Type(bob.ID, owner.ID, "typing", 0))
			return map[string]any{"service": "send_messages", "message": "Whats up, man?", "target_id": bob.ID}
		},
	}}
	packages := map[string]string{"witness": witness}
	for _, a := range automations {
		packages[a.name] = a.yaml()
	}
	home := w.home(packages)
	for _, entry := range []string{botEntry, ownerEntry} {
		w.target(entry, map[string]any{"type": "event", "url": home.URL(), "token": home.Token()})
	}
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()

	for _, a := range automations {
		for _, n := range a.near {
			n.make()
		}
	}
	for _, a := range automations {
		if _, err := home.WaitRecorded(ctx, "the near misses of "+a.name, a.seen); err != nil {
			t.Fatal(err)
		}
	}
	// A run that a near miss has set off stands in the record before those that are set off from here on.
	want := map[string][]string{}
	for _, a := range automations {
		call := a.hit()
		call["name"], call["config_entry_id"] = a.name, a.eventBy
		want[a.name] = []string{canonical(t, map[string]any{"name": a.name, "runs": true}), canonical(t, call)}
	}
	ran := func(all []Record) map[string][]string {
		calls := map[string][]string{}
		for _, r := range all {
			if want[r.Name] == nil {
				continue // the witness's
			}
			call := map[string]any{}
			must(json.Unmarshal(r.Line, &call))
			delete(call, "at")
			calls[r.Name] = append(calls[r.Name], canonical(t, call))
		}
		return calls
	}
	all, err := home.WaitRecorded(ctx, "every automation to run to its call", func(all []Record) bool {
		got := ran(all)
		return !slices.ContainsFunc(automations, func(a *automation) bool { return len(got[a.name]) < len(want[a.name]) })
	})
	if diff := cmp.Diff(want, ran(all)); err != nil || diff != "" {
		t.Fatalf("%v; what ran (-want +got):\n%s", err, diff)
	}
	for _, a := range automations {
		t.Logf("%s ran once, and not on %d near misses: %s", eventType.FindStringSubmatch(a.text)[1], len(a.near), want[a.name][1])
	}
}

// canonical returns a call as JSON with its keys in order, and its numbers as they are.
func canonical(t *testing.T, call map[string]any) string {
	t.Helper()
	text, err := json.Marshal(call)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
