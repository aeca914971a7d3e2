package telegramtest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"
)

// stock is files of each kind that a login has uploaded.
func (l *login) stock(t *testing.T) map[string]tg.InputMediaClass {
	t.Helper()
	all := map[string]tg.InputMediaClass{}
	peer := tg.InputPeerClass(&tg.InputPeerEmpty{})
	for i, f := range []struct {
		kind, name string
		data       []byte
		attributes []tg.DocumentAttributeClass
		mime       string
	}{
		{KindPhoto, "a.jpg", Picture(40, 30, 1), nil, ""},
		{KindVideo, "a.mp4", mp4(true), []tg.DocumentAttributeClass{&tg.DocumentAttributeVideo{W: 1, H: 1}}, "video/mp4"},
		{KindAnimation, "b.mp4", mp4(false), []tg.DocumentAttributeClass{&tg.DocumentAttributeVideo{W: 1, H: 1}}, "video/mp4"},
		{KindDocument, "a.bin", noise(9), nil, "application/zip"},
		{KindAudio, "a.mp3", noise(9), []tg.DocumentAttributeClass{&tg.DocumentAttributeAudio{}}, "audio/mpeg"},
		{KindVoice, "a.ogg", noise(9), []tg.DocumentAttributeClass{&tg.DocumentAttributeAudio{Voice: true}}, "audio/ogg"},
	} {
		in := l.upload(t, int64(100+i), f.name, f.data)
		var media tg.InputMediaClass = &tg.InputMediaUploadedDocument{File: in, MimeType: f.mime, Attributes: f.attributes}
		if f.kind == KindPhoto {
			media = &tg.InputMediaUploadedPhoto{File: in}
		}
		m, err := l.MessagesUploadMedia(context.Background(), &tg.MessagesUploadMediaRequest{Peer: peer, Media: media})
		if err != nil {
			t.Fatal(err)
		}
		all[f.kind], _ = asInput(m)
	}
	return all
}

// album asks for an album of kinds; the random ids count from first.
func album(peer tg.InputPeerClass, stock map[string]tg.InputMediaClass, first int64, kinds ...string) *tg.MessagesSendMultiMediaRequest {
	r := &tg.MessagesSendMultiMediaRequest{Peer: peer}
	for i, kind := range kinds {
		r.MultiMedia = append(r.MultiMedia, tg.InputSingleMedia{Media: stock[kind], RandomID: first + int64(i), Message: kind})
	}
	return r
}

func repeated(kind string, n int) []string {
	var all []string
	for range n {
		all = append(all, kind)
	}
	return all
}

func TestAlbum_ReachesTheOtherSide(t *testing.T) {
	t.Parallel()
	for name, kinds := range map[string][]string{
		"photos and videos": {KindPhoto, KindVideo, KindPhoto},
		"documents":         {KindDocument, KindDocument},
		"audio":             {KindAudio, KindAudio},
		"ten":               repeated(KindPhoto, 10),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := silent(full)
			alice, bot := s.User("alice"), s.Bot("helper_bot")
			l := logIn(t, s, bot, "sender")
			question := s.Say(alice.ID, bot.ID, "show me")
			r := album(s.peer(bot, alice), l.stock(t), 1, kinds...)
			r.Silent, r.ReplyTo = true, &tg.InputReplyToMessage{ReplyToMsgID: s.IDFor(bot.ID, question.Number)}
			u, err := l.MessagesSendMultiMedia(context.Background(), r)
			if err != nil {
				t.Fatal(err)
			}
			var ids, told []int
			for i, x := range u.(*tg.Updates).Updates {
				switch x := x.(type) {
				case *tg.UpdateMessageID:
					ids = append(ids, x.ID)
					if x.RandomID != int64(i+1) {
						t.Errorf("random id %d is %d", i, x.RandomID)
					}
				case *tg.UpdateNewMessage:
					told = append(told, x.Message.GetID())
				}
			}
			files := s.Files(alice.ID)
			var captions, got []string
			var sent []int
			for _, f := range files {
				captions, got, sent = append(captions, f.Caption), append(got, f.Kind), append(sent, f.Message)
				if f.Grouped == 0 || f.Grouped != files[0].Grouped || !f.Silent {
					t.Errorf("%+v", f)
				}
			}
			if diff := cmp.Diff(kinds, got) + cmp.Diff(kinds, captions) + cmp.Diff(sent, ids) + cmp.Diff(sent, told); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			read := s.Read(alice.ID, bot.ID)
			if last := read[len(read)-1]; last.Grouped != files[0].Grouped || last.ReplyTo != question.ID || last.Kind != kinds[len(kinds)-1] {
				t.Errorf("alice reads %+v", last)
			}
		})
	}
}

func TestAlbum_Refusals(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "sender")
	peer, stock := s.peer(bot, alice), l.stock(t)
	stock["uploaded"] = document(l.upload(t, 1, "a.bin", noise(9)))
	stock["stale"] = &tg.InputMediaDocument{ID: &tg.InputDocument{
		ID: idOfInput(stock[KindDocument]).id, AccessHash: idOfInput(stock[KindDocument]).hash, FileReference: []byte("reference"),
	}}
	for name, c := range map[string]struct {
		request *tg.MessagesSendMultiMediaRequest
		code    int
		want    string
	}{
		"none":                    {album(peer, stock, 1), 400, "MEDIA_EMPTY"},
		"one":                     {album(peer, stock, 1, KindPhoto), 400, "MEDIA_INVALID"},
		"eleven":                  {album(peer, stock, 1, repeated(KindPhoto, 11)...), 400, "MULTI_MEDIA_TOO_LONG"},
		"photo and document":      {album(peer, stock, 1, KindPhoto, KindDocument), 400, "MEDIA_INVALID"},
		"audio and document":      {album(peer, stock, 1, KindAudio, KindDocument), 400, "MEDIA_INVALID"},
		"voice notes":             {album(peer, stock, 1, KindVoice, KindVoice), 400, "MEDIA_INVALID"},
		"animations":              {album(peer, stock, 1, KindAnimation, KindAnimation), 400, "MEDIA_INVALID"},
		"uploaded but not there":  {album(peer, stock, 1, KindDocument, "uploaded"), 400, "MEDIA_INVALID"},
		"a reference is wrong":    {album(peer, stock, 1, KindDocument, "stale"), 400, "FILE_REFERENCE_1_INVALID"},
		"no random id":            {album(peer, stock, 0, KindPhoto, KindPhoto), 400, "RANDOM_ID_EMPTY"},
		"to nobody":               {album(&tg.InputPeerEmpty{}, stock, 1, KindPhoto, KindPhoto), 400, "PEER_ID_INVALID"},
		"one random id for both":  {twice(album(peer, stock, 1, KindPhoto, KindPhoto)), 500, "RANDOM_ID_DUPLICATE"},
		"a caption that is large": {captioned(album(peer, stock, 1, KindPhoto, KindPhoto), 1025), 400, "MEDIA_CAPTION_TOO_LONG"},
	} {
		_, err := l.MessagesSendMultiMedia(context.Background(), c.request)
		if err == nil {
			t.Errorf("%s: sent", name)
			continue
		}
		refused(t, err, c.code, c.want)
	}
	s.ExpireFileReferences()
	_, err := l.MessagesSendMultiMedia(context.Background(), album(peer, stock, 1, KindPhoto, KindPhoto))
	refused(t, err, 400, "FILE_REFERENCE_0_EXPIRED")
	if n := len(s.Files(alice.ID)); n != 0 {
		t.Errorf("%d files were sent", n)
	}
}

func twice(r *tg.MessagesSendMultiMediaRequest) *tg.MessagesSendMultiMediaRequest {
	r.MultiMedia[1].RandomID = r.MultiMedia[0].RandomID
	return r
}

func captioned(r *tg.MessagesSendMultiMediaRequest, n int) *tg.MessagesSendMultiMediaRequest {
	r.MultiMedia[1].Message = string(make([]byte, n))
	return r
}

func idOfInput(in tg.InputMediaClass) fileID {
	switch m := in.(type) {
	case *tg.InputMediaDocument:
		d := m.ID.(*tg.InputDocument)
		return fileID{d.ID, d.AccessHash, string(d.FileReference)}
	case *tg.InputMediaPhoto:
		p := m.ID.(*tg.InputPhoto)
		return fileID{p.ID, p.AccessHash, string(p.FileReference)}
	}
	return fileID{}
}

// An album that comes again is the first one; of one that comes again in part, nothing is sent (A59).
func TestAlbum_ThatComesAgain(t *testing.T) {
	t.Parallel()
	s := silent(Behaviour{Short: Never, RefuseRepeated: Always})
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "sender")
	peer, stock := s.peer(bot, alice), l.stock(t)
	send := func(first int64) (map[int64]int, error) {
		u, err := l.MessagesSendMultiMedia(context.Background(), album(peer, stock, first, KindPhoto, KindPhoto))
		ids := map[int64]int{}
		if all, ok := u.(*tg.Updates); ok {
			for _, x := range all.Updates {
				if x, ok := x.(*tg.UpdateMessageID); ok {
					ids[x.RandomID] = x.ID
				}
			}
		}
		return ids, err
	}
	was, err := send(1)
	if err != nil {
		t.Fatal(err)
	}
	_, err = send(1)
	refused(t, err, 500, "RANDOM_ID_DUPLICATE")
	s.Behave(func(b *Behaviour) { b.RefuseRepeated = Never })
	is, err := send(1)
	if diff := cmp.Diff(was, is); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	_, err = send(2)
	refused(t, err, 500, "RANDOM_ID_DUPLICATE")
	if n := len(s.Files(alice.ID)); n != 2 {
		t.Errorf("%d files", n)
	}
}

func TestAlbum_IsForwardedAsOne(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	family := s.Group("Family", alice.ID, bot.ID)
	l := logIn(t, s, bot, "sender")
	if _, err := l.MessagesSendMultiMedia(context.Background(), album(s.peer(bot, alice), l.stock(t), 1, KindPhoto, KindVideo)); err != nil {
		t.Fatal(err)
	}
	sent := s.Files(alice.ID)
	if _, err := l.MessagesForwardMessages(context.Background(), &tg.MessagesForwardMessagesRequest{
		FromPeer: s.peer(bot, alice), ToPeer: &tg.InputPeerChat{ChatID: -family.ID}, ID: []int{sent[0].Message, sent[1].Message}, RandomID: []int64{8, 9},
	}); err != nil {
		t.Fatal(err)
	}
	got := s.Files(family.ID)
	if len(got) != 2 || got[0].Grouped == 0 || got[0].Grouped != got[1].Grouped || got[0].Grouped == sent[0].Grouped || got[1].Document != sent[1].Document {
		t.Errorf("forwarded %+v", got)
	}
}

func TestEdit_ReplacesTheFile(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "sender")
	peer, stock := s.peer(bot, alice), l.stock(t)
	send := func(media tg.InputMediaClass, id int64) {
		if _, err := l.MessagesSendMedia(context.Background(), &tg.MessagesSendMediaRequest{Peer: peer, Media: media, RandomID: id, Message: "first"}); err != nil {
			t.Fatal(err)
		}
	}
	send(stock[KindPhoto], 1)
	if _, err := l.MessagesSendMultiMedia(context.Background(), album(peer, stock, 2, KindPhoto, KindPhoto)); err != nil {
		t.Fatal(err)
	}
	text, _, _, err := l.send(peer, "a text", 9)
	if err != nil {
		t.Fatal(err)
	}
	before := s.Files(alice.ID)
	edit := func(id int, media tg.InputMediaClass, caption string) error {
		r := &tg.MessagesEditMessageRequest{Peer: peer, ID: id, Media: media}
		if caption != "" {
			r.SetMessage(caption)
		}
		_, err := l.MessagesEditMessage(context.Background(), r)
		return err
	}
	refused(t, edit(before[0].Message, stock[KindPhoto], ""), 400, "MESSAGE_NOT_MODIFIED")
	refused(t, edit(text, stock[KindPhoto], "x"), 400, "MEDIA_PREV_INVALID")
	refused(t, edit(before[1].Message, stock[KindDocument], ""), 400, "MEDIA_GROUPED_INVALID")
	if err := edit(before[0].Message, stock[KindDocument], ""); err != nil {
		t.Error(err)
	}
	if err := edit(before[1].Message, document(l.upload(t, 1, "a.bin", noise(5))), ""); err == nil {
		t.Error("edited a photo of an album into a document")
	}
	if err := edit(before[2].Message, stock[KindVideo], "second"); err != nil {
		t.Error(err)
	}
	got := s.Files(alice.ID)
	if got[0].Kind != KindDocument || got[0].Caption != "first" || got[0].Message != before[0].Message {
		t.Errorf("edited: %+v", got[0])
	}
	if got[2].Kind != KindVideo || got[2].Caption != "second" || got[2].Grouped != before[2].Grouped {
		t.Errorf("edited: %+v", got[2])
	}
	// A caption can be taken away, which a text cannot.
	r := &tg.MessagesEditMessageRequest{Peer: peer, ID: got[0].Message}
	r.SetMessage("")
	if _, err := l.MessagesEditMessage(context.Background(), r); err != nil || s.Files(alice.ID)[0].Caption != "" {
		t.Errorf("%v", err)
	}
}
