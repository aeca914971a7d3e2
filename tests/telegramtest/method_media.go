package telegramtest

import (
	"bytes"
	"fmt"
	"image"
	"slices"
	"unicode/utf16"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) mediaMethods(t table) {
	add(t, tg.MessagesUploadMediaRequestTypeID, loggedIn, uploadMedia)
	add(t, tg.MessagesSendMediaRequestTypeID, loggedIn, sendMedia)
}

// https://core.telegram.org/api/config (caption_length_limit_default, caption_length_limit_premium)
const (
	mostCaption        = 1024
	mostCaptionPremium = 4096
	mostThumb          = 320 // pixels of a side
)

// checkCaption checks a caption and its entities, counted as in checkText (A55).
func (c *call) checkCaption(text string, entities []tg.MessageEntityClass) error {
	most := mostCaption
	if c.account.premium {
		most = mostCaptionPremium
	}
	switch {
	case text == "" && len(entities) == 0:
		return nil
	case len(utf16.Encode([]rune(text))) > most:
		return tgerr.New(400, "MEDIA_CAPTION_TOO_LONG")
	case isBlank(text):
		return nil
	}
	return checkText(text, entities)
}

// uploadMedia makes a file that can be sent by its reference. Bots name no chat, users themselves or one that they may write to.
// https://core.telegram.org/method/messages.uploadMedia
func uploadMedia(c *call, r *tg.MessagesUploadMediaRequest) (bin.Encoder, error) {
	if r.BusinessConnectionID != "" {
		c.unsupported("business_connection_id")
		return nil, tgerr.New(400, "INPUT_REQUEST_INVALID")
	}
	if _, empty := r.Peer.(*tg.InputPeerEmpty); !empty || !c.account.bot {
		to, err := c.inputPeer(r.Peer)
		if err != nil {
			return nil, err
		}
		if err := c.mayWrite(to); err != nil {
			return nil, err
		}
	}
	a, err := c.attach(r.Media, errReference)
	if err != nil {
		return nil, err
	}
	return a.media(c.account), nil
}

// attach makes an attachment of what a request names: a file that was uploaded, or one that is there already.
func (c *call) attach(in tg.InputMediaClass, refuse func(wrong string) error) (*attachment, error) {
	if isUnusual(in) {
		c.unsupported("stickers, ttl_seconds, live photos, covers")
		return nil, tgerr.New(400, "MEDIA_INVALID")
	}
	switch m := in.(type) {
	case *tg.InputMediaUploadedPhoto:
		f, err := c.uploadedPhoto(m)
		return &attachment{file: f, spoiler: m.Spoiler}, err
	case *tg.InputMediaUploadedDocument:
		f, err := c.uploadedDocument(m)
		return &attachment{file: f, spoiler: m.Spoiler}, err
	case *tg.InputMediaPhoto:
		p, ok := m.ID.(*tg.InputPhoto)
		if !ok {
			return nil, tgerr.New(400, "MEDIA_EMPTY")
		}
		f, err := c.given(p.ID, p.AccessHash, p.FileReference, true, refuse)
		return &attachment{file: f, spoiler: m.Spoiler}, err
	case *tg.InputMediaDocument:
		d, ok := m.ID.(*tg.InputDocument)
		if !ok {
			return nil, tgerr.New(400, "MEDIA_EMPTY")
		}
		f, err := c.given(d.ID, d.AccessHash, d.FileReference, false, refuse)
		return &attachment{file: f, spoiler: m.Spoiler}, err
	case *tg.InputMediaEmpty:
		return nil, tgerr.New(400, "MEDIA_EMPTY")
	}
	c.unsupported(in.TypeName())
	return nil, tgerr.New(400, "MEDIA_INVALID")
}

// isUnusual reports whether a request wants of a file what the server does not know.
func isUnusual(in tg.InputMediaClass) bool {
	switch m := in.(type) {
	case *tg.InputMediaUploadedPhoto:
		return len(m.Stickers) > 0 || m.TTLSeconds != 0 || m.LivePhoto || m.Video != nil
	case *tg.InputMediaUploadedDocument:
		return len(m.Stickers) > 0 || m.TTLSeconds != 0 || m.VideoCover != nil || m.VideoTimestamp != 0
	case *tg.InputMediaPhoto:
		return m.TTLSeconds != 0 || m.LivePhoto || m.Video != nil
	case *tg.InputMediaDocument:
		return m.TTLSeconds != 0 || m.VideoCover != nil || m.VideoTimestamp != 0 || m.Query != ""
	}
	return false
}

// https://core.telegram.org/constructor/inputMediaUploadedPhoto
func (c *call) uploadedPhoto(m *tg.InputMediaUploadedPhoto) (*file, error) {
	name, big, all, err := c.finish(m.File)
	if err != nil {
		return nil, err
	}
	return c.server.newPhoto(c.account.home, name, big, all)
}

// https://core.telegram.org/constructor/inputMediaUploadedDocument
func (c *call) uploadedDocument(m *tg.InputMediaUploadedDocument) (*file, error) {
	name, _, all, err := c.finish(m.File)
	if err != nil {
		return nil, err
	}
	if m.MimeType == "" {
		return nil, tgerr.New(400, "MEDIA_INVALID")
	}
	f := c.server.newDocument(c.account.home, name, m.MimeType, m.Attributes, all)
	switch kind := f.kind(); {
	case m.ForceFile:
		// What would make it something else than a document is gone (A58).
		f.attributes = slices.DeleteFunc(f.attributes, func(a tg.DocumentAttributeClass) bool {
			switch a.(type) {
			case *tg.DocumentAttributeVideo, *tg.DocumentAttributeAudio, *tg.DocumentAttributeAnimated:
				return true
			}
			return false
		})
	case kind == KindVideo && m.MimeType == "video/mp4" && !m.NosoundVideo && !hasSound(all):
		// nosound_video keeps a video without sound from becoming an animation.
		f.attributes = append(f.attributes, &tg.DocumentAttributeAnimated{})
	}
	if m.Thumb != nil {
		_, _, thumb, err := c.finish(m.Thumb)
		if err != nil {
			return nil, err
		}
		// https://core.telegram.org/constructor/inputMediaUploadedDocument: a JPEG of up to 320 pixels.
		size, format, err := image.DecodeConfig(bytes.NewReader(whole(thumb)))
		if err != nil || format != "jpeg" || max(size.Width, size.Height) > mostThumb {
			return nil, tgerr.New(400, "IMAGE_PROCESS_FAILED")
		}
		f.thumbs = []photoSize{{kind: "m", width: size.Width, height: size.Height, content: thumb}}
	}
	return f, nil
}

// sendMedia sends a file with a caption. https://core.telegram.org/method/messages.sendMedia
func sendMedia(c *call, r *tg.MessagesSendMediaRequest) (bin.Encoder, error) {
	for part, used := range map[string]bool{
		"send_as": r.SendAs != nil, "quick_reply": r.QuickReplyShortcut != nil, "effect": r.Effect != 0,
		"paid stars": r.AllowPaidStars != 0, "invert_media": r.InvertMedia, "suggested_post": !r.SuggestedPost.Zero(),
		"schedule_repeat_period": r.ScheduleRepeatPeriod != 0,
	} {
		if used {
			c.unsupported(part)
			return nil, tgerr.New(400, "INPUT_REQUEST_INVALID")
		}
	}
	if r.RandomID == 0 {
		return nil, tgerr.New(400, "RANDOM_ID_EMPTY")
	}
	to, err := c.inputPeer(r.Peer)
	if err != nil {
		return nil, err
	}
	if err := c.checkCaption(r.Message, r.Entities); err != nil {
		return nil, err
	}
	if r.Entities, err = c.shown(r.Entities); err != nil {
		return nil, err
	}
	if err := c.mayWrite(to); err != nil {
		return nil, err
	}
	a, err := c.attach(r.Media, errReference) // before the random_id is looked at (A64)
	if err != nil {
		return nil, err
	}
	if answer, err := c.again(r.RandomID); answer != nil || err != nil {
		return answer, err
	}
	return c.write(&message{
		from: c.account, to: to.user, group: to.group, channel: to.channel, date: c.server.now(), text: r.Message, entities: r.Entities,
		markup: r.ReplyMarkup, silent: r.Silent, file: a,
	}, to, writing{r.RandomID, r.ReplyTo, r.ClearDraft, r.ScheduleDate})
}

// editedMedia finds what an edit puts in the place of a message's file. https://core.telegram.org/method/messages.editMessage
func (c *call) editedMedia(m *message, in tg.InputMediaClass) (*attachment, error) {
	a, err := c.attach(in, errReference)
	switch {
	case err != nil:
		return nil, err
	case m.file == nil:
		return nil, tgerr.New(400, "MEDIA_PREV_INVALID") // (A60)
	case m.grouped != 0 && albumOf(a.file) != albumOf(m.file.file):
		return nil, tgerr.New(400, "MEDIA_GROUPED_INVALID")
	}
	return a, nil
}

// errReferenceAt is what is said of the reference of one file of an album.
// https://core.telegram.org/api/files#resending-existing-files
func errReferenceAt(i int) func(string) error {
	return func(wrong string) error { return tgerr.New(400, fmt.Sprintf("FILE_REFERENCE_%d_%s", i, wrong)) }
}
