package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/media"
	"telegram-client/shared/message"
	"telegram-client/shared/transfer"
)

// Files opens what calls name as files. *attachment.Opener is one.
type Files interface {
	// Open opens a file; ctx lives as long as it is read. A file whose source does not tell its size has the size -1.
	Open(ctx context.Context, f message.File) (*media.File, error)
}

// Media tells what files are by their content: the functions of package media/content.
type Media struct {
	Detect func(head []byte, size int64) (media.Info, error)
	Scale  func(io.Reader) ([]byte, error)
}

// attaching is the way of a call's files to Telegram, one after another.
type attaching struct {
	s        *Service
	c        *authorization.Call
	files    []message.File
	look     message.Look
	progress *progress
}

// attach takes the files of a call to Telegram, once for all targets, and returns them as requests name them: what nobody
// sees yet. A fault names the file that is to blame. Those that can be opened for nothing are, before anything is sent.
func (s *Service) attach(ctx context.Context, c *authorization.Call, files []message.File, look message.Look) ([]message.Medium, error) {
	a := &attaching{s: s, c: c, files: files, look: look, progress: s.newProgress(ctx, c, len(files))}
	for i, f := range files {
		if f.URL != "" {
			continue
		}
		opened, err := s.o.Files.Open(ctx, f)
		if err != nil {
			return nil, ofFile(err, f)
		}
		a.progress.sizes[i] = opened.Size
		opened.Body.Close()
	}
	media := make([]message.Medium, len(files))
	for i, f := range files {
		var err error
		if media[i], err = a.file(ctx, i); err != nil {
			return nil, ofFile(err, f)
		}
	}
	return media, nil
}

// inspect opens the files of a call that only checks, and looks what they are.
func (s *Service) inspect(ctx context.Context, files []message.File, look message.Look) error {
	a := &attaching{s: s, files: files, look: look}
	for _, f := range files {
		opened, err := s.o.Files.Open(ctx, f)
		if err == nil {
			_, err = a.read(opened)
			opened.Body.Close()
		}
		if err != nil {
			return ofFile(err, f)
		}
	}
	return nil
}

// ofFile returns an error as one of the field that names the file, if it is about the file.
func ofFile(err error, f message.File) error {
	if refused, ok := tgerr.As(err); ok && refused.Code != 400 {
		return err
	}
	return blame(err, f.At, fault.FileNotFound, fault.FileRefused, fault.FileTooLarge, fault.AddressRefused, fault.Misconfigured, fault.TelegramError)
}

// file takes one file to Telegram.
func (a *attaching) file(ctx context.Context, i int) (message.Medium, error) {
	opened, err := a.s.o.Files.Open(ctx, a.files[i])
	if err != nil {
		return message.Medium{}, err
	}
	defer opened.Body.Close()
	f, err := a.read(opened)
	if err != nil {
		return message.Medium{}, err
	}
	if a.look.Kind(f.info.Kind) != media.Photo {
		return a.upload(ctx, i, f, a.look)
	}
	medium, err := a.upload(ctx, i, f, a.look)
	if refused, ok := tgerr.As(err); ok && (strings.HasPrefix(refused.Type, "PHOTO_") || refused.Type == "IMAGE_PROCESS_FAILED") {
		// Telegram has limits of its own for photos. What it does not take for one can still be sent as it is.
		f.Body = io.NopCloser(bytes.NewReader(f.whole))
		return a.upload(ctx, i, f, message.Look{Document: true})
	}
	return medium, err
}

// known is a file of which the beginning was read.
type known struct {
	media.File
	info media.Info
	// whole is all of the file if it was read to its end; the Body repeats it.
	whole []byte
}

// read finds out what a file is. What is a photo, or small and does not tell its size, is read as a whole.
func (a *attaching) read(f *media.File) (known, error) {
	k := known{File: *f}
	var buffer bytes.Buffer
	more := func(upTo int64) error { // what the source promised and does not keep is found out by who sends it
		if _, err := io.CopyN(&buffer, f.Body, upTo-int64(buffer.Len())); err != io.EOF {
			return err
		}
		if f.Size < 0 {
			k.Size = int64(buffer.Len())
		}
		k.whole = buffer.Bytes()
		return nil
	}
	first := int64(media.HeadSize)
	if f.Size < 0 {
		first = transfer.SmallFile + 1
	}
	err := more(first)
	for detected := false; err == nil && !detected; {
		size := k.Size
		if size < 0 {
			size = int64(buffer.Len()) // and more
		}
		k.info, err = a.s.o.Media.Detect(buffer.Bytes(), size)
		if a.look.Document {
			err, k.info.Scale = nil, false
		}
		wanted := a.wanted(&k, size)
		if detected = err != nil || k.whole != nil || wanted <= int64(buffer.Len()); !detected {
			err = more(wanted)
		}
	}
	switch {
	case err != nil:
		return k, unread(err)
	case k.Size == 0:
		return k, fault.New(fault.FileRefused, "This file is empty.")
	}
	k.Body = body{io.MultiReader(bytes.NewReader(buffer.Bytes()), f.Body), f.Body}
	if k.whole != nil {
		k.Body = io.NopCloser(bytes.NewReader(k.whole))
	}
	return a.fit(k)
}

// wanted returns how much of a file has to be in memory: all of a photo, and of a small sound, whose end tells how long it
// plays.
func (a *attaching) wanted(k *known, size int64) int64 {
	switch kind := a.look.Kind(k.info.Kind); {
	case kind == media.Photo && k.info.Scale:
		return media.MaxImageBytes + 1
	case kind == media.Photo, (kind == media.Audio || kind == media.Voice) && k.info.Seconds == 0 && size <= transfer.SmallFile:
		return size + 1
	}
	return 0
}

// fit makes a photo that is too large one that Telegram takes, and gives all files names that fit.
func (a *attaching) fit(k known) (known, error) {
	if k.info.Scale && k.whole == nil {
		// So large that it is not worth the memory: it is sent as it is.
		k.info.Kind, k.info.Scale = media.Document, false
	}
	if k.info.Scale {
		scaled, err := a.s.o.Media.Scale(bytes.NewReader(k.whole))
		if err != nil {
			return k, err
		}
		k.Name = strings.TrimSuffix(k.Name, path.Ext(k.Name)) + ".jpg"
		k.info = media.Info{Kind: media.Photo, MIME: "image/jpeg"}
		k.whole, k.Size, k.Body = scaled, int64(len(scaled)), io.NopCloser(bytes.NewReader(scaled))
	}
	ends := extensions[k.info.MIME]
	if ext := strings.ToLower(path.Ext(k.Name)); len(ends) > 0 && (ext == "" || a.look.Kind(k.info.Kind) == media.Photo && !slices.Contains(ends, ext)) {
		k.Name += ends[0]
	}
	return k, nil
}

// extensions are how names of files end, of the kinds that calls bring, or messages have, without a name: Telegram wants it
// of photos, and phones open other files by it.
var extensions = map[string][]string{
	"image/jpeg": {".jpg", ".jpeg"}, "image/png": {".png"}, "image/gif": {".gif"}, "video/mp4": {".mp4"}, "audio/mpeg": {".mp3"},
	"audio/ogg": {".ogg"}, "audio/wav": {".wav"}, "application/pdf": {".pdf"},
	"audio/mp4": {".m4a"}, "video/quicktime": {".mov"}, "video/webm": {".webm"}, "image/webp": {".webp"}, "application/x-tgsticker": {".tgs"},
}

// body is a file whose beginning was read before.
type body struct {
	io.Reader
	io.Closer
}

// unread says that a file could not be read, unless the error says better why.
func unread(err error) error {
	var f *fault.Fault
	if errors.As(err, &f) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	return fault.New(fault.FileRefused, "This file could not be read.").Because(err)
}

// upload sends a file's bytes and makes of them what can be sent.
func (a *attaching) upload(ctx context.Context, i int, f known, look message.Look) (message.Medium, error) {
	in, err := transfer.Upload(ctx, a.c.API, &f.File, a.progress.of(i, f.Size))
	if err != nil {
		return message.Medium{}, err
	}
	var peer tg.InputPeerClass = &tg.InputPeerSelf{}
	if a.c.Entry.ClientType == entry.Bot {
		peer = &tg.InputPeerEmpty{}
	}
	var made tg.MessageMediaClass
	err = a.s.perform(ctx, a.c, &chat{}, func(ctx context.Context) (err error) {
		made, err = a.c.API.MessagesUploadMedia(ctx, &tg.MessagesUploadMediaRequest{Peer: peer, Media: look.Media(in, f.Name, f.info)})
		return err
	})
	if err != nil {
		return message.Medium{}, err
	}
	medium, ok := message.ReadMedium(made)
	if !ok {
		return medium, fmt.Errorf("telegram made %s of a file", made.TypeName())
	}
	return medium, nil
}
