package homeassistant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"telegram-client/shared/entry"
	"telegram-client/shared/outbox"
)

// A Webhook posts events to a webhook of Home Assistant.
type Webhook struct {
	lines
	url     string
	signers []*standardwebhooks.Webhook
	confirm bool
	// component is true once the webhook was seen to answer with the event's id: it is not an automation's, and needs
	// no probe.
	component atomic.Bool
}

func newWebhook(t entry.Target, o Options) (*Webhook, error) {
	if _, err := parseURL(t.URL.Reveal()); err != nil {
		return nil, err
	}
	w := &Webhook{lines: lines{options: o}, url: t.URL.Reveal(), confirm: t.Confirm}
	for i, secret := range strings.Fields(t.Secret.Reveal()) {
		s, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return nil, fmt.Errorf("secret %d of the target is not of the form whsec_ and base64", i+1)
		}
		w.signers = append(w.signers, s)
	}
	return w, nil
}

// Deliver posts an event. What acknowledges it depends on who is there:
//
//   - Our component answers 2xx with the event's id in the body, and 503 while Home Assistant is not running.
//   - A plain automation cannot answer: Home Assistant says 200 to known and unknown ids alike. But to a GET it says 405
//     for a webhook that is registered for POST, and 200 for one that is not. So a GET goes first, over the same
//     connection and thus to the same process, once per connection and burst, and then 2xx counts. That an automation
//     accepts what is posted (it may insist on local senders) only a handshake can prove, once.
//   - Where the answer of an automation is asked for (Confirm), and for [TestEvent], 2xx only says that it was handed over.
func (w *Webhook) Deliver(ctx context.Context, it outbox.Item, attempt int) outbox.Verdict {
	asked := w.confirm || it.Type == TestEvent
	body := it.AppendJSON(nil, attempt, true)
	l := w.take()
	defer w.give(l)
	for try := 1; ; try++ {
		probing := !asked && !w.component.Load()
		if probing && !l.isProved(w.options.Now()) {
			if v, ok := w.probe(ctx, l); !ok {
				return v
			}
		}
		// Some server in between may keep no connection open: then the event goes between two probes.
		loose := try > keptTries
		a, err := l.do(ctx, w.options, !probing || loose, http.MethodPost, w.url, w.header(it, body), body)
		if errors.Is(err, errNotProved) {
			continue // the connection had been closed, and nothing was sent: a new one, and a new probe
		}
		if err != nil {
			return unreachable(err)
		}
		if v := w.judge(l, a, it, asked, probing); v.Outcome != outbox.Acknowledged || !probing || !loose || w.component.Load() {
			return v
		}
		if v, ok := w.probe(ctx, l); !ok {
			return v
		}
		return outbox.Verdict{Outcome: outbox.Acknowledged}
	}
}

// probe asks, over a new connection if it must, whether the webhook is registered.
func (w *Webhook) probe(ctx context.Context, l *line) (outbox.Verdict, bool) {
	a, err := l.do(ctx, w.options, true, http.MethodGet, w.url, nil, nil)
	switch {
	case err != nil:
		return unreachable(err), false
	case a.status == http.StatusMethodNotAllowed:
		l.prove(w.options.Now())
		return outbox.Verdict{}, true
	case a.status == http.StatusOK:
		return notAcknowledged("no automation listens on this webhook"), false
	}
	return failure(a, w.options.Now()), false
}

func (w *Webhook) judge(l *line, a answer, it outbox.Item, asked, probed bool) outbox.Verdict {
	if a.status < 200 || a.status > 299 {
		return failure(a, w.options.Now())
	}
	var said struct {
		EventID string `json:"event_id"`
	}
	if json.Unmarshal(a.body, &said) == nil && strings.EqualFold(said.EventID, it.EventID.String()) {
		w.component.Store(true)
		return outbox.Verdict{Outcome: outbox.Acknowledged}
	}
	switch {
	case asked:
		return outbox.Verdict{Outcome: outbox.AwaitConfirm, Reason: "no automation has confirmed the event"}
	case probed:
		return outbox.Verdict{Outcome: outbox.Acknowledged}
	}
	// The component is not there any more. From now on the webhook is probed again.
	w.component.Store(false)
	l.disprove()
	return notAcknowledged("the integration in Home Assistant is not loaded")
}

// header returns the request's headers, signed as Standard Webhooks describes. While secrets rotate there are two
// signatures.
func (w *Webhook) header(it outbox.Item, body []byte) http.Header {
	now := w.options.Now()
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set(standardwebhooks.HeaderWebhookID, it.EventID.String())
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	var signatures []string
	for _, s := range w.signers {
		if signature, err := s.Sign(it.EventID.String(), now.Truncate(time.Second), body); err == nil {
			signatures = append(signatures, signature)
		}
	}
	if len(signatures) > 0 {
		h.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	}
	return h
}
