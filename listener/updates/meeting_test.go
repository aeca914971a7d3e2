package updates

import (
	"testing"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// dates gives the messages of an answer dates, from the first to the last.
func dates(d *tg.UpdatesChannelDifference, dates ...int) *tg.UpdatesChannelDifference {
	for i, m := range d.NewMessages {
		m.(*tg.Message).Date = dates[i]
	}
	return d
}

// joined is a push that describes channel 7 as one that the account joined at a date.
func joined(date int, list ...tg.UpdateClass) Pushed {
	return Pushed{&tg.Updates{Updates: list, Chats: []tg.ChatClass{&tg.Channel{ID: 7, Date: date}}}}
}

// In a channel of which nothing is known there may be what was written while nobody listened: at100 was written at 1000.
func TestEngine_MeetsChannels(t *testing.T) {
	t.Parallel()
	const at = "pts=100 qts=5 seq=10"
	empty := "replayed [] " + at
	begin := script{
		{0, Connected{}, "getDifference(100)"},
		{0, answer(1, caughtUp), empty},
	}
	edited := &tg.UpdateEditChannelMessage{Message: &tg.Message{ID: 1, Date: 10, EditDate: 1001, PeerID: &tg.PeerChannel{ChannelID: 7}}, Pts: 38, PtsCount: 1}
	deleted := func(pts int) tg.UpdateClass {
		return &tg.UpdateDeleteChannelMessages{ChannelID: 7, Messages: []int{1}, Pts: pts, PtsCount: 1}
	}
	long := func(dates ...int) *tg.UpdatesChannelDifferenceTooLong { // the newest first
		d := channelTooLong(5000)
		for i, date := range dates {
			d.Messages = append(d.Messages, &tg.Message{ID: 100 - i, Date: date, PeerID: &tg.PeerChannel{ChannelID: 7}})
		}
		return d
	}
	ask := "[] " + at + "; getChannelDifference(7, 1)"
	for name, s := range map[string]script{
		"by a push: what is older than the state is passed over": {
			{0, pushed(0, post(4, 41)), ask},
			{0, pushed(0, post(5, 42)), ""},
			{0, answer(2, dates(posts(41, true, 1, 2, 3, 4), 10, 999, 1000, 1200)), "replayed [post 3 post 4] " + at + "; [post 5] " + at},
			{0, pushed(0, post(5, 42)), ""},
		},
		"in slices": {
			{0, pushed(0, post(4, 41)), ask},
			{0, answer(2, dates(posts(39, false, 1, 2), 10, 1000)), "replayed [post 2] " + at + "; wake 200ms"},
			{time.Second, Woken{}, "getChannelDifference(7, 39)"},
			{0, answer(3, dates(posts(41, true, 3, 4), 999, 1200)), "replayed [post 4] " + at},
			{0, pushed(0, tooLong(7, 0)), "wake 200ms"},
			{time.Second, Woken{}, "getChannelDifference(7, 41)"},
			{0, answer(4, dates(posts(42, true, 5), 10)), "replayed [post 5] " + at}, // what follows is new whatever its date
		},
		"what is older than the joining is passed over": {
			{0, joined(1100, post(4, 41)), ask},
			{0, answer(2, dates(posts(41, true, 2, 3, 4), 1099, 1100, 1200)), "replayed [post 3 post 4] " + at},
		},
		"edits have a date, deletions only where they follow on what was pushed": {
			{0, pushed(0, post(4, 41)), ask},
			{0, answer(2, &tg.UpdatesChannelDifference{Final: true, Pts: 42, OtherUpdates: []tg.UpdateClass{deleted(37), edited, deleted(42)}}),
				"replayed [*tg.UpdateEditChannelMessage *tg.UpdateDeleteChannelMessages] " + at},
		},
		"by a deletion": {
			{0, pushed(0, deleted(41)), ask},
			{0, answer(2, &tg.UpdatesChannelDifference{Final: true, Pts: 41, OtherUpdates: []tg.UpdateClass{deleted(30), deleted(41)}}),
				"replayed [*tg.UpdateDeleteChannelMessages] " + at},
		},
		"by channelTooLong": {
			{0, pushed(0, tooLong(7, 41)), ask},
			{0, answer(2, dates(posts(41, true, 1, 2), 999, 1000)), "replayed [post 2] " + at},
		},
		"by being joined": {
			{0, joined(1100, &tg.UpdateChannel{ChannelID: 7}), "[*tg.UpdateChannel] " + at + "; getChannelDifference(7, 1)"},
			{0, answer(2, dates(posts(41, true, 1, 2), 1000, 1100)), "replayed [post 2] " + at},
		},
		"not by being left": {
			{0, Pushed{&tg.Updates{Updates: []tg.UpdateClass{&tg.UpdateChannel{ChannelID: 7}}, Chats: []tg.ChatClass{&tg.Channel{ID: 7, Left: true, Date: 900}}}}, "[*tg.UpdateChannel] " + at},
		},
		"too long, and an old message says that all new ones are there": {
			{0, pushed(0, tooLong(7, 41)), ask},
			{0, answer(2, long(1300, 1200, 999)), "replayed [post 99 post 100] " + at},
			{0, pushed(0, post(9, 5001)), "[post 9] " + at},
		},
		"too long, and all are new": {
			{0, pushed(0, tooLong(7, 41)), ask},
			{0, answer(2, long(1300, 1200)), "replayed [post 99 post 100 gap(7: 1-5000)] " + at},
		},
		"one that cannot be addressed goes on with what was pushed": {
			{0, pushed(0, post(4, 41)), ask},
			{0, Failed{ID: 2, Err: ErrUnknownChannel}, "[post 4] " + at},
			{time.Second, pushed(0, post(5, 42)), "[post 5] " + at},
		},
		"one that is private by now is forgotten": {
			{0, pushed(0, tooLong(7, 41)), ask},
			{0, Failed{ID: 2, Err: tgerr.New(400, "CHANNEL_PRIVATE")}, empty},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			append(begin[:2:2], s...).run(t, New(at100, Account{Self: 1}))
		})
	}
}

// A channel is met once: who goes on after a crash knows what to pass over.
func TestEngine_AMeetingIsWrittenDown(t *testing.T) {
	t.Parallel()
	e := New(at100, Account{Self: 1})
	e.Handle(Connected{}, start)
	out := e.Handle(Answered{ID: 1, Result: &tg.UpdatesDifference{
		OtherUpdates: []tg.UpdateClass{tooLong(7, 41)}, State: tg.UpdatesState{Pts: 100, Qts: 5, Seq: 10, Date: 2000},
	}}, start)
	written, err := ParseState(out.Ready[len(out.Ready)-1].State.Marshal())
	if err != nil || written.Date != 2000 || written.Channels[7] != 1 || written.Met[7] != (Meeting{Since: 1000}) {
		t.Fatalf("%+v, %v", written, err)
	}
	script{
		{0, Connected{}, "getDifference(100); getChannelDifference(7, 1)"},
		{0, answer(2, dates(posts(41, true, 1, 2), 999, 1000)), "replayed [post 2] pts=100 qts=5 seq=10"},
	}.run(t, New(written, Account{Self: 1}))
}
