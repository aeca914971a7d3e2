package e2e

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/message"
	"telegram-client/tests/telegramtest"
)

// What becomes of a message's file.

func TestEdit_AFileTakesThePlaceOfAnother(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	d.meet()
	first, second := telegramtest.Picture(64, 48, 1), telegramtest.Picture(80, 60, 2)
	id := d.send(fields{"target_username": "alice", "file": d.put("a.jpg", first), "inline_keyboard": "Go", "parse_mode": "html",
		"message": `<b>the</b> door of <a href="tg://user?id=` + itoa(d.alice.ID) + `">Alice</a>`})
	entities := []tg.MessageEntityClass{&tg.MessageEntityBold{Length: 3}, &tg.MessageEntityMentionName{Offset: 12, Length: 5, UserID: d.alice.ID}}
	for _, c := range []struct {
		name     string
		body     fields
		data     []byte
		kind     string
		caption  string
		entities []tg.MessageEntityClass
		keyboard bool
	}{
		{"text and keyboard stay", fields{"file": d.put("b.jpg", second)}, second, "photo", "the door of Alice", entities, true},
		{"as a document", fields{"file": "b.jpg", "force_document": true}, second, "document", "the door of Alice", entities, true},
		{"another text", fields{"file": d.put("c.mp4", film(true)), "text": "a film", "supports_streaming": true}, film(true), "video", "a film", nil, true},
		{"no text and no keyboard", fields{"file": []string{d.put("d.mp3", song())}, "text": "", "inline_keyboard": []string{}}, song(), "audio", "", nil, false},
	} {
		c.body["message"], c.body["target_id"] = id, d.alice.ID
		o := d.call(message.EditMessage, 200, c.body)
		all := d.files()
		if !o.Modified || len(all) != 1 {
			t.Fatalf("%s: %d files %s", c.name, len(all), o.Body)
		}
		f := all[0]
		if diff := cmp.Diff(c.entities, f.Entities); diff != "" || !bytes.Equal(f.Data, c.data) || f.Kind != c.kind || f.Caption != c.caption || f.Message != id || (f.Markup != nil) != c.keyboard {
			t.Errorf("%s: %s of %d bytes, %q, keyboard %t: %s", c.name, f.Kind, len(f.Data), f.Caption, f.Markup != nil, diff)
		}
		if c.kind == "video" && !f.Streaming {
			t.Errorf("%s: it cannot be streamed", c.name)
		}
	}
	// Without a target too, and a check only changes nothing.
	if o := d.call(message.EditMessage, 200, fields{"message": id, "file": "a.jpg", "dry_run": true}); !o.DryRun || o.Modified || d.files()[0].Kind != "audio" {
		t.Errorf("%s", o.Body)
	}
	if o := d.call(message.EditMessage, 200, fields{"message": id, "file": "a.jpg"}); !o.Modified || d.files()[0].Kind != "photo" {
		t.Errorf("%s", o.Body)
	}
}

func TestEdit_SaysWhatIsWrongWithAFile(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	d.meet()
	file := d.put("a.jpg", telegramtest.Picture(64, 48, 1))
	photo := d.send(fields{"target_username": "alice", "file": file})
	text := d.send(fields{"target_username": "alice", "message": "text"})
	long := string(bytes.Repeat([]byte("x"), 1025))
	for _, c := range []struct {
		body        fields
		code, field string
	}{
		{fields{"message": photo, "file": "none.jpg"}, "file_not_found", "file"},
		{fields{"message": photo, "file": []any{"../a"}}, "file_refused", "file[0]"},
		{fields{"message": photo, "file": file, "text": long}, "message_too_long", "text"},
		{fields{"message": 999999, "file": file, "target_username": "alice"}, "message_id_invalid", "message"},
		{fields{"message": text, "file": file}, "file_refused", "file"}, // a text has no file that could be replaced
	} {
		if o := d.call(message.EditMessage, 400, c.body); o.Error.Code != c.code || o.Error.Field != c.field {
			t.Errorf("%v: %s", c.body, o.Body)
		}
	}
}
