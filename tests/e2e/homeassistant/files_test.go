//go:build homeassistant

package homeassistant

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	homepackage "telegram-client/infra/homeassistant"
	"telegram-client/tests/telegramtest"
)

// A friend asks for the picture of the door, and gets it: by its path in Home Assistant's folder, which the bridge sees
// too, and by the address under which Home Assistant serves it. What the friend sends is kept there.
func TestFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	picture := telegramtest.Picture(320, 240, 7)
	if err := os.Mkdir(filepath.Join(w.config, "www"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.config, "www", "door.jpg"), picture, 0o600); err != nil {
		t.Fatal(err)
	}
	home := w.homeIn(w.config, map[string]string{"picture": homepackage.Picture(), "keep": homepackage.Keep()})
	alice := w.telegram.User("alice")
	bot, entry := w.login("door_bot")
	w.target(entry, map[string]any{"type": "webhook", "url": home.WebhookURL(webhook)})
	w.telegram.Say(alice.ID, bot.ID, "door")
	w.shows(alice.ID, bot.ID, "The door", picture)

	w.want(200, "sendmessages", "POST", "/services/telegram_client/send_messages", map[string]any{
		"config_entry_id": entry, "target_id": alice.ID, "message": "by its address", "file": home.URL() + "/local/door.jpg"})
	w.shows(alice.ID, bot.ID, "by its address", picture)

	sent := telegramtest.Picture(640, 480, 9)
	w.telegram.SayFile(alice.ID, bot.ID, "look", telegramtest.File{Kind: telegramtest.KindPhoto, Data: sent})
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	folder := filepath.Join(w.config, "downloads", "photos")
	var kept []string
	if err := until(ctx, "the photo to be kept", func() (_ bool, err error) {
		kept, err = filepath.Glob(filepath.Join(folder, "*.jpg"))
		return len(kept) > 0, err
	}); err != nil {
		t.Fatal(err)
	}
	w.reads(alice.ID, bot.ID, "The door", "by its address", "Kept as downloads/photos/"+filepath.Base(kept[0]))
	if got, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("kept %d bytes of %d, %v", len(got), len(sent), err)
	}
	w.delivered(entry)
}

// shows waits until an account has got a photo from another.
func (w *world) shows(account, from int64, caption string, photo []byte) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	err := w.telegram.Until(ctx, func() bool {
		for _, f := range w.telegram.Files(account) {
			if f.From == from && f.Kind == telegramtest.KindPhoto && f.Caption == caption && bytes.Equal(f.Data, photo) {
				return true
			}
		}
		return false
	})
	if err != nil {
		w.t.Fatalf("no photo %q: %v", caption, err)
	}
}
