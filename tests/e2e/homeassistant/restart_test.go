//go:build homeassistant

package homeassistant

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	homepackage "telegram-client/infra/homeassistant"
	"telegram-client/tests/telegramtest"
)

// How many messages of a burst each of the friends writes.
const (
	friends     = 4
	beforeStop  = 49
	afterStart  = 1
	ofEach      = beforeStop + afterStart
	underWay    = 20 // so many of each burst are recorded when Home Assistant is told to stop
	burstEvents = friends * ofEach
)

// recording is an automation that works with the events of a webhook, and what it does at the end of each run.
const recording = `
automation:
  - alias: Record {name}
    mode: queued
    max: 1000
    triggers:
      - trigger: webhook
        webhook_id: {webhook}
        allowed_methods: [POST]
        local_only: true
    actions:
      - if: "{{ trigger.json.event_type == 'telegram_client_new_message' }}"
        then:
          - action: record.append
            data:
              name: {name}
              event: "{{ trigger.json }}"
      - if: "{{ {confirms} }}"
        then:
          - action: rest_command.telegram_client_confirm
            data:
              config_entry_id: "{{ trigger.json.config_entry_id }}"
              event_id: "{{ trigger.json.event_id }}"
`

const recordingEvents = `
automation:
  - alias: Record event
    mode: queued
    max: 1000
    triggers:
      - trigger: event
        event_type: telegram_client_new_message
    actions:
      - action: record.append
        data:
          name: event
          event: "{{ trigger.event.data }}"
`

func recordingWebhook(name, webhook, confirms string) string {
	return strings.NewReplacer("{name}", name, "{webhook}", webhook, "{confirms}", confirms).Replace(recording)
}

// An arrangement is one way to bring events to Home Assistant.
type arrangement struct {
	name     string
	says     string
	lossless bool
	target   func(h *Home) map[string]any

	bot telegramtest.Account
}

// Home Assistant is restarted in the middle of bursts of 200 messages, one for each arrangement.
func TestRestart(t *testing.T) {
	t.Parallel()
	arrangements := []*arrangement{
		{name: "confirm", says: "webhook, confirm, the automation confirms as its last step", lossless: true, target: func(h *Home) map[string]any {
			return map[string]any{"type": "webhook", "url": h.WebhookURL("burst-confirm"), "confirm": true}
		}},
		{name: "arrival", says: "webhook, confirm, the package confirms what arrives", target: func(h *Home) map[string]any {
			return map[string]any{"type": "webhook", "url": h.WebhookURL(webhook), "confirm": true}
		}},
		{name: "plain", says: "webhook without confirm", target: func(h *Home) map[string]any {
			return map[string]any{"type": "webhook", "url": h.WebhookURL("burst-plain"), "confirm": false}
		}},
		{name: "event", says: "event bus", target: func(h *Home) map[string]any {
			return map[string]any{"type": "event", "url": h.URL(), "token": h.Token()}
		}},
	}
	w := newWorld(t)
	home := w.home(map[string]string{
		"telegram_client_confirm": homepackage.ConfirmPackage(),
		"confirm":                 recordingWebhook("confirm", "burst-confirm", "true"),
		"arrival":                 recordingWebhook("arrival", webhook, "false"), // the package does
		"plain":                   recordingWebhook("plain", "burst-plain", "trigger.json.event_type == 'telegram_client_test'"),
		"event":                   recordingEvents,
	})
	var writers []telegramtest.Account
	for n := range friends {
		writers = append(writers, w.telegram.User("friend"+strconv.Itoa(n)))
	}
	for _, a := range arrangements {
		var entry string
		a.bot, entry = w.login(a.name + "_bot")
		w.target(entry, a.target(home))
	}
	say := func(from, to int, some []*arrangement) {
		for n := from; n <= to; n++ {
			for _, a := range some {
				for _, f := range writers {
					w.telegram.Say(f.ID, a.bot.ID, fmt.Sprintf("message %d", n))
				}
			}
		}
	}

	ctx, cancel := context.WithTimeout(w.ctx, 3*patience)
	defer cancel()
	// Those that need no confirmation are much faster: they begin later, and all are in the middle when it stops.
	for _, some := range [][]*arrangement{arrangements[:2], arrangements[2:]} {
		say(1, beforeStop, some)
		if _, err := home.WaitRecorded(ctx, "the bursts to be under way", func(all []Record) bool {
			return !slices.ContainsFunc(some, func(a *arrangement) bool { return len(of(all, a)) < underWay })
		}); err != nil {
			t.Fatal(err)
		}
	}
	home.Stop()
	stopped := time.Now()
	home.Launch()
	home.WaitState("RUNNING")
	back := time.Now()
	say(beforeStop+1, ofEach, arrangements)
	// In each chat events come in order: when the last one is there, nothing of it is to come any more.
	last := fmt.Sprintf("message %d", ofEach)
	all, err := home.WaitRecorded(ctx, "the last message of each chat", func(all []Record) bool {
		return !slices.ContainsFunc(arrangements, func(a *arrangement) bool {
			n := 0
			for _, r := range of(all, a) {
				if r.Event.Message.Message == last && r.Event.Attempt == 1 {
					n++
				}
			}
			return n < friends
		})
	})
	if err != nil {
		t.Error(err)
	}
	t.Logf("Home Assistant was away for %.1f s", back.Sub(stopped).Seconds())
	for _, a := range arrangements {
		w.judge(a, writers, of(all, a), stopped)
	}
}

// of returns what was recorded of an arrangement.
func of(all []Record, a *arrangement) []Record {
	var some []Record
	for _, r := range all {
		if r.Name == a.name {
			some = append(some, r)
		}
	}
	return some
}

// judge compares what was written in Telegram with what was recorded in Home Assistant.
func (w *world) judge(a *arrangement, writers []telegramtest.Account, recorded []Record, stopped time.Time) {
	w.t.Helper()
	written, lost, repeats, later := 0, 0, 0, 0
	for _, f := range writers {
		var sent []string
		for _, m := range w.telegram.Read(a.bot.ID, f.ID) {
			if !m.Out {
				sent = append(sent, m.Text)
			}
		}
		written += len(sent)
		var came []string // without repeats, in order
		ids := map[string]bool{}
		for _, r := range recorded {
			if r.Event.ChatID != f.ID {
				continue
			}
			if r.At > float64(stopped.UnixMilli())/1000 {
				later++
			}
			if ids[r.Event.ID] {
				repeats++
				if r.Event.Attempt < 2 {
					w.t.Errorf("%s: %q came again as attempt %d", a.says, r.Event.Message.Message, r.Event.Attempt)
				}
				continue
			}
			ids[r.Event.ID] = true
			came = append(came, r.Event.Message.Message)
		}
		missing := slices.DeleteFunc(slices.Clone(sent), func(text string) bool { return slices.Contains(came, text) })
		lost += len(missing)
		if want := slices.DeleteFunc(slices.Clone(sent), func(text string) bool { return slices.Contains(missing, text) }); !slices.Equal(came, want) {
			w.t.Errorf("%s: expected the order %q, got %q", a.says, want, came)
		}
		// What is lost was taken just before the end: all that was lost of a chat stands together.
		if n := len(missing); n > 0 {
			if i := slices.Index(sent, missing[0]); !slices.Equal(sent[i:i+n], missing) {
				w.t.Errorf("%s: lost are %q: not only what it had when it stopped", a.says, missing)
			}
		}
	}
	w.t.Logf("%-60s %d written, %d lost, %d repeated, %d came after the restart", a.says+":", written, lost, repeats, later)
	switch {
	case written != burstEvents:
		w.t.Errorf("%s: %d messages written, want %d", a.says, written, burstEvents)
	case a.lossless && lost > 0:
		w.t.Errorf("%s: %d lost", a.says, lost)
	case lost+later <= friends*afterStart:
		w.t.Errorf("%s: the restart hit no burst", a.says)
	}
}
