package service

import (
	"context"
	"errors"
	"io"

	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/peer"
	"telegram-client/shared/transfer"
)

// A Keeper keeps files of messages. *attachment.Downloads is one.
type Keeper interface {
	// Create begins a file where a call says ([message.Download]); name is the one that it has by itself. A file that
	// cannot be kept there is a fault.
	Create(where string, folder bool, name string) (Kept, error)
}

// Kept is a file that is being written. It is ended by Keep, or by Discard, which leaves nothing of it; Discard after
// Keep does nothing.
type Kept interface {
	io.Writer
	// Keep returns where the file is, as a call names it in file.
	Keep() (path string, err error)
	Discard()
}

// A Receiver takes a file that is not kept: it is called once, when the file is known, and what it returns gets all of
// its bytes, or fewer if the call fails.
type Receiver func(Downloaded) (io.Writer, error)

// Downloaded is a file of a message.
type Downloaded struct {
	Entry  entry.ID
	DryRun bool
	Path   string // where it is kept; empty: it is not
	Name   string // never empty
	MIME   string
	Size   int64
}

// DownloadMedia fetches the file of a message, also of the preview of a link in it: into the folder for downloads if the
// call says so, else to receive.
func (s *Service) DownloadMedia(ctx context.Context, m message.Download, receive Receiver) (*Downloaded, error) {
	id, err := s.entryID(ctx, m.EntryID)
	if err != nil {
		return nil, err
	}
	if m.Keep && s.o.Keeper == nil {
		return nil, fault.At(fault.FileRefused, "path", "This bridge keeps no files. Leave path out to get the file itself.")
	}
	r := s.fileRequest(ctx, id)
	r.Targets = append(r.Targets, m.Target)
	var got Downloaded
	began := false
	err = s.o.Pool.Do(ctx, r, func(ctx context.Context, c *authorization.Call) error {
		at, err := resolve(ctx, c, m.Target)
		if err != nil {
			return err
		}
		found, err := s.fileOf(ctx, c, &at, m.MessageID)
		if err != nil {
			return err
		}
		got = Downloaded{Entry: id, DryRun: m.DryRun, Name: found.name, MIME: found.mime, Size: found.size}
		if m.DryRun {
			return nil
		}
		if began {
			return errors.New("a download cannot begin anew: some of the file was given out")
		}
		fetch := func(w io.Writer) error {
			began = true
			return s.fetch(ctx, c, &at, m.MessageID, found, w)
		}
		if !m.Keep {
			w, err := receive(got)
			if err != nil {
				return err
			}
			return fetch(w)
		}
		file, err := s.o.Keeper.Create(m.Path, m.Folder, found.name)
		if err != nil {
			return err
		}
		defer file.Discard()
		if err := fetch(file); err != nil {
			return err
		}
		got.Path, err = file.Keep()
		return err
	})
	if err != nil {
		return nil, err
	}
	return &got, nil
}

// fetch writes a file. Its reference may expire meanwhile; the message has a new one then.
func (s *Service) fetch(ctx context.Context, c *authorization.Call, at *chat, messageID int, f *remoteFile, w io.Writer) error {
	if f.inline != nil {
		_, err := w.Write(f.inline)
		return err
	}
	again := func(ctx context.Context) (tg.InputFileLocationClass, error) {
		now, err := s.fileOf(ctx, c, at, messageID)
		switch {
		case err != nil:
			return nil, err
		case now.id != f.id || now.location == nil:
			return nil, fault.At(fault.NotFound, "message_id", "The message got another file while this one was fetched. Call again.")
		}
		return now.location, nil
	}
	place := transfer.Place{Size: f.size, Location: f.location, GaveUp: func(err error) {
		if s.o.Log != nil {
			s.o.Log.WarnContext(ctx, "a CDN of Telegram's is not used", "entry", c.Entry.ID, "error", err)
		}
	}}
	return transfer.Download(ctx, c.API, c, place, again, w, s.newProgress(ctx, c, 1).fetching())
}

// fileOf returns the file of a message.
func (s *Service) fileOf(ctx context.Context, c *authorization.Call, at *chat, messageID int) (*remoteFile, error) {
	some, err := messagesByID(ctx, s, c, at, []int{messageID})
	if err != nil {
		return nil, blame(err, "message_id", fault.MessageIDInvalid)
	}
	for _, each := range some {
		// Ids of private chats and small groups are the account's: Telegram answers with the message of another chat.
		full, ok := each.AsNotEmpty()
		if !ok || full.GetID() != messageID || peer.FromTL(full.GetPeerID()) != at.id {
			continue
		}
		if m, ok := full.(*tg.Message); ok {
			return remoteFileOf(m)
		}
		return nil, noFile()
	}
	return nil, fault.At(fault.MessageIDInvalid, "message_id", "There is no such message in this chat. It may have been deleted, or the id belongs to another chat.")
}

func noFile() error {
	return fault.At(fault.NotFound, "message_id", "This message has no photo and no file.")
}
