package main

import (
	"fmt"
	"syscall"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"

	"telegram-client/shared/event"
	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

// events measures how many text messages, as Telegram sends them with who wrote and where, one core turns into events:
// from the bytes to what is stored.
func events() error {
	me := &tg.User{Self: true, Bot: true, ID: 7_100_000_001, AccessHash: 1, FirstName: "Kitchen", Username: "kitchen_bot"}
	alice := &tg.User{ID: 6_100_000_001, AccessHash: -7_000_000_000_000_000_001, FirstName: "Alice", LastName: "Ångström", Username: "alice",
		Status: &tg.UserStatusRecently{}, Photo: &tg.UserProfilePhoto{PhotoID: 42, DCID: 2}}
	family := &tg.Channel{Megagroup: true, ID: 1_234_567_890, AccessHash: 5, Title: "Family", Photo: &tg.ChatPhotoEmpty{}, Date: 1_726_050_030}
	message := &tg.Message{ID: 71, FromID: &tg.PeerUser{UserID: alice.ID}, PeerID: &tg.PeerChannel{ChannelID: family.ID}, Date: 1_726_050_030,
		Message: "Could somebody turn on the light in the kitchen?"}
	container := &tg.Updates{Updates: []tg.UpdateClass{&tg.UpdateNewChannelMessage{Message: message, Pts: 5, PtsCount: 1}},
		Users: []tg.UserClass{alice, me}, Chats: []tg.ChatClass{family}, Date: 1_726_050_030}
	var sent bin.Buffer
	if err := container.Encode(&sent); err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	book := peer.NewBook(me.ID)
	wants, problems := filter.Compile(filter.Options{}, book)
	if len(problems) > 0 {
		return problems[0].Fault
	}
	const long = time.Second
	var body []byte
	built := 0
	before, err := busy()
	if err != nil {
		return err
	}
	begin := time.Now()
	for ; time.Since(begin) < long; built++ {
		decoded, err := tg.DecodeUpdates(&bin.Buffer{Buf: sent.Buf})
		if err != nil {
			return fmt.Errorf("decode a message: %w", err)
		}
		in := decoded.(*tg.Updates)
		book.Learn(in.Users, in.Chats)
		for _, u := range in.Updates {
			for _, o := range event.Read(u, event.Context{Me: me, Book: book, Now: begin}) {
				groups, ok, err := wants.Match(o.Subject())
				if err != nil || !ok {
					return fmt.Errorf("a message is filtered out: %v", err)
				}
				o.EventID(me.ID)
				body = event.AppendStored(body[:0], "tg_k3vq7", event.MeOf(me), &o, groups)
			}
		}
	}
	after, err := busy()
	if err != nil {
		return err
	}
	show("events_built_per_second_per_core", float64(built)/(after-before).Seconds(), "events/s")
	return nil
}

// busy is how long this process has kept cores busy, what collects its garbage included.
func busy() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("ask how long cores were busy: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
