package homeassistanttest

// A webhook is a registered webhook id: POST only, as the integration and automations register it.
type webhook struct {
	automations []func(Trigger)
	component   bool
	// refuses: local_only is set and the sender is not local. The method is checked first, so a GET still gets 405.
	refuses bool
	fails   bool
}

// Automation arms an automation on a webhook id. Any number may share one; all run, one after another, before the
// answer is sent.
func (h *Home) Automation(id string, run func(Trigger)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.webhooks[id]
	if w == nil {
		w = &webhook{}
		h.webhooks[id] = w
	}
	w.automations = append(w.automations, run)
}

// Component loads an integration that owns a webhook: it answers an event with its id, and 503 while Home Assistant is
// not running. It works in every state but NOT_RUNNING, in which it is not loaded yet.
func (h *Home) Component(id string, got func(Trigger)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := &webhook{component: true}
	if got != nil {
		w.automations = append(w.automations, got)
	}
	h.webhooks[id] = w
}

// Unregister forgets a webhook: its automation was switched off, its integration unloaded.
func (h *Home) Unregister(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.webhooks, id)
}

// RefuseRemote makes a webhook refuse its senders as not local.
func (h *Home) RefuseRemote(id string, on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.webhooks[id]; w != nil {
		w.refuses = on
	}
}

// FailHandler makes the handler of a webhook fail.
func (h *Home) FailHandler(id string, on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.webhooks[id]; w != nil {
		w.fails = on
	}
}

// Listen subscribes to a type of event on the event bus.
func (h *Home) Listen(eventType string, run func(Trigger)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners[eventType] = append(h.listeners[eventType], run)
}
