package telegramtest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"
)

func TestPeers_BotsFindWhomTheyHaveMet(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bob, carol, bot := s.User("alice"), s.User("bobby"), s.User("carol"), s.Bot("helper_bot")
	s.Say(alice.ID, bot.ID, "hello")
	s.Group("Family", bob.ID, bot.ID)
	l := logIn(t, s, bot, "phone")
	users, err := l.UsersGetUsers(context.Background(), []tg.InputUserClass{
		&tg.InputUserSelf{}, &tg.InputUser{UserID: alice.ID}, &tg.InputUser{UserID: bob.ID}, &tg.InputUser{UserID: carol.ID},
		&tg.InputUser{UserID: carol.ID, AccessHash: s.HashFor(bot.ID, carol.ID)}, &tg.InputUser{UserID: 1}, &tg.InputUserEmpty{},
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for _, u := range users {
		x := u.(*tg.User)
		ids = append(ids, x.ID)
		if x.AccessHash != s.HashFor(bot.ID, x.ID) || x.Self != (x.ID == bot.ID) {
			t.Errorf("%+v", x)
		}
	}
	if diff := cmp.Diff([]int64{bot.ID, alice.ID, bob.ID, carol.ID}, ids); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	full, err := l.UsersGetFullUser(context.Background(), &tg.InputUser{UserID: bob.ID})
	if err != nil || full.FullUser.CommonChatsCount != 1 {
		t.Errorf("%+v, %v", full, err)
	}
	_, err = l.UsersGetFullUser(context.Background(), &tg.InputUser{UserID: carol.ID})
	refused(t, err, 400, "USER_ID_INVALID")
	_, err = l.ChannelsGetChannels(context.Background(), []tg.InputChannelClass{&tg.InputChannel{ChannelID: 1}})
	refused(t, err, 400, "CHANNEL_INVALID")
}

func TestPeers_UsernamesAreLimited(t *testing.T) {
	t.Parallel()
	c := newSteps()
	s := silent(Behaviour{ResolvesPerHour: 3}, at(c))
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "phone")
	resolve := func(name string) (*tg.ContactsResolvedPeer, error) {
		return l.ContactsResolveUsername(context.Background(), &tg.ContactsResolveUsernameRequest{Username: name})
	}
	found, err := resolve("ALICE")
	if err != nil || found.Peer.(*tg.PeerUser).UserID != alice.ID || found.Users[0].(*tg.User).AccessHash != s.HashFor(bot.ID, alice.ID) {
		t.Errorf("%+v, %v", found, err)
	}
	_, err = resolve("nobody_there")
	refused(t, err, 400, "USERNAME_NOT_OCCUPIED")
	_, err = resolve("a b")
	refused(t, err, 400, "USERNAME_INVALID")
	_, err = resolve("alice")
	refused(t, err, 420, "FLOOD_WAIT_54000")
	c.advance(time.Hour)
	if _, err := resolve("alice"); err != nil {
		t.Error(err)
	}
}

func TestPeers_HashesDifferByAccount(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, a, b := s.User("alice"), s.Bot("first_bot"), s.Bot("second_bot")
	if x, y := s.HashFor(a.ID, alice.ID), s.HashFor(b.ID, alice.ID); x == y || x == 0 {
		t.Errorf("hashes %d and %d", x, y)
	}
}
