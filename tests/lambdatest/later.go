package lambdatest

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// retries is how often Lambda gives an event to a function again that failed with it.
const retries = 2

// invokeLater is the action Invoke of Lambda's API, of the kind Event: the event is taken, and given to the function when
// the caller has its answer. A function may call itself and nothing else.
func (f *Function) invokeLater(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, kind string) {
		w.Header().Set("X-Amzn-Errortype", kind)
		w.WriteHeader(status)
	}
	event, err := io.ReadAll(io.LimitReader(r.Body, eventLimit+1))
	signature := r.Header.Get("Authorization")
	switch {
	case err != nil || r.Header.Get("X-Amz-Invocation-Type") != "Event":
		refuse(http.StatusBadRequest, "InvalidRequestContentException")
	case !strings.HasPrefix(signature, "AWS4-HMAC-SHA256 ") || !strings.Contains(signature, "/lambda/aws4_request"):
		refuse(http.StatusForbidden, "MissingAuthenticationTokenException")
	case r.PathValue("name") != f.config.Name:
		refuse(http.StatusForbidden, "AccessDeniedException")
	case len(event) > eventLimit:
		refuse(http.StatusRequestEntityTooLarge, "RequestTooLargeException")
	default:
		f.later(event)
		w.WriteHeader(http.StatusAccepted)
	}
}

// eventLimit is what Lambda takes at least for an event that nobody waits for (Lambda quotas).
const eventLimit = 256 << 10

// later gives an event to the function, and again if it fails.
func (f *Function) later(event []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.calling.Add(1)
	go func() { // ends with Close
		defer f.calling.Done()
		for attempt := range retries + 1 {
			if _, err := f.Invoke(f.living, event); err == nil {
				return
			}
			if !pause(f.living, time.Duration(attempt+1)*f.config.RetryAfter) {
				return
			}
		}
	}()
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
