package attachment

import (
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"telegram-client/shared/dialpolicy"
	"telegram-client/shared/fault"
	"telegram-client/shared/media"
)

// mostRedirects is how many are followed.
const mostRedirects = 5

// openURL asks an address for a file. Each redirect is an address like the first one, but for Home Assistant's token: that
// goes only where the call itself named Home Assistant and nobody else has led since. So a stranger's address cannot have
// the bridge show what only its token opens.
func (a *Opener) openURL(ctx context.Context, address string) (*media.File, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fault.New(fault.FileRefused, "This address cannot be read.")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	trusted := true
	for range mostRedirects + 1 {
		trusted = trusted && a.atHome(u)
		r, err := a.get(ctx, u, trusted)
		if err != nil {
			cancel(nil)
			return nil, err
		}
		next := r.Header.Get("Location")
		if r.StatusCode < 300 || r.StatusCode > 399 || next == "" {
			f, err := a.answer(ctx, cancel, u, r)
			if err != nil {
				r.Body.Close()
				cancel(nil)
			}
			return f, err
		}
		r.Body.Close()
		to, err := u.Parse(next)
		if err != nil {
			cancel(nil)
			return nil, fault.New(fault.FileRefused, "This address leads to one that cannot be read.")
		}
		if u.Scheme == "https" && to.Scheme != "https" {
			cancel(nil)
			return nil, fault.New(fault.FileRefused, "This address leads from https to one that is not.")
		}
		u = to
	}
	cancel(nil)
	return nil, fault.New(fault.FileRefused, "This address leads on more than %d times.", mostRedirects)
}

// atHome reports whether an address is one of the configured Home Assistant: of the same scheme, host and port.
func (a *Opener) atHome(u *url.URL) bool {
	return a.home != nil && u.Scheme == a.home.Scheme && strings.EqualFold(u.Hostname(), a.home.Hostname()) && port(u) == port(a.home)
}

// port returns the port that an address names, or that its scheme has.
func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// get makes one request, with Home Assistant's token if it is trusted.
func (a *Opener) get(ctx context.Context, u *url.URL, trusted bool) (*http.Response, error) {
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fault.New(fault.FileRefused, "Only addresses that begin with http:// or https:// can be sent.")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fault.New(fault.FileRefused, "This address cannot be read.")
	}
	if trusted && !a.o.Token.IsZero() {
		r.Header.Set("Authorization", "Bearer "+a.o.Token.Reveal())
	}
	answer, err := a.http.Do(r)
	if err != nil {
		return nil, away(err)
	}
	return answer, nil
}

// away says why an address did not answer. The cause is cut down to what has no address in it.
func away(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var timeout net.Error
	var name *net.DNSError
	switch {
	case errors.Is(err, dialpolicy.ErrRefused):
		return fault.New(fault.AddressRefused, "The bridge does not ask addresses of this kind for files: the machine itself, private networks where the deployment does not allow them, and services of clouds.").Because(err)
	case errors.As(err, &name):
		return fault.New(fault.FileNotFound, "No machine of this name can be found.")
	case errors.As(err, &timeout) && timeout.Timeout():
		return fault.New(fault.FileNotFound, "The address does not answer in time.")
	}
	return fault.New(fault.FileNotFound, "The address cannot be reached.").Because(err)
}

// answer makes a file of what an address answers.
func (a *Opener) answer(ctx context.Context, cancel context.CancelCauseFunc, u *url.URL, r *http.Response) (*media.File, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.StatusCode == http.StatusNotFound || r.StatusCode == http.StatusGone:
		return nil, fault.New(fault.FileNotFound, "The address answers that there is no such file (%d).", r.StatusCode)
	case r.StatusCode == http.StatusUnauthorized || r.StatusCode == http.StatusForbidden:
		return nil, fault.New(fault.FileRefused, "The address does not give its file to the bridge (%d).", r.StatusCode)
	case r.StatusCode != http.StatusOK:
		return nil, fault.New(fault.FileRefused, "The address answers with status %d, not with a file.", r.StatusCode)
	case r.ContentLength == 0:
		return nil, fault.New(fault.FileRefused, "The address answers with nothing.")
	case r.ContentLength > a.o.Limit:
		return nil, a.tooLarge()
	case kind == "text/html" && !strings.HasPrefix(strings.ToLower(path.Ext(u.Path)), ".htm"):
		return nil, fault.New(fault.FileRefused, "The address answers with a web page, perhaps a login, not with a file.")
	}
	return &media.File{Name: nameOf(u, r), Size: r.ContentLength, Body: newBody(ctx, cancel, r.Body, a)}, nil
}

// nameOf returns how a file is called: Content-Disposition, else the last part of the path.
func nameOf(u *url.URL, r *http.Response) string {
	if _, p, err := mime.ParseMediaType(r.Header.Get("Content-Disposition")); err == nil && p["filename"] != "" {
		return media.CleanName(p["filename"])
	}
	name := media.CleanName(u.Path)
	if path.Ext(name) == "" {
		kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		switch kind {
		case "image/jpeg":
			name += ".jpg"
		case "video/mp4":
			name += ".mp4"
		default:
			if all, err := mime.ExtensionsByType(kind); err == nil && len(all) > 0 {
				name += all[0]
			}
		}
	}
	return name
}

var errStalled = errors.New("the address sends nothing, or next to nothing")

// leastRate is how many bytes a second an address has to send while it is waited for.
const leastRate = 1 << 10

// body is the file of an address while it is read. Who neither sends anything for as long as stall, nor as much as
// leastRate wants in twice that time, is given up. Only the time counts in which somebody waits for the address: Telegram
// may be slower than it.
type body struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	stall  time.Duration
	waited time.Duration // for what is due
	due    int64         // bytes, within twice the stall
	left   int64         // until it is too large
	large  error
}

func newBody(ctx context.Context, cancel context.CancelCauseFunc, r io.ReadCloser, a *Opener) *body {
	t := time.AfterFunc(a.o.Stall, func() { cancel(errStalled) })
	t.Stop()
	b := &body{ReadCloser: r, ctx: ctx, cancel: cancel, timer: t, stall: a.o.Stall, left: a.o.Limit, large: a.tooLarge()}
	b.begin()
	return b
}

// begin begins a new time in which something is due.
func (b *body) begin() { b.waited, b.due = 0, max(1, int64(2*b.stall.Seconds()*leastRate)) }

// Read reads. An end before the announced one, silence, dripping, and too much are faults.
func (b *body) Read(p []byte) (int, error) {
	begun := time.Now()
	b.timer.Reset(min(b.stall, max(0, 2*b.stall-b.waited)))
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	b.waited += time.Since(begun)
	if b.due -= int64(n); b.due <= 0 {
		b.begin()
	}
	if b.left -= int64(n); b.left < 0 {
		return 0, b.large
	}
	switch {
	case err == nil || err == io.EOF:
		return n, err
	case context.Cause(b.ctx) == errStalled:
		return n, fault.New(fault.FileRefused, "The address stopped sending in the middle of the file, or sends too slowly.").Because(errStalled)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, fault.New(fault.FileRefused, "The file of the address ended before its announced end.").Because(err)
	case b.ctx.Err() != nil:
		return n, err
	}
	return n, fault.New(fault.FileRefused, "The connection to the address broke in the middle of the file.").Because(err)
}

// Close ends the request.
func (b *body) Close() error {
	b.timer.Stop()
	b.cancel(nil)
	return b.ReadCloser.Close()
}
