package message

import (
	"cmp"
	"fmt"
	"math"

	"github.com/gotd/td/tg"

	"telegram-client/shared/media"
)

// A Look is how the files of a call are to be shown.
type Look struct {
	Document  bool // as plain files
	Streaming bool // videos can be watched while they load
	Video     bool // a video without sound stays a video, and does not become an animation
}

// Look returns how the call wants its files shown. In an album there are no animations, so that videos stay what they
// are.
func (s *Send) Look() Look {
	return Look{Document: s.ForceDocument, Streaming: s.SupportsStreaming, Video: s.NoSoundVideo || len(s.Files) > 1}
}

// Look returns how the edit wants its file shown.
func (e *Edit) Look() Look { return Look{Document: e.ForceDocument, Streaming: e.SupportsStreaming} }

// Kind returns what a file of that kind is sent as.
func (l Look) Kind(k media.Kind) media.Kind {
	if l.Document {
		return media.Document
	}
	return k
}

// Media returns the media that an uploaded file becomes. The size of a video whose header does not tell it is 1 × 1 as in
// the Python integration; Telegram measures videos itself.
func (l Look) Media(f tg.InputFileClass, name string, i media.Info) tg.InputMediaClass {
	kind := l.Kind(i.Kind)
	if kind == media.Photo {
		return &tg.InputMediaUploadedPhoto{File: f}
	}
	m := &tg.InputMediaUploadedDocument{
		File: f, MimeType: cmp.Or(i.MIME, "application/octet-stream"), ForceFile: l.Document,
		Attributes: []tg.DocumentAttributeClass{&tg.DocumentAttributeFilename{FileName: name}},
	}
	switch kind {
	case media.Video:
		m.NosoundVideo = l.Video
		m.Attributes = append(m.Attributes, &tg.DocumentAttributeVideo{
			W: max(i.Width, 1), H: max(i.Height, 1), Duration: i.Seconds, SupportsStreaming: l.Streaming,
		})
	case media.Audio:
		m.Attributes = append(m.Attributes, &tg.DocumentAttributeAudio{Duration: int(math.Round(i.Seconds))})
	case media.Voice:
		m.Attributes = append(m.Attributes, &tg.DocumentAttributeAudio{Voice: true, Duration: int(math.Round(i.Seconds))})
	}
	return m
}

// A Medium is a file that Telegram has: what it made of it, and how requests name it.
type Medium struct {
	Kind  media.Kind
	Input tg.InputMediaClass
}

// ReadMedium returns the file of a message; ok is false if there is none.
func ReadMedium(m tg.MessageMediaClass) (_ Medium, ok bool) {
	switch m := m.(type) {
	case *tg.MessageMediaPhoto:
		p, ok := m.Photo.(*tg.Photo)
		if !ok {
			return Medium{}, false
		}
		return Medium{media.Photo, &tg.InputMediaPhoto{ID: p.AsInput()}}, true
	case *tg.MessageMediaDocument:
		d, ok := m.Document.(*tg.Document)
		if !ok {
			return Medium{}, false
		}
		return Medium{documentKind(d), &tg.InputMediaDocument{ID: d.AsInput()}}, true
	}
	return Medium{}, false
}

// documentKind returns as what a document is shown: https://core.telegram.org/api/files#documents. Stickers and round
// videos count as animations: they go alone, too.
func documentKind(d *tg.Document) media.Kind {
	kind := media.Document
	for _, a := range d.Attributes {
		switch a := a.(type) {
		case *tg.DocumentAttributeAnimated, *tg.DocumentAttributeSticker:
			return media.Animation
		case *tg.DocumentAttributeVideo:
			if a.RoundMessage {
				return media.Animation
			}
			kind = media.Video
		case *tg.DocumentAttributeAudio:
			if kind = media.Audio; a.Voice {
				kind = media.Voice
			}
		}
	}
	return kind
}

// A FilesRequest sends one file, or several as an album: one of the two is set.
type FilesRequest struct {
	One   *tg.MessagesSendMediaRequest
	Album *tg.MessagesSendMultiMediaRequest
}

// PlanFiles returns the requests that send the call's files to one place, in order. None has both of the first done files,
// which an earlier call has sent, and of the others. randomIDs has one for each file. The text is the first file's caption;
// all are replies, as parts of a text are.
func (s *Send) PlanFiles(p Place, files []Medium, randomIDs []int64, done int) ([]FilesRequest, error) {
	if len(randomIDs) != len(files) || done > len(files) {
		return nil, fmt.Errorf("plan %d files, %d of them done: %d random ids", len(files), done, len(randomIDs))
	}
	items := make([]tg.InputSingleMedia, len(files))
	kinds := make([]media.Kind, len(files))
	for i, f := range files {
		items[i] = tg.InputSingleMedia{Media: f.Input, RandomID: randomIDs[i]}
		kinds[i] = f.Kind
	}
	if len(s.Parts) > 0 && len(items) > 0 {
		items[0].Message, items[0].Entities = s.Parts[0].Text, Entities(s.Parts[0].Entities, p.Find)
	}
	var requests []FilesRequest
	for _, n := range append(media.Albums(kinds[:done]), media.Albums(kinds[done:])...) {
		requests = append(requests, s.filesRequest(p, items[:n]))
		items = items[n:]
	}
	return requests, nil
}

// filesRequest returns the request that sends files together.
func (s *Send) filesRequest(p Place, items []tg.InputSingleMedia) FilesRequest {
	var reply tg.InputReplyToClass
	if p.ReplyTo != 0 {
		reply = &tg.InputReplyToMessage{ReplyToMsgID: p.ReplyTo}
	}
	at := 0
	if !p.At.IsZero() {
		at = int(p.At.Unix())
	}
	if len(items) > 1 {
		r := &tg.MessagesSendMultiMediaRequest{
			Peer: p.Peer, MultiMedia: items, ReplyTo: reply, ScheduleDate: at, Silent: s.Silent, ClearDraft: s.ClearDraft,
		}
		for i := range items {
			items[i].SetFlags()
		}
		r.SetFlags()
		return FilesRequest{Album: r}
	}
	r := &tg.MessagesSendMediaRequest{
		Peer: p.Peer, Media: items[0].Media, Message: items[0].Message, Entities: items[0].Entities, RandomID: items[0].RandomID,
		ReplyTo: reply, ScheduleDate: at, Silent: s.Silent, ClearDraft: s.ClearDraft, ReplyMarkup: s.Markup.TL(),
	}
	r.SetFlags()
	return FilesRequest{One: r}
}
