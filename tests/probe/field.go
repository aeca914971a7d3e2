package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/gotd/td/tg"

	"telegram-client/shared/telegram"
)

// A field is where probes are made: two logins of one bot, and one of a person who has written to it.
type field struct {
	settings
	servers telegram.Servers
	out     io.Writer
	// settle waits until a device has got everything that it is pushed.
	settle func(context.Context, *device) error
	// rest waits until the server has noticed that a device is gone.
	rest func(context.Context, *device) error
	// code returns the login code that the person has got.
	code func(ctx context.Context, phone string) (string, error)

	first, second, person *device
	toPerson              *tg.InputPeerUser // as the bot addresses the person
	toBot                 *tg.InputPeerUser // as the person addresses the bot
}

// A finding is what a probe has seen.
type finding struct {
	assumed bool
	seen    string
}

func found(assumed bool, format string, args ...any) (finding, error) {
	return finding{assumed, fmt.Sprintf(format, args...)}, nil
}

// A probe examines one belief of tests/assumptions.md.
type probe struct {
	belief string
	run    func(*field, context.Context) (finding, error)
}

// probeAll logs everybody in and runs the probes. It returns how many beliefs are wrong.
func (f *field) probeAll(ctx context.Context) (differs int, err error) {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return 0, err
	}
	f.first, f.second, f.person = &device{field: f, name: "bot 1"}, &device{field: f, name: "bot 2"}, &device{field: f, name: "person"}
	defer func() {
		for _, d := range []*device{f.first, f.second, f.person} {
			err = errors.Join(err, d.down(context.WithoutCancel(ctx)))
		}
	}()
	for _, d := range []*device{f.first, f.second} {
		if err := d.up(ctx, f.asBot, false); err != nil {
			return 0, err
		}
	}
	if err := f.person.up(ctx, f.asPerson, false); err != nil {
		return 0, err
	}
	if err := f.meet(ctx); err != nil {
		return 0, err
	}
	for _, p := range f.probes() {
		if len(f.Only) > 0 && !slices.Contains(f.Only, p.belief) {
			continue
		}
		for _, d := range []*device{f.first, f.second, f.person} {
			if _, err := d.heard(ctx); err != nil { // what came before is nobody's business
				return differs, err
			}
		}
		is, err := p.run(f, ctx)
		word := "as assumed"
		switch {
		case err != nil:
			return differs, fmt.Errorf("%s: %w", p.belief, err)
		case !is.assumed:
			word = "DIFFERS"
			differs++
		}
		fmt.Fprintf(f.out, "%-4s %s: %s\n", p.belief, word, is.seen)
	}
	return differs, nil
}

func (f *field) probes() []probe {
	all := slices.Clone(gentle)
	if f.Throwaway {
		all = append(all, throwaway...)
	}
	return all
}

// meet lets the person write to the bot, so that both can address each other.
func (f *field) meet(ctx context.Context) error {
	bot := f.first.self
	resolved, err := f.person.api.ContactsResolveUsername(ctx, &tg.ContactsResolveUsernameRequest{Username: bot.Username})
	if err != nil {
		return fmt.Errorf("the person looks for the bot: %w", err)
	}
	for _, u := range resolved.Users {
		if u, ok := u.(*tg.User); ok && u.ID == bot.ID {
			f.toBot = u.AsInputPeer()
		}
	}
	if f.toBot == nil {
		return errors.New("the person does not find the bot by its username")
	}
	if _, err := f.send(ctx, f.person, f.toBot, "/start"); err != nil {
		return fmt.Errorf("the person writes to the bot: %w", err)
	}
	users, err := f.first.api.UsersGetUsers(ctx, []tg.InputUserClass{&tg.InputUser{UserID: f.person.self.ID}})
	if err != nil {
		return fmt.Errorf("the bot looks for the person: %w", err)
	}
	for _, u := range users {
		if u, ok := u.(*tg.User); ok && u.ID == f.person.self.ID {
			f.toPerson = u.AsInputPeer()
		}
	}
	if f.toPerson == nil {
		return errors.New("the bot does not find the person who has written to it")
	}
	return nil
}

func randomID() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return int64(binary.LittleEndian.Uint64(b[:]))
}

// send sends a text and returns its id.
func (f *field) send(ctx context.Context, d *device, to tg.InputPeerClass, text string) (int, error) {
	return f.sendAs(ctx, d, to, text, randomID())
}

func (f *field) sendAs(ctx context.Context, d *device, to tg.InputPeerClass, text string, random int64) (int, error) {
	u, err := d.api.MessagesSendMessage(ctx, &tg.MessagesSendMessageRequest{Peer: to, Message: text, RandomID: random})
	if err != nil {
		return 0, err
	}
	switch u := u.(type) {
	case *tg.UpdateShortSentMessage:
		return u.ID, nil
	case *tg.Updates:
		for _, x := range u.Updates {
			if id, ok := x.(*tg.UpdateMessageID); ok {
				return id.ID, nil
			}
		}
	}
	return 0, fmt.Errorf("the answer names no message: %T", u)
}

// count counts the messages with a text among the last that the person has from the bot.
func (f *field) count(ctx context.Context, text string) (int, error) {
	all, err := f.history(ctx)
	n := 0
	for _, m := range all {
		if m.Message == text {
			n++
		}
	}
	return n, err
}

// history returns the last messages of the person's chat with the bot.
func (f *field) history(ctx context.Context) ([]*tg.Message, error) {
	h, err := f.person.api.MessagesGetHistory(ctx, &tg.MessagesGetHistoryRequest{Peer: f.toBot, Limit: 100})
	if err != nil {
		return nil, fmt.Errorf("the person reads the chat: %w", err)
	}
	m, ok := h.AsModified()
	if !ok {
		return nil, errors.New("the person's chat is not modified")
	}
	var all []*tg.Message
	for _, x := range m.GetMessages() {
		if x, ok := x.(*tg.Message); ok {
			all = append(all, x)
		}
	}
	return all, nil
}
