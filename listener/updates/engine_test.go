package updates

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/peer"
)

var start = time.Unix(5000, 0)

// show writes an output as a line a person can compare: batches, requests, and when to wake.
func show(out Output, now time.Time) string {
	var parts []string
	for _, b := range out.Ready {
		var s []string
		for _, u := range b.Updates {
			s = append(s, name(u))
		}
		for _, g := range b.Gaps {
			s = append(s, fmt.Sprintf("gap(%d: %d-%d)", g.Channel, g.From, g.To))
		}
		kind := ""
		if b.Replayed {
			kind = "replayed "
		}
		parts = append(parts, fmt.Sprintf("%s[%s] pts=%d qts=%d seq=%d", kind, strings.Join(s, " "), b.State.Pts, b.State.Qts, b.State.Seq))
	}
	for _, r := range out.Ask {
		switch {
		case r.State:
			parts = append(parts, "getState")
		case r.Channel != 0:
			parts = append(parts, fmt.Sprintf("getChannelDifference(%d, %d)", r.Channel, r.ChannelPts))
		default:
			parts = append(parts, fmt.Sprintf("getDifference(%d)", r.Difference.Pts))
		}
	}
	if d := out.Wake.Sub(now); !out.Wake.IsZero() && d < idleAfter-time.Minute {
		parts = append(parts, "wake "+d.String())
	}
	return strings.Join(parts, "; ")
}

func name(u Update) string {
	switch u := u.TL.(type) {
	case *tg.UpdateNewMessage:
		return fmt.Sprint("new ", u.Message.GetID())
	case *tg.UpdateEditMessage:
		return fmt.Sprint("edit ", u.Message.GetID())
	case *tg.UpdateNewChannelMessage:
		return fmt.Sprint("post ", u.Message.GetID())
	case *tg.UpdateUserName:
		return fmt.Sprint("name ", u.UserID)
	case *tg.UpdateUserTyping:
		return fmt.Sprint("typing ", u.UserID)
	}
	return fmt.Sprintf("%T", u.TL)
}

// script is a conversation with an engine: after so long, this happens, and that follows.
type script []struct {
	after time.Duration
	in    Input
	want  string
}

func (s script) run(t *testing.T, e *Engine) {
	t.Helper()
	now := start
	for i, step := range s {
		now = now.Add(step.after)
		if got := show(e.Handle(step.in, now), now); got != step.want {
			t.Fatalf("step %d, %T:\n%s", i+1, step.in, cmp.Diff(step.want, got))
		}
	}
}

func newMessage(id, pts int) tg.UpdateClass {
	return &tg.UpdateNewMessage{Message: message(id), Pts: pts, PtsCount: 1}
}

func post(id, pts int) tg.UpdateClass {
	return &tg.UpdateNewChannelMessage{Message: &tg.Message{ID: id, PeerID: &tg.PeerChannel{ChannelID: 7}}, Pts: pts, PtsCount: 1}
}

func pushed(seq int, list ...tg.UpdateClass) Pushed {
	return Pushed{&tg.Updates{Updates: list, Seq: seq}}
}

func answer(id int64, result any) Answered { return Answered{ID: id, Result: result} }

var at100 = State{Pts: 100, Qts: 5, Seq: 10, Date: 1000}

var caughtUp = &tg.UpdatesDifferenceEmpty{Date: 1000, Seq: 10}

func TestEngine_Conversations(t *testing.T) {
	t.Parallel()
	empty := "replayed [] pts=100 qts=5 seq=10"
	for name, c := range map[string]struct {
		state  State
		script script
	}{
		"each connect asks for the difference": {at100, script{
			{0, Connected{}, "getDifference(100)"},
			{0, answer(1, caughtUp), empty},
			{0, Disconnected{}, ""},
			{0, Connected{}, "getDifference(100)"},
		}},
		"an answer of the connection before counts for nothing": {at100, script{
			{0, Connected{}, "getDifference(100)"},
			{0, Disconnected{}, ""},
			{0, Connected{}, "getDifference(100)"},
			{0, answer(1, &tg.UpdatesDifference{NewMessages: []tg.MessageClass{message(1)}, State: tg.UpdatesState{Pts: 101}}), ""},
		}},
		"without a state the state is taken first, and what came meanwhile is kept": {State{}, script{
			{0, Connected{}, "getState"},
			{0, pushed(0, newMessage(1, 50)), ""},
			{0, answer(1, &tg.UpdatesState{Pts: 50, Qts: 2, Date: 900, Seq: 1}), "replayed [] pts=49 qts=2 seq=1; [new 1] pts=50 qts=2 seq=1"},
		}},
		"a hole is waited for, then asked for": {at100, script{
			{0, Connected{}, "getDifference(100)"},
			{0, answer(1, caughtUp), empty},
			{0, pushed(0, newMessage(2, 102)), "wake 500ms"},
			{200 * time.Millisecond, Woken{}, "wake 300ms"},
			{300 * time.Millisecond, Woken{}, "getDifference(100)"},
			{0, answer(2, &tg.UpdatesDifference{NewMessages: []tg.MessageClass{message(1), message(2)}, State: tg.UpdatesState{Pts: 102, Qts: 5, Seq: 10}}),
				"replayed [new 1 new 2] pts=102 qts=5 seq=10"},
		}},
		"an update that was overtaken fills the hole": {at100, script{
			{0, Connected{}, "getDifference(100)"},
			{0, answer(1, caughtUp), empty},
			{0, pushed(0, newMessage(2, 102)), "wake 500ms"},
			{time.Millisecond, pushed(0, newMessage(1, 101)), "[new 1] pts=101 qts=5 seq=10; [new 2] pts=102 qts=5 seq=10"},
		}},
		"edits in a difference are kept": {at100, script{
			{0, Connected{}, "getDifference(100)"},
			{0, answer(1, &tg.UpdatesDifference{
				NewMessages:  []tg.MessageClass{message(1)},
				OtherUpdates: []tg.UpdateClass{&tg.UpdateEditMessage{Message: message(55), Pts: 102, PtsCount: 1}},
				State:        tg.UpdatesState{Pts: 102, Qts: 5, Seq: 11},
			}), "replayed [new 1 edit 55] pts=102 qts=5 seq=11"},
			{0, pushed(0, newMessage(2, 103)), "[new 2] pts=103 qts=5 seq=11"},
		}},
		"a difference that fails is asked for again, later and later": {at100, script{
			{0, Connected{}, "getDifference(100)"},
			{0, Failed{ID: 1, Err: errors.New("network")}, "wake 1s"},
			{time.Second, Woken{}, "getDifference(100)"},
			{0, Failed{ID: 2, Err: errors.New("network")}, "wake 2s"},
			{2 * time.Second, Woken{}, "getDifference(100)"},
			{0, Failed{ID: 3, Err: tgerr.New(420, "FLOOD_WAIT_40")}, "wake 40s"},
			{40 * time.Second, Woken{}, "getDifference(100)"},
			{0, answer(4, caughtUp), empty},
		}},
		"updatesTooLong asks": {at100, script{
			{0, Connected{}, "getDifference(100)"},
			{0, answer(1, caughtUp), empty},
			{0, Pushed{&tg.UpdatesTooLong{}}, "getDifference(100)"},
		}},
		"differenceTooLong jumps, reports and goes on": {at100, script{
			{0, Connected{}, "getDifference(100)"},
			{0, answer(1, &tg.UpdatesDifferenceTooLong{Pts: 5000}), "replayed [gap(0: 100-5000)] pts=5000 qts=5 seq=10; getDifference(5000)"},
			{0, answer(2, caughtUp), "replayed [] pts=5000 qts=5 seq=10"},
		}},
		"a place that Telegram does not know is taken anew": {at100, script{
			{0, Connected{}, "getDifference(100)"},
			{0, Failed{ID: 1, Err: tgerr.New(400, "PERSISTENT_TIMESTAMP_INVALID")}, "wake 1s"},
			{time.Second, Woken{}, "getState"},
			{0, answer(2, &tg.UpdatesState{Pts: 70, Qts: 1, Date: 2000, Seq: 3}), "replayed [gap(0: 100-70)] pts=100 qts=5 seq=10; replayed [] pts=70 qts=1 seq=3"},
		}},
		"typing passes while the difference is out, and once": {at100, script{
			{0, Connected{}, "getDifference(100)"},
			{0, pushed(12, newMessage(1, 101), &tg.UpdateUserTyping{UserID: 9}), "[typing 9] pts=100 qts=5 seq=10"},
			{0, pushed(12, newMessage(1, 101), &tg.UpdateUserTyping{UserID: 9}), ""},
		}},
		"containers without numbered updates are ordered by seq": {at100, script{
			{0, Connected{}, "getDifference(100)"},
			{0, answer(1, caughtUp), empty},
			{0, pushed(12, &tg.UpdateUserName{UserID: 2}), "wake 500ms"},
			{0, pushed(11, &tg.UpdateUserName{UserID: 1}), "[name 1] pts=100 qts=5 seq=11; [name 2] pts=100 qts=5 seq=12"},
			{0, pushed(12, &tg.UpdateUserName{UserID: 2}), ""},
			{0, pushed(14, &tg.UpdateUserName{UserID: 4}), "wake 500ms"},
			{500 * time.Millisecond, Woken{}, "getDifference(100)"},
		}},
		"silence is asked about": {at100, script{
			{0, Connected{}, "getDifference(100)"},
			{0, answer(1, caughtUp), empty},
			{idleAfter, Woken{}, "getDifference(100)"},
		}},
		"an update that begins before the state and ends after it asks at once": {at100, script{
			{0, Connected{}, "getDifference(100)"},
			{0, answer(1, caughtUp), empty},
			{0, pushed(0, &tg.UpdateDeleteMessages{Messages: []int{1, 2}, Pts: 101, PtsCount: 2}), "getDifference(100)"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.script.run(t, New(c.state, Account{Self: 1}))
		})
	}
}

func TestEngine_ShortMessages(t *testing.T) {
	t.Parallel()
	known := map[peer.ID]bool{peer.UserID(9): true, peer.GroupID(4): true}
	e := New(at100, Account{Self: 1, Knows: func(id peer.ID) bool { return known[id] }})
	e.Handle(Connected{}, start)
	e.Handle(answer(1, caughtUp), start)

	for _, c := range []struct {
		in         tg.UpdatesClass
		peer, from tg.PeerClass
	}{
		{&tg.UpdateShortMessage{ID: 1, UserID: 9, Message: "hi", Pts: 101, PtsCount: 1, Date: 7}, &tg.PeerUser{UserID: 9}, &tg.PeerUser{UserID: 9}},
		{&tg.UpdateShortMessage{ID: 2, UserID: 9, Out: true, Message: "ho", Pts: 102, PtsCount: 1, Date: 7}, &tg.PeerUser{UserID: 9}, &tg.PeerUser{UserID: 1}},
		{&tg.UpdateShortChatMessage{ID: 3, FromID: 9, ChatID: 4, Pts: 103, PtsCount: 1, Date: 7}, &tg.PeerChat{ChatID: 4}, &tg.PeerUser{UserID: 9}},
	} {
		out := e.Handle(Pushed{c.in}, start)
		if len(out.Ready) != 1 || len(out.Ready[0].Updates) != 1 {
			t.Fatalf("%T: %s", c.in, show(out, start))
		}
		u := out.Ready[0].Updates[0]
		m := u.TL.(*tg.UpdateNewMessage).Message.(*tg.Message)
		if u.Short != c.in || m.Date != 7 || out.Ready[0].Date != 7 {
			t.Errorf("%T: short form %v, date %d and %d", c.in, u.Short, m.Date, out.Ready[0].Date)
		}
		if diff := cmp.Diff([]string{c.peer.String(), c.from.String()}, []string{m.PeerID.String(), m.FromID.String()}); diff != "" {
			t.Errorf("%T: %s", c.in, diff)
		}
	}

	out := e.Handle(Pushed{&tg.UpdateShortMessage{ID: 4, UserID: 8, Pts: 104, PtsCount: 1}}, start)
	if got, want := show(out, start), "getDifference(103)"; got != want {
		t.Errorf("of somebody unknown: %s, want %s", got, want)
	}
}

func TestState_ChannelsOfAGivenStateDoNotChange(t *testing.T) {
	t.Parallel()
	at40 := at100
	at40.Channels = map[int64]int{7: 40}
	e := New(at40, Account{Self: 1})
	first := e.Handle(pushed(0, post(1, 41)), start).Ready[0].State
	ready := e.Handle(pushed(0, post(2, 42), tooLong(8, 3)), start).Ready
	second := ready[len(ready)-1].State
	if at40.Channels[7] != 40 || first.Channels[7] != 41 || second.Channels[7] != 42 {
		t.Errorf("channel at %d, then %d, then %d", at40.Channels[7], first.Channels[7], second.Channels[7])
	}
	if len(first.Met) != 0 || second.Met[8].Since != 1000 {
		t.Errorf("met %v, then %v", first.Met, second.Met)
	}
	back, err := ParseState(second.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(second, back); diff != "" {
		t.Error(diff)
	}
}
