// Package homeassistanttest is a stand-in for Home Assistant that answers as the real one does.
//
// Above all it says 200 and nothing where the real one does: for unknown webhook ids, while it starts, for malformed
// JSON, for senders that an automation refuses as not local, and when a handler fails; and it says that an event was
// fired in every state, also when nobody hears it. What an automation really got is written down, in memory and in an
// append-only file, and nowhere else is it known what arrived. [Cases] is the contract: a table that holds for the
// stand-in and for a real Home Assistant (2026.11.0).
//
// It knows webhooks, the event bus, core state and tokens. It runs no templates: an automation is a Go function.
package homeassistanttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// State is the state of the core.
type State string

// The states, as /api/core/state names them.
const (
	NotRunning State = "NOT_RUNNING"
	Starting   State = "STARTING"
	Running    State = "RUNNING"
	Stopping   State = "STOPPING"
)

// Options of a home.
type Options struct {
	// Token is what /api wants; empty: "token-of-the-owner".
	Token string
	// Record is the file to which what was accepted is appended; empty: none.
	Record string
	// Address is where to listen; empty: a free port of 127.0.0.1.
	Address string
}

// DefaultToken is the token of a home for which none was chosen.
const DefaultToken = "token-of-the-owner"

// A Home is a Home Assistant. It is safe for concurrent use.
type Home struct {
	token  string
	record *os.File
	server *http.Server

	mu        sync.Mutex
	address   string
	listener  net.Listener
	state     State
	webhooks  map[string]*webhook
	listeners map[string][]func(Trigger)
	accepted  []Accepted
	requests  []Request
	changed   chan struct{} // closed and replaced with every change
	hang      chan struct{} // not nil: requests wait until it is closed
	delay     time.Duration
	cutAfter  int
	onState   func()
	done      chan struct{}
}

// Accepted is something that an automation, a component or a listener of the event bus got.
type Accepted struct {
	At      time.Time       `json:"at"`
	Via     string          `json:"via"` // "webhook", "component" or "event"
	Webhook string          `json:"webhook,omitempty"`
	Type    string          `json:"event_type"`
	ID      string          `json:"event_id"`
	Attempt int             `json:"attempt"`
	Body    json.RawMessage `json:"body"`
}

// A Request is what arrived on the wire, whatever became of it.
type Request struct {
	Method, Path string
	Header       http.Header
	Body         []byte
	Remote       string // the address and port of the sender: one per connection
	Status       int
}

// A Trigger is what an automation sees of what triggered it.
type Trigger struct {
	JSON map[string]any
	Body []byte
}

// Start starts a home, RUNNING.
func Start(o Options) (*Home, error) {
	h := &Home{
		token: o.Token, state: Running, webhooks: map[string]*webhook{}, listeners: map[string][]func(Trigger){},
		changed: make(chan struct{}), done: make(chan struct{}),
	}
	if h.token == "" {
		h.token = DefaultToken
	}
	if o.Record != "" {
		f, err := os.OpenFile(o.Record, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("record of the home: %w", err)
		}
		h.record = f
	}
	h.address = o.Address
	if h.address == "" {
		h.address = "127.0.0.1:0"
	}
	if err := h.listen(); err != nil {
		return nil, err
	}
	return h, nil
}

func (h *Home) listen() error {
	l, err := net.Listen("tcp", h.address)
	if err != nil {
		return fmt.Errorf("home: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	h.mu.Lock()
	h.address = l.Addr().String()
	h.listener, h.server = l, server
	h.mu.Unlock()
	go server.Serve(l) // ends with Close of the server
	return nil
}

// URL returns the home's base address, the same for its whole life.
func (h *Home) URL() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return "http://" + h.address
}

// WebhookURL returns the address of a webhook.
func (h *Home) WebhookURL(id string) string { return h.URL() + "/api/webhook/" + id }

// Token returns the token that /api wants.
func (h *Home) Token() string { return h.token }

// Close ends the home.
func (h *Home) Close() {
	h.Hang(false)
	h.mu.Lock()
	server := h.server
	select {
	case <-h.done:
	default:
		close(h.done)
	}
	h.mu.Unlock()
	server.Close()
	if h.record != nil {
		h.record.Close()
	}
}

// SetState changes the state. Webhooks and listeners of the event bus are there only while it is RUNNING.
func (h *Home) SetState(s State) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state = s
	h.notify()
}

// Refuse closes the port and all connections, or opens the port again.
func (h *Home) Refuse(on bool) error {
	if on {
		h.mu.Lock()
		server, l := h.server, h.listener
		h.mu.Unlock()
		l.Close() // the server does not know it yet if it has not begun to serve
		if err := server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
	return h.listen()
}

// CutConnections ends all connections as a restart does; the port stays open.
func (h *Home) CutConnections() error {
	if err := h.Refuse(true); err != nil {
		return err
	}
	return h.Refuse(false)
}

// Hang makes requests wait, unanswered and without effect, until it is taken back. Those that waited get no answer.
func (h *Home) Hang(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case on && h.hang == nil:
		h.hang = make(chan struct{})
	case !on && h.hang != nil:
		close(h.hang)
		h.hang = nil
	}
}

// Slow makes every answer take that much longer.
func (h *Home) Slow(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.delay = d
}

// LoseAnswers lets the next n POSTs have their effect and cuts the connection instead of answering.
func (h *Home) LoseAnswers(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cutAfter = n
}

// OnState calls f, once, before the next answer about the state: something can happen between an event and the question.
func (h *Home) OnState(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.onState = f
}

// Accepted returns what was accepted, in the order of arrival.
func (h *Home) Accepted() []Accepted {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Accepted(nil), h.accepted...)
}

// Requests returns what arrived on the wire.
func (h *Home) Requests() []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Request(nil), h.requests...)
}

// Wait returns as soon as what was accepted and requested satisfies enough.
func (h *Home) Wait(ctx context.Context, enough func([]Accepted, []Request) bool) error {
	for {
		h.mu.Lock()
		ok, changed := enough(h.accepted, h.requests), h.changed
		n := len(h.accepted)
		h.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for the home, which has accepted %d: %w", n, context.Cause(ctx))
		case <-changed:
		}
	}
}

// WaitAccepted returns as soon as n events were accepted, and gives them.
func (h *Home) WaitAccepted(ctx context.Context, n int) ([]Accepted, error) {
	err := h.Wait(ctx, func(a []Accepted, _ []Request) bool { return len(a) >= n })
	return h.Accepted(), err
}

// notify wakes those who wait. Callers hold mu.
func (h *Home) notify() {
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *Home) accept(via, webhook string, eventType string, body []byte) error {
	var e struct {
		Type    string `json:"event_type"`
		ID      string `json:"event_id"`
		Attempt int    `json:"attempt"`
	}
	_ = json.Unmarshal(body, &e) // what is not one of our events is accepted all the same
	if !json.Valid(body) {       // a form, or nothing
		text, err := json.Marshal(string(body))
		if err != nil {
			return err
		}
		body = text
	}
	if eventType == "" {
		eventType = e.Type
	}
	a := Accepted{At: time.Now(), Via: via, Webhook: webhook, Type: eventType, ID: e.ID, Attempt: e.Attempt, Body: body}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.accepted = append(h.accepted, a)
	h.notify()
	if h.record == nil {
		return nil
	}
	line, err := json.Marshal(a)
	if err == nil {
		_, err = h.record.Write(append(line, '\n'))
	}
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
