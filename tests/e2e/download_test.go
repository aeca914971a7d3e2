package e2e

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"telegram-client/shared/message"
	"telegram-client/tests/telegramtest"
)

// withCDN makes Telegram have a CDN.
var withCDN = func() telegramtest.Option {
	key := sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
	return func(o *telegramtest.Options) {
		var err error
		if o.CDN, err = key(); err != nil {
			panic(err)
		}
	}
}()

// noise returns bytes that differ from each other.
func noise(n int) []byte {
	b := make([]byte, n)
	mathrand.NewChaCha8([32]byte{7}).Read(b)
	return b
}

// brings lets alice send a file and returns the id that the message has for the desk's account.
func (d *desk) brings(f telegramtest.File) int {
	d.t.Helper()
	id := d.telegram.IDFor(d.me.ID, d.telegram.SayFile(d.alice.ID, d.me.ID, "", f).Number)
	if id == 0 {
		d.t.Fatal("the file did not arrive")
	}
	return id
}

// kept returns what is in the folder for downloads.
func (d *desk) kept() []string {
	d.t.Helper()
	var names []string
	err := filepath.WalkDir(filepath.Join(d.root, "downloads"), func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		names = append(names, filepath.Base(p))
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		d.t.Fatal(err)
	}
	return names
}

// wants calls download_media in both ways and compares what comes with what was sent.
func (d *desk) wants(id int, data []byte) {
	d.t.Helper()
	o := d.call(message.DownloadMedia, 200, fields{"target_username": "alice", "message_id": id, "path": "door/"})
	p := o.Get("path")
	got, err := os.ReadFile(filepath.Join(d.root, p))
	if err != nil || !bytes.Equal(got, data) || !strings.HasPrefix(p, "downloads/door/") {
		d.t.Errorf("%q: %d bytes of %d, %v", p, len(got), len(data), err)
	}
	a, err := d.bridge.Want(d.ctx, 200, "", "POST", "/services/telegram_client/download_media", fields{"config_entry_id": d.entryID, "target_username": "alice", "message_id": id})
	if err != nil || !bytes.Equal(a.Body, data) {
		d.t.Errorf("answered %d bytes of %d, %v", len(a.Body), len(data), err)
	}
}

func TestDownloadMedia_ByteForByteFromEverywhere(t *testing.T) {
	t.Parallel()
	large := noise(3<<20 + 17)
	picture := telegramtest.Picture(1600, 1200, 3)
	cases := map[string]struct {
		file      telegramtest.File
		behaviour func(*telegramtest.Behaviour)
		during    func(*telegramtest.Server) // after the first part was asked for, and before it is answered
		asks      int                        // how often both downloads ask Telegram itself for the file, where a CDN has it
	}{
		"a photo":                        {file: telegramtest.File{Kind: telegramtest.KindPhoto, Data: picture}},
		"a voice note":                   {file: telegramtest.File{Kind: telegramtest.KindVoice, Data: noise(3000)}},
		"one part":                       {file: telegramtest.File{Name: "a.bin", Data: noise(512 << 10)}},
		"in data centre 1":               {file: telegramtest.File{Name: "a.bin", Data: large, DC: 1}},
		"in data centre 2":               {file: telegramtest.File{Name: "a.bin", Data: large, DC: 2}},
		"at a CDN":                       {file: telegramtest.File{Name: "a.bin", Data: large, DC: 1, CDN: true}, asks: 2},
		"at a CDN of data centre 2":      {file: telegramtest.File{Name: "a.bin", Data: large, DC: 2, CDN: true}, asks: 4},
		"at a CDN that has to be filled": {file: telegramtest.File{Name: "a.bin", Data: large, DC: 2, CDN: true}, behaviour: func(b *telegramtest.Behaviour) { b.CDNEmpty = telegramtest.Always }, asks: 4},
		"at a CDN that lies":             {file: telegramtest.File{Name: "a.bin", Data: large, DC: 1, CDN: true}, behaviour: func(b *telegramtest.Behaviour) { b.CDNLies = true }},
		"the CDN forgets it":             {file: telegramtest.File{Name: "a.bin", Data: large, DC: 1, CDN: true}, during: (*telegramtest.Server).ForgetCDNTokens, asks: 3},
		"the CDN drops it":               {file: telegramtest.File{Name: "a.bin", Data: large, DC: 2, CDN: true}, during: (*telegramtest.Server).EmptyCDN, asks: 4},
	}
	for who, desk := range map[string]func(*testing.T) *desk{
		"a bot": func(t *testing.T) *desk {
			w := newWorld(t, withCDN)
			return w.desk(t, w.bot, 25*time.Second)
		},
		"a user": func(t *testing.T) *desk { return newEmptyWorld(t, withCDN).userDesk(t) },
	} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			d := desk(t)
			for name, c := range cases {
				t.Run(name, func(t *testing.T) {
					d := *d
					d.t = t
					var usual telegramtest.Behaviour
					d.telegram.Behave(func(b *telegramtest.Behaviour) {
						usual = *b
						b.CDNEmpty = telegramtest.Never
						if c.behaviour != nil {
							c.behaviour(b)
						}
					})
					defer d.telegram.Behave(func(b *telegramtest.Behaviour) { *b = usual })
					id, before := d.brings(c.file), d.requests("upload.getFile")
					if c.during != nil {
						arrived, release := d.telegram.Faults().Hold("upload.getCdnFile")
						go func() {
							<-arrived
							c.during(d.telegram)
							release()
						}()
					}
					d.wants(id, c.file.Data)
					if n := d.requests("upload.getFile") - before; c.asks != 0 && n != c.asks {
						t.Errorf("Telegram was asked %d times for what the CDN has", n)
					}
				})
			}
		})
	}
}

func TestDownloadMedia_ReferencesAreRenewedOnce(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	data := noise(1<<20 + 5)
	for _, dc := range []int{1, 2} {
		id := d.brings(telegramtest.File{Name: "a.bin", Data: data, DC: dc})
		before := d.requests("messages.getMessages")
		arrived, release := d.telegram.Faults().Hold("upload.getFile")
		go func() {
			<-arrived
			d.telegram.ExpireFileReferences()
			release()
		}()
		o := d.call(message.DownloadMedia, 200, fields{"target_username": "alice", "message_id": id, "path": "a.bin"})
		if got, err := os.ReadFile(filepath.Join(d.root, o.Get("path"))); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if n := d.requests("messages.getMessages") - before; n != 2 {
			t.Errorf("the message was read %d times", n)
		}
	}
	// What is never good is not asked for again and again.
	id := d.brings(telegramtest.File{Name: "a.bin", Data: data})
	d.telegram.Faults().Fail("upload.getFile", 400, "FILE_REFERENCE_EXPIRED", 2)
	o := d.call(message.DownloadMedia, 502, fields{"target_username": "alice", "message_id": id, "path": "never.bin"})
	if o.Error.Code != "telegram_error" || len(d.kept()) != 2 {
		t.Errorf("%s, %v", o.Body, d.kept())
	}
}

func TestDownloadMedia_NothingIsLeftOfWhatBroke(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	id := d.brings(telegramtest.File{Name: "a.bin", Data: noise(3 << 20)})
	breaks := func() {
		arrived, release := d.telegram.Faults().HoldAnswer("upload.getFile")
		go func() {
			<-arrived
			d.telegram.Faults().Fail("upload.getFile", 400, "LOCATION_INVALID", 1)
			release()
		}()
	}
	breaks()
	o := d.call(message.DownloadMedia, 502, fields{"target_username": "alice", "message_id": id, "path": "a.bin"})
	if o.Error.Code != "telegram_error" || len(d.kept()) != 0 {
		t.Errorf("%s, %v", o.Body, d.kept())
	}
	d.telegram.Faults().Reset()
	breaks()
	if a, err := d.bridge.Call(d.ctx, "", "POST", "/services/telegram_client/download_media", fields{"config_entry_id": d.entryID, "target_username": "alice", "message_id": id}); err == nil {
		t.Errorf("an answer of %d bytes looks whole", len(a.Body))
	}
	d.telegram.Faults().Reset()
	// The login itself ends in the middle.
	arrived, release := d.telegram.Faults().HoldAnswer("upload.getFile")
	login, ended := d.senderLogin(t).ID, make(chan error, 1)
	go func() {
		<-arrived
		ended <- d.telegram.EndAuthorization(login)
		release()
	}()
	o = d.call(message.DownloadMedia, 409, fields{"target_username": "alice", "message_id": id, "path": "a.bin"})
	if err := <-ended; err != nil || o.Error.Code != "reauth_required" || len(d.kept()) != 0 {
		t.Errorf("%v, %s, %v", err, o.Body, d.kept())
	}
}

func TestDownloadMedia_SaysWhatIsThere(t *testing.T) {
	t.Parallel()
	d := botDesk(t)
	id := d.brings(telegramtest.File{Name: "Tür.pdf", MIME: "application/pdf", Data: noise(1000)})
	for range 2 {
		d.call(message.DownloadMedia, 200, fields{"target_username": "alice", "message_id": id, "path": "."})
	}
	o := d.call(message.DownloadMedia, 200, fields{"target_username": "alice", "message_id": id, "path": "."})
	if o.Get("path") != "downloads/Tür (3).pdf" || o.Get("filename") != "Tür.pdf" || o.Get("mime_type") != "application/pdf" || o.Get("size") != "1000" {
		t.Errorf("%s", o.Body)
	}
	before := d.requests("upload.getFile")
	if o := d.call(message.DownloadMedia, 200, fields{"target_username": "alice", "message_id": id, "path": ".", "dry_run": true}); !o.DryRun || o.JSON["path"] != nil || o.Get("filename") != "Tür.pdf" {
		t.Errorf("%s", o.Body)
	}
	if d.requests("upload.getFile") != before || len(d.kept()) != 3 {
		t.Error("a dry run has fetched something")
	}
	text := d.telegram.IDFor(d.me.ID, d.telegram.Say(d.alice.ID, d.me.ID, "hello").Number)
	bob := d.telegram.User("bobby_b")
	d.telegram.SayFile(bob.ID, d.me.ID, "", telegramtest.File{Name: "bob.txt", Data: []byte("bob")})
	for _, c := range []struct {
		status      int
		with        fields
		code, field string
	}{
		{404, fields{"message_id": text}, "not_found", "message_id"},
		{400, fields{"message_id": 99999}, "message_id_invalid", "message_id"},
		{400, fields{"message_id": id, "target_username": "bobby_b"}, "message_id_invalid", "message_id"}, // alice's
		{400, fields{"message_id": id, "target_username": "bobby_b", "path": "x/"}, "message_id_invalid", "message_id"},
		{400, fields{"message_id": id, "path": "../x"}, "invalid_field", "path"},
		{400, fields{"message_id": id, "path": "Tür.pdf/x"}, "file_refused", "path"},
		{400, fields{"message_id": id, "target_username": "nobody_at_all"}, "target_not_found", ""},
		{400, fields{}, "missing_field", "message_id"},
	} {
		if c.with["target_username"] == nil {
			c.with["target_username"] = "alice"
		}
		if o := d.call(message.DownloadMedia, c.status, c.with); o.Error.Code != c.code || o.Error.Field != c.field {
			t.Errorf("%v: %s", c.with, o.Body)
		}
	}
}
