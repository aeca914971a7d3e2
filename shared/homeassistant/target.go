package homeassistant

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"time"

	"telegram-client/shared/entry"
	"telegram-client/shared/outbox"
)

// TestEvent is the type of the event with which a webhook's handshake is made.
const TestEvent = entry.Domain + "_test"

// Options are what a deployment decides for all targets.
type Options struct {
	// Dial dials as the deployment's policy allows: dialpolicy.Policy.DialContext.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Now is the clock of signatures and of how long a proof holds.
	Now func() time.Time
	// Timeout is how long one request may take; 0: 10 s.
	Timeout time.Duration
}

const (
	defaultTimeout = 10 * time.Second
	// longestWish is how long a target's Retry-After may make us wait.
	longestWish = 2 * time.Minute
)

// A Target takes events one attempt at a time; several goroutines may use it at once. Close ends its connections.
type Target interface {
	Deliver(ctx context.Context, it outbox.Item, attempt int) outbox.Verdict
	Close()
}

// New returns the target of an entry; nil for those to which nothing is delivered.
func New(t entry.Target, o Options) (Target, error) {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	switch t.Type {
	case entry.Webhook:
		return newWebhook(t, o)
	case entry.Event:
		return newEvent(t, o)
	case entry.Pull, entry.NoTarget:
		return nil, nil
	}
	return nil, fmt.Errorf("target of type %q", t.Type)
}

// parseURL reads a target's address. Its errors do not show it.
func parseURL(secret string) (*url.URL, error) {
	u, err := url.Parse(secret)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("the target's address is no http or https address")
	}
	return u, nil
}
