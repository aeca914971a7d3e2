package telegramtest

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"
)

// What people send is in the difference, the history and getMessages, in every kind of chat.
func TestSayFile_IsTold(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	chats := []int64{bot.ID, s.Group("Family", alice.ID, bot.ID).ID, s.Supergroup("Street", alice.ID, bot.ID).ID}
	l := logIn(t, s, bot, "listener")
	state := l.state(t)
	files := []File{
		{Kind: KindPhoto, Data: Picture(50, 40, 1)},
		{Kind: KindVideo, Name: "a.mp4", Data: mp4(true), Width: 640, Height: 480, Seconds: 2.5, Streaming: true},
		{Kind: KindAnimation, Name: "b.mp4", Data: mp4(false), NoSound: true},
		{Kind: KindAudio, Name: "a.mp3", Data: noise(7), Title: "Song", Performer: "Band", Seconds: 3},
		{Kind: KindVoice, Name: "a.ogg", Data: noise(7), Seconds: 3},
		{Kind: KindDocument, Name: "a.pdf", MIME: "application/pdf", Data: noise(7), DC: 2, Spoiler: true},
		{Data: nil, Source: bytes.NewReader(noise(70)), Size: 70, Name: "made"},
	}
	for _, chat := range chats {
		for _, f := range files {
			m := s.SayFile(alice.ID, chat, "look", f)
			if m.Kind != s.Files(chat)[len(s.Files(chat))-1].Kind {
				t.Errorf("sent %+v", m)
			}
		}
		s.SayAlbum(alice.ID, chat, "two", files[0], files[1])
		got := s.Files(chat)
		if len(got) != len(files)+2 {
			t.Fatalf("%d files in %d", len(got), chat)
		}
		for i, f := range files {
			if f.Data != nil && !bytes.Equal(got[i].Data, f.Data) || got[i].Caption != "look" || got[i].Kind != f.Kind && f.Kind != "" {
				t.Errorf("%d: %+v", i, got[i])
			}
		}
		if a, b := got[len(files)], got[len(files)+1]; a.Grouped == 0 || a.Grouped != b.Grouped || a.Caption != "two" || b.Caption != "" {
			t.Errorf("album %+v, %+v", a, b)
		}
	}
	d, err := l.UpdatesGetDifference(context.Background(), &tg.UpdatesGetDifferenceRequest{Pts: state.Pts, Date: state.Date, Qts: state.Qts})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	var ids []tg.InputMessageClass
	for _, m := range d.(*tg.UpdatesDifference).NewMessages {
		m := m.(*tg.Message)
		told, ids = append(told, m.Media.TypeName()), append(ids, &tg.InputMessageID{ID: m.ID})
	}
	photo, other := "messageMediaPhoto", "messageMediaDocument"
	once := []string{photo, other, other, other, other, other, other, photo, other}
	if diff := cmp.Diff(append(once, once...), told); diff != "" {
		t.Errorf("difference (-want +got):\n%s", diff)
	}
	all, err := l.MessagesGetMessages(context.Background(), ids)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range all.(*tg.MessagesMessages).Messages {
		if media := m.(*tg.Message).Media; media == nil || media.TypeName() != told[i] {
			t.Errorf("message %d: %v", i, media)
		}
	}
}

func TestSayFile_WhatCannotBe(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	for name, f := range map[string]File{
		"nothing":       {},
		"no image":      {Kind: KindPhoto, Data: noise(9)},
		"no such kind":  {Kind: "film", Data: noise(9)},
		"no such place": {Data: noise(9), DC: 9},
		"no CDN":        {Data: noise(9), CDN: true},
	} {
		if _, err := s.Post(Saying{From: alice.ID, To: bot.ID, File: &f}); err == nil {
			t.Errorf("%s: sent", name)
		}
	}
	if _, err := s.PostAlbum(alice.ID, bot.ID, "", File{Data: noise(9)}); err == nil {
		t.Error("an album of one")
	}
}

// The owner's phone sends as the account, and a file that waits is sent with its caption.
func TestFiles_OfUsers(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bob := s.User("alice"), s.User("bobby")
	s.SayFile(alice.ID, bob.ID, "from the phone", File{Data: noise(9)})
	l := newLogin(s, "sender")
	token, err := l.AuthExportLoginToken(context.Background(), &tg.AuthExportLoginTokenRequest{APIID: 7, APIHash: "hash"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.accept(s.accounts[alice.ID], string(token.(*tg.AuthLoginToken).Token)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.AuthExportLoginToken(context.Background(), &tg.AuthExportLoginTokenRequest{APIID: 7, APIHash: "hash"}); err != nil {
		t.Fatal(err)
	}
	_, err = l.MessagesUploadMedia(context.Background(), &tg.MessagesUploadMediaRequest{Peer: &tg.InputPeerEmpty{}, Media: document(l.upload(t, 1, "a.bin", noise(9)))})
	refused(t, err, 400, "PEER_ID_INVALID") // that is for bots
	m, err := l.MessagesUploadMedia(context.Background(), &tg.MessagesUploadMediaRequest{Peer: &tg.InputPeerSelf{}, Media: document(l.upload(t, 1, "a.bin", noise(9)))})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetDraft(alice.ID, bob.ID, "draft"); err != nil {
		t.Fatal(err)
	}
	media, _ := asInput(m)
	request := &tg.MessagesSendMultiMediaRequest{Peer: s.peer(alice, bob), ScheduleDate: s.now() + 60, ClearDraft: true, MultiMedia: []tg.InputSingleMedia{
		{Media: media, RandomID: 1, Message: "one"}, {Media: media, RandomID: 2, Message: "two"},
	}}
	if _, err := l.MessagesSendMultiMedia(context.Background(), request); err != nil {
		t.Fatal(err)
	}
	waiting := s.Scheduled(alice.ID)
	if len(waiting) != 2 || waiting[0].GroupedID == 0 || waiting[0].GroupedID != waiting[1].GroupedID || s.Draft(alice.ID, bob.ID) != "" {
		t.Fatalf("waiting: %+v", waiting)
	}
	// A file that waits can be replaced.
	edit := &tg.MessagesEditMessageRequest{Peer: s.peer(alice, bob), ID: waiting[0].ID, Media: document(l.upload(t, 2, "b.bin", noise(8))), ScheduleDate: s.now() + 90}
	if _, err := l.MessagesEditMessage(context.Background(), edit); err != nil {
		t.Fatal(err)
	}
	for _, w := range waiting {
		if _, err := s.SendScheduled(alice.ID, w.ID); err != nil {
			t.Fatal(err)
		}
	}
	got := s.Files(bob.ID)
	if len(got) != 3 || got[0].From != alice.ID || got[0].Caption != "from the phone" || got[1].Name != "b.bin" || got[1].Caption != "one" || got[2].Name != "a.bin" || got[2].Caption != "two" {
		t.Errorf("%+v", got)
	}
	if len(s.Files(alice.ID)) != 3 { // the same chat from its other side
		t.Errorf("%d files", len(s.Files(alice.ID)))
	}
}
