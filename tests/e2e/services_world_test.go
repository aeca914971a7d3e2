package e2e

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/clock"
	"github.com/gotd/td/tg"

	"telegram-client/shared/attachment"
	"telegram-client/shared/authorization"
	"telegram-client/shared/dialpolicy"
	"telegram-client/shared/entry"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/media/content"
	"telegram-client/shared/message"
	"telegram-client/shared/seal"
	"telegram-client/shared/service"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

// A desk calls services for one account.
type desk struct {
	*world
	t      *testing.T
	ctx    context.Context
	bridge *story.Bridge
	me     telegramtest.Account
	root   string // the folder of files
}

// botDesk is that of the world's bot.
func botDesk(t *testing.T) *desk {
	w := newWorld(t)
	return w.desk(t, w.bot, 25*time.Second)
}

// userDesk is that of a user, who has an entry in place of a bot.
func userDesk(t *testing.T, change ...func(*telegramtest.Account)) *desk {
	return newEmptyWorld(t).userDesk(t, change...)
}

func (w *world) userDesk(t *testing.T, change ...func(*telegramtest.Account)) *desk {
	me := w.telegram.User("owner_of_all", change...)
	d := w.logins(t)
	d.begin("client")
	d.answer(map[string]any{"phone": me.Phone})
	d.want("otp")
	d.answer(map[string]any{"code": w.telegram.LastCode(me.Phone)})
	w.entryID = string(d.entered())
	return w.desk(t, me, 25*time.Second)
}

// desk serves all functions of services on a port.
func (w *world) desk(t *testing.T, me telegramtest.Account, deadline time.Duration) *desk {
	t.Helper()
	token := "token-of-the-e2e-tests"
	pool := authorization.NewPool(w.store, w.dialer, clock.System, slog.New(slog.DiscardHandler))
	root := t.TempDir()
	s := service.New(service.Options{
		Pool: pool, Store: w.store, Ring: w.ring, Clock: clock.System, Deadline: deadline, FileDeadline: 2 * deadline, Wait: 20 * time.Second,
		Files: attachment.New(attachment.Options{Root: root, Policy: dialpolicy.Policy{Loopback: true}}),
		Media: service.Media{Detect: content.Detect, Scale: content.Scale}, Keeper: attachment.NewDownloads(root, "downloads"),
	})
	settings := httpapi.Settings{Tokens: httpapi.NewTokens(seal.NewText(token)), Deadlines: httpapi.Deadlines{Text: deadline}, Log: slog.New(slog.DiscardHandler)}
	server := httptest.NewServer(httpapi.Join(httpapi.SendMessages(s, settings), httpapi.EditMessage(s, settings), httpapi.DeleteMessages(s, settings), httpapi.Chats(s, settings)))
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return &desk{world: w, t: t, ctx: ctx, me: me, root: root, bridge: &story.Bridge{Address: func(string) string { return server.URL }, Token: token, Client: server.Client()}}
}

type fields = map[string]any

// An outcome is an answer of a service, read.
type outcome struct {
	story.Answer
	OK       bool
	Error    *outcomeFault
	Errors   []outcomeFault
	Results  []outcomeResult
	ChatID   *int64 `json:"chat_id"`
	Message  int    `json:"message_id"`
	Date     *string
	Modified bool
	Schedule *string `json:"scheduled"`
	DryRun   bool    `json:"dry_run"`
	Chats    []struct {
		ID       int64 `json:"chat_id"`
		Kind     string
		Title    string
		Username *string
	}
	Messages []fields
	Next     *string
}

type outcomeFault struct {
	Code, Field, Message string
	RetryAfter           int `json:"retry_after"`
}

type outcomeResult struct {
	Target     any
	OK         bool
	ChatID     *int64 `json:"chat_id"`
	MessageIDs []int  `json:"message_ids"`
	Date       *string
	Scheduled  *string
	Error      *outcomeFault
}

// call calls a service and fails the test unless the status is that one.
func (d *desk) call(verb message.Verb, status int, body fields) outcome {
	d.t.Helper()
	if body["config_entry_id"] == nil {
		body["config_entry_id"] = d.entryID
	}
	a, err := d.bridge.Want(d.ctx, status, "", "POST", "/services/telegram_client/"+string(verb), body)
	if err != nil {
		d.t.Fatal(err)
	}
	o := outcome{Answer: a}
	if err := json.Unmarshal(a.Body, &o); err != nil {
		d.t.Fatalf("%v: %s", err, a.Body)
	}
	return o
}

// send sends to one target and returns the id of the message, in the box of the account.
func (d *desk) send(body fields) int {
	d.t.Helper()
	o := d.call(message.SendMessages, 200, body)
	if len(o.Results) != 1 || len(o.Results[0].MessageIDs) != 1 {
		d.t.Fatalf("not one message: %s", o.Body)
	}
	return o.Results[0].MessageIDs[0]
}

// show returns a message as an account sees it. Its number is that of the message with that id in the box of the desk's
// account, or in the channel.
func (d *desk) show(viewer, chat int64, id int) *tg.Message {
	d.t.Helper()
	m := d.telegram.Show(viewer, chat, id)
	if m == nil {
		d.t.Fatalf("%d sees no message %d in %d", viewer, id, chat)
	}
	return m
}

// arrived returns the last message of the desk's account to alice, as she sees it.
func (d *desk) arrived() *tg.Message {
	d.t.Helper()
	all := d.telegram.Read(d.alice.ID, d.me.ID)
	for i := len(all) - 1; i >= 0; i-- {
		if !all[i].Out && all[i].Action == "" {
			return d.show(d.alice.ID, d.me.ID, all[i].ID)
		}
	}
	d.t.Fatal("nothing has arrived")
	return nil
}

// meet lets alice write to the account, so that it may write to her.
func (d *desk) meet() {
	d.telegram.Say(d.alice.ID, d.me.ID, "hello")
}

// zone sets the time zone of Home Assistant.
func (d *desk) zone(name string) {
	d.t.Helper()
	if _, err := d.store.ChangeEntry(d.ctx, entry.ID(d.entryID), func(e *entry.Entry) error {
		e.Target.TimeZone = name
		return nil
	}); err != nil {
		d.t.Fatal(err)
	}
}

// requests returns how often each method was called by the desk's account.
func (d *desk) requests(method string) int {
	return d.telegram.Count(func(e telegramtest.Event) bool {
		return e.Kind == telegramtest.Requested && e.Account == d.me.ID && strings.EqualFold(e.Method, method)
	})
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// ignoreFlags leaves the bits out that say which members of a value of the schema are there: comparing members is enough.
var ignoreFlags = cmp.Options{cmpopts.IgnoreTypes(bin.Fields(0))}
