package message

import (
	"encoding/json"
	"fmt"
	"strings"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
)

// MaxTargets is how many targets one call may have: more do not fit into its deadline.
const MaxTargets = 100

// targets returns whom target_username and target_id name, usernames first. Who is named twice is one target: nobody wants
// the same message twice. They may be nobody.
func (r *reader) targets() []peer.Target { return r.named("target_username", "target_id") }

// someTargets are targets of which there has to be one at least.
func (r *reader) someTargets() []peer.Target {
	before := len(r.faults)
	targets := r.targets()
	if len(targets) == 0 && len(r.faults) == before {
		r.faults = append(r.faults, fault.New(fault.TargetRequired, "Say whom to send to: target_id or target_username is required."))
	}
	return targets
}

// oneOf returns the only chat that two fields name; the zero Target if they name none, which is a fault if one is
// required.
func (r *reader) oneOf(names, ids string, required bool) peer.Target {
	before := len(r.faults)
	targets := r.named(names, ids)
	switch {
	case len(r.faults) > before:
	case len(targets) == 1:
		return targets[0]
	case len(targets) > 1:
		field := ids
		if !r.has(ids) {
			field = names
		}
		r.fail(field, "This takes one chat only; these are %d.", len(targets))
	case required:
		r.faults = append(r.faults, fault.New(fault.TargetRequired, "Say which chat: %s or %s is required.", ids, names))
	}
	return peer.Target{}
}

// named returns whom a field of names and one of ids name.
func (r *reader) named(names, ids string) []peer.Target {
	var targets []peer.Target
	seen := map[peer.Target]bool{}
	add := func(it item, text string) {
		t, f := peer.ParseTarget(text)
		if f != nil {
			f.Field = it.path
			r.faults = append(r.faults, f)
			return
		}
		key := t
		key.Username = strings.ToLower(t.Username)
		if !seen[key] {
			seen[key] = true
			targets = append(targets, t)
		}
	}
	for _, it := range r.items(names, "a username or a list of usernames") {
		add(it, it.text)
	}
	for _, it := range r.items(ids, "an id or a list of ids") {
		if strings.HasPrefix(it.text, "+") { // a phone number, not a positive one
			add(it, it.text)
			continue
		}
		n, ok := number(json.RawMessage(it.text))
		if !ok {
			r.fail(it.path, "This is not an id: ids are whole numbers. Usernames belong into %s.", names)
			continue
		}
		add(it, fmt.Sprint(n))
	}
	if len(targets) > MaxTargets {
		r.fail(ids, "These are %d targets; one call takes at most %d.", len(targets), MaxTargets)
	}
	return targets
}
