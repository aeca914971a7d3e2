package telegramtest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"
)

func TestDevices_AreListedConfirmedAndEnded(t *testing.T) {
	t.Parallel()
	c, ctx := newSteps(), context.Background()
	b := full
	b.Unconfirmed = Always
	s := silent(b, at(c))
	alice, eve := s.User("alice"), s.User("evelyn")
	old := enterUser(t, s, alice, "old")
	if err := s.Confirm(s.Authorizations(alice.ID)[0].ID); err != nil {
		t.Fatal(err)
	}
	c.advance(time.Hour)
	fresh := enterUser(t, s, alice, "fresh")
	list := func(l *login) (all []string) {
		x, err := l.AccountGetAuthorizations(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range x.Authorizations {
			line := a.DeviceModel
			for word, is := range map[string]bool{"current": a.Current, "unconfirmed": a.Unconfirmed, "nameless": a.Hash == 0 && !a.Current} {
				if is {
					line += " " + word
				}
			}
			all = append(all, line)
		}
		return all
	}
	if diff := cmp.Diff([]string{"old current", "fresh unconfirmed", "Phone"}, list(old)); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	ids := s.Authorizations(alice.ID)
	confirm := func(l *login, id int64) error {
		_, err := l.AccountChangeAuthorizationSettings(ctx, &tg.AccountChangeAuthorizationSettingsRequest{Confirmed: true, Hash: id})
		return err
	}
	reset := func(l *login, id int64) error {
		_, err := l.AccountResetAuthorization(ctx, id)
		return err
	}
	refused(t, confirm(fresh, ids[1].ID), 400, "HASH_INVALID")
	refused(t, confirm(enterUser(t, s, eve, "eve"), ids[1].ID), 400, "HASH_INVALID")
	if err := confirm(old, ids[1].ID); err != nil {
		t.Error(err)
	}
	refused(t, reset(old, ids[1].ID), 406, "FRESH_RESET_AUTHORISATION_FORBIDDEN")
	c.advance(23 * time.Hour)
	refused(t, reset(fresh, ids[0].ID), 406, "FRESH_RESET_AUTHORISATION_FORBIDDEN")
	refused(t, reset(old, 5), 400, "HASH_INVALID")
	if err := reset(old, ids[1].ID); err != nil {
		t.Error(err)
	}
	_, err := fresh.UpdatesGetState(ctx)
	refused(t, err, 401, "SESSION_REVOKED")
	third := enterUser(t, s, alice, "third")
	if err := s.Deny(s.Authorizations(alice.ID)[2].ID); err != nil {
		t.Error(err)
	}
	_, err = third.UpdatesGetState(ctx)
	refused(t, err, 401, "SESSION_REVOKED")
	if diff := cmp.Diff([]string{"old current", "Phone"}, list(old)); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	if err := s.ChangePassword(alice.ID, "horse", "", true); err != nil {
		t.Error(err)
	}
	_, err = old.UpdatesGetState(ctx)
	refused(t, err, 401, "SESSION_REVOKED")
}

func TestAccount_FrozenAndGone(t *testing.T) {
	t.Parallel()
	s, ctx := silent(full), context.Background()
	alice, bob := s.User("alice"), s.User("bobby")
	l := enterUser(t, s, alice, "phone")
	if err := s.Freeze(alice.ID, true); err != nil {
		t.Fatal(err)
	}
	_, _, _, err := l.send(s.peer(alice, bob), "hello", 1)
	refused(t, err, 420, "FROZEN_METHOD_INVALID")
	l.state(t)
	if err := s.Freeze(alice.ID, false); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := l.send(s.peer(alice, bob), "hello", 1); err != nil {
		t.Error(err)
	}
	if err := s.Deactivate(alice.ID, true); err != nil {
		t.Fatal(err)
	}
	_, err = l.UpdatesGetState(ctx)
	refused(t, err, 401, "USER_DEACTIVATED_BAN")
	_, err = newLogin(s, "again").ask(alice.Phone)
	refused(t, err, 400, "PHONE_NUMBER_BANNED")
}

func TestContacts_AreListed(t *testing.T) {
	t.Parallel()
	s, ctx := silent(full), context.Background()
	alice, bob := s.User("alice"), s.User("bobby")
	l := enterUser(t, s, alice, "phone")
	if err := s.AddContact(alice.ID, bob.ID); err != nil {
		t.Fatal(err)
	}
	x, err := l.ContactsGetContacts(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := x.(*tg.ContactsContacts)
	if len(got.Contacts) != 1 || got.Contacts[0].UserID != bob.ID {
		t.Fatalf("%+v", got)
	}
	if u := got.Users[0].(*tg.User); !u.Contact || u.Phone != bob.Phone || u.AccessHash != s.HashFor(alice.ID, bob.ID) {
		t.Errorf("%+v", u)
	}
	x, err = l.ContactsGetContacts(ctx, listHash([]int64{1, bob.ID}))
	if _, ok := x.(*tg.ContactsContactsNotModified); !ok || err != nil {
		t.Errorf("%T, %v", x, err)
	}
}
