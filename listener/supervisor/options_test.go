package supervisor

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/flow/options"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/peer"
	"telegram-client/shared/seal"
	"telegram-client/tests/homeassistanttest"
)

// put sets the entry's options as their owner does, and waits until the listener has taken them up.
func (w *world) put(body string) {
	w.t.Helper()
	before := w.reloads()
	const token = "token-of-the-options-test"
	api := httpapi.OptionsFlow(options.New(options.Config{Store: w.store}), w.store, httpapi.Settings{Tokens: httpapi.NewTokens(seal.NewText(token)), Log: w.log()})
	r := httptest.NewRequestWithContext(w.ctx(), "PUT", "/config/entries/"+string(w.id)+"/options", bytes.NewBufferString(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	began := time.Now()
	if api.ServeHTTP(answer, r); answer.Code != http.StatusOK {
		w.t.Fatalf("%s: %d %s", body, answer.Code, answer.Body)
	}
	w.until("the options are taken up", func() bool { return w.reloads()[0] > before[0] })
	w.t.Logf("options in force after %v", time.Since(began))
}

// Options change while messages come in. Those that all options let through arrive once and in order, those that none
// does never, and the connection stands.
func TestSupervisor_OptionsChangeUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.addEntry(w.webhook())
	w.start()
	w.put(`{"new_message":{"pattern":"keep|always"}}`)
	w.telegram.Say(w.alice.ID, w.bot.ID, "always")
	w.accepted(1)
	connections := w.connections()

	sending, stop := context.WithCancel(w.ctx())
	sent := make(chan int)
	go func() { // ends when it is told to
		n := 0
		for ; sending.Err() == nil; n++ {
			w.telegram.Say(w.alice.ID, w.bot.ID, fmt.Sprint("keep ", n))
			w.telegram.Say(w.alice.ID, w.bot.ID, fmt.Sprint("drop ", n))
			// As fast as they arrive, but for what is on its way. It fails only when it is told to end.
			_ = w.home.Wait(sending, func(all []homeassistanttest.Accepted, _ []homeassistanttest.Request) bool {
				return len(all) > n-onTheWay
			})
		}
		sent <- n
	}()
	for round := range rounds {
		for _, body := range []string{
			`{"new_message":{"pattern":"keep|only %[1]d"}}`,
			`{"new_message":{"incoming":true,"from_users":"@alice","pattern":"(?!drop)(?!only)"}}`,
			`{"new_message":{"chats":"%[2]d","pattern":"keep|only %[1]d"},"events":{"user_update":false}}`,
			`{"new_message":{"from_users":"%[2]d, @nobody_here","forwards":false,"pattern":"(?P<what>keep)"}}`,
		} {
			lets := strings.Contains(body, "%[1]d") // these, and nothing before
			w.put(strings.NewReplacer("%[1]d", fmt.Sprint(round), "%[2]d", fmt.Sprint(w.alice.ID)).Replace(body))
			before := len(only(w.home.Accepted()))
			if !lets {
				w.telegram.Say(w.alice.ID, w.bot.ID, "only others")
				continue
			}
			w.telegram.Say(w.alice.ID, w.bot.ID, fmt.Sprint("only ", round))
			w.until("it arrives", func() bool { return len(only(w.home.Accepted())) > before })
		}
	}
	stop()
	n := <-sent
	w.put(`{}`)
	w.telegram.Say(w.alice.ID, w.bot.ID, "end")
	w.until("all is there", func() bool {
		all := texts(w.home.Accepted())
		return len(all) > 0 && all[len(all)-1] == "end"
	})
	var keep, wantKeep, wantOnly []string
	for _, text := range texts(w.home.Accepted()) {
		if strings.HasPrefix(text, "keep ") {
			keep = append(keep, text)
		}
	}
	for i := range n {
		wantKeep = append(wantKeep, fmt.Sprint("keep ", i))
	}
	for round := range rounds {
		wantOnly = append(wantOnly, fmt.Sprint("only ", round), fmt.Sprint("only ", round))
	}
	all := only(w.home.Accepted())
	for what, diff := range map[string]string{"keep": cmp.Diff(wantKeep, keep), "only": cmp.Diff(wantOnly, all)} {
		if diff != "" {
			t.Errorf("%s (of %d): %s", what, n, diff)
		}
	}
	if got := len(texts(w.home.Accepted())); got != len(keep)+len(all)+2 { // and the first and the last
		t.Errorf("%d messages arrived, %d of those that nothing lets through", got, got-len(keep)-len(all)-2)
	}
	if now := w.connections(); now != connections {
		t.Errorf("%d connections, then %d", connections, now)
	}
	w.oneConnectionPerKey()
	t.Logf("%d messages, %d changes", 2*n, 4*rounds+2)
}

const (
	rounds   = 8
	onTheWay = 20
)

// only returns the texts that begin with that word.
func only(all []homeassistanttest.Accepted) []string {
	var some []string
	for _, text := range texts(all) {
		if strings.HasPrefix(text, "only ") {
			some = append(some, text)
		}
	}
	return some
}

// Whom from_users names is found out by asking Telegram, and remembered.
func TestSupervisor_NamesAreResolvedAndRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	robert := w.telegram.User("robert")
	w.home.Automation("hook", func(homeassistanttest.Trigger) {})
	w.addEntry(w.webhook())
	s := w.start()
	w.put(`{"new_message":{"from_users":"@robert, @nobody_here"}}`)
	knows := func() bool {
		records, err := w.store.Peers(w.ctx(), w.id)
		if err != nil {
			t.Fatal(err)
		}
		book := peer.NewBook(w.bot.ID)
		book.Load(records)
		id, ok := book.Lookup(peer.Target{Username: "robert"})
		return ok && id == peer.UserID(robert.ID)
	}
	w.until("robert is known", knows)
	w.telegram.Say(w.alice.ID, w.bot.ID, "unwanted")
	w.telegram.Say(robert.ID, w.bot.ID, "wanted")
	if diff := cmp.Diff([]string{"wanted"}, w.accepted(1)); diff != "" {
		t.Error(diff)
	}
	s.stop()
	w.start()
	w.telegram.Say(w.alice.ID, w.bot.ID, "unwanted")
	w.telegram.Say(robert.ID, w.bot.ID, "again")
	if diff := cmp.Diff([]string{"wanted", "again"}, w.accepted(2)); diff != "" {
		t.Error(diff)
	}
}
