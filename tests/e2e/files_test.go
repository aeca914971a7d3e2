package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gotd/td/tg"

	"telegram-client/shared/message"
	"telegram-client/tests/telegramtest"
)

// What the other side sees of files.

// put writes a file into the folder of files and returns its path below it.
func (d *desk) put(name string, data []byte) string {
	d.t.Helper()
	whole := filepath.Join(d.root, name)
	if err := os.MkdirAll(filepath.Dir(whole), 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(whole, data, 0o600); err != nil {
		d.t.Fatal(err)
	}
	return name
}

// files returns what stands in the private chats of alice.
func (d *desk) files() []telegramtest.SentFile { return d.telegram.Files(d.alice.ID) }

// the bytes of files of several kinds.

func mp4Box(kind string, body ...[]byte) []byte {
	all := bytes.Join(body, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(all))), kind...), all...)
}

// film is a video of 640 × 360 and 2.5 s, with or without sound.
func film(sound bool) []byte {
	mvhd, tkhd := make([]byte, 100), make([]byte, 84)
	binary.BigEndian.PutUint32(mvhd[12:], 1000)
	binary.BigEndian.PutUint32(mvhd[16:], 2500)
	binary.BigEndian.PutUint32(tkhd[76:], 640<<16)
	binary.BigEndian.PutUint32(tkhd[80:], 360<<16)
	tracks := mp4Box("trak", mp4Box("tkhd", tkhd))
	if sound {
		tracks = append(tracks, mp4Box("trak", mp4Box("hdlr", []byte("\x00\x00\x00\x00\x00\x00\x00\x00soun")))...)
	}
	return append(mp4Box("ftyp", []byte("isom\x00\x00\x02\x00isomiso2avc1mp41")), append(mp4Box("moov", mp4Box("mvhd", mvhd), tracks), mp4Box("mdat", []byte("frames"))...)...)
}

// voice is a voice note of 3 s: Opus in Ogg.
func voice() []byte {
	page := func(granule uint64, packet []byte) []byte {
		head := append([]byte("OggS\x00\x00"), binary.LittleEndian.AppendUint64(nil, granule)...)
		head = append(head, make([]byte, 12)...)
		return append(append(head, 1, byte(len(packet))), packet...)
	}
	opusHead := append([]byte("OpusHead\x01\x01"), 0, 0, 0, 0, 0, 0, 0, 0, 0)
	return append(page(0, opusHead), page(48000*3, []byte("sound"))...)
}

// song is music of 1 s: two frames of MPEG audio, and a header that says how many there are.
func song() []byte {
	frame := func(inside []byte) []byte {
		return append(append([]byte{0xFF, 0xFB, 0x90, 0x00}, inside...), make([]byte, 413-len(inside))...)
	}
	return append(frame(append(append(make([]byte, 32), "Xing\x00\x00\x00\x01"...), binary.BigEndian.AppendUint32(nil, 38)...)), frame(nil)...)
}

var gif = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

// ignoreFile leaves out of a file that was sent what the server chooses, and what is compared otherwise.
var ignoreFile = cmp.Options{cmpopts.IgnoreFields(telegramtest.SentFile{}, "Message", "Number", "Document", "Sum", "Entities", "Markup", "Attributes", "Grouped"), cmpopts.IgnoreFields(telegramtest.File{}, "Source", "Size", "DC")}

func TestFiles_EachKindArrivesByteForByte(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	picture := telegramtest.Picture(640, 480, 1)
	type sent = telegramtest.File
	for name, c := range map[string]struct {
		file string
		data []byte
		more fields
		want sent
	}{
		"photo":                {"www/door.jpg", picture, nil, sent{Kind: "photo", Name: "door.jpg", MIME: "image/jpeg", Width: 640, Height: 480}},
		"photo by its content": {"door", picture, nil, sent{Kind: "photo", Name: "door.jpg", MIME: "image/jpeg", Width: 640, Height: 480}},
		"photo, forced":        {"door.jpg", picture, fields{"force_document": true}, sent{Kind: "document", Name: "door.jpg", MIME: "image/jpeg"}},
		"video":                {"film.mp4", film(true), nil, sent{Kind: "video", Name: "film.mp4", MIME: "video/mp4", Width: 640, Height: 360, Seconds: 2.5}},
		"video, streamed": {"film.mp4", film(true), fields{"supports_streaming": true},
			sent{Kind: "video", Name: "film.mp4", MIME: "video/mp4", Width: 640, Height: 360, Seconds: 2.5, Streaming: true}},
		"video, forced":            {"film.mp4", film(true), fields{"force_document": true, "supports_streaming": true}, sent{Kind: "document", Name: "film.mp4", MIME: "video/mp4"}},
		"video without sound":      {"film.mp4", film(false), nil, sent{Kind: "animation", Name: "film.mp4", MIME: "video/mp4", Width: 640, Height: 360, Seconds: 2.5}},
		"video that stays a video": {"film.mp4", film(false), fields{"nosound_video": true}, sent{Kind: "video", Name: "film.mp4", MIME: "video/mp4", Width: 640, Height: 360, Seconds: 2.5}},
		"voice note":               {"note.ogg", voice(), nil, sent{Kind: "voice", Name: "note.ogg", MIME: "audio/ogg", Seconds: 3}},
		"voice note, forced":       {"note.ogg", voice(), fields{"force_document": true}, sent{Kind: "document", Name: "note.ogg", MIME: "audio/ogg"}},
		"music":                    {"song.mp3", song(), nil, sent{Kind: "audio", Name: "song.mp3", MIME: "audio/mpeg", Seconds: 1}},
		"animation":                {"a.gif", gif, nil, sent{Kind: "document", Name: "a.gif", MIME: "image/gif"}},
		"text":                     {"configuration.yaml", []byte("homeassistant:\n"), nil, sent{Kind: "document", Name: "configuration.yaml", MIME: "text/plain"}},
		"no picture":               {"broken.jpg", []byte("no picture"), nil, sent{Kind: "document", Name: "broken.jpg", MIME: "text/plain"}},
		"what cannot be a photo":   {"strip.jpg", telegramtest.Picture(2100, 100, 1), nil, sent{Kind: "document", Name: "strip.jpg", MIME: "image/jpeg"}},
		"nobody knows what":        {"x.bin", []byte{0, 1, 2, 3, 0xff}, nil, sent{Kind: "document", Name: "x.bin", MIME: "application/octet-stream"}},
	} {
		body := fields{"target_username": "alice", "message": name, "file": d.put(c.file, c.data)}
		for k, v := range c.more {
			body[k] = v
		}
		before := len(d.files())
		id := d.send(body)
		all := d.files()[before:]
		if len(all) != 1 {
			t.Errorf("%s: %d files", name, len(all))
			continue
		}
		c.want.Data = c.data
		want := telegramtest.SentFile{File: c.want, Caption: name, Chat: all[0].Chat, From: d.me.ID}
		if diff := cmp.Diff(want, all[0], ignoreFile); diff != "" || all[0].Message != id {
			t.Errorf("%s: message %d is %d: %s", name, id, all[0].Message, diff)
		}
	}
}

func TestFiles_ComeFromEverywhere(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	small, large := telegramtest.Picture(64, 48, 1), bytes.Repeat([]byte("0123456789abcdef"), 11<<16) // 11.5 MB
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/camera":
			w.Header().Set("Content-Type", "image/jpeg")
			w.Write(small)
		case "/large":
			w.(http.Flusher).Flush() // its size is not told
			w.Write(large)
		}
	}))
	t.Cleanup(server.Close)
	inline := base64.StdEncoding.EncodeToString(small)
	for name, c := range map[string]struct {
		file any
		want telegramtest.File
	}{
		"path":           {d.put("a/b.jpg", small), telegramtest.File{Kind: "photo", Name: "b.jpg", Data: small}},
		"as it is there": {"/config/" + d.put("a/b.jpg", small), telegramtest.File{Kind: "photo", Name: "b.jpg", Data: small}},
		"address":        {server.URL + "/camera?token=x", telegramtest.File{Kind: "photo", Name: "camera.jpg", Data: small}},
		"stream":         {server.URL + "/large", telegramtest.File{Kind: "document", Name: "large", Data: large}},
		"large":          {d.put("large.txt", large), telegramtest.File{Kind: "document", Name: "large.txt", Data: large}},
		"data":           {fields{"data": inline, "filename": "c.jpg"}, telegramtest.File{Kind: "photo", Name: "c.jpg", Data: small}},
		"nameless data":  {fields{"data": inline}, telegramtest.File{Kind: "photo", Name: "file.jpg", Data: small}},
	} {
		before := len(d.files())
		d.send(fields{"target_username": "alice", "file": c.file})
		all := d.files()[before:]
		if len(all) != 1 || all[0].Kind != c.want.Kind || all[0].Name != c.want.Name || !bytes.Equal(all[0].Data, c.want.Data) || all[0].Caption != "" {
			t.Errorf("%s: %d files; %s %s of %d bytes, want %s %s of %d", name, len(all), all[0].Kind, all[0].Name, len(all[0].Data), c.want.Kind, c.want.Name, len(c.want.Data))
		}
	}
}

func TestFiles_LargePhotosAreScaled(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	d.send(fields{"target_username": "alice", "file": d.put("big.png.jpeg", telegramtest.Picture(3000, 1500, 3))})
	f := d.files()[0]
	c, err := jpeg.DecodeConfig(bytes.NewReader(f.Data))
	if err != nil || f.Kind != "photo" || f.Name != "big.png.jpg" || (image.Point{c.Width, c.Height}) != (image.Point{2560, 1280}) {
		t.Errorf("%s %s of %d × %d: %v", f.Kind, f.Name, c.Width, c.Height, err)
	}
}

// All that a text can have, a file has.
func TestFiles_HaveTheFieldsOfTexts(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	d.meet()
	theirs := d.theirs()
	d.send(fields{"target_username": "alice", "message": "<b>the</b> door", "parse_mode": "html", "file": d.put("a.jpg", telegramtest.Picture(9, 9, 1)),
		"silent": true, "reply_to": theirs, "inline_keyboard": "Open", "link_preview": false})
	f := d.files()[0]
	markup := &tg.ReplyInlineMarkup{Rows: []tg.KeyboardInlineButtonRow{{Buttons: []tg.KeyboardInlineButton{{Text: "Open", Type: &tg.InlineButtonTypeCallback{Data: []byte("Open")}}}}}}
	if diff := cmp.Diff([]tg.MessageEntityClass{&tg.MessageEntityBold{Length: 3}}, f.Entities) + cmp.Diff(tg.ReplyMarkupClass(markup), f.Markup, ignoreFlags); diff != "" || f.Caption != "the door" || !f.Silent {
		t.Errorf("%q, silent %t: %s", f.Caption, f.Silent, diff)
	}
	if m := d.arrived(); m.ReplyTo == nil {
		t.Error("it replies to nothing")
	}
}

func TestFiles_SeveralAreAlbumsAsTelegramTakesThem(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	d.meet()
	var names []any
	var data [][]byte
	add := func(name string, one []byte) {
		names, data = append(names, d.put(name, one)), append(data, one)
	}
	for i := range 11 {
		add(string(rune('a'+i))+".jpg", telegramtest.Picture(20+i, 20, uint8(i)))
	}
	add("silent.mp4", film(false)) // in an album it stays a video
	add("one.txt", []byte("one"))
	add("two.txt", []byte("two"))
	add("note.ogg", voice())
	add("note2.ogg", voice())
	add("song.mp3", song())
	o := d.call(message.SendMessages, 200, fields{"target_username": "alice", "message": "caption", "file": names, "silent": true, "reply_to": d.theirs()})
	all := d.files()
	if len(all) != len(data) || len(o.Results[0].MessageIDs) != len(data) {
		t.Fatalf("%d files: %s", len(all), o.Body)
	}
	// Which stand together, by the first that does.
	together := map[int64]int{}
	var albums []int
	for i, f := range all {
		if !bytes.Equal(f.Data, data[i]) || f.Message != o.Results[0].MessageIDs[i] || !f.Silent || f.Caption != map[bool]string{true: "caption"}[i == 0] {
			t.Errorf("%d: %s of %d bytes, message %d of %v, %q", i, f.Kind, len(f.Data), f.Message, o.Results[0].MessageIDs, f.Caption)
		}
		first, seen := together[f.Grouped]
		if f.Grouped == 0 || !seen {
			first = i
			together[f.Grouped] = i
		}
		albums = append(albums, first)
	}
	want := []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 10, 12, 12, 14, 15, 16}
	if diff := cmp.Diff(want, albums); diff != "" {
		t.Error(diff)
	}
	if all[11].Kind != "video" {
		t.Errorf("a video without sound is %s in an album", all[11].Kind)
	}
}

func TestFiles_AreUploadedOnceForAllTargets(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	robert, carol := d.telegram.User("robert"), d.telegram.User("carol")
	if err := d.telegram.Block(robert.ID, d.me.ID, true); err != nil {
		t.Fatal(err)
	}
	o := d.call(message.SendMessages, 207, fields{"target_username": []string{"alice", "nobody_is_this", "robert", "carol"}, "file": []any{d.put("a.txt", []byte("a")), d.put("b.txt", []byte("b"))}})
	var codes []string
	for _, r := range o.Results {
		if r.Error != nil {
			codes = append(codes, r.Error.Code)
		}
	}
	if diff := cmp.Diff([]string{"target_not_found", "user_is_blocked"}, codes); diff != "" {
		t.Errorf("%s %s", diff, o.Body)
	}
	hers, carols := d.files(), d.telegram.Files(carol.ID)
	if len(hers) != 2 || len(carols) != 2 || hers[0].Document != carols[0].Document || hers[1].Document != carols[1].Document {
		t.Errorf("%v and %v", hers, carols)
	}
	if n := d.requests("messages.uploadMedia"); n != 2 {
		t.Errorf("%d uploads", n)
	}
}

func TestFiles_CaptionsAreAsLongAsTheAccountMay(t *testing.T) {
	t.Parallel()
	plain, premium := userDesk(t), userDesk(t, func(a *telegramtest.Account) { a.Premium = true })
	long := strings.Repeat("😀", 513) // 1026 units
	for _, c := range []struct {
		d      *desk
		text   string
		status int
	}{{plain, long[:4*512], 200}, {plain, long, 400}, {premium, long, 200}, {premium, strings.Repeat("a", 4096), 200}, {premium, strings.Repeat("a", 4097), 400}} {
		file := c.d.put("a.txt", []byte("a"))
		before := len(c.d.files())
		o := c.d.call(message.SendMessages, c.status, fields{"target_username": "alice", "file": file, "message": c.text})
		if c.status != 200 {
			if o.Error.Code != "message_too_long" || o.Error.Field != "message" {
				t.Errorf("%s", o.Body)
			}
			continue
		}
		if all := c.d.files()[before:]; len(all) != 1 || all[0].Caption != c.text {
			t.Errorf("a caption of %d bytes did not arrive", len(c.text))
		}
	}
}
