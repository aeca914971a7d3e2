package supervisor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/telegramtest"
)

// posts lets somebody write numbered texts into a channel.
func (w *world) posts(chat int64, from, to int) {
	for _, text := range numbered(from, to) {
		w.telegram.Say(w.alice.ID, chat, text)
	}
}

// connected waits until Telegram has somebody to push to.
func (w *world) connected() {
	w.t.Helper()
	w.until("it is connected", func() bool { return w.status().Connected })
}

// events returns the short types of what the home has accepted, in order.
func (w *world) events() []string {
	var types []string
	for _, a := range w.home.Accepted() {
		types = append(types, strings.TrimPrefix(a.Type, "telegram_client_"))
	}
	return types
}

// told waits until the home was told of so many events of a type.
func (w *world) told(event string, n int) {
	w.t.Helper()
	err := w.home.Wait(w.ctx(), func(all []homeassistanttest.Accepted, _ []homeassistanttest.Request) bool {
		found := 0
		for _, a := range all {
			if a.Type == "telegram_client_"+event {
				found++
			}
		}
		return found >= n
	})
	if err != nil {
		w.t.Fatalf("%d of %s: %v", n, event, err)
	}
}

// What is written into a channel that the account joined while nobody listened is told when somebody does, whether
// Telegram names the channel by itself or only pushes the next message.
func TestSupervisor_ChannelJoinedWhileNobodyListens(t *testing.T) {
	t.Parallel()
	for _, names := range []telegramtest.Choice{telegramtest.Always, telegramtest.Never} {
		t.Run(string(names), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.telegram.Behave(func(b *telegramtest.Behaviour) { b.NameChannels = names })
			w.home.Automation("hook", func(homeassistanttest.Trigger) {})
			w.addEntry(w.webhook())
			s := w.start()
			w.say(1, 1)
			w.wants(1)
			w.drained()
			s.stop()
			group := w.telegram.Supergroup("Family", w.alice.ID, w.bot.ID)
			w.posts(group.ID, 2, 5)
			w.start()
			if names == telegramtest.Never {
				w.connected()
				w.posts(group.ID, 6, 6)
				w.wants(6)
				return
			}
			w.wants(5)
			w.posts(group.ID, 6, 6)
			w.wants(6)
		})
	}
}

// Pushes of a large supergroup do not come; Telegram says only that there is something.
func TestSupervisor_ChannelThatIsNotPushed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.served()
	group := w.telegram.Supergroup("Family", w.alice.ID, w.bot.ID)
	w.must(w.telegram.SetQuiet(group.ID, true))
	w.posts(group.ID, 2, 4)
	w.must(w.telegram.PushTooLong(group.ID))
	w.wants(4)
	w.posts(group.ID, 5, 6)
	w.must(w.telegram.SetQuiet(group.ID, false))
	w.posts(group.ID, 7, 7) // there is a hole in front of it
	w.wants(7)
}

// What happens in a channel that the engine knows while nobody listens: messages, edits and deletions, in several slices.
func TestSupervisor_ChannelWhileNobodyListens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.addEntry(w.webhook())
	s := w.start()
	w.connected()
	group := w.telegram.Supergroup("Family", w.alice.ID, w.bot.ID)
	w.posts(group.ID, 1, 1)
	w.wants(1)
	said := w.telegram.Say(w.alice.ID, group.ID, "message 2")
	w.wants(2)
	w.drained()
	s.stop()
	w.must(w.telegram.EditIn(w.alice.ID, group.ID, said.ID, "edited"))
	w.must(w.telegram.DeleteIn(w.alice.ID, group.ID, true, said.ID-1))
	w.posts(group.ID, 3, 210)
	w.start()
	w.wants(210)
	w.told("message_edited", 1)
	w.told("message_deleted", 1)
	w.drained()
	count := map[string]int{}
	for _, e := range w.events() {
		count[e]++
	}
	delete(count, "chat_action") // the making of the group
	if diff := cmp.Diff(map[string]int{"new_message": 210, "message_edited": 1, "message_deleted": 1}, count); diff != "" {
		t.Error(diff)
	}
}

// What Telegram does not tell any more is reported as one gap, and what follows is told.
func TestSupervisor_ChannelThatIsTooLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.telegram.Behave(func(b *telegramtest.Behaviour) { b.ChannelTooLongAfter = 20 })
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.addEntry(w.webhook())
	s := w.start()
	w.connected()
	group := w.telegram.Supergroup("Family", w.alice.ID, w.bot.ID)
	w.posts(group.ID, 1, 1)
	w.wants(1)
	w.drained()
	s.stop()
	for n := range 50 {
		w.telegram.Say(w.alice.ID, group.ID, fmt.Sprint("lost ", n))
	}
	w.start()
	w.told("events_dropped", 1)
	w.posts(group.ID, 2, 3)
	w.wants(3)
}
