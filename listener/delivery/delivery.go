package delivery

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gotd/td/clock"

	"telegram-client/shared/entry"
	"telegram-client/shared/health"
	"telegram-client/shared/lease"
	"telegram-client/shared/outbox"
)

const (
	// expireEvery is how often what is too old is dropped where nothing is delivered.
	expireEvery = time.Minute
	// finishWithin is how long attempts may take to end when the delivery is stopped: one that is cut off may have
	// been acknowledged, and would be repeated.
	finishWithin = 3 * time.Second
	// settleWithin is how long it may take to write down how they ended.
	settleWithin = 2 * time.Second
	defaultLanes = 16
	// claimPause is how soon to claim again after there was nothing.
	claimPause = 100 * time.Millisecond
)

// Options are what a delivery works with.
type Options struct {
	Entry entry.Entry
	Lease *lease.Lease
	Store Store
	// NewTarget makes the target of an entry, nil for one to which nothing is delivered.
	NewTarget func(entry.Target) (Target, error)
	// ConfirmTarget records that the handshake of the target of that generation succeeded.
	ConfirmTarget func(ctx context.Context, generation int64) error
	// Dropped is told of events that were given up.
	Dropped func(ctx context.Context, d []outbox.Dropped)
	// Acknowledged is told of callback queries, by their id, that Home Assistant has acknowledged: they wait for an answer.
	// It does not block; nil: nobody wants to know.
	Acknowledged func(query int64)
	// Report is told what there is to say about the target, whenever that changes. It does not block.
	Report func(Report)
	// Count is told of attempts by what became of them; nil counts nothing.
	Count func(what string, n int)
	Clock clock.Clock
	Log   *slog.Logger
	Lanes int // at the same time; 0: 16
	// Pauses are those between two attempts.
	Pauses outbox.Pauses
}

// A Report says how a target is.
type Report struct {
	UnreachableSince time.Time // zero while it answers
	Conditions       []health.Condition
}

// A Delivery delivers one entry's events. Its methods may be called from anywhere and do not block.
type Delivery struct {
	o    Options
	rung chan struct{} // there is something in wants

	mu    sync.Mutex
	wants wants

	// What follows belongs to the goroutine of Run.
	entry     entry.Entry
	target    Target
	nth       int   // which target of this delivery it is
	broken    error // why there is no target
	results   chan result
	flying    map[string]*flight // by lane
	trying    bool               // the handshake is in flight
	tries     int
	tryAt     time.Time
	claimAt   time.Time // zero: nothing waits
	expireAt  time.Time
	claimNow  bool // ignore all pauses
	unsettled []outbox.Settlement
	handed    map[uuid.UUID]int64 // callback queries that an automation has to acknowledge yet
	storeDown int                 // failures in a row
	storeAt   time.Time
	report    Report
}

// wants is what was said from outside.
type wants struct {
	reload    *entry.Entry
	confirmed []string
	now       bool
	fresh     bool
}

// flight is an item on its way.
type flight struct {
	item      outbox.Item
	nth       int  // of the target that it goes to
	confirmed bool // an automation has answered already
}

// result is how an attempt ended. The handshake's has no lane.
type result struct {
	lane       string
	handshake  bool
	generation int64
	attempt    int
	verdict    outbox.Verdict
}

// New returns a delivery that is not running yet.
func New(o Options) *Delivery {
	if o.Lanes == 0 {
		o.Lanes = defaultLanes
	}
	if o.Acknowledged == nil {
		o.Acknowledged = func(int64) {}
	}
	if o.Count == nil {
		o.Count = func(string, int) {}
	}
	return &Delivery{o: o, rung: make(chan struct{}, 1), results: make(chan result), flying: map[string]*flight{}, handed: map[uuid.UUID]int64{}}
}

func (d *Delivery) want(f func(*wants)) {
	d.mu.Lock()
	f(&d.wants)
	d.mu.Unlock()
	select {
	case d.rung <- struct{}{}:
	default:
	}
}

// Fresh says that there may be something new to deliver.
func (d *Delivery) Fresh() { d.want(func(w *wants) { w.fresh = true }) }

// Wake says that the target is there: pauses are over.
func (d *Delivery) Wake() { d.want(func(w *wants) { w.now = true }) }

// Confirmed says that an automation has acknowledged an event.
func (d *Delivery) Confirmed(eventID string) {
	d.want(func(w *wants) { w.confirmed = append(w.confirmed, eventID) })
}

// Reload takes up a changed record.
func (d *Delivery) Reload(e entry.Entry) { d.want(func(w *wants) { w.reload = &e }) }

// Run delivers until ctx ends or the lease is lost, which is its error.
func (d *Delivery) Run(ctx context.Context) error {
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var attempts sync.WaitGroup
	defer func() {
		d.finish(working, cancel)
		attempts.Wait()
		d.close()
	}()
	now := d.o.Clock.Now()
	d.take(d.o.Entry)
	d.claimAt, d.expireAt = now, now
	timer := d.o.Clock.Timer(time.Hour)
	defer timer.Stop()
	for {
		if err := d.settle(ctx); err != nil {
			return err
		}
		if err := d.claim(ctx, working, &attempts); err != nil {
			return err
		}
		d.handshake(working, &attempts)
		clock.StopTimer(timer)
		timer.Reset(d.wait())
		select {
		case <-ctx.Done():
			return nil
		case r := <-d.results:
			d.ended(ctx, r)
		case <-d.rung:
			d.heard(ctx)
		case <-timer.C():
		}
		for more := true; more; { // what ended meanwhile is settled together
			select {
			case r := <-d.results:
				d.ended(ctx, r)
			default:
				more = false
			}
		}
	}
}

// finish lets attempts end for a moment, and writes down how they did.
func (d *Delivery) finish(working context.Context, cancel context.CancelFunc) {
	defer cancel()
	timer := d.o.Clock.Timer(finishWithin)
	defer timer.Stop()
	for len(d.flying) > 0 || d.trying {
		select {
		case r := <-d.results:
			d.ended(working, r)
			continue
		case <-timer.C():
			cancel()
		}
		for len(d.flying) > 0 || d.trying { // they end now
			d.ended(working, <-d.results)
		}
	}
	if d.o.Lease.Check() != nil {
		return
	}
	ctx, end := context.WithTimeout(context.WithoutCancel(working), settleWithin)
	defer end()
	d.storeAt = time.Time{}
	if err := d.settle(ctx); err != nil || len(d.unsettled) > 0 {
		d.o.Log.Warn("how deliveries ended could not be kept; they will be repeated", "entry", d.entry.ID, "events", len(d.unsettled))
	}
}

// usable reports whether events can be delivered now.
func (d *Delivery) usable() bool {
	return d.target != nil && !d.entry.Target.Paused && !d.entry.Removing && (d.entry.Target.Type != entry.Webhook || d.entry.Target.Confirmed)
}

// wait returns how long nothing is due.
func (d *Delivery) wait() time.Duration {
	now := d.o.Clock.Now()
	wait := expireEvery
	due := func(t time.Time) {
		if !t.IsZero() {
			wait = min(wait, max(t.Sub(now), 0))
		}
	}
	if d.storeDown > 0 {
		due(d.storeAt)
		return wait
	}
	if d.usable() && len(d.flying) < d.limit() {
		due(d.claimAt)
	}
	if !d.usable() {
		due(d.expireAt)
	}
	if d.unconfirmed() && !d.trying {
		due(d.tryAt)
	}
	return wait
}

// limit is how many attempts may be made at once. A target that did not answer is tried with one event first.
func (d *Delivery) limit() int {
	if len(d.report.Conditions) > 0 {
		return 1
	}
	return d.o.Lanes
}

// claim begins what is due.
func (d *Delivery) claim(ctx, working context.Context, attempts *sync.WaitGroup) error {
	now := d.o.Clock.Now()
	if d.storeDown > 0 && now.Before(d.storeAt) {
		return nil
	}
	ask := outbox.Claim{Now: d.claimNow}
	switch free := d.limit() - len(d.flying); {
	case !d.usable():
		if now.Before(d.expireAt) {
			return nil
		}
	case free <= 0, d.claimAt.IsZero() && !d.claimNow, now.Before(d.claimAt) && !d.claimNow:
		return nil
	default:
		ask.Limit = free
	}
	for lane := range d.flying {
		ask.Busy = append(ask.Busy, lane)
	}
	got, err := d.o.Store.Claim(ctx, d.entry.ID, d.o.Lease, ask)
	if err != nil {
		return d.storeFailed(ctx, err)
	}
	d.storeDown, d.expireAt = 0, now.Add(expireEvery)
	if len(got.Expired) > 0 {
		d.o.Dropped(ctx, got.Expired)
	}
	if !d.usable() {
		return nil
	}
	d.claimNow, d.claimAt = false, got.Next
	if soon := now.Add(claimPause); len(got.Items) == 0 && !got.Next.IsZero() && got.Next.Before(soon) {
		d.claimAt = soon // the store's clock is behind ours
	}
	for _, it := range got.Items {
		d.start(working, attempts, it)
	}
	return nil
}

// start makes one attempt.
func (d *Delivery) start(ctx context.Context, attempts *sync.WaitGroup, it outbox.Item) {
	d.flying[it.Lane] = &flight{item: it, nth: d.nth}
	target := d.target
	attempts.Add(1)
	go func() { // ends with the attempt; the loop, or finish, takes every result
		defer attempts.Done()
		d.results <- result{lane: it.Lane, attempt: it.Attempts, verdict: target.Deliver(ctx, it, it.Attempts)}
	}()
}

// settle writes down how attempts ended.
func (d *Delivery) settle(ctx context.Context) error {
	if len(d.unsettled) == 0 || d.storeDown > 0 && d.o.Clock.Now().Before(d.storeAt) {
		return nil
	}
	if err := d.o.Store.Settle(ctx, d.entry.ID, d.o.Lease, d.unsettled); err != nil {
		return d.storeFailed(ctx, err)
	}
	d.storeDown, d.unsettled = 0, nil
	return nil
}

// storeFailed decides whether an error of the store ends the delivery; if not it is tried again later.
func (d *Delivery) storeFailed(ctx context.Context, err error) error {
	if errors.Is(err, lease.ErrLost) {
		return err
	}
	if ctx.Err() != nil {
		return nil
	}
	d.storeDown++
	d.storeAt = d.o.Clock.Now().Add(max(d.o.Pauses.Wait(d.storeDown), time.Second))
	d.o.Log.Warn("the store does not answer", "entry", d.entry.ID, "error", err)
	return nil
}

// heard takes in what was said from outside.
func (d *Delivery) heard(ctx context.Context) {
	d.mu.Lock()
	w := d.wants
	d.wants = wants{}
	d.mu.Unlock()
	now := d.o.Clock.Now()
	if w.reload != nil {
		d.take(*w.reload)
		d.o.Count("reloaded", 1)
	}
	if w.fresh {
		d.claimAt = now
	}
	if w.now {
		d.claimNow, d.tryAt = true, now
	}
	for _, id := range w.confirmed {
		d.confirmed(ctx, id)
	}
}
