package account

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
)

func post(id, pts int, text string) tg.UpdateClass {
	m := &tg.Message{ID: id, PeerID: &tg.PeerChannel{ChannelID: 7}, Message: text, Date: int(start.Unix()), Post: true}
	m.SetFlags()
	return &tg.UpdateNewChannelMessage{Message: m, Pts: pts, PtsCount: 1}
}

// What was lost in a channel is fetched, addressed as the channel was learnt.
func TestAccount_LostPostsAreFetched(t *testing.T) {
	t.Parallel()
	w := begin(t)
	c := w.connected()
	w.reported("the connection", func(r Report) bool { return r.Connected })
	asked := make(chan *tg.UpdatesGetChannelDifferenceRequest, 10)
	w.telegram.answers(func(in bin.Encoder) (bin.Encoder, error) {
		r, ok := in.(*tg.UpdatesGetChannelDifferenceRequest)
		if !ok {
			return nil, nil
		}
		if r.Pts < 40 { // what was there before it was met
			return &tg.UpdatesChannelDifferenceEmpty{Final: true, Pts: 40}, nil
		}
		asked <- r
		d := &tg.UpdatesChannelDifference{Final: true, Pts: 43}
		for _, u := range []tg.UpdateClass{post(2, 42, "two"), post(3, 43, "three")} {
			d.NewMessages = append(d.NewMessages, u.(*tg.UpdateNewChannelMessage).Message)
		}
		return d, nil
	})
	channel := &tg.Channel{ID: 7, Title: "News", Broadcast: true, Photo: &tg.ChatPhotoEmpty{}}
	channel.SetAccessHash(99)
	channel.SetFlags()
	c.updates(&tg.Updates{Updates: []tg.UpdateClass{post(1, 41, "one")}, Chats: []tg.ChatClass{channel}, Date: int(start.Unix())})
	w.item(messageEvent)
	c.updates(&tg.Updates{Updates: []tg.UpdateClass{post(3, 43, "three")}, Date: int(start.Unix())})
	var r *tg.UpdatesGetChannelDifferenceRequest
	for r == nil {
		select {
		case r = <-asked:
		case <-time.After(time.Millisecond): // it may be about to set its timer
			w.clock.Travel(100 * time.Millisecond)
		}
	}
	want := &tg.UpdatesGetChannelDifferenceRequest{Channel: &tg.InputChannel{ChannelID: 7, AccessHash: 99}, Filter: &tg.ChannelMessagesFilterEmpty{}, Pts: 41, Limit: 100}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
	for _, text := range []string{"two", "three"} {
		if it := w.item(messageEvent); !it.Replayed || !strings.Contains(string(it.Body), `"`+text+`"`) {
			t.Errorf("%s: %v %s", text, it.Replayed, it.Body)
		}
	}
	if len(asked) > 0 {
		t.Error("asked again")
	}
}

// A hole in a channel that nobody has introduced is told as a gap.
func TestAccount_LostPostsOfAStrangeChannel(t *testing.T) {
	t.Parallel()
	w := begin(t)
	c := w.connected()
	w.reported("the connection", func(r Report) bool { return r.Connected })
	c.updates(&tg.Updates{Updates: []tg.UpdateClass{post(1, 41, "one")}, Date: int(start.Unix())})
	w.item(messageEvent)
	c.updates(&tg.Updates{Updates: []tg.UpdateClass{post(3, 44, "three")}, Date: int(start.Unix())})
	for told := false; !told; {
		select {
		case commit := <-w.store.commits:
			w.queue = append(w.queue, commit.Items...)
			for _, it := range commit.Items {
				told = told || it.Type == droppedEvent && strings.Contains(string(it.Body), `"count":2,"reason":"gap"`)
			}
		case <-time.After(time.Millisecond): // it may be about to set its timer
			w.clock.Travel(100 * time.Millisecond)
		}
	}
	if it := w.item(messageEvent); !strings.Contains(string(it.Body), `"three"`) {
		t.Errorf("%s", it.Body)
	}
}
