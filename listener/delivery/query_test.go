package delivery

import (
	"testing"

	"telegram-client/shared/outbox"
)

// Of callback queries it is told when Home Assistant has acknowledged them, whichever way, and of nothing else.
func TestDelivery_AcknowledgedQueriesAreTold(t *testing.T) {
	t.Parallel()
	queries := make(chan int64, 10)
	w := start(t, usable, func(o *Options, m *memory) {
		o.Acknowledged = func(query int64) { queries <- query }
		m.add("a", "message")
		m.query("b", "pressed", 7)
		m.query("c", "confirmed", 8)
		m.query("d", "refused", 9)
	})
	byLane := map[string]*attempt{}
	for range 4 {
		a := w.next()
		byLane[a.item.Lane] = a
	}
	for lane, o := range map[string]outbox.Outcome{"a": outbox.Acknowledged, "b": outbox.Acknowledged, "c": outbox.AwaitConfirm, "d": outbox.Refused} {
		byLane[lane].answer(o)
		w.settles()
	}
	w.Confirmed(byLane["c"].item.EventID.String())
	w.settles()
	if n := len(queries); n != 2 {
		t.Errorf("told of %d before the last is acknowledged", n)
	}
	w.next().answer(outbox.Acknowledged) // what was refused, once more
	w.settles()
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	close(queries)
	got := map[int64]int{}
	for q := range queries {
		got[q]++
	}
	if len(got) != 3 || got[7] != 1 || got[8] != 1 || got[9] != 1 {
		t.Errorf("told of %v", got)
	}
}
