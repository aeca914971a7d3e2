// Package attachment opens what the field file of a service call names: a path below one folder, an address, or bytes
// that came with the call.
//
// It promises: nothing outside the folder is read, whatever links there are in it, and never .storage (Home Assistant's
// logins) nor secrets.yaml, unless the deployment says so; only regular files; addresses are dialled under a
// [dialpolicy.Policy], and so is each redirect: a public address may lead to one of the home's network exactly where the
// policy lets a call name that one itself. Home Assistant's token goes to Home Assistant only, and only if the call named
// it: not where somebody else's address led there. A file is streamed: what is opened holds no more of it than one read.
// Every fault says what is wrong in words; addresses and paths are not repeated in them.
//
// Files of messages are kept in a folder of their own ([Downloads]): nothing is overwritten, and nothing is written that
// is hidden, as .storage is, or that Home Assistant reads as its secrets.
//
// What the bytes are is the business of package media.
package attachment

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"telegram-client/shared/dialpolicy"
	"telegram-client/shared/fault"
	"telegram-client/shared/media"
	"telegram-client/shared/message"
	"telegram-client/shared/seal"
)

// MaxBytes is the largest file that Telegram takes: 4000 parts of 512 KiB. https://core.telegram.org/api/files
const MaxBytes = 4000 * 512 << 10

// Options say what may be opened.
type Options struct {
	// Root is the folder of FILES_ROOT; empty: no paths.
	Root string
	// Secrets lets secrets.yaml be sent: FILES_ALLOW_SECRETS.
	Secrets bool
	Policy  dialpolicy.Policy
	// HomeAssistant is the address of the Home Assistant that Token is for; empty: none.
	HomeAssistant string
	Token         seal.Text
	// Limit is how many bytes a file may have; 0: MaxBytes.
	Limit int64
	// Stall is how long an address may say nothing; 0: 30 s. In twice that time it has to send 1 KB for each second.
	Stall time.Duration
}

// An Opener opens files. It is safe for concurrent use.
type Opener struct {
	o    Options
	home *url.URL // nil: none
	http *http.Client
}

// New returns an opener.
func New(o Options) *Opener {
	if o.Limit <= 0 || o.Limit > MaxBytes {
		o.Limit = MaxBytes
	}
	if o.Stall <= 0 {
		o.Stall = 30 * time.Second
	}
	a := &Opener{o: o}
	if u, err := url.Parse(o.HomeAssistant); err == nil && u.Host != "" {
		a.home = u
	}
	a.http = &http.Client{
		Transport: &http.Transport{
			DialContext: o.Policy.DialContext, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: o.Stall,
			DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return a
}

// Open opens a file. The size of an address that does not tell it is -1. ctx has to live as long as the file is read.
func (a *Opener) Open(ctx context.Context, f message.File) (*media.File, error) {
	switch {
	case f.URL != "":
		return a.openURL(ctx, f.URL)
	case f.Path != "":
		return a.openPath(f.Path)
	case f.Spooled != "":
		return a.openSpooled(f)
	}
	if len(f.Data) == 0 {
		return nil, empty()
	}
	if int64(len(f.Data)) > a.o.Limit {
		return nil, a.tooLarge()
	}
	return &media.File{Name: media.CleanName(f.Filename), Size: int64(len(f.Data)), Body: io.NopCloser(bytes.NewReader(f.Data))}, nil
}

// openSpooled opens a temporary file of the bridge's own.
func (a *Opener) openSpooled(f message.File) (*media.File, error) {
	file, err := os.Open(f.Spooled)
	if err != nil {
		return nil, fmt.Errorf("open a file that came with the call: %w", err)
	}
	st, err := file.Stat()
	switch {
	case err != nil:
		err = fmt.Errorf("open a file that came with the call: %w", err)
	case st.Size() == 0:
		err = empty()
	case st.Size() > a.o.Limit:
		err = a.tooLarge()
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &media.File{Name: media.CleanName(f.Filename), Size: st.Size(), Body: file}, nil
}

func empty() error { return fault.New(fault.FileRefused, "This file is empty.") }

func (a *Opener) tooLarge() error {
	return fault.New(fault.FileTooLarge, "This file is larger than %d MB.", a.o.Limit>>20)
}
