package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/fault"
)

// A Line is a login with which files are fetched from where they lie. *authorization.Call is one.
type Line interface {
	// Elsewhere runs use with a connection to another data centre of Telegram's, logged in there.
	Elsewhere(ctx context.Context, dc int, use func(ctx context.Context, api *tg.Client) error) error
	// CDN runs use with a connection to a CDN, where nobody is logged in. It is called inside use of Elsewhere, too.
	CDN(ctx context.Context, dc int, use func(ctx context.Context, api *tg.Client) error) error
}

// A Place is where a file lies.
type Place struct {
	Size     int64 // in bytes; -1: not known
	Location tg.InputFileLocationClass
	// GaveUp is told why the CDN that has the file is not used; Telegram gives the file itself then. Nil: nobody asks.
	GaveUp func(error)
}

// mostMoves is how often a file may be said to lie in another data centre.
const mostMoves = 2

// Download writes a file of Telegram's, in order and from its beginning; nothing is written that was not checked where it
// can be. home is the account's own data centre, over l. refresh is asked for a new location if the reference of this one
// has expired, at most once. https://core.telegram.org/api/files#downloading-files
//
// After an error what was written is the beginning of the file.
func Download(ctx context.Context, home *tg.Client, l Line, p Place, refresh func(context.Context) (tg.InputFileLocationClass, error), w io.Writer, pr Progress) error {
	d := &download{line: l, place: p, refresh: refresh, w: w, progress: pr}
	err := d.from(ctx, home)
	for move := 0; move < mostMoves; move++ {
		e, ok := tgerr.AsType(err, "FILE_MIGRATE")
		if !ok {
			break
		}
		err = l.Elsewhere(ctx, e.Argument, d.from)
	}
	return err
}

// download is one download. Its fields belong to the goroutine of Download.
type download struct {
	line     Line
	place    Place
	refresh  func(context.Context) (tg.InputFileLocationClass, error) // nil: was asked
	w        io.Writer
	progress Progress
	at       int64 // bytes that were written; whole parts until the end
	noCDN    bool
}

// from fetches what is missing from a data centre of Telegram's, or from the CDN that it names.
func (d *download) from(ctx context.Context, api *tg.Client) error {
	for renewals := 0; ; {
		err := d.pull(ctx, d.asker(api))
		var r *redirect
		switch {
		case errors.As(err, &r) && !d.noCDN:
			err = d.line.CDN(ctx, r.to.DCID, func(ctx context.Context, cdn *tg.Client) error {
				return d.pull(ctx, newContent(api, cdn, r.to, d.place.Size).get)
			})
			var own *final
			switch {
			case err == nil:
				return nil
			case errors.As(err, &own):
				return own.err
			case ctx.Err() != nil:
				return err
			case errors.Is(err, errToken) && renewals < mostMoves:
				renewals++ // Telegram names the CDN anew, or gives the file itself
			default:
				// The CDN is away, or lies. Telegram has the file, too.
				d.noCDN = true
				if d.place.GaveUp != nil {
					d.place.GaveUp(err)
				}
			}
		case isReference(err) && d.refresh != nil:
			ask := d.refresh
			d.refresh = nil
			if d.place.Location, err = ask(ctx); err != nil {
				return err
			}
		default:
			var own *final
			if errors.As(err, &own) {
				return own.err
			}
			return err
		}
	}
}

// isReference reports whether an error says that the reference of a file is no longer good.
// https://core.telegram.org/api/file-references
func isReference(err error) bool {
	e, ok := tgerr.As(err)
	return ok && strings.HasPrefix(e.Type, "FILE_REFERENCE_")
}

// redirect is the answer that a file has to be fetched from a CDN.
type redirect struct{ to *tg.UploadFileCDNRedirect }

func (r *redirect) Error() string { return fmt.Sprintf("the file is at the CDN %d", r.to.DCID) }

// final is an error that another source of the same bytes would not mend.
type final struct{ err error }

func (f *final) Error() string { return f.err.Error() }
func (f *final) Unwrap() error { return f.err }

// asker returns how parts are asked for at a data centre of Telegram's. Parts begin at multiples of their size, which
// divides a megabyte: so upload.getFile wants it.
func (d *download) asker(api *tg.Client) func(context.Context, int64) ([]byte, error) {
	location, cdn := d.place.Location, !d.noCDN
	return func(ctx context.Context, offset int64) ([]byte, error) {
		answer, err := api.UploadGetFile(ctx, &tg.UploadGetFileRequest{CDNSupported: cdn, Location: location, Offset: offset, Limit: PartSize})
		if err != nil {
			return nil, err
		}
		switch a := answer.(type) {
		case *tg.UploadFile:
			return a.Bytes, nil
		case *tg.UploadFileCDNRedirect:
			if cdn {
				return nil, &redirect{a}
			}
		}
		return nil, fault.New(fault.TelegramError, "Telegram gives this file only through a machine that cannot be used.")
	}
}

// fetched is a part that was asked for.
type fetched struct {
	body    []byte
	took    time.Duration
	refused bool
	err     error
}

// pull asks for what is missing, a few parts at once, and writes them in their order. All that it starts has ended when
// it returns.
func (d *download) pull(parent context.Context, get func(ctx context.Context, offset int64) ([]byte, error)) error {
	ctx, cancel := context.WithCancel(parent)
	var asked sync.WaitGroup
	defer asked.Wait()
	defer cancel()
	var queue []chan fetched // parts in their order
	limit := window(1)
	size, next := d.place.Size, d.at
	for {
		for len(queue) < int(limit) && (size < 0 && len(queue) == 0 || next < size) {
			c, offset := make(chan fetched, 1), next
			asked.Go(func() { c <- fetch(ctx, offset, get) })
			queue = append(queue, c)
			next += PartSize
		}
		if len(queue) == 0 {
			return nil
		}
		part := <-queue[0]
		queue = queue[1:]
		if part.err != nil {
			return part.err
		}
		limit.answered(part.took)
		if part.refused {
			limit.refused()
		}
		n := int64(len(part.body))
		if n > PartSize || size >= 0 && n != min(PartSize, size-d.at) {
			return fault.New(fault.TelegramError, "Telegram gave another number of bytes than the file has.")
		}
		if _, err := d.w.Write(part.body); err != nil {
			return &final{err}
		}
		d.at += n
		d.progress.say(d.at, size)
		if size < 0 && n < PartSize {
			return nil
		}
	}
}

func fetch(ctx context.Context, offset int64, get func(context.Context, int64) ([]byte, error)) (f fetched) {
	began := time.Now()
	f.err = persist(ctx, func() { f.refused = true }, func(ctx context.Context) (err error) {
		f.body, err = get(ctx, offset)
		return err
	})
	f.took = time.Since(began)
	return f
}
