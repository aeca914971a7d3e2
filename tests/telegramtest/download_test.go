package telegramtest

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/gotd/td/tg"

	"telegram-client/tests/telegramtest/mtserver"
)

// elsewhereIn is a key of a login in another data centre.
func (l *login) elsewhereIn(t *testing.T, dc int) *login {
	t.Helper()
	x := newLogin(l.server, l.device)
	x.dc = dc
	if dc == mtserver.CDNID {
		x.device = "n/a"
		return x
	}
	a, err := l.AuthExportAuthorization(context.Background(), dc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.AuthImportAuthorization(context.Background(), &tg.AuthImportAuthorizationRequest{ID: a.ID, Bytes: a.Bytes}); err != nil {
		t.Fatal(err)
	}
	return x
}

// shown is a file as a login finds it in a message.
func (s *Server) shown(t *testing.T, viewer Account, m Message) *tg.InputDocumentFileLocation {
	t.Helper()
	id := idOf(s.Show(viewer.ID, m.From, s.IDFor(viewer.ID, m.Number)).Media)
	return &tg.InputDocumentFileLocation{ID: id.id, AccessHash: id.hash, FileReference: []byte(id.reference)}
}

// load reads a file to its end.
func (l *login) load(location tg.InputFileLocationClass, limit int) ([]byte, error) {
	var all []byte
	for {
		f, err := l.UploadGetFile(context.Background(), &tg.UploadGetFileRequest{Location: location, Offset: int64(len(all)), Limit: limit})
		if err != nil {
			return nil, err
		}
		piece := f.(*tg.UploadFile).Bytes
		all = append(all, piece...)
		if len(piece) < limit {
			return all, nil
		}
	}
}

func TestDownload_WhereTheFileLies(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "listener")
	data := noise(300_000)
	location := s.shown(t, bot, s.SayFile(alice.ID, bot.ID, "far", File{Name: "a.bin", Data: data, DC: 2}))
	_, err := l.load(location, 128<<10)
	refused(t, err, 303, "FILE_MIGRATE_2")
	stranger := newLogin(s, "stranger")
	stranger.dc = 2
	_, err = stranger.load(location, 128<<10)
	refused(t, err, 401, "AUTH_KEY_UNREGISTERED")
	far := l.elsewhereIn(t, 2)
	for _, limit := range []int{4 << 10, 128 << 10, 1 << 20} {
		if got, err := far.load(location, limit); err != nil || !bytes.Equal(got, data) {
			t.Errorf("limit %d: %d bytes, %v", limit, len(got), err)
		}
	}
	hashes, err := far.UploadGetFileHashes(context.Background(), &tg.UploadGetFileHashesRequest{Location: location, Offset: 140_000})
	if err != nil || len(hashes) != 2 || hashes[0].Offset != 128<<10 {
		t.Fatalf("%v, %v", hashes, err)
	}
	for _, h := range hashes {
		if sum := sha256.Sum256(data[h.Offset:min(int(h.Offset)+h.Limit, len(data))]); !bytes.Equal(sum[:], h.Hash) {
			t.Errorf("hash at %d", h.Offset)
		}
	}
	// References are for who sees the message, and die.
	mine := *location
	mine.AccessHash = s.fileHash(s.accounts[alice.ID], location.ID)
	_, err = far.load(&mine, 4<<10)
	refused(t, err, 400, "LOCATION_INVALID")
	s.ExpireFileReferences()
	_, err = far.load(location, 4<<10)
	refused(t, err, 400, "FILE_REFERENCE_EXPIRED")
	_, err = l.load(location, 4<<10)
	refused(t, err, 303, "FILE_MIGRATE_2")
	got, err := l.MessagesGetMessages(context.Background(), []tg.InputMessageClass{&tg.InputMessageID{ID: s.Read(bot.ID, alice.ID)[0].ID}})
	if err != nil {
		t.Fatal(err)
	}
	fresh := idOf(got.(*tg.MessagesMessages).Messages[0].(*tg.Message).Media)
	location.FileReference = []byte(fresh.reference)
	if got, err := far.load(location, 1<<20); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestDownload_Refusals(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "listener")
	location := s.shown(t, bot, s.SayFile(alice.ID, bot.ID, "", File{Data: noise(3 << 20)}))
	request := func(change func(*tg.UploadGetFileRequest, *tg.InputDocumentFileLocation)) *tg.UploadGetFileRequest {
		at := *location
		r := &tg.UploadGetFileRequest{Location: &at, Limit: 1 << 20}
		change(r, &at)
		return r
	}
	for name, c := range map[string]struct {
		change func(*tg.UploadGetFileRequest, *tg.InputDocumentFileLocation)
		want   string
	}{
		"odd offset":               {func(r *tg.UploadGetFileRequest, _ *tg.InputDocumentFileLocation) { r.Offset = 1024 }, "OFFSET_INVALID"},
		"negative offset":          {func(r *tg.UploadGetFileRequest, _ *tg.InputDocumentFileLocation) { r.Offset = -4096 }, "OFFSET_INVALID"},
		"odd precise offset":       {func(r *tg.UploadGetFileRequest, _ *tg.InputDocumentFileLocation) { r.Offset, r.Precise = 1000, true }, "OFFSET_INVALID"},
		"no limit":                 {func(r *tg.UploadGetFileRequest, _ *tg.InputDocumentFileLocation) { r.Limit = 0 }, "LIMIT_INVALID"},
		"odd limit":                {func(r *tg.UploadGetFileRequest, _ *tg.InputDocumentFileLocation) { r.Limit = 1024 }, "LIMIT_INVALID"},
		"limit divides no MB":      {func(r *tg.UploadGetFileRequest, _ *tg.InputDocumentFileLocation) { r.Limit = 12 << 10 }, "LIMIT_INVALID"},
		"more than a MB":           {func(r *tg.UploadGetFileRequest, _ *tg.InputDocumentFileLocation) { r.Limit = 2 << 20 }, "LIMIT_INVALID"},
		"across a MB":              {func(r *tg.UploadGetFileRequest, _ *tg.InputDocumentFileLocation) { r.Offset = 4096 }, "LIMIT_INVALID"},
		"across a MB, precise":     {func(r *tg.UploadGetFileRequest, _ *tg.InputDocumentFileLocation) { r.Offset, r.Precise = 1024, true }, "LIMIT_INVALID"},
		"another file":             {func(_ *tg.UploadGetFileRequest, l *tg.InputDocumentFileLocation) { l.ID = 1 }, "LOCATION_INVALID"},
		"another hash":             {func(_ *tg.UploadGetFileRequest, l *tg.InputDocumentFileLocation) { l.AccessHash = 1 }, "LOCATION_INVALID"},
		"a size that is not there": {func(_ *tg.UploadGetFileRequest, l *tg.InputDocumentFileLocation) { l.ThumbSize = "m" }, "LOCATION_INVALID"},
		"no reference":             {func(_ *tg.UploadGetFileRequest, l *tg.InputDocumentFileLocation) { l.FileReference = nil }, "FILE_REFERENCE_EMPTY"},
		"wrong reference": {func(_ *tg.UploadGetFileRequest, l *tg.InputDocumentFileLocation) {
			l.FileReference = []byte{1, 2, 3, 4, 5}
		}, "FILE_REFERENCE_INVALID"},
	} {
		_, err := l.UploadGetFile(context.Background(), request(c.change))
		if err == nil {
			t.Errorf("%s: answered", name)
			continue
		}
		refused(t, err, 400, c.want)
	}
	precise := request(func(r *tg.UploadGetFileRequest, _ *tg.InputDocumentFileLocation) {
		r.Offset, r.Limit, r.Precise = 1024, 3072, true
	})
	if f, err := l.UploadGetFile(context.Background(), precise); err != nil || len(f.(*tg.UploadFile).Bytes) != 3072 {
		t.Errorf("precise: %v", err)
	}
	behind := request(func(r *tg.UploadGetFileRequest, _ *tg.InputDocumentFileLocation) { r.Offset = 4 << 20 })
	if f, err := l.UploadGetFile(context.Background(), behind); err != nil || len(f.(*tg.UploadFile).Bytes) != 0 {
		t.Errorf("behind the end: %v", err)
	}
}

// A photo comes in the sizes that it names, the largest as it was sent.
func TestDownload_SizesOfAPhoto(t *testing.T) {
	t.Parallel()
	s := silent(full)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "listener")
	data := Picture(1000, 500, 1)
	m := s.SayFile(alice.ID, bot.ID, "", File{Kind: KindPhoto, Data: data})
	p := s.Show(bot.ID, alice.ID, s.IDFor(bot.ID, m.Number)).Media.(*tg.MessageMediaPhoto).Photo.(*tg.Photo)
	var kinds string
	for _, size := range p.Sizes {
		kinds += size.GetType()
		want, w := 0, 0
		switch size := size.(type) {
		case *tg.PhotoSize:
			want, w = size.Size, size.W
		case *tg.PhotoSizeProgressive:
			want, w = size.Sizes[len(size.Sizes)-1], size.W
		default:
			continue
		}
		got, err := l.load(&tg.InputPhotoFileLocation{ID: p.ID, AccessHash: p.AccessHash, FileReference: p.FileReference, ThumbSize: size.GetType()}, 1<<20)
		if err != nil || len(got) != want {
			t.Errorf("size %s: %d bytes of %d, %v", size.GetType(), len(got), want, err)
		}
		if w == 1000 != bytes.Equal(got, data) {
			t.Errorf("size %s is %d wide", size.GetType(), w)
		}
	}
	if kinds != "imxy" {
		t.Errorf("sizes %s", kinds)
	}
	for _, kind := range []string{"", "i", "w"} {
		_, err := l.load(&tg.InputPhotoFileLocation{ID: p.ID, AccessHash: p.AccessHash, FileReference: p.FileReference, ThumbSize: kind}, 1<<20)
		refused(t, err, 400, "LOCATION_INVALID")
	}
}

func withCDN(o *Options) { o.CDN = TestRSA() }

func TestCDN_ServesWhatItIsGiven(t *testing.T) {
	t.Parallel()
	s := silent(Behaviour{Short: Never, CDNEmpty: Always}, withCDN)
	alice, bot := s.User("alice"), s.Bot("helper_bot")
	l := logIn(t, s, bot, "listener").elsewhereIn(t, 2)
	data := noise(5<<20/2 + 100)
	location := s.shown(t, bot, s.SayFile(alice.ID, bot.ID, "", File{Data: data, CDN: true, DC: 2}))
	if got, err := l.load(location, 1<<20); err != nil || !bytes.Equal(got, data) { // who cannot use a CDN
		t.Fatal(err)
	}
	get := func() *tg.UploadFileCDNRedirect {
		f, err := l.UploadGetFile(context.Background(), &tg.UploadGetFileRequest{Location: location, Limit: 1 << 20, CDNSupported: true})
		if err != nil {
			t.Fatal(err)
		}
		return f.(*tg.UploadFileCDNRedirect)
	}
	redirect := get()
	if redirect.DCID != mtserver.CDNID || len(redirect.FileHashes) != 8 {
		t.Fatalf("%+v", redirect)
	}
	cdn := l.elsewhereIn(t, mtserver.CDNID)
	ask := func(token []byte, offset int64, limit int) (tg.UploadCDNFileClass, error) {
		return cdn.UploadGetCDNFile(context.Background(), &tg.UploadGetCDNFileRequest{FileToken: token, Offset: offset, Limit: limit})
	}
	needed, err := ask(redirect.FileToken, 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	reupload := &tg.UploadReuploadCDNFileRequest{FileToken: redirect.FileToken, RequestToken: []byte("another")}
	_, err = l.UploadReuploadCDNFile(context.Background(), reupload)
	refused(t, err, 400, "REQUEST_TOKEN_INVALID")
	reupload.RequestToken = needed.(*tg.UploadCDNFileReuploadNeeded).RequestToken
	if _, err := l.UploadReuploadCDNFile(context.Background(), reupload); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for offset := int64(0); offset < int64(len(data)); offset += 1 << 20 {
		f, err := ask(redirect.FileToken, offset, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		block, err := aes.NewCipher(redirect.EncryptionKey)
		if err != nil {
			t.Fatal(err)
		}
		iv := bytes.Clone(redirect.EncryptionIv)
		binary.BigEndian.PutUint32(iv[12:], uint32(offset/16))
		piece := f.(*tg.UploadCDNFile).Bytes
		cipher.NewCTR(block, iv).XORKeyStream(piece, piece)
		got = append(got, piece...)
	}
	if !bytes.Equal(got, data) {
		t.Error("other bytes than were sent")
	}
	hashes, err := l.UploadGetCDNFileHashes(context.Background(), &tg.UploadGetCDNFileHashesRequest{FileToken: redirect.FileToken, Offset: 2 << 20})
	if sum := sha256.Sum256(data[2<<20 : 2<<20+128<<10]); err != nil || len(hashes) != 5 || !bytes.Equal(hashes[0].Hash, sum[:]) {
		t.Errorf("%d hashes, %v", len(hashes), err)
	}
	s.EmptyCDN()
	if f, err := ask(redirect.FileToken, 0, 1<<20); err != nil || f.TypeName() != needed.TypeName() {
		t.Errorf("%v, %v", f, err)
	}
	// A CDN knows one method and its own tokens.
	_, err = cdn.HelpGetConfig(context.Background())
	refused(t, err, 400, "CDN_METHOD_INVALID")
	_, err = ask([]byte("token"), 0, 1<<20)
	refused(t, err, 400, "FILE_TOKEN_INVALID")
	_, err = ask(redirect.FileToken, 1, 1<<20)
	refused(t, err, 400, "OFFSET_INVALID")
	_, err = l.UploadGetCDNFile(context.Background(), &tg.UploadGetCDNFileRequest{FileToken: redirect.FileToken, Limit: 1 << 20})
	refused(t, err, 404, "METHOD_INVALID")
	if got := s.Unknown(); len(got) != 0 {
		t.Errorf("unknown %v", got)
	}
	cdn.device = "the phone of alice"
	if _, err := ask(redirect.FileToken, 0, 1<<20); err != nil || len(s.Unknown()) != 1 {
		t.Errorf("%v, reported %v", err, s.Unknown())
	}
	s.ForgetCDNTokens()
	_, err = ask(redirect.FileToken, 0, 1<<20)
	refused(t, err, 400, "FILE_TOKEN_INVALID")
}
