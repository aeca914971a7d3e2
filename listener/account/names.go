package account

import (
	"context"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/listener/updates"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

const (
	// holdFor is how long what happens waits until Telegram has said who the names of from_users are. After that such a
	// name matches nobody until the answer is there.
	holdFor = 5 * time.Second
	// namesAtOnce is how many names are asked about before what was found is taken up.
	namesAtOnce = 20
	// searchAgain is when to ask again after a call that failed for no reason of the name.
	searchAgain = 10 * time.Second
)

// A search finds out who the names of from_users are. It belongs to the goroutine that receives.
type search struct {
	// answered are the names that Telegram was asked about, with these options, and whom it named; 0 is nobody.
	answered map[peer.Target]peer.ID
	out      bool      // Telegram is being asked
	again    time.Time // when to ask again; zero: not
	// until is when what is held is read at the latest; zero: nothing is held. Without a connection it is held until there
	// is one (parked): nobody can answer.
	until  time.Time
	parked bool
	held   []updates.Batch
}

// found is what a look-up has found.
type found struct {
	users    []tg.UserClass
	chats    []tg.ChatClass
	answered map[peer.Target]peer.ID
	err      error // of what was not answered
	over     *up   // the connection that was asked over
}

// Lookup implements filter.Names: the book knows most, and has what was found in the end.
func (a *Account) Lookup(t peer.Target) (peer.ID, bool) {
	if id := a.search.answered[t]; id != 0 {
		return id, true
	}
	return a.book.Lookup(t)
}

// compile makes the options ready with the names that are known now.
func (a *Account) compile() { a.set, a.problems = filter.Compile(a.entry.Options, a) }

// unasked returns names that are known to nobody and that Telegram was not asked about. A name that cannot be asked about
// is told of, once.
func (a *Account) unasked() []peer.Target {
	var names []peer.Target
	for _, n := range a.set.Unknown {
		if _, asked := a.search.answered[n.Target]; asked {
			continue
		}
		if n.Target == (peer.Target{}) || n.Target.Phone != "" && a.entry.ClientType == entry.Bot { // a bot has no contacts
			a.search.answered[n.Target] = 0
			a.nobody(n.Target)
			continue
		}
		a.search.answered[n.Target] = 0 // another event may have the same name; undone if it is not asked about
		if names = append(names, n.Target); len(names) == namesAtOnce {
			break
		}
	}
	for _, t := range names {
		delete(a.search.answered, t)
	}
	return names
}

// nobody tells that a name leads to nobody.
func (a *Account) nobody(t peer.Target) {
	for _, n := range a.set.Unknown {
		if n.Target == t {
			a.o.Log.Warn("a name of from_users leads to nobody: it matches no message", "entry", a.entry.ID,
				"option", string(n.Event)+".from_users", "place", n.Place)
			return
		}
	}
}

// seek asks Telegram about names that nobody is known by. Meanwhile what happens is held: it may be of one of them.
func (a *Account) seek(ctx context.Context) {
	s := &a.search
	names := a.unasked()
	switch {
	case len(names) == 0, a.o.Clock.Now().Before(s.again):
		a.release(ctx)
		return
	case a.up == nil, s.out:
		return
	}
	s.out, s.again = true, time.Time{}
	up := a.up
	a.calls.Add(1)
	go func() { // ends with the calls, at the latest with the connection
		defer a.calls.Done()
		f := lookUp(up.ctx, up.api, names)
		f.over = up
		if f.err != nil {
			up.judge(f.err)
		}
		a.push(ctx, input{found: f})
	}()
}

// hold lets batches wait from now on, if there are names to be asked about: without a connection until there is one.
func (a *Account) hold() {
	s, now := &a.search, a.o.Clock.Now()
	s.parked = a.up == nil
	if len(a.unasked()) > 0 && !now.Before(s.again) {
		s.until = now.Add(holdFor)
	}
}

// lookUp asks about names, one after the other, until one is not answered.
func lookUp(ctx context.Context, api *tg.Client, names []peer.Target) *found {
	f := &found{answered: map[peer.Target]peer.ID{}}
	contacts := false
	for _, t := range names {
		callCtx, cancel := context.WithTimeout(ctx, answerWithin)
		switch {
		case t.Phone == "":
			f.err = f.username(callCtx, api, t)
		case !contacts:
			contacts = true
			f.err = f.contacts(callCtx, api, names)
		}
		cancel()
		if f.err != nil {
			return f
		}
	}
	return f
}

// username asks by contacts.resolveUsername.
func (f *found) username(ctx context.Context, api *tg.Client, t peer.Target) error {
	r, err := api.ContactsResolveUsername(ctx, &tg.ContactsResolveUsernameRequest{Username: t.Name()})
	switch {
	case err == nil:
		f.users, f.chats = append(f.users, r.Users...), append(f.chats, r.Chats...)
		f.answered[t] = peer.FromTL(r.Peer)
	case answered(err):
		f.answered[t] = 0
	default:
		return err
	}
	return nil
}

// contacts asks for all contacts and keeps those that are looked for.
func (f *found) contacts(ctx context.Context, api *tg.Client, names []peer.Target) error {
	r, err := api.ContactsGetContacts(ctx, 0)
	if err != nil && !answered(err) {
		return err
	}
	by := map[peer.Target]*tg.User{}
	if all, ok := r.(*tg.ContactsContacts); ok && err == nil {
		for _, u := range all.Users {
			if u, ok := u.(*tg.User); ok && u.Phone != "" {
				by[peer.Target{Phone: u.Phone}] = u
			}
		}
	}
	for _, t := range names {
		if t.Phone == "" {
			continue
		}
		f.answered[t] = 0
		if u := by[t]; u != nil {
			f.users = append(f.users, u)
			f.answered[t] = peer.UserID(u.ID)
		}
	}
	return nil
}

// answered reports whether Telegram has answered that it does not name anybody, today or tomorrow.
func answered(err error) bool {
	e, ok := tgerr.As(err)
	return ok && e.Code == 400
}

// take up what was found.
func (a *Account) found(ctx context.Context, f *found) {
	s := &a.search
	s.out = false
	a.book.Learn(f.users, f.chats)
	for t, id := range f.answered {
		s.answered[t] = id
		if id == 0 {
			a.nobody(t)
		}
	}
	a.compile()
	if f.err == nil {
		a.seek(ctx) // the rest
		return
	}
	a.o.Log.Warn("the names of from_users could not be looked up yet", "entry", a.entry.ID, "error", f.err)
	if a.up == nil || a.up.ctx.Err() != nil { // asked again over the next connection
		s.parked = true
		return
	}
	if f.over != a.up { // it broke, and this is the next one already
		a.seek(ctx)
		return
	}
	wait := max(fault.Of(f.err).RetryAfter, searchAgain)
	if flood, ok := tgerr.AsFloodWait(f.err); ok {
		wait = max(wait, flood)
	}
	s.again = a.o.Clock.Now().Add(wait)
	a.release(ctx)
}

// batch reads a batch, or lets it wait.
func (a *Account) batch(ctx context.Context, b *updates.Batch) {
	if a.search.until.IsZero() {
		a.read(ctx, b)
		return
	}
	a.book.Learn(b.Users, b.Chats) // the engine asks who is known
	a.search.held = append(a.search.held, *b)
}

// release reads what was held.
func (a *Account) release(ctx context.Context) {
	s := &a.search
	held := s.held
	s.held, s.until = nil, time.Time{}
	for i := range held {
		a.read(ctx, &held[i])
	}
}

// due does what its time has come for.
func (a *Account) due(ctx context.Context) {
	s, now := &a.search, a.o.Clock.Now()
	if !s.until.IsZero() && !s.parked && !now.Before(s.until) {
		a.release(ctx)
	}
	if !s.again.IsZero() && !now.Before(s.again) {
		s.again = time.Time{}
		a.seek(ctx)
	}
}

// dueAt returns when due has something to do; zero: not before something happens.
func (s *search) dueAt() time.Time {
	at := s.again
	if !s.until.IsZero() && !s.parked && (at.IsZero() || s.until.Before(at)) {
		at = s.until
	}
	return at
}
