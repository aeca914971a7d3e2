package telegramtest

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/gotd/td/tg"
)

// sent is a part of a file on its way.
type sentPart struct {
	big    bool
	number int
	total  int
	bytes  int
}

func (l *login) part(file int64, p sentPart, data []byte) error {
	var err error
	if p.big {
		_, err = l.UploadSaveBigFilePart(context.Background(), &tg.UploadSaveBigFilePartRequest{
			FileID: file, FilePart: p.number, FileTotalParts: p.total, Bytes: data,
		})
	} else {
		_, err = l.UploadSaveFilePart(context.Background(), &tg.UploadSaveFilePartRequest{FileID: file, FilePart: p.number, Bytes: data})
	}
	return err
}

// upload saves a file in parts of 512 KB and returns what stands for it.
func (l *login) upload(t *testing.T, file int64, name string, data []byte) tg.InputFileClass {
	t.Helper()
	count := 0
	big := len(data) > mostSmall
	for piece := range slices.Chunk(data, mostPart) {
		p := sentPart{big: big, number: count, total: (len(data) + mostPart - 1) / mostPart}
		if err := l.part(file, p, piece); err != nil {
			t.Fatal(err)
		}
		count++
	}
	if big {
		return &tg.InputFileBig{ID: file, Parts: count, Name: name}
	}
	sum := md5.Sum(data)
	return &tg.InputFile{ID: file, Parts: count, Name: name, MD5Checksum: hex.EncodeToString(sum[:])}
}

func document(f tg.InputFileClass) *tg.InputMediaUploadedDocument {
	return &tg.InputMediaUploadedDocument{File: f, MimeType: "application/octet-stream"}
}

// noise is bytes that do not repeat early.
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint32(2463534242)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

func TestUpload_PartsThatAreRefused(t *testing.T) {
	t.Parallel()
	const full = mostPart
	for name, c := range map[string]struct {
		before []sentPart
		part   sentPart
		want   string
	}{
		"empty":                      {nil, sentPart{false, 0, 0, 0}, "FILE_PART_EMPTY"},
		"too big":                    {nil, sentPart{false, 0, 0, full + 1}, "FILE_PART_TOO_BIG"},
		"negative number":            {nil, sentPart{false, -1, 0, 1}, "FILE_PART_INVALID"},
		"number too high":            {nil, sentPart{false, 4000, 0, 1}, "FILE_PART_INVALID"},
		"behind the end":             {nil, sentPart{true, 3, 3, full}, "FILE_PART_INVALID"},
		"no parts":                   {nil, sentPart{true, 0, 0, full}, "FILE_PARTS_INVALID"},
		"too many parts":             {nil, sentPart{true, 0, 4001, full}, "FILE_PARTS_INVALID"},
		"another total":              {[]sentPart{{true, 0, 3, full}}, sentPart{true, 1, 4, full}, "FILE_PARTS_INVALID"},
		"not divisible by 1024":      {nil, sentPart{true, 0, 3, 1000}, "FILE_PART_SIZE_INVALID"},
		"does not divide 512 KB":     {nil, sentPart{true, 0, 3, 3072}, "FILE_PART_SIZE_INVALID"},
		"a stream of odd parts":      {nil, sentPart{true, 0, -1, 1000}, "FILE_PART_SIZE_INVALID"},
		"a second part of odd ones":  {[]sentPart{{false, 0, 0, 3072}}, sentPart{false, 1, 0, 3072}, "FILE_PART_SIZE_INVALID"},
		"larger than before":         {[]sentPart{{false, 0, 0, 1024}}, sentPart{false, 1, 0, 2048}, "FILE_PART_SIZE_CHANGED"},
		"smaller, and more follow":   {[]sentPart{{true, 0, 4, 2048}}, sentPart{true, 1, 4, 1024}, "FILE_PART_SIZE_CHANGED"},
		"behind one that was short":  {[]sentPart{{false, 0, 0, 2048}, {false, 1, 0, 1024}}, sentPart{false, 2, 0, 1024}, "FILE_PART_SIZE_CHANGED"},
		"empty end of what is whole": {[]sentPart{{true, 0, 2, full}, {true, 1, 2, full}}, sentPart{true, 2, 2, 0}, "FILE_PART_INVALID"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := silent(Behaviour{})
			l := logIn(t, s, s.Bot("helper_bot"), "sender")
			data := noise(full + 1)
			for _, p := range c.before {
				if err := l.part(1, p, data[:p.bytes]); err != nil {
					t.Fatal(err)
				}
			}
			refused(t, l.part(1, c.part, data[:c.part.bytes]), 400, c.want)
		})
	}
}

func TestUpload_FilesThatAreRefused(t *testing.T) {
	t.Parallel()
	const full = mostPart
	whole := []sentPart{{false, 0, 0, full}, {false, 1, 0, 7}}
	big := []sentPart{{true, 0, 2, full}, {true, 1, 2, 7}}
	stream := []sentPart{{true, 0, -1, full}, {true, 1, -1, full}}
	for name, c := range map[string]struct {
		parts []sentPart
		file  tg.InputFileClass
		want  string
	}{
		"nothing was saved":    {nil, &tg.InputFile{ID: 1, Parts: 1}, "FILE_PART_0_MISSING"},
		"another file":         {whole, &tg.InputFile{ID: 2, Parts: 2}, "FILE_PART_0_MISSING"},
		"a part is missing":    {whole, &tg.InputFile{ID: 1, Parts: 3}, "FILE_PART_2_MISSING"},
		"fewer than saved":     {whole, &tg.InputFile{ID: 1, Parts: 1}, "FILE_PARTS_INVALID"},
		"none":                 {whole, &tg.InputFile{ID: 1}, "FILE_PARTS_INVALID"},
		"too many":             {whole, &tg.InputFile{ID: 1, Parts: 4001}, "FILE_PARTS_INVALID"},
		"another checksum":     {whole, &tg.InputFile{ID: 1, Parts: 2, MD5Checksum: "00"}, "MD5_CHECKSUM_INVALID"},
		"big and named small":  {big, &tg.InputFile{ID: 1, Parts: 2}, "FILE_PART_0_MISSING"},
		"small and named big":  {whole, &tg.InputFileBig{ID: 1, Parts: 2}, "FILE_PART_0_MISSING"},
		"a stream without end": {stream, &tg.InputFileBig{ID: 1, Parts: 2}, "FILE_PARTS_INVALID"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := silent(Behaviour{})
			l := logIn(t, s, s.Bot("helper_bot"), "sender")
			data := noise(full)
			for _, p := range c.parts {
				if err := l.part(1, p, data[:p.bytes]); err != nil {
					t.Fatal(err)
				}
			}
			_, err := l.MessagesUploadMedia(context.Background(), &tg.MessagesUploadMediaRequest{Peer: &tg.InputPeerEmpty{}, Media: document(c.file)})
			refused(t, err, 400, c.want)
		})
	}
}

func TestUpload_SmallMethodTakesTenMegabytes(t *testing.T) {
	t.Parallel()
	s := silent(Behaviour{})
	l := logIn(t, s, s.Bot("helper_bot"), "sender")
	data := noise(mostPart)
	for n := range 21 {
		if err := l.part(1, sentPart{number: n}, data); err != nil {
			t.Fatal(err)
		}
	}
	_, err := l.MessagesUploadMedia(context.Background(), &tg.MessagesUploadMediaRequest{
		Peer: &tg.InputPeerEmpty{}, Media: document(&tg.InputFile{ID: 1, Parts: 21}),
	})
	refused(t, err, 400, "FILE_PARTS_INVALID")
}

func TestUpload_PartsAreOfOneLogin(t *testing.T) {
	t.Parallel()
	s := silent(Behaviour{})
	bot := s.Bot("helper_bot")
	l, other := logIn(t, s, bot, "sender"), logIn(t, s, bot, "listener")
	f := l.upload(t, 1, "a.bin", noise(10))
	upload := func(l *login) error {
		_, err := l.MessagesUploadMedia(context.Background(), &tg.MessagesUploadMediaRequest{Peer: &tg.InputPeerEmpty{}, Media: document(f)})
		return err
	}
	refused(t, upload(other), 400, "FILE_PART_0_MISSING")
	for range 2 { // parts serve more than once
		if err := upload(l); err != nil {
			t.Error(err)
		}
	}
	s.ForgetParts()
	refused(t, upload(l), 400, "FILE_PART_0_MISSING")
	if n := s.Uploads(); n != 1 {
		t.Errorf("%d uploads", n)
	}
}

// Parts may come in any order and more than once, and a stream says how many there are with its last part.
func TestUpload_IsPutTogether(t *testing.T) {
	t.Parallel()
	const full = mostPart
	for name, parts := range map[string][]sentPart{
		"small":                       {{false, 0, 0, 5}},
		"small in order":              {{false, 0, 0, full}, {false, 1, 0, full}, {false, 2, 0, 5}},
		"small out of order":          {{false, 2, 0, 5}, {false, 0, 0, full}, {false, 1, 0, full}, {false, 1, 0, full}},
		"big":                         {{true, 1, 3, full}, {true, 2, 3, 5}, {true, 0, 3, full}},
		"big of one part":             {{true, 0, 1, 5}},
		"stream":                      {{true, 0, -1, full}, {true, 1, -1, full}, {true, 2, 3, 5}},
		"stream of full parts":        {{true, 0, -1, full}, {true, 1, 2, full}},
		"stream closed by an empty":   {{true, 0, -1, full}, {true, 1, -1, full}, {true, 2, 2, 0}},
		"stream that comes backwards": {{true, 2, 3, 5}, {true, 1, -1, full}, {true, 0, -1, full}},
	} {
		for _, hashOnly := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := silent(Behaviour{}, func(o *Options) { o.HashOnly = hashOnly })
				alice, bot := s.User("alice"), s.Bot("helper_bot")
				l := logIn(t, s, bot, "sender")
				data := noise(3 * full)
				count, size := 0, 0
				for _, p := range parts {
					if err := l.part(1, p, data[p.number*full:p.number*full+p.bytes]); err != nil {
						t.Fatal(err)
					}
					if p.bytes > 0 {
						count, size = max(count, p.number+1), max(size, p.number*full+p.bytes)
					}
				}
				var f tg.InputFileClass = &tg.InputFile{ID: 1, Parts: count, Name: "a.bin"}
				if parts[0].big {
					f = &tg.InputFileBig{ID: 1, Parts: count, Name: "a.bin"}
				}
				_, err := l.MessagesSendMedia(context.Background(), &tg.MessagesSendMediaRequest{Peer: s.peer(bot, alice), Media: document(f), RandomID: 1})
				if err != nil {
					t.Fatal(err)
				}
				got := s.Files(alice.ID)
				if len(got) != 1 || got[0].Sum != sha256.Sum256(data[:size]) || got[0].Size != int64(size) {
					t.Fatalf("%d files, %+v", len(got), got)
				}
				if kept := !hashOnly || !parts[0].big; kept != bytes.Equal(got[0].Data, data[:size]) {
					t.Errorf("%d bytes kept", len(got[0].Data))
				}
			})
		}
	}
}

func TestUpload_TellsOfPartsBeforeTheyAreAnswered(t *testing.T) {
	t.Parallel()
	s := silent(Behaviour{})
	l := logIn(t, s, s.Bot("helper_bot"), "sender")
	at, release := make(chan int), make(chan struct{})
	s.OnPart(func(file int64, number, total, size int) {
		if file != 9 || number != 0 || total != 2 || size != mostPart {
			t.Errorf("file %d part %d of %d, %d bytes", file, number, total, size)
		}
		at <- s.Uploads()
		<-release
	})
	done := make(chan error)
	go func() { done <- l.part(9, sentPart{true, 0, 2, mostPart}, noise(mostPart)) }()
	if n := <-at; n != 1 {
		t.Errorf("%d uploads", n)
	}
	select {
	case <-done:
		t.Error("answered")
	default:
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
