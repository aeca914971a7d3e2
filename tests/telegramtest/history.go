package telegramtest

import (
	"context"
	"fmt"
	"time"
)

// A Kind says what an event is.
type Kind string

// The kinds of events.
const (
	AccountMade    Kind = "account"
	GroupMade      Kind = "group"
	ChannelMade    Kind = "channel"
	Standing       Kind = "standing" // somebody came, went or was promoted in a channel
	LoggedIn       Kind = "login"
	LoggedOut      Kind = "logout" // Text says why
	Requested      Kind = "request"
	Disconnected   Kind = "disconnect"
	MessageSent    Kind = "message"
	ServiceSent    Kind = "service"
	MessageEdited  Kind = "edit"
	MessageDeleted Kind = "delete"
	WasRead        Kind = "read"
	Asked          Kind = "query"  // a callback or inline query; Text is the data or the text
	Answered       Kind = "answer" // to one
	Pushed         Kind = "push"   // Text is the TL name of what was pushed
	Difference     Kind = "difference"
	Blocked        Kind = "block"
	CodeSent       Kind = "code" // Text is the delivery
	TokenAccepted  Kind = "token"
)

// An Event is one thing that happened.
type Event struct {
	Number        int       `json:"number"` // from 1
	Time          time.Time `json:"time"`
	Kind          Kind      `json:"kind"`
	Account       int64     `json:"account,omitempty"`       // who did it, or who was told
	Authorization int64     `json:"authorization,omitempty"` // by which login; 0 if by another device
	Chat          int64     `json:"chat,omitempty"`          // where to, a marked id
	Message       int64     `json:"message,omitempty"`       // the message's number, the same for all who see it
	Method        string    `json:"method,omitempty"`
	Text          string    `json:"text,omitempty"`
	Error         string    `json:"error,omitempty"`
	Lost          bool      `json:"lost,omitempty"` // a push that reached nobody
}

func (s *Server) note(e Event) {
	e.Number, e.Time = len(s.history)+1, s.opt.Clock.Now()
	s.history = append(s.history, e)
	close(s.changed)
	s.changed = make(chan struct{})
}

// History returns what happened after the event with a number, in order; 0 is everything.
func (s *Server) History(after int) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Event(nil), s.history[min(max(after, 0), len(s.history)):]...)
}

// Count returns how many events of the history a test is interested in.
func (s *Server) Count(interesting func(Event) bool) int {
	n := 0
	for _, e := range s.History(0) {
		if interesting(e) {
			n++
		}
	}
	return n
}

// Until waits until reached is true. It is asked again whenever something has happened.
func (s *Server) Until(ctx context.Context, reached func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if reached() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for the Telegram server: %w", ctx.Err())
		}
	}
}
