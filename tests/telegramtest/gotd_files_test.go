package telegramtest_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"testing"

	"github.com/gotd/td/telegram"
	"github.com/gotd/td/telegram/message"
	"github.com/gotd/td/telegram/message/styling"
	"github.com/gotd/td/telegram/uploader"
	"github.com/gotd/td/tg"

	"telegram-client/tests/telegramtest"
)

// cdnRSA is another key than that of the data centres.
var cdnRSA = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func randomBytes(t *testing.T, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// A client that is not ours uploads small and large files, several parts at a time, and sends them. Its streams are not
// tried: it reads how many parts there are while it writes that (gotd v0.162.0, uploader/big.go).
func TestGotd_SendsFiles(t *testing.T) {
	t.Parallel()
	s := started(t, plain)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	ctx, d := within(t), newDevice(s, "sender").keyed(t)
	d.logIn(ctx, t, bot.Token)
	small, large := randomBytes(t, 700_000), randomBytes(t, 12<<20+5)
	picture := telegramtest.Picture(300, 200, 1)
	if err := d.run(ctx, func(ctx context.Context, c *telegram.Client) error {
		up := uploader.NewUploader(c.API()).WithThreads(3)
		to := message.NewSender(c.API()).To(&tg.InputPeerUser{UserID: alice.ID, AccessHash: s.HashFor(bot.ID, alice.ID)})
		for _, f := range []*uploader.Upload{
			uploader.NewUpload("small.bin", bytes.NewReader(small), int64(len(small))),
			uploader.NewUpload("large.bin", bytes.NewReader(large), int64(len(large))),
		} {
			in, err := up.Upload(ctx, f)
			if err != nil {
				return err
			}
			if _, err := to.Media(ctx, message.UploadedDocument(in, styling.Plain("look")).MIME("application/zip")); err != nil {
				return err
			}
		}
		in, err := up.FromBytes(ctx, "door.jpg", picture)
		if err != nil {
			return err
		}
		_, err = to.Media(ctx, message.UploadedPhoto(in))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	got := s.Files(alice.ID)
	want := [][]byte{small, large, picture}
	if len(got) != len(want) {
		t.Fatalf("%d files", len(got))
	}
	for i := range want {
		if !bytes.Equal(got[i].Data, want[i]) {
			t.Errorf("file %d: %d bytes, want %d", i, len(got[i].Data), len(want[i]))
		}
	}
	if s.Uploads() != 3 || got[0].Caption != "look" || got[0].Kind != telegramtest.KindDocument || got[2].Kind != telegramtest.KindPhoto {
		t.Errorf("%d uploads, %+v", s.Uploads(), got[0].Caption)
	}
}

// A client that is not ours downloads from its data centre, from another one and from a CDN, and finds out one that lies.
func TestGotd_Downloads(t *testing.T) {
	t.Parallel()
	s := started(t, plain, func(o *telegramtest.Options) { o.CDN = cdnRSA() })
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	ctx, d := within(t), newDevice(s, "listener").keyed(t)
	d.cdn = true
	d.logIn(ctx, t, bot.Token)
	data := randomBytes(t, 3<<20+1000)
	var messages []tg.InputMessageClass
	for _, f := range []telegramtest.File{{Data: data}, {Data: data, DC: 2}, {Data: data, CDN: true}} {
		m := s.SayFile(alice.ID, bot.ID, "", f)
		messages = append(messages, &tg.InputMessageID{ID: s.IDFor(bot.ID, m.Number)})
	}
	load := func(ctx context.Context, c *telegram.Client, m tg.MessageClass) ([]byte, error) {
		at := m.(*tg.Message).Media.(*tg.MessageMediaDocument).Document.(*tg.Document)
		var b bytes.Buffer
		_, err := c.Download(at.AsInputDocumentFileLocation("")).WithVerify(true).Stream(ctx, &b)
		return b.Bytes(), err
	}
	if err := d.run(ctx, func(ctx context.Context, c *telegram.Client) error {
		all, err := c.API().MessagesGetMessages(ctx, messages)
		if err != nil {
			return err
		}
		for i, m := range all.(*tg.MessagesMessages).Messages {
			got, err := load(ctx, c, m)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("file %d: %d bytes, %v", i, len(got), err)
			}
		}
		s.Behave(func(b *telegramtest.Behaviour) { b.CDNLies = true })
		if got, err := load(ctx, c, all.(*tg.MessagesMessages).Messages[2]); err == nil {
			t.Errorf("%d bytes of a CDN that lies", len(got))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n := s.Count(func(e telegramtest.Event) bool { return e.Method == "upload.getCdnFile" && e.Error == "" }); n < 4 {
		t.Errorf("the CDN was asked %d times", n)
	}
}

// What people send is pushed, an album message by message.
func TestGotd_HearsOfFiles(t *testing.T) {
	t.Parallel()
	s := started(t, plain)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	ctx, got := within(t), newHeard()
	d := newDevice(s, "listener").keyed(t)
	d.handler = got
	d.logIn(ctx, t, bot.Token)
	photo := telegramtest.File{Kind: telegramtest.KindPhoto, Data: telegramtest.Picture(30, 20, 1)}
	if err := d.run(ctx, func(ctx context.Context, c *telegram.Client) error {
		if _, err := c.API().UpdatesGetState(ctx); err != nil {
			return err
		}
		s.SayFile(alice.ID, bot.ID, "one", photo)
		s.SayAlbum(alice.ID, bot.ID, "two", photo, photo)
		got.until(ctx, t, func(all []tg.UpdatesClass) bool { return len(texts(all)) == 3 })
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	grouped := map[int64]int{}
	for _, u := range got.list() {
		for _, x := range u.(*tg.Updates).Updates {
			m := x.(*tg.UpdateNewMessage).Message.(*tg.Message)
			if _, ok := m.Media.(*tg.MessageMediaPhoto); !ok {
				t.Errorf("heard of %v", m.Media)
			}
			grouped[m.GroupedID]++
		}
	}
	if len(grouped) != 2 || grouped[0] != 1 {
		t.Errorf("groups %v", grouped)
	}
}
