package homeassistant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"telegram-client/shared/entry"
	"telegram-client/shared/outbox"
)

// An Event fires events on the event bus of Home Assistant, with an administrator's token.
type Event struct {
	lines
	base  *url.URL
	token string
}

func newEvent(t entry.Target, o Options) (*Event, error) {
	base, err := parseURL(t.URL.Reveal())
	if err != nil {
		return nil, err
	}
	return &Event{lines: lines{options: o}, base: base, token: t.Token.Reveal()}, nil
}

// Deliver fires an event. Home Assistant says 200 and "fired" in every state, also when nobody hears it yet or any
// more. So its state is asked for before, once per connection and burst, and again after each event, over the same
// connection; only an event between two answers of RUNNING is acknowledged.
func (e *Event) Deliver(ctx context.Context, it outbox.Item, attempt int) outbox.Verdict {
	body := it.AppendJSON(nil, attempt, false)
	l := e.take()
	defer e.give(l)
	for try := 1; ; try++ {
		loose := try > keptTries
		if !l.isProved(e.options.Now()) {
			if v, ok := e.running(ctx, l, true); !ok {
				return v
			}
		}
		h := e.header()
		h.Set("Content-Type", "application/json")
		a, err := l.do(ctx, e.options, loose, http.MethodPost, e.base.JoinPath("api", "events", it.Type).String(), h, body)
		if errors.Is(err, errNotProved) {
			continue // nothing was sent
		}
		if err != nil {
			return unreachable(err)
		}
		if v, ok := e.fired(a, it.Type); !ok {
			return v
		}
		v, ok := e.running(ctx, l, loose)
		if !ok {
			return v
		}
		return outbox.Verdict{Outcome: outbox.Acknowledged}
	}
}

func (e *Event) fired(a answer, eventType string) (outbox.Verdict, bool) {
	if a.status == http.StatusUnauthorized {
		return notAcknowledged("the token is not accepted"), false
	}
	if a.status != http.StatusOK {
		return failure(a, e.options.Now()), false
	}
	var said struct {
		Message string `json:"message"`
	}
	if err := json.Unmarshal(a.body, &said); err != nil || said.Message != fmt.Sprintf("Event %s fired.", eventType) {
		return notAcknowledged("the answer is not that of Home Assistant"), false
	}
	return outbox.Verdict{}, true
}

// running asks for the state. With anew false the question goes over the connection there is, or fails.
func (e *Event) running(ctx context.Context, l *line, anew bool) (outbox.Verdict, bool) {
	a, err := l.do(ctx, e.options, anew, http.MethodGet, e.base.JoinPath("api", "core", "state").String(), e.header(), nil)
	switch {
	case errors.Is(err, errNotProved):
		return outbox.Verdict{Outcome: outbox.Unreachable, Reason: "connection closed after the event"}, false
	case err != nil:
		return unreachable(err), false
	case a.status == http.StatusUnauthorized:
		return notAcknowledged("the token is not accepted"), false
	case a.status != http.StatusOK:
		return failure(a, e.options.Now()), false
	}
	var said struct {
		State string `json:"state"`
	}
	if err := json.Unmarshal(a.body, &said); err != nil || said.State == "" {
		return notAcknowledged("the answer is not that of Home Assistant"), false
	}
	if said.State != "RUNNING" {
		l.disprove()
		return outbox.Verdict{Outcome: outbox.Unreachable, Reason: "Home Assistant is not running: " + stateWord(said.State)}, false
	}
	l.prove(e.options.Now())
	return outbox.Verdict{}, true
}

// stateWord returns a state that Home Assistant has, so that no stranger's text gets into a reason.
func stateWord(s string) string {
	switch s {
	case "NOT_RUNNING", "STARTING", "STOPPING", "FINAL_WRITE", "STOPPED":
		return s
	}
	return "unknown state"
}

func (e *Event) header() http.Header {
	return http.Header{"Authorization": {"Bearer " + e.token}}
}
