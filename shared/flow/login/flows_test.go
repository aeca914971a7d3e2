package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/listener/updates"
	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow"
)

const (
	goodHash = "0123456789abcdef0123456789ABCDEF"
	userForm = `{"api_id":12345,"api_hash":"` + goodHash + `","client_type":"bot"}`
)

func tokenForm(token string) string { return fmt.Sprintf(`{"token":%q}`, token) }

func answer(t *testing.T, f *Flows, id, body string) flow.Result {
	t.Helper()
	r, err := tryAnswer(f, id, body)
	if err != nil {
		t.Fatalf("answer: %v", err)
	}
	return r
}

func tryAnswer(f *Flows, id, body string) (flow.Result, error) {
	var in flow.Input
	if err := json.Unmarshal([]byte(body), &in); err != nil {
		return flow.Result{}, err
	}
	return f.Answer(context.Background(), id, in)
}

// begun returns a flow that waits for its token.
func begun(t *testing.T, f *Flows) string {
	t.Helper()
	r, err := f.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if r = answer(t, f, r.FlowID, userForm); r.StepID != stepToken {
		t.Fatalf("after user: %+v", r)
	}
	return r.FlowID
}

// entered returns the entry of the kitchen's bot.
func entered(t *testing.T, w *world) entry.ID {
	t.Helper()
	f, _ := w.flowsOf(0)
	r := answer(t, f, begun(t, f), tokenForm(kitchenToken))
	if r.Type != flow.CreateEntry {
		t.Fatalf("%+v", r)
	}
	return entry.ID(r.EntryID)
}

func TestFlows_MakeAnEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f, _ := w.flowsOf(0)
	f.Target = entry.Target{Type: entry.Pull, Owner: "home"}
	ctx := context.Background()
	r, err := f.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := flow.Result{
		Type: flow.Form, FlowID: r.FlowID, Handler: "telegram_client", StepID: "user", Fields: steps()[stepUser].fields,
		Errors: map[string]string{}, Messages: map[string]string{},
		Placeholders: map[string]string{"devices": "2", "device_names": "Home Assistant · listener, Home Assistant · sender 1"},
		ExpiresAt:    w.clock.Add(15 * time.Minute),
	}
	if d := cmp.Diff(want, r); d != "" {
		t.Errorf("first form (-want +got):\n%s", d)
	}
	fields, err := json.Marshal(r.Fields)
	if err != nil {
		t.Fatal(err)
	}
	const api = `[{"name":"api_id","type":"integer","required":true},{"name":"api_hash","required":true,"selector":{"text":{"type":"password"}}},` +
		`{"name":"client_type","required":true,"default":"client","selector":{"select":{"options":["client","qr","bot"],"translation_key":"client_type"}}}]`
	if d := cmp.Diff(api, string(fields)); d != "" {
		t.Errorf("fields (-want +got):\n%s", d)
	}

	w.pass(time.Minute)
	id := r.FlowID
	r = answer(t, f, id, userForm)
	want = flow.Result{
		Type: flow.Form, FlowID: id, Handler: "telegram_client", StepID: "token", Fields: steps()[stepToken].fields, LastStep: true,
		Errors: map[string]string{}, Messages: map[string]string{}, Placeholders: map[string]string{}, ExpiresAt: w.clock.Add(15 * time.Minute),
	}
	if d := cmp.Diff(want, r); d != "" {
		t.Errorf("token form (-want +got):\n%s", d)
	}
	if shown, err := f.Form(ctx, id); err != nil || !cmp.Equal(shown, r) {
		t.Errorf("form shown again: %+v %v", shown, err)
	}

	begin := w.clock
	r = answer(t, f, id, tokenForm(kitchenToken))
	entryID := entry.NewID(w.ring, 2000001)
	want = flow.Result{Type: flow.CreateEntry, FlowID: id, Handler: "telegram_client", Title: "Telegram bot (@kitchen_bot)", EntryID: string(entryID)}
	if d := cmp.Diff(want, r); d != "" {
		t.Errorf("end (-want +got):\n%s", d)
	}
	e := w.entries[entryID]
	if e.App.ID != 12345 || e.App.Hash.Reveal() != strings.ToLower(goodHash) || e.BotToken.Reveal() != kitchenToken || e.ClientType != entry.Bot ||
		e.UniqueID() != "2000001" || !e.CreatedAt.Equal(begin) || e.Target.Type != entry.Pull || e.Target.MaxAge != 24*time.Hour {
		t.Errorf("entry %+v", e)
	}
	if s, err := updates.ParseState(w.states[entryID]); err != nil || s.Pts != 5 || s.Qts != 1 || s.Seq != 1 || s.Date == 0 {
		t.Errorf("state %+v, %v", s, err)
	}
	var names []string
	for _, n := range authorization.Names(1) {
		m := w.owned[entryID][n]
		names = append(names, w.devices[m.Session.Keys[m.Session.DC].Auth])
	}
	if d := cmp.Diff([]string{"Home Assistant · listener", "Home Assistant · sender 1"}, names); d != "" {
		t.Errorf("devices (-want +got):\n%s", d)
	}

	// Whoever repeats the last step, because the answer was lost, gets it again; for everything else the flow is over.
	for _, body := range []string{tokenForm(kitchenToken), `{}`} {
		if d := cmp.Diff(want, answer(t, f, id, body)); d != "" {
			t.Errorf("repeated (-want +got):\n%s", d)
		}
	}
	if _, err := f.Form(ctx, id); !fault.Is(err, fault.UnknownFlow) {
		t.Errorf("form of an ended flow: %v", err)
	}
	if err := f.GiveUp(ctx, id); !fault.Is(err, fault.UnknownFlow) {
		t.Errorf("giving up an ended flow: %v", err)
	}
	w.pass(time.Hour)
	if err := f.Sweep(ctx); err != nil {
		t.Error(err)
	}
	if n := w.loose(t); n != 0 || w.in() != 2 {
		t.Errorf("%d logins, %d nobody owns", w.in(), n)
	}
	if got := w.flows[id].flow; len(got.Made) != 0 || got.Making != "" || !got.App.Hash.IsZero() {
		t.Errorf("an ended flow keeps %+v", got)
	}
}

func TestFlows_BlameTheFieldsOfTheForms(t *testing.T) {
	t.Parallel()
	hash := `"api_hash":"` + goodHash + `"`
	tests := map[string]struct {
		step, body string
		want       map[string]string
	}{
		"nothing":         {stepUser, `{}`, map[string]string{"api_id": "missing_field", "api_hash": "missing_field"}},
		"kinds":           {stepUser, `{"api_id":"x","api_hash":["a"],"client_type":7}`, map[string]string{"api_id": "invalid_field", "api_hash": "invalid_field", "client_type": "invalid_field"}},
		"hash too short":  {stepUser, `{"api_id":1,"api_hash":"0123","client_type":"bot"}`, map[string]string{"api_hash": "invalid_field"}},
		"hash no hex":     {stepUser, `{"api_id":1,"api_hash":"` + strings.Repeat("g", 32) + `","client_type":"bot"}`, map[string]string{"api_hash": "invalid_field"}},
		"id too large":    {stepUser, `{"api_id":2147483648,` + hash + `,"client_type":"bot"}`, map[string]string{"api_id": "invalid_field"}},
		"other kind":      {stepUser, `{"api_id":1,` + hash + `,"client_type":"human"}`, map[string]string{"client_type": "invalid_field"}},
		"unknown field":   {stepUser, `{"api_id":1,` + hash + `,"client_type":"bot","phone":"+48"}`, map[string]string{"base": "unknown_field"}},
		"no token":        {stepToken, `{}`, map[string]string{"token": "missing_field"}},
		"token null":      {stepToken, `{"token":null}`, map[string]string{"token": "missing_field"}},
		"token number":    {stepToken, `{"token":123}`, map[string]string{"token": "invalid_token"}},
		"token no digits": {stepToken, `{"token":"x:SECRET"}`, map[string]string{"token": "invalid_token"}},
		"token cut":       {stepToken, `{"token":"123:"}`, map[string]string{"token": "invalid_token"}},
		"token and more":  {stepToken, `{"token":"123:SECRET SECRET"}`, map[string]string{"token": "invalid_token"}},
		"token list":      {stepToken, `{"token":["SECRET"]}`, map[string]string{"token": "invalid_field"}},
		"token + unknown": {stepToken, `{"token":"1:x","api_id":1}`, map[string]string{"base": "unknown_field"}},
		"form before":     {stepToken, userForm, map[string]string{"base": "unknown_field", "token": "missing_field"}},
		"unknown to them": {stepToken, `{"token":"99:SECRET"}`, map[string]string{"token": "invalid_token"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			f, _ := w.flowsOf(0)
			r, err := f.Start(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if test.step == stepToken {
				answer(t, f, r.FlowID, userForm)
			}
			r = answer(t, f, r.FlowID, test.body)
			if d := cmp.Diff(test.want, r.Errors); d != "" || r.Type != flow.Form || r.StepID != test.step {
				t.Errorf("%s at %s, errors (-want +got):\n%s", r.Type, r.StepID, d)
			}
			for field := range r.Errors {
				if m := r.Messages[field]; !strings.HasSuffix(m, ".") || strings.Contains(m, "SECRET") || strings.Contains(m, "phone") {
					t.Errorf("message of %s: %q", field, m)
				}
			}
			// The flow goes on.
			if test.step == stepUser {
				answer(t, f, r.FlowID, userForm)
			}
			if r = answer(t, f, r.FlowID, tokenForm(kitchenToken)); r.Type != flow.CreateEntry || w.loose(t) != 0 {
				t.Errorf("then: %+v, %d loose", r, w.loose(t))
			}
		})
	}
}

func TestFlows_SayWhatTelegramRefuses(t *testing.T) {
	t.Parallel()
	refused := func(r Reason) *Refusal { return &Refusal{Reason: r, Err: errors.New("rpc error")} }
	tests := map[string]struct {
		err               error
		step, field, code string
		message           string // part of it
	}{
		"api id":         {refused(InvalidAPI), stepUser, "api_id", "invalid_api_id", "my.telegram.org"},
		"published":      {refused(PublishedAPI), stepUser, "api_id", "api_id_published_flood", "of your own"},
		"token":          {refused(InvalidToken), stepToken, "token", "invalid_token", "Telegram does not know this token. Copy it again from @BotFather."},
		"expired":        {refused(ExpiredToken), stepToken, "token", "expired_token", "newer"},
		"banned":         {refused(Banned), stepToken, "token", "banned", "banned"},
		"flood":          {&Refusal{Reason: FloodWait, RetryAfter: 2000 * time.Second}, stepToken, "base", "flood_wait", "wait 34 minutes before the next login, until 12:04 UTC. Then begin again."},
		"short flood":    {&Refusal{Reason: FloodWait, RetryAfter: 31 * time.Second}, stepToken, "base", "flood_wait", "31 seconds before the next login, until 11:31 UTC. Then send this form again."},
		"unclear flood":  {refused(FloodWait), stepToken, "base", "flood_wait", "Try again later."},
		"other":          {&Refusal{Reason: OtherRefusal, Code: "FROZEN_METHOD_INVALID"}, stepToken, "base", "telegram_error", "FROZEN_METHOD_INVALID"},
		"unreachable":    {refused(Unreachable), stepToken, "base", "telegram_unreachable", "network"},
		"lost answer":    {errUnclear, stepToken, "base", "telegram_unreachable", "network"},
		"clock":          {refused(ClockWrong), stepToken, "base", "clock_wrong", "clock"},
		"fault away":     {fmt.Errorf("dial: %w", fault.New(fault.TelegramAway, "Away.")), stepToken, "base", "telegram_unreachable", "network"},
		"fault clock":    {fault.New(fault.ClockWrong, "Clock."), stepToken, "base", "clock_wrong", "clock"},
		"fault flood":    {fault.New(fault.FloodWait, "Wait.").After(time.Hour), stepToken, "base", "flood_wait", "60 minutes"},
		"fault telegram": {fault.New(fault.TelegramError, "X."), stepToken, "base", "telegram_error", "no reason given"},
		"deadline":       {fmt.Errorf("call: %w", context.DeadlineExceeded), stepToken, "base", "telegram_unreachable", "network"},
	}
	for name, test := range tests {
		for n := 1; n <= 2; n++ { // the listener's login, the sender's
			t.Run(fmt.Sprint(name, " at login ", n), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				f, _ := w.flowsOf(0)
				id := begun(t, f)
				w.refuse = func(at int, _ string) error {
					if at == n {
						return test.err
					}
					return nil
				}
				r := answer(t, f, id, tokenForm(kitchenToken))
				if r.Type != flow.Form || r.StepID != test.step || r.Errors[test.field] != test.code || len(r.Errors) != 1 ||
					!strings.Contains(r.Messages[test.field], test.message) {
					t.Errorf("%s %s %v %v", r.Type, r.StepID, r.Errors, r.Messages)
				}
				if len(w.entries) != 0 || w.loose(t) != 0 {
					t.Errorf("%d entries, %d loose logins", len(w.entries), w.loose(t))
				}
				// Then all is well.
				w.refuse = nil
				if r.StepID == stepUser {
					r = answer(t, f, id, userForm)
				}
				if r = answer(t, f, id, tokenForm(kitchenToken)); r.Type != flow.CreateEntry || w.loose(t) != 0 || w.in() != 2 {
					t.Errorf("then: %+v, %d loose of %d", r, w.loose(t), w.in())
				}
			})
		}
	}
}

func TestFlows_UseAKeyAgainThatWasNotLoggedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f, _ := w.flowsOf(0)
	id := begun(t, f)
	for range 5 {
		answer(t, f, id, tokenForm("99:wrong"))
	}
	if w.made != 1 {
		t.Errorf("%d keys for five wrong tokens", w.made)
	}
	if answer(t, f, id, tokenForm(kitchenToken)); w.made != 2 {
		t.Errorf("%d keys for two logins", w.made)
	}
	// Moving to another data centre makes further keys; none is used for two logins.
	id = begun(t, f)
	answer(t, f, id, tokenForm("99:wrong"))
	if r := answer(t, f, id, tokenForm(cellarToken)); r.Type != flow.CreateEntry || w.loose(t) != 0 || w.in() != 4 {
		t.Errorf("%+v, %d loose of %d", r, w.loose(t), w.in())
	}
}

func TestFlows_AnAccountIsSetUpOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := entered(t, w)
	before := w.entries[id]
	f, _ := w.flowsOf(0)
	second := begun(t, f)
	r := answer(t, f, second, tokenForm(kitchenToken))
	want := flow.Result{Type: flow.Abort, FlowID: second, Handler: "telegram_client", Reason: "already_configured", Placeholders: map[string]string{},
		Message: "This account is already set up as Telegram bot (@kitchen_bot). It was left as it is and the new logins were ended; to log it in again, use the re-login of that entry."}
	if d := cmp.Diff(want, r); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff(want, answer(t, f, second, `{}`)); d != "" {
		t.Errorf("repeated (-want +got):\n%s", d)
	}
	if w.loose(t) != 0 || w.in() != 2 || fmt.Sprint(before) != fmt.Sprint(w.entries[id]) {
		t.Errorf("%d loose of %d logins, entry %+v", w.loose(t), w.in(), w.entries[id])
	}
	before.Removing = true
	w.entries[id] = before
	if r = answer(t, f, begun(t, f), tokenForm(kitchenToken)); r.Reason != "removal_in_progress" || w.loose(t) != 0 {
		t.Errorf("a tombstone: %+v", r)
	}
}

// What cannot be logged out at once is logged out by the sweep, and the flow's end is told all the same.
func TestFlows_WhatCannotBeLoggedOutIsSwept(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	entered(t, w)
	f, _ := w.flowsOf(0)
	id := begun(t, f)
	w.logOuts = errors.New("unreachable")
	if r := answer(t, f, id, tokenForm(kitchenToken)); r.Reason != "already_configured" || w.loose(t) != 1 {
		t.Fatalf("%+v, %d loose", r, w.loose(t))
	}
	given := begun(t, f)
	w.refuse = func(_ int, device string) error {
		if strings.HasSuffix(device, "sender 1") {
			return &Refusal{Reason: FloodWait, RetryAfter: time.Minute}
		}
		return nil
	}
	if r := answer(t, f, given, tokenForm(cellarToken)); !strings.Contains(r.Messages["base"], "is being logged out") || w.loose(t) != 2 {
		t.Fatalf("%+v, %d loose", r, w.loose(t))
	}
	if err := f.GiveUp(ctx, given); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := f.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		w.pass(2 * time.Minute)
	}
	if _, err := f.Form(ctx, given); !fault.Is(err, fault.UnknownFlow) {
		t.Errorf("given up, but: %v", err)
	}
	if _, err := tryAnswer(f, given, tokenForm(cellarToken)); !fault.Is(err, fault.UnknownFlow) {
		t.Errorf("given up, but: %v", err)
	}
	w.logOuts = nil
	if err := f.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if n := w.loose(t); n != 0 {
		t.Errorf("%d loose", n)
	}
	if w.flows[given] != nil {
		t.Error("a flow that was given up is kept")
	}
	if r := answer(t, f, id, `{}`); r.Reason != "already_configured" {
		t.Errorf("repeated after the sweep: %+v", r)
	}
}

func TestSweep_GivesUpAfterADay(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	f, _ := w.flowsOf(0)
	id := begun(t, f)
	w.refuse = func(n int, _ string) error { return map[bool]error{true: errUnclear}[n == 1] }
	w.logOuts = errors.New("unreachable")
	answer(t, f, id, tokenForm(kitchenToken))
	w.pass(16 * time.Minute)
	for range 23 {
		if err := f.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Hour)
	}
	if w.flows[id] == nil {
		t.Fatal("given up too early")
	}
	w.pass(2 * time.Hour)
	if err := f.Sweep(ctx); err != nil || w.flows[id] != nil {
		t.Errorf("%v, kept: %v", err, w.flows[id] != nil)
	}
}

func TestFlows_EndInTime(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	f, _ := w.flowsOf(0)
	id := begun(t, f)
	w.pass(15 * time.Minute)
	if _, err := f.Form(ctx, id); !fault.Is(err, fault.UnknownFlow) {
		t.Errorf("form: %v", err)
	}
	if _, err := tryAnswer(f, id, tokenForm(kitchenToken)); !fault.Is(err, fault.UnknownFlow) {
		t.Errorf("answer: %v", err)
	}
	if err := f.GiveUp(ctx, id); !fault.Is(err, fault.UnknownFlow) {
		t.Errorf("give up: %v", err)
	}
	if err := f.Sweep(ctx); err != nil || len(w.flows) != 0 || w.made != 0 {
		t.Errorf("%v, %d flows, %d keys", err, len(w.flows), w.made)
	}
	if _, err := tryAnswer(f, "nonsense", `{}`); !fault.Is(err, fault.UnknownFlow) {
		t.Errorf("unknown: %v", err)
	}
}

func TestFlows_OfTwoAnswersOneWins(t *testing.T) {
	t.Parallel()
	for range 20 {
		w := newWorld(t)
		f, _ := w.flowsOf(0)
		id := begun(t, f)
		inside, goOn := make(chan struct{}), make(chan struct{})
		w.refuse = func(n int, _ string) error { // called with the world's lock: only the channel may be touched
			if n == 1 {
				close(inside)
			}
			return nil
		}
		go func() { <-inside; close(goOn) }()
		results := make([]flow.Result, 4)
		errs := make([]error, 4)
		var wg sync.WaitGroup
		for i := range results {
			wg.Go(func() {
				other, _ := w.flowsOf(0) // any instance
				results[i], errs[i] = tryAnswer(other, id, tokenForm(kitchenToken))
			})
		}
		wg.Wait()
		<-goOn
		for i, r := range results {
			if !(errs[i] == nil && r.Type == flow.CreateEntry || fault.Is(errs[i], fault.FlowBusy)) {
				t.Errorf("%+v %v", r, errs[i])
			}
		}
		if w.logins != 2 || w.loose(t) != 0 {
			t.Errorf("%d logins, %d loose", w.logins, w.loose(t))
		}
	}
}

func TestFlows_GivenUpNothingStaysLoggedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f, _ := w.flowsOf(0)
	id := begun(t, f)
	answer(t, f, id, tokenForm("99:wrong"))
	if err := f.GiveUp(context.Background(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Form(context.Background(), id); !fault.Is(err, fault.UnknownFlow) || len(w.flows) != 0 {
		t.Errorf("%v, %d flows", err, len(w.flows))
	}
}
