//go:build homeassistant

package homeassistant

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	homepackage "telegram-client/infra/homeassistant"
	"telegram-client/localstack/standalone/bridge"
	"telegram-client/shared/process"
	"telegram-client/shared/telegram"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

const (
	patience = time.Minute
	webhook  = "webhook-of-the-package"
	greeting = "hello"
)

// A world is a Telegram, and a bridge as it runs at home.
type world struct {
	t        *testing.T
	ctx      context.Context
	telegram *telegramtest.Server
	bridge   *story.Bridge
	config   string // the folder whose files can be sent, for the one home that has it
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*patience)
	t.Cleanup(cancel)
	w := &world{t: t, ctx: ctx, telegram: telegramtest.New(t), config: t.TempDir()}
	servers, problems := telegram.ParseServers(w.telegram.ServersJSON())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	started, ended := make(chan bridge.Started, 1), make(chan error, 1)
	running, stop := context.WithCancel(context.Background())
	go func() { // ends with running, waited for below
		ended <- bridge.Run(running, bridge.Options{
			Listen: "127.0.0.1:0", DataDir: filepath.Join(dir, "data"), Telegram: servers, Log: process.NewLogger(log, slog.LevelInfo, false),
			Ready: func(s bridge.Started) { started <- s }, Files: process.Files{Root: w.config, Downloads: "downloads", Loopback: true},
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the bridge ended: %v", err)
		}
		log.Close()
		if text, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(string(text)), "\n"), func(l string) bool { return strings.Contains(l, `route="GET `) })
			t.Logf("the end of the bridge's log:\n%s", strings.Join(lines[max(0, len(lines)-60):], "\n"))
		}
	})
	select {
	case at := <-started:
		w.bridge = &story.Bridge{Address: func(string) string { return at.URL }, Token: at.Token.Reveal()}
	case err := <-ended:
		ended <- err
		t.Fatal("the bridge has not started")
	}
	return w
}

// home starts a Home Assistant with the package, as it is, and further packages.
func (w *world) home(packages map[string]string) *Home { return w.homeIn("", packages) }

// homeIn is home in a folder that is there already.
func (w *world) homeIn(dir string, packages map[string]string) *Home {
	w.t.Helper()
	all := map[string]string{
		"secrets.yaml":                  homepackage.Secrets(func(function, path string) string { return w.bridge.Address(function) + path }, w.bridge.Token, webhook),
		"packages/telegram_client.yaml": homepackage.Package(),
	}
	for name, text := range packages {
		all["packages/"+name+".yaml"] = text
	}
	return Start(w.t, Options{Files: all, Dir: dir})
}

func (w *world) want(status int, function, method, path string, body any) story.Answer {
	w.t.Helper()
	a, err := w.bridge.Want(w.ctx, status, function, method, path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// login logs a new bot in and returns it with its entry.
func (w *world) login(username string) (bot telegramtest.Account, entry string) {
	w.t.Helper()
	bot = w.telegram.Bot(username)
	flow := "/config/flows/" + w.want(200, "configflow", "POST", "/config/flows", map[string]any{"source": "user"}).Get("flow_id")
	w.want(200, "configflow", "POST", flow, map[string]any{"api_id": 123456, "api_hash": "0123456789abcdef0123456789abcdef", "client_type": "bot"})
	a := w.want(200, "configflow", "POST", flow, map[string]any{"token": bot.Token})
	if entry = a.Get("result", "entry_id"); entry == "" {
		w.t.Fatalf("no entry: %s", a.Body)
	}
	return bot, entry
}

// loginUser logs a new person's account in, as its owner would, and returns it with its entry.
func (w *world) loginUser(username string) (user telegramtest.Account, entry string) {
	w.t.Helper()
	user = w.telegram.User(username)
	flow := "/config/flows/" + w.want(200, "configflow", "POST", "/config/flows", map[string]any{"source": "user"}).Get("flow_id")
	w.want(200, "configflow", "POST", flow, map[string]any{"api_id": 123456, "api_hash": "0123456789abcdef0123456789abcdef", "client_type": "client"})
	w.want(200, "configflow", "POST", flow, map[string]any{"phone": "+" + user.Phone})
	a := w.want(200, "configflow", "POST", flow, map[string]any{"code": w.telegram.LastCode(user.Phone)})
	if entry = a.Get("result", "entry_id"); entry == "" {
		w.t.Fatalf("no entry: %s", a.Body)
	}
	return user, entry
}

// target says where an entry's events go, and waits until they can.
func (w *world) target(entry string, target map[string]any) {
	w.t.Helper()
	target["owner"] = "the-home"
	w.want(200, "entries", "PUT", "/config/entries/"+entry+"/target", target)
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	var last story.Answer
	if err := until(ctx, "the target to be usable", func() (bool, error) {
		a, err := w.bridge.Call(ctx, "entries", "GET", "/config/entries/"+entry, nil)
		if err == nil {
			last = a
		}
		return a.Get("target", "state") == "usable" && a.Get("state") == "loaded", nil
	}); err != nil {
		w.t.Fatalf("%v: %s", err, last.Body)
	}
}

// reads waits until an account has got exactly these texts from another.
func (w *world) reads(account, from int64, want ...string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	got := func() (texts []string) {
		for _, m := range w.telegram.Read(account, from) {
			if !m.Out {
				texts = append(texts, m.Text)
			}
		}
		return texts
	}
	err := w.telegram.Until(ctx, func() bool { return len(got()) >= len(want) })
	if err != nil || fmt.Sprint(got()) != fmt.Sprint(want) {
		w.t.Fatalf("expected %q, got %q (%v)", want, got(), err)
	}
}
