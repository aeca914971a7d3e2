package entry

import (
	"strings"
	"testing"
	"time"

	"telegram-client/shared/fault"
	"telegram-client/shared/health"
	"telegram-client/shared/seal"
)

func TestID_OneForEachAccount(t *testing.T) {
	t.Parallel()
	ring, err := seal.NewKeyring(make([]byte, 32), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	id := NewID(ring, 2000001)
	if id != NewID(ring, 2000001) || id == NewID(ring, 2000002) || !strings.HasPrefix(string(id), "tg_") {
		t.Errorf("id %s", id)
	}
	if got, ok := ParseID(string(id)); !ok || got != id {
		t.Errorf("%s does not parse", id)
	}
	for _, bad := range []string{"", "tg_", "2000001", string(id[3:]), string(id) + "a", "tg_" + strings.Repeat("1", 26), "tg_" + strings.Repeat("A", 26), "TG_" + string(id[3:])} {
		if _, ok := ParseID(bad); ok {
			t.Errorf("%q is an id", bad)
		}
	}
	if HandshakeID(id, 1) == HandshakeID(id, 2) || HandshakeID(id, 1) == HandshakeID("other", 1) {
		t.Error("the handshake's event is not known by entry and generation")
	}
}

func TestTitle(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		e    Entry
		want string
	}{
		{Entry{ClientType: Bot, Account: Account{ID: 1, Username: "kitchen_bot", Phone: "48"}}, "Telegram bot (@kitchen_bot)"},
		{Entry{ClientType: Client, Account: Account{ID: 1, Phone: "48600"}}, "Telegram user (+48600)"},
		{Entry{ClientType: Client, Account: Account{ID: 1, Phone: "+48600"}}, "Telegram user (+48600)"},
		{Entry{ClientType: Client, Account: Account{ID: 17}}, "Telegram user (17)"},
	} {
		if got := x.e.Title(); got != x.want {
			t.Errorf("%q, wanted %q", got, x.want)
		}
	}
	if id := (&Entry{Account: Account{ID: 2000001}}).UniqueID(); id != "2000001" {
		t.Errorf("unique id %s", id)
	}
}

func TestOverview_State(t *testing.T) {
	t.Parallel()
	is := func(codes ...health.Code) (all []health.Condition) {
		for _, c := range codes {
			all = append(all, health.Condition{Code: c})
		}
		return all
	}
	for _, x := range []struct {
		what   string
		o      Overview
		state  State
		reason string
	}{
		{"fresh", Overview{}, SetupRetry, "connecting"},
		{"connected", Overview{Status: Status{Connected: true}}, Loaded, ""},
		{"connected, home away", Overview{Status: Status{Connected: true, Health: is(health.HomeUnreachable)}}, Loaded, ""},
		{"home away and not connected", Overview{Status: Status{Health: is(health.HomeUnreachable)}}, SetupRetry, "connecting"},
		{"flood", Overview{Status: Status{Health: is(health.TargetUnconfirmed, health.FloodWait)}}, SetupRetry, "flood_wait"},
		{"login gone", Overview{Status: Status{Health: is(health.HomeUnreachable, health.ReauthRequired)}}, SetupError, "reauth_required"},
		{"record unreadable", Overview{Status: Status{Connected: true, Health: is(health.RecordUnreadable)}}, SetupError, "record_unreadable"},
		{"paused", Overview{Entry: Entry{Target: Target{Paused: true}}, Status: Status{Connected: true}}, NotLoaded, "paused"},
		{"removing", Overview{Entry: Entry{Removing: true, Target: Target{Paused: true}}}, NotLoaded, "removing"},
	} {
		if state, reason := x.o.State(); state != x.state || reason != x.reason {
			t.Errorf("%s: %s, %s", x.what, state, reason)
		}
	}
}

func TestTarget_State(t *testing.T) {
	t.Parallel()
	since := time.Unix(1, 0)
	for _, x := range []struct {
		what string
		t    Target
		away time.Time
		want TargetState
	}{
		{"none", Target{}, time.Time{}, Usable},
		{"new webhook", Target{Type: Webhook}, time.Time{}, Unconfirmed},
		{"confirmed webhook", Target{Type: Webhook, Confirmed: true}, time.Time{}, Usable},
		{"event", Target{Type: Event}, time.Time{}, Usable},
		{"away", Target{Type: Webhook}, since, Unreachable},
		{"paused", Target{Type: Webhook, Paused: true}, since, Paused},
	} {
		if got := x.t.State(x.away); got != x.want {
			t.Errorf("%s: %s", x.what, got)
		}
	}
	a := Target{Type: Webhook, URL: seal.NewText("u"), Owner: "a"}
	if b := (Target{Type: Webhook, URL: seal.NewText("u"), Owner: "b"}); !a.SameAddress(&b) {
		t.Error("an owner is no part of the address")
	}
	if b := (Target{Type: Webhook, URL: seal.NewText("v")}); a.SameAddress(&b) {
		t.Error("another URL is another address")
	}
}

func TestTarget_KeepsItsOwner(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		what  string
		t     Target
		asks  string
		owned bool
	}{
		{"nobody's", Target{}, "b", false},
		{"detached", Target{Owner: "a"}, "b", false},
		{"its own", Target{Type: Webhook, Owner: "a"}, "a", false},
		{"another's", Target{Type: Webhook, Owner: "a"}, "b", true},
	} {
		if err := x.t.CheckOwner(x.asks); fault.Is(err, fault.Owned) != x.owned {
			t.Errorf("%s: %v", x.what, err)
		}
	}
}

func TestTarget_SuccessorProvesItselfAtAnotherAddress(t *testing.T) {
	t.Parallel()
	former := Target{Type: Webhook, URL: seal.NewText("u"), Generation: 3, Confirmed: true}
	for _, x := range []struct {
		next       Target
		generation int64
		confirmed  bool
	}{
		{Target{Type: Webhook, URL: seal.NewText("u"), Paused: true}, 3, true},
		{Target{Type: Webhook, URL: seal.NewText("v")}, 4, false},
		{Target{}, 4, false},
	} {
		if got := former.Successor(x.next); int64(got.Generation) != x.generation || got.Confirmed != x.confirmed || got.Paused != x.next.Paused {
			t.Errorf("%+v became %+v", x.next, got)
		}
	}
}
