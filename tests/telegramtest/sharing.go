package telegramtest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"slices"

	"github.com/gotd/td/tg"
)

// What people send on devices that are not simulated, and what a test finds that clients have sent.

// A File is what a message can carry besides text.
type File struct {
	// Kind is one of the kinds of files; "" is a document. A photo needs an image in Data, such as Picture makes.
	Kind string `json:"kind,omitempty"`
	Name string `json:"name,omitempty"`
	MIME string `json:"mime,omitempty"`
	Data []byte `json:"data,omitempty"`
	// Source and Size are what it holds in place of Data, for files that are not to stand in memory.
	Source io.ReaderAt `json:"-"`
	Size   int64       `json:"size,omitempty"`
	// Width and Height are pixels, and Seconds the length of videos and sounds. Photos know their own.
	Width   int     `json:"width,omitempty"`
	Height  int     `json:"height,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
	// Streaming and NoSound are said of videos. https://core.telegram.org/constructor/documentAttributeVideo
	Streaming bool `json:"streaming,omitempty"`
	NoSound   bool `json:"no_sound,omitempty"`
	Round     bool `json:"round,omitempty"`
	// Title and Performer are those of music.
	Title     string `json:"title,omitempty"`
	Performer string `json:"performer,omitempty"`
	Spoiler   bool   `json:"spoiler,omitempty"`
	// DC is where it lies; 0 is the data centre of who sends it.
	DC int `json:"dc,omitempty"`
	// CDN makes the server send those who want to download it to a CDN, if they can use one.
	CDN bool `json:"cdn,omitempty"`
}

// SayFile lets somebody send a file, and returns the message as who sent it sees it.
func (s *Server) SayFile(from, to int64, caption string, f File) Message {
	m, err := s.Post(Saying{From: from, To: to, Text: caption, File: &f})
	if err != nil && s.t != nil {
		s.t.Errorf("%d sends %s to %d: %v", from, f.Name, to, err)
	}
	return m
}

// SayAlbum lets somebody send several files as an album. The caption is that of the first.
func (s *Server) SayAlbum(from, to int64, caption string, files ...File) []Message {
	all, err := s.PostAlbum(from, to, caption, files...)
	if err != nil && s.t != nil {
		s.t.Errorf("%d sends an album to %d: %v", from, to, err)
	}
	return all
}

// PostAlbum is SayAlbum for those who want the error.
func (s *Server) PostAlbum(from, to int64, caption string, files ...File) ([]Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(files) < 2 || len(files) > mostAlbum {
		return nil, fmt.Errorf("an album has 2 to %d files", mostAlbum)
	}
	grouped := s.newID()
	var all []Message
	for i, f := range files {
		text := ""
		if i == 0 {
			text = caption
		}
		m, err := s.post(Saying{From: from, To: to, Text: text, File: &f, grouped: grouped})
		if err != nil {
			return all, err
		}
		all = append(all, m)
	}
	return all, nil
}

// bring makes a file of what a test describes.
func (s *Server) bring(f File, from *account) (*file, error) {
	dc := cmp.Or(f.DC, from.home)
	if dc < 1 || dc > s.opt.DCs {
		return nil, fmt.Errorf("there is no data centre %d", dc)
	}
	if f.CDN && s.opt.CDN == nil {
		return nil, errors.New("the server has no CDN")
	}
	var all content = chunks{f.Data}
	if f.Source != nil {
		all = elsewhere{f.Source, f.Size}
	}
	if all.size() == 0 || f.Kind == KindPhoto && f.Source != nil {
		return nil, errors.New("a file has bytes, and a photo has them in Data")
	}
	var made *file
	if f.Kind == KindPhoto {
		var err error
		if made, err = s.newPhoto(dc, cmp.Or(f.Name, "photo.jpg"), false, all); err != nil {
			return nil, err
		}
	} else {
		attributes, mime := f.attributes()
		made = s.newDocument(dc, f.Name, cmp.Or(f.MIME, mime), attributes, all)
	}
	made.cdn = f.CDN
	if f.Kind != "" && made.kind() != f.Kind {
		return nil, fmt.Errorf("there is no kind %q", f.Kind)
	}
	return made, nil
}

// attributes are those of a document, and its MIME type if none is given.
func (f File) attributes() ([]tg.DocumentAttributeClass, string) {
	video := &tg.DocumentAttributeVideo{
		Duration: f.Seconds, W: f.Width, H: f.Height, SupportsStreaming: f.Streaming, Nosound: f.NoSound, RoundMessage: f.Round,
	}
	audio := &tg.DocumentAttributeAudio{Voice: f.Kind == KindVoice, Duration: int(f.Seconds)}
	if f.Title != "" {
		audio.SetTitle(f.Title)
	}
	if f.Performer != "" {
		audio.SetPerformer(f.Performer)
	}
	switch f.Kind {
	case KindVideo:
		return []tg.DocumentAttributeClass{video}, "video/mp4"
	case KindAnimation:
		return []tg.DocumentAttributeClass{video, &tg.DocumentAttributeAnimated{}}, "video/mp4"
	case KindAudio:
		return []tg.DocumentAttributeClass{audio}, "audio/mpeg"
	case KindVoice:
		return []tg.DocumentAttributeClass{audio}, "audio/ogg"
	}
	return nil, "application/octet-stream"
}

// A SentFile is a file in a chat with what the message says of it.
type SentFile struct {
	File
	// Message is the id for who sent it, or in the channel, and Number the same for all who see it.
	Message  int                     `json:"message"`
	Number   int64                   `json:"number"`
	Chat     int64                   `json:"chat"`
	From     int64                   `json:"from"`
	Caption  string                  `json:"caption,omitempty"`
	Entities []tg.MessageEntityClass `json:"-"`
	Markup   tg.ReplyMarkupClass     `json:"-"`
	Silent   bool                    `json:"silent,omitempty"`
	// Grouped is the same for the messages of an album, 0 outside of one.
	Grouped int64 `json:"grouped,omitempty"`
	// Document is the id of the photo or document, the same wherever it was sent without another upload.
	Document int64             `json:"document"`
	Sum      [sha256.Size]byte `json:"-"` // of all bytes, also where Data is empty because of Options.HashOnly or File.Source
	// Attributes are those of a document.
	Attributes []tg.DocumentAttributeClass `json:"-"`
}

// Files returns the files that stand in a chat, oldest first: a group or channel, or all private chats of an account.
// Data is what was sent, byte for byte.
func (s *Server) Files(chat int64) []SentFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[int64]*message{}
	look := func(copies map[int]*stored) {
		for _, c := range copies {
			m := c.message
			here := m.chat() == chat || m.to != nil && m.from.id == chat
			if m.file != nil && !c.deleted && here {
				found[m.number] = m
			}
		}
	}
	for _, a := range s.accountOrder {
		look(a.box.copies)
	}
	for _, ch := range s.channelOrder {
		look(ch.box.copies)
	}
	all := []SentFile{}
	for _, m := range found {
		all = append(all, m.sentFile())
	}
	slices.SortFunc(all, func(a, b SentFile) int { return cmp.Compare(a.Number, b.Number) })
	return all
}

func (m *message) sentFile() SentFile {
	f := m.file.file
	x := SentFile{
		File: File{
			Kind: f.kind(), Name: f.name, MIME: f.mime, Data: whole(f.content), Size: f.content.size(), DC: f.dc, CDN: f.cdn,
			Spoiler: m.file.spoiler,
		},
		Number: m.number, Chat: m.chat(), From: m.from.id, Caption: m.text, Entities: m.entities, Markup: m.markup,
		Silent: m.silent, Grouped: m.grouped, Document: f.id, Sum: f.hash(), Attributes: f.attributes,
	}
	owner := m.from
	if m.channel != nil {
		owner = nil
	}
	if c := m.copies[owner]; c != nil {
		x.Message = c.id
	}
	if f.photo {
		largest := f.sizes[len(f.sizes)-1]
		x.Width, x.Height = largest.width, largest.height
	}
	for _, a := range f.attributes {
		switch a := a.(type) {
		case *tg.DocumentAttributeVideo:
			x.Width, x.Height, x.Seconds, x.Streaming, x.NoSound, x.Round = a.W, a.H, a.Duration, a.SupportsStreaming, a.Nosound, a.RoundMessage
		case *tg.DocumentAttributeAudio:
			x.Seconds, x.Title, x.Performer = float64(a.Duration), a.Title, a.Performer
		}
	}
	return x
}

func (f *file) hash() [sha256.Size]byte {
	if f.sum == nil {
		sum := f.content.sum()
		f.sum = &sum
	}
	return *f.sum
}

// Picture makes a JPEG of some size in pixels, for photos. The same sides and seed give the same bytes.
func Picture(width, height int, seed uint8) []byte {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, color.RGBA{uint8(x) + seed, uint8(y) - seed, uint8(x+y) ^ seed, 255})
		}
	}
	var b bytes.Buffer
	// A buffer takes everything.
	_ = jpeg.Encode(&b, img, nil)
	return b.Bytes()
}
