package telegramtest

import (
	"context"
	"testing"

	"github.com/gotd/td/tg"
)

func TestFaults_FailBeforeAndAfter(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "sender")
	s.Faults().Fail("messages.sendMessage", 420, "FLOOD_WAIT_3", 1)
	_, _, _, err := l.send(s.peer(bot, alice), "one", 1)
	refused(t, err, 420, "FLOOD_WAIT_3")
	s.Faults().FailAfter("", 500, "INTERNAL", 1)
	_, _, _, err = l.send(s.peer(bot, alice), "two", 2)
	refused(t, err, 500, "INTERNAL")
	if _, _, _, err := l.send(s.peer(bot, alice), "three", 3); err != nil {
		t.Error(err)
	}
	if read := s.Read(alice.ID, bot.ID); len(read) != 2 || read[0].Text != "two" {
		t.Errorf("alice reads %+v", read)
	}
	s.Faults().Fail("", 500, "INTERNAL", 5)
	s.Faults().Reset()
	l.state(t)
}

func TestFaults_HoldBeforeAndAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		hold func(*Faults) (<-chan struct{}, func())
		read int
	}{
		{"before", func(f *Faults) (<-chan struct{}, func()) { return f.Hold("messages.sendMessage") }, 0},
		{"after", func(f *Faults) (<-chan struct{}, func()) { return f.HoldAnswer("messages.sendMessage") }, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := silent(full)
			alice, bot := s.User("alice"), s.Bot("helper_bot")
			l := logIn(t, s, bot, "sender")
			arrived, release := c.hold(s.Faults())
			done := make(chan error, 1)
			go func() {
				_, _, _, err := l.send(s.peer(bot, alice), "held", 1)
				done <- err
			}()
			<-arrived
			if read := s.Read(alice.ID, 0); len(read) != c.read {
				t.Errorf("alice reads %+v", read)
			}
			release()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if read := s.Read(alice.ID, 0); len(read) != 1 {
				t.Errorf("alice reads %+v", read)
			}
		})
	}
}

func TestFaults_RequestsRefusedAreInTheHistory(t *testing.T) {
	t.Parallel()
	s := silent(full)
	l := logIn(t, s, s.Bot("helper_bot"), "sender")
	s.Faults().Fail("users.getUsers", 500, "INTERNAL", 1)
	_, err := l.UsersGetUsers(context.Background(), []tg.InputUserClass{&tg.InputUserSelf{}})
	refused(t, err, 500, "INTERNAL")
	all := s.History(0)
	if last := all[len(all)-1]; last.Kind != Requested || last.Method != "users.getUsers" || last.Error != "INTERNAL" || last.Authorization == 0 {
		t.Errorf("%+v", last)
	}
}
