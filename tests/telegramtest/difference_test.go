package telegramtest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"
)

func TestDifference_TellsWhatHappened(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "listener")
	old := s.Say(alice.ID, bot.ID, "old")
	older := s.Say(alice.ID, bot.ID, "older")
	from := l.state(t)
	if got, _ := l.difference(t, from); !cmp.Equal(got, []string{"empty"}) {
		t.Errorf("nothing has happened: %v", got)
	}
	gone := s.Say(alice.ID, bot.ID, "gone")
	changed := s.Say(alice.ID, bot.ID, "one")
	for _, err := range []error{
		s.Edit(alice.ID, changed.ID, "uno"), s.Edit(alice.ID, old.ID, "viejo"), s.Delete(alice.ID, true, gone.ID, older.ID),
		s.Block(alice.ID, bot.ID, true),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got, to := l.difference(t, from)
	want := []string{"new uno", "edit uno", "edit viejo", "delete 2", "stopped true qts 2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("difference (-want +got):\n%s", diff)
	}
	if to.Pts != from.Pts+6 || to.Qts != from.Qts+1 {
		t.Errorf("from %+v to %+v", from, to)
	}
	if got, _ := l.difference(t, to); !cmp.Equal(got, []string{"empty"}) {
		t.Errorf("again: %v", got)
	}
}

func TestDifference_ComesInSlices(t *testing.T) {
	t.Parallel()
	s := silent(Behaviour{SliceSize: 2})
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "listener")
	from := l.state(t)
	for _, text := range []string{"1", "2", "3", "4", "5"} {
		s.Say(alice.ID, bot.ID, text)
	}
	var got [][]string
	for range 3 {
		var slice []string
		slice, from = l.difference(t, from)
		got = append(got, slice)
	}
	want := [][]string{{"new 1", "new 2", "slice"}, {"new 3", "new 4", "slice"}, {"new 5"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("slices (-want +got):\n%s", diff)
	}
}

func TestDifference_TooLong(t *testing.T) {
	t.Parallel()
	s := silent(Behaviour{TooLongAfter: 2})
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "listener")
	from := l.state(t)
	for _, text := range []string{"1", "2", "3"} {
		s.Say(alice.ID, bot.ID, text)
	}
	got, to := l.difference(t, from)
	if !cmp.Equal(got, []string{"too long"}) || to.Pts != from.Pts+3 {
		t.Errorf("%v, %+v", got, to)
	}
	s.Behave(func(b *Behaviour) { b.TooLongAfter = 0 })
	q := &tg.UpdatesGetDifferenceRequest{Pts: from.Pts, Date: from.Date}
	q.SetPtsTotalLimit(2)
	if d, err := l.UpdatesGetDifference(context.Background(), q); err != nil || d.TypeID() != tg.UpdatesDifferenceTooLongTypeID {
		t.Errorf("%v, %v", d, err)
	}
}

func TestDifference_Refusals(t *testing.T) {
	t.Parallel()
	s := silent(full)
	l := logIn(t, s, s.Bot("helper_bot"), "listener")
	from := l.state(t)
	for _, c := range []struct {
		pts, date int
		message   string
	}{{0, 1, "PERSISTENT_TIMESTAMP_EMPTY"}, {from.Pts, 0, "DATE_EMPTY"}, {from.Pts + 1, 1, "PERSISTENT_TIMESTAMP_INVALID"}} {
		_, err := l.UpdatesGetDifference(context.Background(), &tg.UpdatesGetDifferenceRequest{Pts: c.pts, Date: c.date})
		refused(t, err, 400, c.message)
	}
}

// pts is the account's, the rest the authorization's (A7).
func TestState_IsPartlyShared(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	a := logIn(t, s, bot, "a")
	if err := s.Block(alice.ID, bot.ID, true); err != nil {
		t.Fatal(err)
	}
	s.Say(alice.ID, bot.ID, "hello again")
	b := logIn(t, s, bot, "b")
	x, y := a.state(t), b.state(t)
	if x.Pts != y.Pts || x.Qts != 3 || y.Qts != 1 {
		t.Errorf("a %+v, b %+v", x, y)
	}
}

func TestDifference_MinUsers(t *testing.T) {
	t.Parallel()
	s := silent(Behaviour{MinUsers: true})
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "listener")
	from := l.state(t)
	s.Say(alice.ID, bot.ID, "hello")
	d, err := l.UpdatesGetDifference(context.Background(), &tg.UpdatesGetDifferenceRequest{Pts: from.Pts, Date: from.Date})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range d.(*tg.UpdatesDifference).Users {
		x := u.(*tg.User)
		if x.Min != (x.ID == alice.ID) {
			t.Errorf("%+v", x)
		}
		if x.Min {
			_, _, _, err := l.send(&tg.InputPeerUser{UserID: x.ID, AccessHash: x.AccessHash}, "to min", 1)
			refused(t, err, 400, "PEER_ID_INVALID")
		}
	}
}
