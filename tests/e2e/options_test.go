package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/localstack/standalone/bridge"
	"telegram-client/tests/homeassistanttest"
	"telegram-client/tests/story"
)

// After a bot's login its owner says who may trigger automations: those who have written to it are offered, and others are
// not heard.
func TestOptions_WhoMayTriggerAutomations(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stage, err := story.SetUp(ctx, bridge.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stage.Strike(); err != nil {
			t.Error(err)
		}
	}()
	want := func(function, method, path string, body any) story.Answer {
		t.Helper()
		a, err := stage.Bridge.Want(ctx, 200, function, method, path, body)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	bot, alice, robert := stage.Telegram.Bot("kitchen_bot"), stage.Telegram.User("alice"), stage.Telegram.User("robert")
	flow := want("configflow", "POST", "/config/flows", map[string]any{"source": "user"}).Get("flow_id")
	want("configflow", "POST", "/config/flows/"+flow, map[string]any{"api_id": 1, "api_hash": strings.Repeat("ab", 16), "client_type": "bot"})
	var made struct {
		Result struct {
			EntryID string `json:"entry_id"`
		}
		NextFlow []string `json:"next_flow"`
	}
	answers := map[string]bool{}
	for range 2 { // a repeated last step names the same flow
		a, err := stage.Bridge.Want(ctx, 200, "configflow", "POST", "/config/flows/"+flow, map[string]any{"token": bot.Token})
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(a.Body, &made); err != nil || len(made.NextFlow) != 2 || made.NextFlow[0] != "options_flow" {
			t.Fatalf("%v: %s", err, a.Body)
		}
		answers[made.NextFlow[1]] = true
	}
	if len(answers) != 1 {
		t.Errorf("several flows: %v", answers)
	}
	entry := "/config/entries/" + made.Result.EntryID
	who := entry + "/options/flows/" + made.NextFlow[1]
	if step := want("optionsflow", "GET", who, nil).Get("step_id"); step != "who" {
		t.Fatalf("step %q", step)
	}
	stage.Home.Listen("telegram_client_new_message", func(homeassistanttest.Trigger) {})
	want("entries", "PUT", entry+"/target", map[string]any{"type": "event", "url": stage.Home.URL(), "token": stage.Home.Token(), "owner": "home"})
	stage.Telegram.Say(alice.ID, bot.ID, "hello")
	arrives(ctx, t, stage.Home, "hello")
	// Who has just written is offered with the state that was committed together with the event.
	form := string(want("optionsflow", "GET", who, nil).Body)
	if offered := fmt.Sprintf(`{"value":"%d","label":"%s (@alice)"}`, alice.ID, alice.FirstName); !strings.Contains(form, offered) || strings.Contains(form, "robert") {
		t.Errorf("%s is not offered, or others are: %s", offered, form)
	}
	end := want("optionsflow", "POST", who, map[string]any{"from_users": []string{fmt.Sprint(alice.ID)}})
	if end.Get("type") != "create_entry" || end.Get("result") != "true" || end.Get("handler") != made.Result.EntryID {
		t.Errorf("%s", end.Body)
	}
	if from := want("optionsflow", "GET", entry+"/options", nil).Get("new_message", "from_users"); from != fmt.Sprint(alice.ID) {
		t.Errorf("kept: %q", from)
	}
	// The listener takes them up within moments: until then a stranger is heard.
	heard := 1
	for stranger := 0; ; stranger++ {
		stage.Telegram.Say(robert.ID, bot.ID, fmt.Sprint("open the door ", stranger))
		stage.Telegram.Say(alice.ID, bot.ID, fmt.Sprint("mark ", stranger))
		all := waitFor(ctx, t, stage.Home, fmt.Sprint("mark ", stranger))
		if got := len(all) - heard; got == 1 {
			break
		}
		heard = len(all)
	}
}

// arrives waits until exactly these new messages have arrived.
func arrives(ctx context.Context, t *testing.T, home *homeassistanttest.Home, texts ...string) {
	t.Helper()
	if diff := cmp.Diff(texts, waitFor(ctx, t, home, texts[len(texts)-1])); diff != "" {
		t.Error(diff)
	}
}

// waitFor waits until a new message has arrived, and returns all that have.
func waitFor(ctx context.Context, t *testing.T, home *homeassistanttest.Home, text string) []string {
	t.Helper()
	var got []string
	if err := home.Wait(ctx, func(all []homeassistanttest.Accepted, _ []homeassistanttest.Request) bool {
		got = messages(all)
		return len(got) > 0 && got[len(got)-1] == text
	}); err != nil {
		t.Fatalf("%q has not arrived: %q, %v", text, got, err)
	}
	return got
}

func messages(all []homeassistanttest.Accepted) []string {
	var texts []string
	for _, a := range all {
		var e struct{ Message struct{ Message string } }
		if json.Unmarshal(a.Body, &e) == nil && e.Message.Message != "" {
			texts = append(texts, e.Message.Message)
		}
	}
	return texts
}
