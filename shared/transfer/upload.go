package transfer

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/gotd/td/tg"

	"telegram-client/shared/fault"
	"telegram-client/shared/media"
)

// Upload sends a file to Telegram, in parts, and returns what stands for it in a request. A file of unknown size is
// sent as a big one: whoever can tell that it is small should say its size.
//
// A part is sent when the next one has begun to come or the end is known, since the last part of a file of unknown size has
// to say that it is the last. One part is read ahead of those under way. If Upload ends before the file does, it closes the
// file: that has to end a Read.
func Upload(ctx context.Context, api *tg.Client, f *media.File, p Progress) (tg.InputFileClass, error) {
	u := &upload{api: api, file: f, progress: p, part: PartSize, limit: 1}
	if err := u.plan(); err != nil {
		return nil, err
	}
	if err := u.run(ctx); err != nil {
		return nil, err
	}
	if u.big {
		return &tg.InputFileBig{ID: u.id, Parts: u.parts, Name: f.Name}, nil
	}
	return &tg.InputFile{ID: u.id, Parts: u.parts, Name: f.Name, MD5Checksum: hex.EncodeToString(u.sum.Sum(nil))}, nil
}

// upload is one upload. Its fields belong to the goroutine of run.
type upload struct {
	api      *tg.Client
	file     *media.File
	progress Progress
	id       int64
	big      bool
	part     int // bytes of each part but the last
	parts    int // how many there are; -1: not known yet
	sum      hash.Hash

	limit    window
	inFlight int
	sent     int      // parts
	read     int64    // bytes
	done     int64    // bytes that Telegram has
	queue    [][]byte // parts that were read and not sent
	filling  bool     // the next one is being read
	begun    bool     // and there is something of it
	ended    bool     // there is no next one
	free     [][]byte
}

// plan decides how to send the file.
func (u *upload) plan() error {
	size := u.file.Size
	switch {
	case size == 0:
		return empty()
	case size > MaxParts*PartSize:
		return tooLarge()
	}
	u.big = size < 0 || size > SmallFile
	u.parts = -1
	if !u.big {
		u.part, u.limit, u.sum = smallPart, 2, md5.New()
	}
	if size > 0 {
		u.parts = u.count(size)
	}
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return fmt.Errorf("make an id for a file: %w", err)
	}
	u.id = int64(binary.LittleEndian.Uint64(id[:]))
	return nil
}

// filled is what the reading goroutine tells: first that a part has begun, then that it is there.
type filled struct {
	begun bool
	buf   []byte // as long as what was read
	err   error  // io.EOF: the file ended behind what was read
}

// answered is a part that Telegram has, or not.
type answered struct {
	buf  []byte
	took time.Duration
	err  error
}

// run sends all parts. The goroutines that it starts end before it returns: one reads, each of the others sends a part.
func (u *upload) run(parent context.Context) error {
	ctx, cancel := context.WithCancel(parent)
	fill := make(chan []byte)
	fills := make(chan filled, 2) // as many as one part has, so that the reader never waits
	readEnd := make(chan struct{})
	go func() {
		defer close(readEnd)
		for buf := range fill {
			read(u.file.Body, buf, fills)
		}
	}()
	answers := make(chan answered, mostInFlight)
	err := u.loop(ctx, fill, fills, answers)
	cancel()
	close(fill)
	if err != nil {
		u.file.Body.Close() // whatever the reader waits for, it is not wanted any more
	}
	<-readEnd
	for ; u.inFlight > 0; u.inFlight-- {
		// What Telegram or its connection said at the end is more than that the time is over.
		if a := <-answers; parent.Err() != nil && isFault(a.err) && !isFault(err) {
			err = a.err
		}
	}
	return err
}

func (u *upload) loop(ctx context.Context, fill chan<- []byte, fills <-chan filled, answers chan answered) error {
	refused := make(chan struct{}, 1)
	for {
		if !u.filling && !u.ended && u.inFlight+len(u.queue) <= int(u.limit) {
			u.filling, u.begun = true, false
			fill <- u.buffer()
		}
		for u.inFlight < int(u.limit) && u.sendable() {
			u.send(ctx, answers, refused)
		}
		if u.ended && len(u.queue) == 0 && u.inFlight == 0 {
			return nil
		}
		select {
		case r := <-fills:
			if err := u.take(ctx, r); err != nil {
				return err
			}
		case a := <-answers:
			u.inFlight--
			if a.err != nil {
				return a.err
			}
			u.limit.answered(a.took)
			u.done += int64(len(a.buf))
			u.free = append(u.free, a.buf[:cap(a.buf)])
			u.progress.say(u.done, u.file.Size)
		case <-refused:
			u.limit.refused()
		case <-ctx.Done():
			return fmt.Errorf("send a file: %w", ctx.Err())
		}
	}
}

// buffer returns room for one part. There is as much as for the parts under way and one more.
func (u *upload) buffer() []byte {
	if n := len(u.free); n > 0 {
		buf := u.free[n-1]
		u.free = u.free[:n-1]
		return buf
	}
	size := int64(u.part)
	if u.file.Size > 0 {
		size = min(size, u.file.Size)
	}
	return make([]byte, size)
}

// emptyReads is how often a reader may return nothing at all.
const emptyReads = 100

// read reads a part.
func read(r io.Reader, buf []byte, tell chan<- filled) {
	var n, nothing int
	var err error
	for n < len(buf) && err == nil {
		var more int
		more, err = r.Read(buf[n:])
		switch {
		case more > 0 && n == 0:
			tell <- filled{begun: true}
		case more == 0 && err == nil:
			if nothing++; nothing == emptyReads {
				err = io.ErrNoProgress
			}
		}
		n += more
	}
	tell <- filled{buf: buf[:n], err: err}
}

// take takes what was read.
func (u *upload) take(ctx context.Context, r filled) error {
	if r.begun {
		u.begun = true
		return nil
	}
	u.filling = false
	u.read += int64(len(r.buf))
	u.ended = r.err == io.EOF
	size := u.file.Size
	switch {
	case !u.ended && r.err != nil:
		return unreadable(ctx, r.err)
	case size > 0 && u.read > size:
		return fault.New(fault.FileRefused, "This file is longer than its source said. Perhaps it is still being written: try again when that is done.")
	case u.read > MaxParts*PartSize:
		return tooLarge()
	case u.ended && u.read == 0:
		return empty()
	case u.ended && u.read < size:
		return fault.New(fault.FileRefused, "This file ended earlier than its source said. Perhaps it is still being written: try again when that is done.")
	}
	if u.ended {
		u.parts = u.count(u.read)
	}
	if len(r.buf) == 0 {
		return nil
	}
	if u.sum != nil {
		u.sum.Write(r.buf)
	}
	u.queue = append(u.queue, r.buf)
	return nil
}

// sendable reports whether a part can be sent: whether it is the last one is known.
func (u *upload) sendable() bool {
	return len(u.queue) > 1 || len(u.queue) == 1 && (u.ended || u.filling && u.begun)
}

// send sends the next part.
func (u *upload) send(ctx context.Context, answers chan<- answered, refused chan<- struct{}) {
	buf, n := u.queue[0], u.sent
	u.queue = u.queue[1:]
	u.sent++
	u.inFlight++
	total := u.parts
	if u.file.Size < 0 && !(u.ended && len(u.queue) == 0) {
		total = -1
	}
	go func() {
		began := time.Now()
		err := persist(ctx, func() {
			select {
			case refused <- struct{}{}:
			default:
			}
		}, func(ctx context.Context) error { return u.save(ctx, n, total, buf) })
		answers <- answered{buf: buf, took: time.Since(began), err: err}
	}()
}

// save gives Telegram a part.
func (u *upload) save(ctx context.Context, n, total int, buf []byte) (err error) {
	var kept bool
	if u.big {
		kept, err = u.api.UploadSaveBigFilePart(ctx, &tg.UploadSaveBigFilePartRequest{FileID: u.id, FilePart: n, FileTotalParts: total, Bytes: buf})
	} else {
		kept, err = u.api.UploadSaveFilePart(ctx, &tg.UploadSaveFilePartRequest{FileID: u.id, FilePart: n, Bytes: buf})
	}
	if err == nil && !kept {
		return fault.New(fault.TelegramError, "Telegram did not keep a part of the file. Try again in a moment.")
	}
	return err
}

// count returns how many parts so many bytes are.
func (u *upload) count(size int64) int { return int((size + int64(u.part) - 1) / int64(u.part)) }

// unreadable says that a file could not be read to its end. A fault says that better itself.
func unreadable(ctx context.Context, err error) error {
	switch {
	case isFault(err):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("read a file: %w", ctx.Err())
	}
	return fault.New(fault.FileRefused, "This file could not be read to its end.").Because(err)
}

func isFault(err error) bool {
	var f *fault.Fault
	return errors.As(err, &f)
}

func empty() error { return fault.New(fault.FileRefused, "This file is empty.") }

func tooLarge() error {
	return fault.New(fault.FileTooLarge, "This file is larger than %d MB, which is more than Telegram takes.", MaxParts*PartSize>>20)
}
