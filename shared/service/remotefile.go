package service

import (
	"slices"
	"time"

	"github.com/gotd/td/tg"

	"telegram-client/shared/fault"
	"telegram-client/shared/media"
)

// A remoteFile is a photo or another file in a message.
type remoteFile struct {
	id         int64
	size       int64
	mime, name string
	location   tg.InputFileLocationClass
	inline     []byte // all of it, if the message itself has it
}

// remoteFileOf returns the file that a message shows: its own, or that of the preview of a link.
func remoteFileOf(m *tg.Message) (*remoteFile, error) {
	switch x := m.Media.(type) {
	case *tg.MessageMediaPhoto:
		if x.Photo == nil && x.TTLSeconds > 0 {
			return nil, gone()
		}
		return photoOf(m, x.Photo)
	case *tg.MessageMediaDocument:
		if x.Document == nil && x.TTLSeconds > 0 {
			return nil, gone()
		}
		return documentOf(m, x.Document)
	case *tg.MessageMediaWebPage:
		page, ok := x.Webpage.(*tg.WebPage)
		switch {
		case !ok:
		case page.Document != nil:
			return documentOf(m, page.Document)
		case page.Photo != nil:
			return photoOf(m, page.Photo)
		}
	}
	return nil, noFile()
}

func gone() error {
	return fault.At(fault.NotFound, "message_id", "The file of this message was to be seen for a while only, and is gone.")
}

// photoOf returns a photo in its largest size.
func photoOf(m *tg.Message, class tg.PhotoClass) (*remoteFile, error) {
	p, ok := class.(*tg.Photo)
	if !ok {
		return nil, noFile()
	}
	f := &remoteFile{id: p.ID, mime: "image/jpeg", name: media.CleanName(named("photo", m) + ".jpg")}
	largest := -1
	for _, s := range p.Sizes {
		width, height, kind, size, inline := 0, 0, "", int64(0), []byte(nil)
		switch s := s.(type) {
		case *tg.PhotoSize:
			width, height, kind, size = s.W, s.H, s.Type, int64(s.Size)
		case *tg.PhotoSizeProgressive: // what comes before each of its sizes can be shown already
			if len(s.Sizes) > 0 {
				width, height, kind, size = s.W, s.H, s.Type, int64(slices.Max(s.Sizes))
			}
		case *tg.PhotoCachedSize:
			width, height, kind, size, inline = s.W, s.H, s.Type, int64(len(s.Bytes)), s.Bytes
		}
		if size > 0 && width*height > largest {
			largest = width * height
			f.size, f.inline = size, inline
			f.location = &tg.InputPhotoFileLocation{ID: p.ID, AccessHash: p.AccessHash, FileReference: p.FileReference, ThumbSize: kind}
		}
	}
	if largest < 0 {
		return nil, noFile()
	}
	return f, nil
}

// documentOf returns a file that is no photo.
func documentOf(m *tg.Message, class tg.DocumentClass) (*remoteFile, error) {
	d, ok := class.(*tg.Document)
	if !ok {
		return nil, noFile()
	}
	f := &remoteFile{id: d.ID, size: d.Size, mime: d.MimeType, location: &tg.InputDocumentFileLocation{ID: d.ID, AccessHash: d.AccessHash, FileReference: d.FileReference}}
	kind := "document"
	for _, a := range d.Attributes {
		switch a := a.(type) {
		case *tg.DocumentAttributeFilename:
			f.name = a.FileName
		case *tg.DocumentAttributeAnimated:
			kind = "animation"
		case *tg.DocumentAttributeSticker:
			kind = "sticker"
		case *tg.DocumentAttributeVideo:
			if kind == "document" {
				kind = "video"
			}
		case *tg.DocumentAttributeAudio:
			if kind = "audio"; a.Voice {
				kind = "voice"
			}
		}
	}
	if f.name == "" {
		f.name = named(kind, m)
		if ends := extensions[d.MimeType]; len(ends) > 0 {
			f.name += ends[0]
		}
	}
	f.name = media.CleanName(f.name)
	if f.mime == "" {
		f.mime = "application/octet-stream"
	}
	return f, nil
}

// named returns what Telegram's own clients call files without a name: by what they are, and when they were sent.
func named(kind string, m *tg.Message) string {
	return kind + "_" + time.Unix(int64(m.Date), 0).UTC().Format("2006-01-02_15-04-05")
}
