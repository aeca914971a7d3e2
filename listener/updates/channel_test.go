package updates

import (
	"errors"
	"testing"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// posts is a difference of a channel up to pts.
func posts(pts int, final bool, ids ...int) *tg.UpdatesChannelDifference {
	d := &tg.UpdatesChannelDifference{Final: final, Pts: pts, Timeout: 30, Users: []tg.UserClass{&tg.User{ID: 9}}}
	for _, id := range ids {
		d.NewMessages = append(d.NewMessages, &tg.Message{ID: id, PeerID: &tg.PeerChannel{ChannelID: 7}})
	}
	return d
}

func TestEngine_Channels(t *testing.T) {
	t.Parallel()
	const at = "pts=100 qts=5 seq=10"
	empty := "replayed [] " + at
	at41 := State{Pts: 100, Qts: 5, Seq: 10, Date: 1000, Channels: map[int64]int{7: 41}}
	two := State{Pts: 100, Qts: 5, Seq: 10, Date: 1000, Channels: map[int64]int{7: 41, 8: 5}}
	deleted := &tg.UpdateDeleteChannelMessages{ChannelID: 7, Messages: []int{1}, Pts: 43, PtsCount: 1}
	for name, c := range map[string]struct {
		state  State
		script script
	}{
		"a hole is waited for, then asked for; what is pushed meanwhile waits": {at41, script{
			{0, Connected{}, "getDifference(100); getChannelDifference(7, 41)"},
			{0, answer(2, posts(41, true)), "replayed [] " + at},
			{time.Second, pushed(0, post(3, 44)), "wake 500ms"},
			{500 * time.Millisecond, Woken{}, "getChannelDifference(7, 41)"},
			{0, pushed(0, post(4, 45)), ""},
			{0, answer(3, posts(44, true, 2, 3)), "replayed [post 2 post 3] " + at + "; [post 4] " + at},
		}},
		"an update that was overtaken fills the hole": {at41, script{
			{0, Connected{}, "getDifference(100); getChannelDifference(7, 41)"},
			{0, answer(2, posts(41, true)), "replayed [] " + at},
			{0, pushed(0, post(3, 43)), "wake 500ms"},
			{0, pushed(0, post(2, 42)), "[post 2] " + at + "; [post 3] " + at},
		}},
		"after a start every channel is asked for, one after the other": {two, script{
			{0, Connected{}, "getDifference(100); getChannelDifference(7, 41)"},
			{0, answer(2, &tg.UpdatesChannelDifferenceEmpty{Final: true, Pts: 41}), "replayed [] " + at + "; wake 200ms"},
			{200 * time.Millisecond, Woken{}, "getChannelDifference(8, 5)"},
			{0, answer(1, caughtUp), empty},
			{0, answer(3, &tg.UpdatesChannelDifferenceEmpty{Final: true, Pts: 5}), empty},
			{0, Disconnected{}, ""},
			{0, Connected{}, "getDifference(100)"},
		}},
		"a slice is gone on with": {at41, script{
			{0, Connected{}, "getDifference(100); getChannelDifference(7, 41)"},
			{0, answer(2, posts(42, false, 2)), "replayed [post 2] " + at + "; wake 200ms"},
			{time.Second, Woken{}, "getChannelDifference(7, 42)"},
			{0, answer(3, posts(43, true, 3)), "replayed [post 3] " + at},
		}},
		"edits and deletions in a difference are kept": {at41, script{
			{0, Connected{}, "getDifference(100); getChannelDifference(7, 41)"},
			{0, answer(2, &tg.UpdatesChannelDifference{Final: true, Pts: 43, NewMessages: posts(0, true, 2).NewMessages, OtherUpdates: []tg.UpdateClass{deleted}}),
				"replayed [post 2 *tg.UpdateDeleteChannelMessages] " + at},
		}},
		"channelTooLong asks, also in a difference": {at41, script{
			{0, Connected{}, "getDifference(100); getChannelDifference(7, 41)"},
			{0, answer(2, posts(42, true, 2)), "replayed [post 2] " + at},
			{time.Second, answer(1, &tg.UpdatesDifference{OtherUpdates: []tg.UpdateClass{tooLong(7, 44)}, State: tg.UpdatesState{Pts: 100, Qts: 5, Seq: 10}}),
				"replayed [] " + at + "; getChannelDifference(7, 42)"},
			{0, answer(3, posts(44, true, 3, 4)), "replayed [post 3 post 4] " + at},
			{time.Second, pushed(0, tooLong(7, 44)), ""},
			{0, pushed(0, tooLong(7, 0)), "getChannelDifference(7, 44)"},
		}},
		"a difference that is too long jumps and is reported": {at41, script{
			{0, Connected{}, "getDifference(100); getChannelDifference(7, 41)"},
			{0, answer(2, channelTooLong(5000)), "replayed [gap(7: 41-5000)] " + at},
			{0, pushed(0, post(9, 5001)), "[post 9] " + at},
		}},
		"one that fails is asked for again, later and later": {at41, script{
			{0, Connected{}, "getDifference(100); getChannelDifference(7, 41)"},
			{0, Failed{ID: 2, Err: errors.New("network")}, "wake 1s"},
			{time.Second, Woken{}, "getChannelDifference(7, 41)"},
			{0, Failed{ID: 3, Err: errors.New("network")}, "wake 2s"},
			{2 * time.Second, Woken{}, "getChannelDifference(7, 41)"},
			{0, Failed{ID: 4, Err: tgerr.New(420, "FLOOD_WAIT_40")}, "wake 40s"},
			{40 * time.Second, Woken{}, "getChannelDifference(7, 41)"},
		}},
		"a slice that leads nowhere is not asked for without end": {at41, script{
			{0, Connected{}, "getDifference(100); getChannelDifference(7, 41)"},
			{0, answer(2, posts(41, false)), "replayed [] " + at + "; wake 1s"},
		}},
		"a hole in one that cannot be addressed is reported and skipped": {at41, script{
			{0, Connected{}, "getDifference(100); getChannelDifference(7, 41)"},
			{0, answer(2, posts(41, true)), "replayed [] " + at},
			{time.Second, pushed(0, post(3, 44)), "wake 500ms"},
			{500 * time.Millisecond, Woken{}, "getChannelDifference(7, 41)"},
			{0, Failed{ID: 3, Err: ErrUnknownChannel}, "[post 3 gap(7: 41-43)] " + at},
		}},
		"one that was left is forgotten": {at41, script{
			{0, Connected{}, "getDifference(100); getChannelDifference(7, 41)"},
			{0, Failed{ID: 2, Err: tgerr.New(400, "CHANNEL_PRIVATE")}, "replayed [] " + at},
			{time.Second, pushed(0, post(5, 60)), "[] " + at + "; getChannelDifference(7, 1)"}, // as one that is met
		}},
		"what waited when the connection broke is asked for": {at41, script{
			{0, Connected{}, "getDifference(100); getChannelDifference(7, 41)"},
			{0, answer(2, posts(41, true)), "replayed [] " + at},
			{0, pushed(0, post(3, 43)), "wake 500ms"},
			{0, Disconnected{}, ""},
			{0, Connected{}, "getDifference(100); getChannelDifference(7, 41)"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.script.run(t, New(c.state, Account{Self: 1}))
		})
	}
}

func tooLong(id int64, pts int) tg.UpdateClass {
	u := &tg.UpdateChannelTooLong{ChannelID: id}
	if pts != 0 {
		u.SetPts(pts)
	}
	return u
}

func channelTooLong(pts int) *tg.UpdatesChannelDifferenceTooLong {
	d := &tg.Dialog{Peer: &tg.PeerChannel{ChannelID: 7}}
	d.SetPts(pts)
	return &tg.UpdatesChannelDifferenceTooLong{Final: true, Dialog: d}
}
