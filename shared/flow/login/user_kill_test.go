package login

import (
	"context"
	"fmt"
	"testing"
	"time"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow"
)

// A script is a login whose forms are answered as they come.
type script struct {
	form     string // of the step user
	password string
	home     int
	apart    bool // the sender has to go to another data centre
	reauth   bool // of an entry whose logins have ended
	listens  bool // but for the listener's
}

// next answers the form that waits, and does on the phone what it asks for.
func (s script) next(t *testing.T, w *world, f *Flows, r flow.Result) (flow.Result, error) {
	t.Helper()
	body := `{}`
	switch r.StepID {
	case stepUser:
		body = s.form
	case stepConfirm:
		if s.form == qrForm {
			body = `{"client_type":"qr"}`
		}
	case stepPhone:
		body = phoneForm(annaPhone)
	case stepCode:
		body = codeForm(annaCode)
	case stepPassword:
		body = passwordForm(s.password)
	case stepQR:
		if qrData(r) != "tg://login?token=" {
			_ = w.scan(t, r, annaID) // one that was accepted already is refused
		}
	case stepFinish:
		if s.apart {
			w.users[annaPhone].home = 4 // for the sender's new key
		}
	}
	return tryAnswer(f, r.FlowID, body)
}

// start returns the first form.
func (s script) start(t *testing.T) (*world, flow.Result) {
	t.Helper()
	w := newWorld(t)
	anna := w.anna()
	anna.home, anna.password = s.home, s.password
	f, _ := w.flowsOf(0)
	if s.reauth {
		id := client(t, w)
		if w.end(id, authorization.Sender(1)); !s.listens {
			w.end(id, authorization.Listener)
		}
		r, err := f.Reauth(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		return w, r
	}
	if s.apart {
		anna.apart = 4
	}
	r, err := f.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return w, r
}

// A process dies at any point of any step. Whoever logs in sends the form again, or does not: the flow goes on, or
// nothing stays logged in.
func TestKill_AUsersLogin(t *testing.T) {
	t.Parallel()
	scripts := map[string]script{
		"code":             {form: clientForm, home: 2},
		"code elsewhere":   {form: clientForm, home: 4},
		"password":         {form: clientForm, home: 2, password: password},
		"password finish":  {form: clientForm, home: 2, password: password, apart: true},
		"qr":               {form: qrForm, home: 2},
		"qr elsewhere":     {form: qrForm, home: 4, password: password},
		"re-login":         {form: clientForm, home: 4, password: password, reauth: true},
		"re-login by code": {form: clientForm, home: 2, reauth: true},
		"by the listener":  {form: clientForm, home: 4, reauth: true, listens: true},
		"with a password":  {form: clientForm, home: 2, password: password, reauth: true, listens: true},
		"re-login by qr":   {form: qrForm, home: 4, reauth: true},
	}
	for name, s := range scripts {
		for _, again := range []string{"sends the form again", "goes away", "gives up", "sends it after the sweep"} {
			t.Run(name+" "+again, func(t *testing.T) {
				t.Parallel()
				steps := 0
				for step := 0; ; step++ {
					points, over := s.killAt(t, step, 0, again)
					if over {
						break
					}
					steps++
					for at := 1; at <= points; at++ {
						s.killAt(t, step, at, again)
					}
				}
				if steps < 1 || !s.listens && steps < 2 {
					t.Errorf("only %d steps", steps)
				}
			})
		}
	}
}

// killAt kills the process that answers the step-th form at its at-th point, and returns how many there were; over if
// there is no such form.
func (s script) killAt(t *testing.T, step, at int, again string) (points int, over bool) {
	t.Helper()
	ctx := context.Background()
	w, r := s.start(t)
	other, _ := w.flowsOf(0)
	var err error
	for range step {
		if r, err = s.next(t, w, other, r); err != nil {
			t.Fatal(err)
		}
		if r.Type != flow.Form {
			return 0, true
		}
	}
	here := fmt.Sprintf("step %d (%s) killed at %d", step, r.StepID, at)
	victim, p := w.flowsOf(at)
	_, err = s.next(t, w, victim, r)
	if at == 0 && err != nil {
		t.Fatal(err)
	}
	points = p.points
	w.pass(time.Minute)
	switch again {
	case "sends it after the sweep":
		if err := other.Sweep(ctx); err != nil {
			t.Errorf("%s: %v", here, err)
		}
		fallthrough
	case "sends the form again":
		r = s.resume(t, w, other, r, here)
		if r.Type != flow.CreateEntry && r.Reason != "reauth_successful" {
			t.Errorf("%s: %+v", here, r)
		}
		if n := w.in(); n != 2 && w.loose(t) == 0 {
			t.Errorf("%s: %d logins", here, n)
		}
	case "gives up":
		if err := other.GiveUp(ctx, r.FlowID); err != nil && !fault.Is(err, fault.UnknownFlow) {
			t.Errorf("%s: %v", here, err)
		}
		if n := w.loose(t); n != 0 {
			t.Errorf("%s, given up: %d loose", here, n)
		}
	}
	w.pass(16 * time.Minute)
	if err := other.Sweep(ctx); err != nil {
		t.Errorf("%s: %v", here, err)
	}
	if n := w.loose(t); n != 0 {
		t.Errorf("%s: %d loose logins", here, n)
	}
	for _, all := range w.owned {
		if len(all) != 2 {
			t.Errorf("%s: an entry with %d logins", here, len(all))
		}
	}
	return points, false
}

// resume sends the form again, and then whatever is asked for.
func (s script) resume(t *testing.T, w *world, f *Flows, r flow.Result, here string) flow.Result {
	t.Helper()
	id := r.FlowID
	for range 8 {
		next, err := s.next(t, w, f, r)
		if err != nil {
			t.Errorf("%s, again: %v", here, err)
			return r
		}
		if r = next; r.Type != flow.Form {
			return r
		}
		r.FlowID = id
	}
	return r
}
