package redisstore

import "time"

// Numbers are the figures that the store obeys. A zero is the default.
type Numbers struct {
	Quarantine time.Duration // of an authorization whose lease expired: 60 s
	Rest       time.Duration // after a connection that was reset: 2 s
	CoolDown   time.Duration // after AUTH_KEY_DUPLICATED, before the one probe: 5 min
	Margin     time.Duration // of a function's lease over its call's deadline: 15 s

	// After a restart of the store an authorization is not granted for as long as the longest lease of it was. These are
	// what is taken for that before there was one.
	CallDeadline  time.Duration // of a call that sends: 25 s
	ListenerLease time.Duration // 30 s

	OutboxItems   int           // durable ones: 10,000
	OutboxBytes   int64         // of durable ones: 64 MB
	OutboxPassing int           // 1,000
	DeadLetters   int           // 1,000, of as many bytes as durable ones may have
	DeadLife      time.Duration // of dead letters: 30 days
	MarkLife      time.Duration // of what is known about own actions: 48 h
	KeyLife       time.Duration // of idempotency records: 24 h
}

func (n Numbers) withDefaults() Numbers {
	for _, d := range []struct {
		at *time.Duration
		or time.Duration
	}{
		{&n.Quarantine, time.Minute}, {&n.Rest, 2 * time.Second}, {&n.CoolDown, 5 * time.Minute}, {&n.Margin, 15 * time.Second},
		{&n.CallDeadline, 25 * time.Second}, {&n.ListenerLease, 30 * time.Second},
		{&n.MarkLife, 48 * time.Hour}, {&n.KeyLife, 24 * time.Hour}, {&n.DeadLife, 30 * 24 * time.Hour},
	} {
		if *d.at == 0 {
			*d.at = d.or
		}
	}
	for _, d := range []struct {
		at *int
		or int
	}{{&n.OutboxItems, 10_000}, {&n.OutboxPassing, 1_000}, {&n.DeadLetters, 1_000}} {
		if *d.at == 0 {
			*d.at = d.or
		}
	}
	if n.OutboxBytes == 0 {
		n.OutboxBytes = 64_000_000
	}
	return n
}

// commandsBefore is how far before a claim the listener begins to read commands.
const commandsBefore = time.Minute

// flowAfterlife is how long a flow is kept after its time, so that a repeated last step finds its entry.
const flowAfterlife = 24 * time.Hour

// forgetful is how much of its last writes a store may lose in a crash: one that writes every second may be a second late.
const forgetful = 2 * time.Second

// lookAgain is how often whoever waits for a sender looks without a bell; scripts forget those not heard of for 5 s.
const lookAgain = 2 * time.Second
