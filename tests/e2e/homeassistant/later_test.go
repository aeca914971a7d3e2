//go:build homeassistant

package homeassistant

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	homepackage "telegram-client/infra/homeassistant"
)

// An automation sends a file without waiting for it, asks what has become of it until it is done, and goes on then.
func TestLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clip := bytes.Repeat([]byte("frames"), 200_000)
	if err := os.Mkdir(filepath.Join(w.config, "www"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.config, "www", "clip.mp4"), clip, 0o600); err != nil {
		t.Fatal(err)
	}
	home := w.homeIn(w.config, map[string]string{"later": homepackage.Later()})
	alice := w.telegram.User("alice")
	bot, entry := w.login("clip_bot")
	w.target(entry, map[string]any{"type": "webhook", "url": home.WebhookURL(webhook)})
	w.telegram.Say(alice.ID, bot.ID, "clip")
	w.reads(alice.ID, bot.ID, "The clip", "It is sent.")
	if files := w.telegram.Files(alice.ID); len(files) != 1 || !bytes.Equal(files[0].Data, clip) {
		t.Errorf("%d files arrived", len(files))
	}
	// One that cannot be sent is told so.
	if err := os.Remove(filepath.Join(w.config, "www", "clip.mp4")); err != nil {
		t.Fatal(err)
	}
	w.telegram.Say(alice.ID, bot.ID, "clip")
	w.reads(alice.ID, bot.ID, "The clip", "It is sent.", "There is no such file below the folder of FILES_ROOT.")
	w.delivered(entry)
}
