package homeassistanttest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	mostBody     = 16 << 20
	longestEvent = 64 // characters of an event type
)

// answer is what is sent back.
type answer struct {
	status int
	body   string // JSON if it begins with a brace
	header http.Header
}

// ServeHTTP answers as Home Assistant does.
func (h *Home) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, mostBody))
	if err != nil {
		return
	}
	h.mu.Lock()
	hang, delay := h.hang, h.delay
	h.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	a := h.answer(r, body)
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		case <-h.done:
		}
	}
	h.mu.Lock()
	h.requests = append(h.requests, Request{r.Method, r.URL.Path, r.Header, body, r.RemoteAddr, a.status})
	h.notify()
	cut := h.cutAfter > 0 && r.Method == http.MethodPost
	if cut {
		h.cutAfter--
	}
	h.mu.Unlock()
	if cut {
		panic(http.ErrAbortHandler)
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	if strings.HasPrefix(a.body, "{") {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(a.status)
	io.WriteString(w, a.body)
}

func (h *Home) answer(r *http.Request, body []byte) answer {
	if id, ok := strings.CutPrefix(r.URL.Path, "/api/webhook/"); ok {
		return h.webhook(id, r.Method, r.Header.Get("Content-Type"), body)
	}
	path := strings.TrimPrefix(r.URL.Path, "/api/")
	method := http.MethodGet
	switch {
	case path == "core/state", path == "config":
	case strings.HasPrefix(path, "events/"):
		method = http.MethodPost
	default:
		return answer{status: http.StatusNotFound, body: "404: Not Found"}
	}
	if r.Method != method {
		return answer{status: http.StatusMethodNotAllowed, body: "405: Method Not Allowed"}
	}
	if r.Header.Get("Authorization") != "Bearer "+h.token {
		return answer{status: http.StatusUnauthorized, body: "401: Unauthorized"}
	}
	switch path {
	case "core/state":
		h.mu.Lock()
		f := h.onState
		h.onState = nil
		h.mu.Unlock()
		if f != nil {
			f()
		}
		return answer{status: http.StatusOK, body: fmt.Sprintf(`{"state":%q,"recorder_state":{"migration_in_progress":false,"migration_is_live":false}}`, h.currentState())}
	case "config":
		return answer{status: http.StatusOK, body: fmt.Sprintf(`{"state":%q,"recovery_mode":false,"version":"2026.11.0"}`, h.currentState())}
	}
	return h.fire(strings.TrimPrefix(path, "events/"), body)
}

func (h *Home) currentState() State {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state
}

// webhook answers what the integration "webhook" of the core answers.
func (h *Home) webhook(id, method, contentType string, body []byte) answer {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut:
	default:
		return answer{status: http.StatusMethodNotAllowed, body: "405: Method Not Allowed"}
	}
	h.mu.Lock()
	var w webhook
	known := h.webhooks[id] != nil
	if known {
		w = *h.webhooks[id]
	}
	state := h.state
	h.mu.Unlock()

	// Automations are armed while it starts and gone once it stops; a component is set up earlier.
	armed := known && (state == Running || w.component && state != NotRunning)
	nothing := answer{status: http.StatusOK}
	switch {
	case method == http.MethodHead:
		return nothing
	case !armed:
		return nothing
	case method != http.MethodPost:
		return answer{status: http.StatusMethodNotAllowed}
	case w.refuses:
		return nothing
	}
	trigger := Trigger{Body: body}
	valid := true
	switch {
	case !strings.Contains(contentType, "json"): // a form
	case len(body) == 0:
		trigger.JSON = map[string]any{}
	default:
		valid = json.Valid(body)
		_ = json.Unmarshal(body, &trigger.JSON) // what is no object is in the body
	}
	if w.component {
		if state != Running || w.fails {
			return answer{status: http.StatusServiceUnavailable, header: http.Header{"Retry-After": {"5"}}}
		}
		if trigger.JSON == nil {
			return answer{status: http.StatusBadRequest}
		}
	}
	if !valid || w.fails {
		return nothing
	}
	via := "webhook"
	if w.component {
		via = "component"
	}
	if h.accept(via, id, "", body) != nil {
		return nothing
	}
	for _, run := range w.automations {
		run(trigger)
	}
	if w.component {
		said, _ := json.Marshal(map[string]any{"event_id": trigger.JSON["event_id"]})
		return answer{status: http.StatusOK, body: string(said)}
	}
	return nothing
}

// fire answers what the integration "api" of the core answers. Who listens gets the event only while it runs.
func (h *Home) fire(eventType string, body []byte) answer {
	if len(eventType) > longestEvent {
		return answer{status: http.StatusInternalServerError, body: "500 Internal Server Error"}
	}
	trigger := Trigger{Body: body}
	var data any
	if len(body) > 0 && json.Unmarshal(body, &data) != nil {
		return answer{status: http.StatusBadRequest, body: `{"message":"Event data should be valid JSON."}`}
	}
	var object bool
	if trigger.JSON, object = data.(map[string]any); !object && data != nil {
		return answer{status: http.StatusBadRequest, body: `{"message":"Event data should be a JSON object"}`}
	}
	h.mu.Lock()
	listeners, state := h.listeners[eventType], h.state
	h.mu.Unlock()
	if state == Running && len(listeners) > 0 {
		if err := h.accept("event", "", eventType, body); err != nil {
			return answer{status: http.StatusInternalServerError, body: "500 Internal Server Error"}
		}
		for _, run := range listeners {
			run(trigger)
		}
	}
	return answer{status: http.StatusOK, body: fmt.Sprintf(`{"message":"Event %s fired."}`, eventType)}
}
