package telegramtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// file is a photo or a document as it lies in a data centre, the same for all messages that show it.
type file struct {
	server     *Server
	id         int64
	dc         int
	date       int
	photo      bool
	sizes      []photoSize // of a photo, the largest last
	name, mime string
	attributes []tg.DocumentAttributeClass // of a document
	thumbs     []photoSize                 // of a document
	content    content
	sum        *[sha256.Size]byte // of content, once it was asked for
	cdn        bool               // popular enough that clients are sent to a CDN
}

// attachment is a file in a message.
type attachment struct {
	file    *file
	spoiler bool
}

// The kinds of files, as clients show them.
const (
	KindPhoto     = "photo"
	KindVideo     = "video"
	KindAnimation = "animation"
	KindAudio     = "audio"
	KindVoice     = "voice"
	KindDocument  = "document"
)

// kind is what clients show a file as. https://core.telegram.org/type/DocumentAttribute
func (f *file) kind() string {
	if f.photo {
		return KindPhoto
	}
	kind := KindDocument
	for _, a := range f.attributes {
		switch a := a.(type) {
		case *tg.DocumentAttributeAnimated:
			return KindAnimation
		case *tg.DocumentAttributeVideo:
			kind = KindVideo
		case *tg.DocumentAttributeAudio:
			kind = KindAudio
			if a.Voice {
				kind = KindVoice
			}
		}
	}
	return kind
}

// Access hashes of files are the account's, as those of peers (A6).
func (s *Server) fileHash(viewer *account, id int64) int64 { return s.derive("file", viewer, id) }

// reference proves that a client has come by a file in a message that it sees. It is the account's, and lives until the
// next ExpireFileReferences. https://core.telegram.org/api/file-references
func (f *file) reference(viewer *account) []byte {
	return f.server.fileReference(viewer, f.id, f.server.references)
}

func (s *Server) fileReference(viewer *account, id int64, generation uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, generation)
	var secret []byte
	secret = binary.LittleEndian.AppendUint64(secret, s.secret)
	mac := hmac.New(sha256.New, secret)
	mac.Write(b)
	mac.Write(binary.LittleEndian.AppendUint64(nil, uint64(viewer.id)))
	mac.Write(binary.LittleEndian.AppendUint64(nil, uint64(id)))
	return append(b, mac.Sum(nil)[:16]...)
}

// checkReference says what is wrong with a file reference, in the words between FILE_REFERENCE_ and the end; "" if it is right.
func (s *Server) checkReference(viewer *account, id int64, reference []byte) string {
	const generation = 4
	switch {
	case len(reference) == 0:
		return "EMPTY"
	case len(reference) < generation:
		return "INVALID"
	}
	g := binary.BigEndian.Uint32(reference)
	switch {
	case !bytes.Equal(reference, s.fileReference(viewer, id, g)):
		return "INVALID"
	case g != s.references:
		return "EXPIRED"
	}
	return ""
}

// ExpireFileReferences makes all file references that clients have FILE_REFERENCE_EXPIRED. What shows a file from now on
// has a fresh one.
func (s *Server) ExpireFileReferences() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.references++
}

// media shows an attachment to an account. https://core.telegram.org/type/MessageMedia
func (a *attachment) media(viewer *account) tg.MessageMediaClass {
	f := a.file
	if f.photo {
		m := &tg.MessageMediaPhoto{Spoiler: a.spoiler}
		m.SetPhoto(f.seePhoto(viewer))
		return m
	}
	kind := f.kind()
	m := &tg.MessageMediaDocument{Spoiler: a.spoiler, Video: kind == KindVideo, Voice: kind == KindVoice}
	for _, x := range f.attributes {
		if v, ok := x.(*tg.DocumentAttributeVideo); ok {
			m.Round = v.RoundMessage
		}
	}
	m.SetDocument(f.seeDocument(viewer))
	return m
}

// https://core.telegram.org/constructor/photo
func (f *file) seePhoto(viewer *account) *tg.Photo {
	return &tg.Photo{
		ID: f.id, AccessHash: f.server.fileHash(viewer, f.id), FileReference: f.reference(viewer), Date: f.date,
		Sizes: append([]tg.PhotoSizeClass{&tg.PhotoStrippedSize{Type: "i", Bytes: []byte{1, 30, 40, 0x2a, 0x2a}}}, seeSizes(f.sizes)...),
		DCID:  f.dc,
	}
}

// https://core.telegram.org/constructor/document
func (f *file) seeDocument(viewer *account) *tg.Document {
	d := &tg.Document{
		ID: f.id, AccessHash: f.server.fileHash(viewer, f.id), FileReference: f.reference(viewer), Date: f.date,
		MimeType: f.mime, Size: f.content.size(), DCID: f.dc, Attributes: f.attributes,
	}
	if len(f.thumbs) > 0 {
		d.SetThumbs(seeSizes(f.thumbs))
	}
	return d
}

// newDocument makes a document of what a client or a test says of it.
func (s *Server) newDocument(dc int, name, mime string, attributes []tg.DocumentAttributeClass, all content) *file {
	f := s.newFile(dc, name, all)
	f.mime = mime
	named := false
	for _, a := range attributes {
		if n, ok := a.(*tg.DocumentAttributeFilename); ok {
			named, f.name = true, n.FileName
		}
	}
	f.attributes = slices.Clone(attributes)
	if !named && name != "" { // https://core.telegram.org/constructor/documentAttributeFilename
		f.attributes = append(f.attributes, &tg.DocumentAttributeFilename{FileName: name})
	}
	return f
}

func (s *Server) newFile(dc int, name string, all content) *file {
	f := &file{server: s, id: s.newID(), dc: dc, date: s.now(), name: name, content: all}
	s.files[f.id] = f
	return f
}

// hasSound reports whether an MP4 file has a track for sound; true also if it is none, or cannot be read.
func hasSound(all content) bool {
	const most = 32 << 20 // of the box that describes the tracks
	for offset := int64(0); offset < all.size(); {
		head, kept := all.readAt(offset, 16)
		if !kept || len(head) < 8 {
			return true
		}
		length := int64(binary.BigEndian.Uint32(head))
		if length == 1 && len(head) == 16 {
			length = int64(binary.BigEndian.Uint64(head[8:]))
		}
		if string(head[4:8]) == "moov" {
			moov, _ := all.readAt(offset, int(min(length, most)))
			return bytes.Contains(moov, []byte("soun"))
		}
		if length < 8 {
			return true
		}
		offset += length
	}
	return true
}

// given finds a file that a client names. what is wrong with its reference is refused by refuse.
func (c *call) given(id, hash int64, reference []byte, photo bool, refuse func(wrong string) error) (*file, error) {
	f := c.server.files[id]
	if f == nil || f.photo != photo || hash != c.server.fileHash(c.account, id) {
		return nil, tgerr.New(400, "MEDIA_EMPTY") // https://core.telegram.org/method/messages.sendMedia
	}
	if wrong := c.server.checkReference(c.account, id, reference); wrong != "" {
		return nil, refuse(wrong)
	}
	return f, nil
}

func errReference(wrong string) error { return tgerr.New(400, "FILE_REFERENCE_"+wrong) }
