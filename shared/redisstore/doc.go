// Package redisstore keeps everything that outlives a process in Redis or Valkey: entries, authorizations and their
// leases, outboxes, what was learnt about peers, idempotency records, commands, flows, and jobs. [Store] implements the
// Store interfaces of authorization, flow/login, flow/options, job and of the listener's packages.
//
// What it promises
//   - One sentence, one script: whatever belongs together changes in one atomic step. All keys of an entry share a hash
//     tag, so a script stays within a slot of Redis Cluster. Repeating a script whose answer was lost changes nothing.
//   - Time that decides over leases is the store's own (TIME). A holder counts from before it asked, so it stops first.
//   - Everything secret, learnt or queued is sealed, with the name under which it stands as associated data. Scripts see
//     keyed hashes, numbers and times only. A record that cannot be opened spoils its own entry and no other.
//   - If the store is away, calls fail with fault.StoreUnavailable and nothing is half done.
//
// What it leaves to others: what the values mean, who may change them, and when to try again.
//
// Two things live outside of an entry's slot and are hints that are repaired: the index of entries (see [Store.Entries])
// and the indexes of flows and jobs. Bells (Pub/Sub) tell those who wait that a look is worth while; whoever waits also
// looks again by time, so a bell that nobody heard costs time and nothing else.
package redisstore
