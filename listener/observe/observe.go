// Package observe shows from outside how the listener is: /readyz, for whatever restarts or routes, and /metrics for
// Prometheus. Both show entry ids, states and counts, and nothing about accounts, chats or targets.
package observe

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// askWithin is how long the store may take to answer.
const askWithin = 2 * time.Second

// Durability is what the store promises about its disk, as /readyz shows it.
type Durability struct {
	AppendOnly  bool   `json:"append_only"`
	AppendFsync string `json:"append_fsync"`
}

// An Observer collects what parts of the listener tell it. It is safe for concurrent use.
type Observer struct {
	store      func(ctx context.Context) (Durability, error)
	registry   *prometheus.Registry
	events     *prometheus.CounterVec
	deliveries *prometheus.CounterVec
	connected  *prometheus.GaugeVec

	mu      sync.Mutex
	entries map[string]state
}

type state struct {
	Connected  bool `json:"connected"`
	NeedsOwner bool `json:"needs_owner"`
}

// New returns an observer. store asks the store; nil: there is none to ask.
func New(store func(ctx context.Context) (Durability, error)) *Observer {
	o := &Observer{store: store, registry: prometheus.NewRegistry(), entries: map[string]state{}}
	o.events = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "telegram_client_events_total", Help: "Events by what became of them before delivery.",
	}, []string{"entry", "what"})
	o.deliveries = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "telegram_client_deliveries_total", Help: "Delivery attempts by what came of them.",
	}, []string{"entry", "outcome"})
	o.connected = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "telegram_client_connected", Help: "1 while the entry is connected to Telegram.",
	}, []string{"entry"})
	o.registry.MustRegister(o.events, o.deliveries, o.connected)
	return o
}

// Event counts events of an entry by what became of them.
func (o *Observer) Event(entry, what string, n int) {
	o.events.WithLabelValues(entry, what).Add(float64(n))
}

// Delivery counts attempts by what came of them.
func (o *Observer) Delivery(entry, outcome string, n int) {
	o.deliveries.WithLabelValues(entry, outcome).Add(float64(n))
}

// Connected says how an entry is. One that needs its owner is not a reason to restart the listener.
func (o *Observer) Connected(entry string, connected, needsOwner bool) {
	o.mu.Lock()
	o.entries[entry] = state{connected, needsOwner}
	o.mu.Unlock()
	value := 0.
	if connected {
		value = 1
	}
	o.connected.WithLabelValues(entry).Set(value)
}

// Forget forgets an entry that is not served any more.
func (o *Observer) Forget(entry string) {
	o.mu.Lock()
	delete(o.entries, entry)
	o.mu.Unlock()
	o.connected.DeleteLabelValues(entry)
}

// Metrics answers GET /metrics.
func (o *Observer) Metrics() http.Handler {
	return promhttp.HandlerFor(o.registry, promhttp.HandlerOpts{})
}

// Ready answers GET /readyz: 200 if the store answers and every entry that is served is connected or waits for its
// owner, else 503.
func (o *Observer) Ready() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		type store struct {
			Reachable bool `json:"reachable"`
			*Durability
		}
		answer := struct {
			Ready   bool             `json:"ready"`
			Store   store            `json:"store"`
			Entries map[string]state `json:"entries"`
		}{Ready: true, Entries: map[string]state{}}
		if o.store != nil {
			ctx, cancel := context.WithTimeout(r.Context(), askWithin)
			defer cancel()
			d, err := o.store(ctx)
			if answer.Store.Reachable = err == nil; err == nil {
				answer.Store.Durability = &d
			}
			answer.Ready = err == nil
		}
		o.mu.Lock()
		for id, s := range o.entries {
			answer.Entries[id] = s
			answer.Ready = answer.Ready && (s.Connected || s.NeedsOwner)
		}
		o.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if !answer.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(answer) // whoever asked is gone if it fails
	})
}
