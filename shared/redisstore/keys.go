package redisstore

import (
	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
)

// Every name that stands in the store is made in this file.
//
//	tgc:entries                     sorted set: entry id by time of creation (hint, own slot)
//	tgc:changes                     bell: an entry was made, removed or freed
//	tgc:flows                       sorted set: flow id by when to sweep it (hint, own slot)
//	tgc:flow:{flow id}              hash: a flow
//	tgc:options:{flow id}           hash: an options flow; nobody has to sweep it
//	tgc:jobs                        sorted set: id of a job that is not done by when to look at it (hint, own slot)
//	tgc:job:{job id}                hash: a call that is carried out later, and its answer, for a day
//	tgc:{entry id}:<part>           the parts below, in one slot
//	tgc:{entry id}:idem:<hash>      hash: what is known of a call with an idempotency key
//	tgc:{entry id}:reply:<mark>     string: the sealed answer to a command, for a minute
//	tgc:{entry id}:bell             bell: for the entry's listener, and for those who wait for a sender
const (
	prefix     = "tgc:"
	entriesKey = prefix + "entries"
	changesKey = prefix + "changes"
	flowsKey   = prefix + "flows"
	jobsKey    = prefix + "jobs"
)

// The parts of an entry. A part's name is also its name in the table K of the scripts.
const (
	partEntry    = "entry"    // hash: sealed record, revision, created, removing, status, last ids, the store's run ids
	partQueue    = "queue"    // list: tokens of those who wait for a sender, first come first served
	partWaiting  = "waiting"  // hash: token to until when it waits and when it was last heard of
	partPeers    = "peers"    // hash: hash of an id to a sealed record
	partNames    = "names"    // hash: hash of a username to the hash of an id
	partState    = "state"    // string: sealed update state
	partCommands = "commands" // stream: sealed commands
	partReply    = "reply"    // string: completed by the mark of whoever waits for an answer

	partItems   = "items"   // hash: item name to sealed item; name + ":p" to its sealed proof
	partMeta    = "meta"    // hash: item name to what scripts may know of it
	partLanes   = "lanes"   // sorted set by name: lane, place and item name: each lane in order
	partHeads   = "heads"   // sorted set: "l" + lane by when its oldest item is due; held ones at infinity
	partDurable = "durable" // sorted set: durable items by place
	partPassing = "passing" // sorted set: passing items by place
	partExpiry  = "expiry"  // sorted set: items by when they are too old
	partHeld    = "held"    // sorted set: held items by place
	partLatest  = "latest"  // hash: hash of what an item is the latest word on to the item's name
	partMarks   = "marks"   // sorted set: marks of own actions by when they are forgotten
	partOrphans = "orphans" // hash: nonce of a call that died to the hashes of its texts
	partBox     = "box"     // hash: counters, the last commit, the pause of the target
	partTypes   = "types"   // hash: tag of an event type to its sealed name
	partDropped = "dropped" // hash: reason and tag to how many events were given up and when
	partTold    = "told"    // hash: what was moved there from dropped to be told
	partDead    = "dead"    // hash: item name to a sealed dead letter
	partReader  = "reader"  // hash: who fetches events, the batch it was given last, and when
	partFormer  = "former"  // sorted set: readers that were replaced by when
	partAcked   = "acked"   // sorted set: acknowledged items of the last day by time
	partGraves  = "graves"  // sorted set: dead letters by time

	partListener = "auth:" + string(authorization.Listener) // hash: an authorization
)

func partAuthorization(n authorization.Name) string { return "auth:" + string(n) }

var (
	partsSenders = []string{"auth:sender 1", "auth:sender 2", "auth:sender 3"}
	partsOutbox  = []string{partItems, partMeta, partLanes, partHeads, partDurable, partPassing, partExpiry, partHeld, partLatest,
		partMarks, partOrphans, partBox, partTypes, partDropped, partTold, partReader}
	partsWait = []string{partQueue, partWaiting}
	partsPeer = []string{partPeers, partNames}
)

func parts(groups ...any) []string {
	var all []string
	for _, g := range groups {
		switch g := g.(type) {
		case string:
			all = append(all, g)
		case []string:
			all = append(all, g...)
		}
	}
	return all
}

// key returns the name of a part of an entry.
func key(id entry.ID, part string) string { return prefix + "{" + string(id) + "}:" + part }

func keys(id entry.ID, parts []string) []string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = key(id, p)
	}
	return names
}

// entryPattern matches the records of all entries.
const entryPattern = prefix + "{*}:" + partEntry

func entryOfKey(name string) entry.ID {
	const head, tail = len(prefix + "{"), len("}:" + partEntry)
	if len(name) < head+tail {
		return ""
	}
	id, ok := entry.ParseID(name[head : len(name)-tail])
	if !ok {
		return ""
	}
	return id
}

// idemPrefix is completed by a script with the hash that a lease carries: the one name that is not declared as a key.
func idemPrefix(id entry.ID) string { return key(id, "idem:") }

func replyKey(id entry.ID, mark string) string { return key(id, partReply) + ":" + mark }

func bellKey(id entry.ID) string { return key(id, "bell") }

func flowKey(flow string) string { return prefix + "flow:{" + flow + "}" }

func optionsFlowKey(flow string) string { return prefix + "options:{" + flow + "}" }

func jobKey(id string) string { return prefix + "job:{" + id + "}" }

// The names under which records are sealed that have no key of their own.

func sessionName(id entry.ID, n authorization.Name) string {
	return key(id, partAuthorization(n)) + "/session"
}
func fieldName(id entry.ID, part, field string) string { return key(id, part) + "/" + field }
func proofName(id entry.ID, item string) string        { return key(id, "proof") + "/" + item }

// Names that reveal nothing, within an entry.

func (s *Store) itemName(id entry.ID, eventID string) string {
	return s.ring.Name("event", string(id), eventID)
}
func (s *Store) typeTag(id entry.ID, typ string) string { return s.ring.Name("type", string(id), typ) }
func (s *Store) peerName(id entry.ID, peer string) string {
	return s.ring.Name("peer", string(id), peer)
}
func (s *Store) userName(id entry.ID, name string) string {
	return s.ring.Name("username", string(id), name)
}
func (s *Store) idemName(id entry.ID, key string) string {
	return s.ring.Name("idempotency", string(id), key)
}
func (s *Store) bodyName(id entry.ID, body []byte) string {
	return s.ring.Name("body", string(id), string(body))
}
