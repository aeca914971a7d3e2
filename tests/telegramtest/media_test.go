package telegramtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"
)

// mp4 is as much of a film as tells whether it has sound.
func mp4(sound bool) []byte {
	handler := "vide"
	if sound {
		handler = "soun"
	}
	box := func(name string, body []byte) []byte {
		n := len(body) + 8
		return append([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), name[0], name[1], name[2], name[3]}, body...)
	}
	return append(append(box("ftyp", []byte("isom0000")), box("mdat", noise(100))...), box("moov", []byte("hdlr"+handler))...)
}

func pictured(w, h int) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// Every kind is told to who receives it, and read back byte for byte.
func TestMedia_KindsReachTheOtherSide(t *testing.T) {
	t.Parallel()
	film := func(change func(*tg.InputMediaUploadedDocument)) func(tg.InputFileClass) tg.InputMediaClass {
		return func(f tg.InputFileClass) tg.InputMediaClass {
			m := &tg.InputMediaUploadedDocument{File: f, MimeType: "video/mp4", Attributes: []tg.DocumentAttributeClass{
				&tg.DocumentAttributeVideo{W: 320, H: 200, Duration: 1.5, SupportsStreaming: true},
			}}
			change(m)
			return m
		}
	}
	sound := func(mime string, voice bool) func(tg.InputFileClass) tg.InputMediaClass {
		return func(f tg.InputFileClass) tg.InputMediaClass {
			return &tg.InputMediaUploadedDocument{File: f, MimeType: mime, Attributes: []tg.DocumentAttributeClass{
				&tg.DocumentAttributeAudio{Voice: voice, Duration: 3},
			}}
		}
	}
	as := func(*tg.InputMediaUploadedDocument) {}
	for name, c := range map[string]struct {
		file  string
		data  []byte
		media func(tg.InputFileClass) tg.InputMediaClass
		want  File
	}{
		"photo": {"a.jpg", Picture(400, 300, 1), func(f tg.InputFileClass) tg.InputMediaClass {
			return &tg.InputMediaUploadedPhoto{File: f, Spoiler: true}
		}, File{Kind: KindPhoto, MIME: "image/jpeg", Width: 400, Height: 300, Spoiler: true}},
		"document": {"a.bin", noise(600_000), func(f tg.InputFileClass) tg.InputMediaClass { return document(f) },
			File{Kind: KindDocument, MIME: "application/octet-stream"}},
		"large document": {"a.bin", noise(mostSmall + 1), func(f tg.InputFileClass) tg.InputMediaClass { return document(f) },
			File{Kind: KindDocument, MIME: "application/octet-stream"}},
		"video": {"a.mp4", mp4(true), film(as),
			File{Kind: KindVideo, MIME: "video/mp4", Width: 320, Height: 200, Seconds: 1.5, Streaming: true}},
		"video without sound": {"a.mp4", mp4(false), film(as),
			File{Kind: KindAnimation, MIME: "video/mp4", Width: 320, Height: 200, Seconds: 1.5, Streaming: true}},
		"nosound_video": {"a.mp4", mp4(false), film(func(m *tg.InputMediaUploadedDocument) { m.NosoundVideo = true }),
			File{Kind: KindVideo, MIME: "video/mp4", Width: 320, Height: 200, Seconds: 1.5, Streaming: true}},
		"force_file": {"a.mp4", mp4(true), film(func(m *tg.InputMediaUploadedDocument) { m.ForceFile = true }),
			File{Kind: KindDocument, MIME: "video/mp4"}},
		"audio": {"a.mp3", noise(10), sound("audio/mpeg", false), File{Kind: KindAudio, MIME: "audio/mpeg", Seconds: 3}},
		"voice": {"a.ogg", noise(10), sound("audio/ogg", true), File{Kind: KindVoice, MIME: "audio/ogg", Seconds: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := silent(full)
			alice, bot := s.User("alice"), s.Bot("helper_bot")
			l := logIn(t, s, bot, "sender")
			peer := s.peer(bot, alice)
			// Sent as it was uploaded, and once more by its reference.
			media := c.media(l.upload(t, 1, c.file, c.data))
			u, err := l.MessagesSendMedia(context.Background(), &tg.MessagesSendMediaRequest{
				Peer: peer, Media: media, RandomID: 1, Message: "look", Silent: true,
				Entities: []tg.MessageEntityClass{&tg.MessageEntityBold{Length: 4}},
			})
			if err != nil {
				t.Fatal(err)
			}
			sent := u.(*tg.Updates).Updates[1].(*tg.UpdateNewMessage).Message.(*tg.Message)
			again, _ := asInput(sent.Media)
			if _, err := l.MessagesSendMedia(context.Background(), &tg.MessagesSendMediaRequest{Peer: peer, Media: again, RandomID: 2}); err != nil {
				t.Fatal(err)
			}
			files := s.Files(alice.ID)
			if len(files) != 2 {
				t.Fatalf("%d files", len(files))
			}
			want := c.want
			want.Name, want.Data, want.Size, want.DC = c.file, c.data, int64(len(c.data)), 1
			if diff := cmp.Diff(want, files[0].File); diff != "" {
				t.Errorf("file (-want +got):\n%s", diff)
			}
			if files[0].Caption != "look" || !files[0].Silent || len(files[0].Entities) != 1 || files[0].Message != sent.ID || files[0].From != bot.ID {
				t.Errorf("message %+v", files[0])
			}
			if files[1].Document != files[0].Document || files[1].Message == files[0].Message || files[1].Spoiler {
				t.Errorf("sent again: %+v", files[1])
			}
			got := s.Show(alice.ID, bot.ID, s.IDFor(alice.ID, files[0].Number))
			if d, ok := got.Media.(*tg.MessageMediaDocument); ok {
				if d.Video != (c.want.Kind == KindVideo) || d.Voice != (c.want.Kind == KindVoice) {
					t.Errorf("media %+v", d)
				}
			}
			mine, theirs := idOf(sent.Media), idOf(got.Media)
			if mine.id != theirs.id || mine.hash == theirs.hash || mine.reference == theirs.reference {
				t.Errorf("seen by the bot as %+v, by alice as %+v", mine, theirs)
			}
		})
	}
}

type fileID struct {
	id, hash  int64
	reference string
}

func idOf(m tg.MessageMediaClass) fileID {
	switch m := m.(type) {
	case *tg.MessageMediaPhoto:
		p := m.Photo.(*tg.Photo)
		return fileID{p.ID, p.AccessHash, string(p.FileReference)}
	case *tg.MessageMediaDocument:
		d := m.Document.(*tg.Document)
		return fileID{d.ID, d.AccessHash, string(d.FileReference)}
	}
	return fileID{}
}

// asInput names a file that is there.
func asInput(m tg.MessageMediaClass) (tg.InputMediaClass, bool) {
	id := idOf(m)
	switch m.(type) {
	case *tg.MessageMediaPhoto:
		return &tg.InputMediaPhoto{ID: &tg.InputPhoto{ID: id.id, AccessHash: id.hash, FileReference: []byte(id.reference)}}, true
	case *tg.MessageMediaDocument:
		return &tg.InputMediaDocument{ID: &tg.InputDocument{ID: id.id, AccessHash: id.hash, FileReference: []byte(id.reference)}}, true
	}
	return nil, false
}

func TestMedia_PhotosThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string
		data []byte
		want string
	}{
		"no image":            {"a.jpg", noise(1000), "IMAGE_PROCESS_FAILED"},
		"half an image":       {"a.jpg", Picture(300, 300, 1)[:2000], "IMAGE_PROCESS_FAILED"},
		"too long":            {"a.png", pictured(2100, 100), "PHOTO_INVALID_DIMENSIONS"},
		"too many pixels":     {"a.png", pictured(6000, 4001), "PHOTO_INVALID_DIMENSIONS"},
		"name of a film":      {"a.mp4", Picture(30, 30, 1), "PHOTO_EXT_INVALID"},
		"name without an end": {"camera", Picture(30, 30, 1), "PHOTO_EXT_INVALID"},
		"more than 10 MB":     {"a.jpg", append(Picture(30, 30, 1), make([]byte, mostPhoto)...), "PHOTO_SAVE_FILE_INVALID"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := silent(full)
			l := logIn(t, s, s.Bot("helper_bot"), "sender")
			_, err := l.MessagesUploadMedia(context.Background(), &tg.MessagesUploadMediaRequest{
				Peer: &tg.InputPeerEmpty{}, Media: &tg.InputMediaUploadedPhoto{File: l.upload(t, 1, c.file, c.data)},
			})
			refused(t, err, 400, c.want)
		})
	}
	s := silent(full)
	l := logIn(t, s, s.Bot("helper_bot"), "sender")
	if err := l.part(1, sentPart{big: true, total: 1}, Picture(30, 30, 1)); err != nil {
		t.Fatal(err)
	}
	_, err := l.MessagesUploadMedia(context.Background(), &tg.MessagesUploadMediaRequest{
		Peer: &tg.InputPeerEmpty{}, Media: &tg.InputMediaUploadedPhoto{File: &tg.InputFileBig{ID: 1, Parts: 1, Name: "a.jpg"}},
	})
	refused(t, err, 400, "PHOTO_SAVE_FILE_INVALID")
}

func TestMedia_Refusals(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bob, bot := s.User("alice"), s.User("bobby"), s.Bot("helper_bot")
	if err := s.Block(bob.ID, bot.ID, true); err != nil {
		t.Fatal(err)
	}
	l := logIn(t, s, bot, "sender")
	m, err := l.MessagesUploadMedia(context.Background(), &tg.MessagesUploadMediaRequest{
		Peer: &tg.InputPeerEmpty{}, Media: document(l.upload(t, 1, "a.bin", noise(10))),
	})
	if err != nil {
		t.Fatal(err)
	}
	id := idOf(m)
	named := func(id, hash int64, reference string) tg.InputMediaClass {
		return &tg.InputMediaDocument{ID: &tg.InputDocument{ID: id, AccessHash: hash, FileReference: []byte(reference)}}
	}
	good := named(id.id, id.hash, id.reference)
	request := func(change func(*tg.MessagesSendMediaRequest)) *tg.MessagesSendMediaRequest {
		r := &tg.MessagesSendMediaRequest{Peer: s.peer(bot, alice), Media: good, RandomID: 1}
		change(r)
		return r
	}
	for name, c := range map[string]struct {
		change func(*tg.MessagesSendMediaRequest)
		code   int
		want   string
	}{
		"no random id":    {func(r *tg.MessagesSendMediaRequest) { r.RandomID = 0 }, 400, "RANDOM_ID_EMPTY"},
		"long caption":    {func(r *tg.MessagesSendMediaRequest) { r.Message = strings.Repeat("x", 1025) }, 400, "MEDIA_CAPTION_TOO_LONG"},
		"long emojis":     {func(r *tg.MessagesSendMediaRequest) { r.Message = strings.Repeat("😀", 513) }, 400, "MEDIA_CAPTION_TOO_LONG"},
		"another file":    {func(r *tg.MessagesSendMediaRequest) { r.Media = named(1, id.hash, id.reference) }, 400, "MEDIA_EMPTY"},
		"another hash":    {func(r *tg.MessagesSendMediaRequest) { r.Media = named(id.id, 1, id.reference) }, 400, "MEDIA_EMPTY"},
		"no reference":    {func(r *tg.MessagesSendMediaRequest) { r.Media = named(id.id, id.hash, "") }, 400, "FILE_REFERENCE_EMPTY"},
		"wrong reference": {func(r *tg.MessagesSendMediaRequest) { r.Media = named(id.id, id.hash, "reference") }, 400, "FILE_REFERENCE_INVALID"},
		"no media":        {func(r *tg.MessagesSendMediaRequest) { r.Media = &tg.InputMediaEmpty{} }, 400, "MEDIA_EMPTY"},
		"blocked":         {func(r *tg.MessagesSendMediaRequest) { r.Peer = s.peer(bot, bob) }, 403, "USER_IS_BLOCKED"},
		"entity too far": {func(r *tg.MessagesSendMediaRequest) {
			r.Message, r.Entities = "x", []tg.MessageEntityClass{&tg.MessageEntityBold{Length: 2}}
		}, 400, "ENTITY_BOUNDS_INVALID"},
		"answers nothing":  {func(r *tg.MessagesSendMediaRequest) { r.ReplyTo = &tg.InputReplyToMessage{ReplyToMsgID: 1} }, 400, "REPLY_MESSAGE_ID_INVALID"},
		"later, for a bot": {func(r *tg.MessagesSendMediaRequest) { r.ScheduleDate = s.now() + 60 }, 400, "SCHEDULE_BOT_NOT_ALLOWED"},
	} {
		_, err := l.MessagesSendMedia(context.Background(), request(c.change))
		if err == nil {
			t.Errorf("%s: sent", name)
			continue
		}
		refused(t, err, c.code, c.want)
	}
	s.ExpireFileReferences()
	_, err = l.MessagesSendMedia(context.Background(), request(func(*tg.MessagesSendMediaRequest) {}))
	refused(t, err, 400, "FILE_REFERENCE_EXPIRED")
	if got := s.Unknown(); len(got) != 0 || len(s.Files(alice.ID)) != 0 {
		t.Errorf("unknown %v, files %v", got, s.Files(alice.ID))
	}
}

func TestMedia_RandomIDIsKnownToItsAuthorizationOnly(t *testing.T) {
	t.Parallel()
	s := silent(Behaviour{Short: Never, RefuseRepeated: Always})
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	a, b := logIn(t, s, bot, "a"), logIn(t, s, bot, "b")
	send := func(l *login) (*tg.Updates, error) {
		u, err := l.MessagesSendMedia(context.Background(), &tg.MessagesSendMediaRequest{
			Peer: s.peer(bot, alice), Media: document(l.upload(t, 1, "a.bin", noise(10))), RandomID: 5,
		})
		all, _ := u.(*tg.Updates)
		return all, err
	}
	first, err := send(a)
	if err != nil {
		t.Fatal(err)
	}
	_, err = send(a)
	refused(t, err, 500, "RANDOM_ID_DUPLICATE")
	s.Behave(func(b *Behaviour) { b.RefuseRepeated = Never })
	again, err := send(a)
	if err != nil {
		t.Fatal(err)
	}
	was, is := first.Updates[1].(*tg.UpdateNewMessage), again.Updates[1].(*tg.UpdateNewMessage)
	if was.Message.GetID() != is.Message.GetID() || is.PtsCount != 0 {
		t.Errorf("first %v, again %v", was, is)
	}
	if _, err := send(b); err != nil || len(s.Files(alice.ID)) != 2 {
		t.Errorf("%v, %d files", err, len(s.Files(alice.ID)))
	}
}

func TestMedia_WhatComesWithIt(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "sender")
	in := document(l.upload(t, 1, "a.bin", noise(10)))
	in.Thumb = l.upload(t, 2, "t.jpg", Picture(90, 60, 1))
	long := strings.Repeat("x", 1025)
	request := &tg.MessagesSendMediaRequest{
		Peer: s.peer(bot, alice), Media: in, RandomID: 1, Message: long, ReplyMarkup: keyboard([][]Button{{{Text: "open", Data: "door"}}}),
	}
	_, err := l.MessagesSendMedia(context.Background(), request)
	refused(t, err, 400, "MEDIA_CAPTION_TOO_LONG")
	s.accounts[bot.ID].premium = true
	if _, err := l.MessagesSendMedia(context.Background(), request); err != nil {
		t.Fatal(err)
	}
	got := s.Files(alice.ID)
	if len(got) != 1 || got[0].Caption != long || len(buttons(got[0].Markup)) != 1 {
		t.Errorf("%+v", got)
	}
	thumbs := s.Show(bot.ID, alice.ID, got[0].Message).Media.(*tg.MessageMediaDocument).Document.(*tg.Document).Thumbs
	if len(thumbs) != 1 || thumbs[0].(*tg.PhotoSize).W != 90 {
		t.Errorf("thumbs %v", thumbs)
	}
	for name, data := range map[string][]byte{"t.jpg": Picture(321, 10, 1), "t.png": pictured(9, 9)} {
		in.Thumb = l.upload(t, 3, name, data)
		_, err := l.MessagesUploadMedia(context.Background(), &tg.MessagesUploadMediaRequest{Peer: &tg.InputPeerEmpty{}, Media: in})
		refused(t, err, 400, "IMAGE_PROCESS_FAILED")
	}
}

// A message that was sent is recognised when its file can be had, and not before (A64).
func TestMedia_RandomIDComesAfterTheFile(t *testing.T) {
	t.Parallel()
	s := silent(Behaviour{Short: Never, RefuseRepeated: Never})
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "sender")
	send := func() error {
		_, err := l.MessagesSendMedia(context.Background(), &tg.MessagesSendMediaRequest{
			Peer: s.peer(bot, alice), Media: document(&tg.InputFile{ID: 1, Parts: 1, Name: "a.bin"}), RandomID: 5,
		})
		return err
	}
	l.upload(t, 1, "a.bin", noise(10))
	if err := send(); err != nil {
		t.Fatal(err)
	}
	s.ForgetParts()
	refused(t, send(), 400, "FILE_PART_0_MISSING")
	l.upload(t, 1, "a.bin", noise(10))
	if err := send(); err != nil || len(s.Files(alice.ID)) != 1 {
		t.Errorf("%v, %d files", err, len(s.Files(alice.ID)))
	}
}

func TestMedia_OfWhichOnlyTheHashIsKept(t *testing.T) {
	t.Parallel()
	s := silent(full, func(o *Options) { o.HashOnly = true })
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "sender")
	send := func(id int64) {
		if _, err := l.MessagesSendMedia(context.Background(), &tg.MessagesSendMediaRequest{
			Peer: s.peer(bot, alice), Media: document(l.upload(t, 1, "a.bin", noise(mostSmall+1))), RandomID: id,
		}); err != nil {
			t.Fatal(err)
		}
	}
	send(1)
	send(2) // the same parts again
	got := s.Files(alice.ID)
	if got[0].Data != nil || got[1].Sum != sha256.Sum256(noise(mostSmall+1)) {
		t.Errorf("%d bytes, %x", len(got[0].Data), got[1].Sum)
	}
	if err := l.part(1, sentPart{big: true, number: 0, total: 21}, make([]byte, mostPart)); err != nil {
		t.Fatal(err)
	}
	_, err := l.MessagesUploadMedia(context.Background(), &tg.MessagesUploadMediaRequest{
		Peer: &tg.InputPeerEmpty{}, Media: document(&tg.InputFileBig{ID: 1, Parts: 21}),
	})
	refused(t, err, 400, "FILE_PARTS_INVALID") // what was hashed cannot be replaced
}
