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

// openURL asks an address for a file. Each redirect is an address like the first one.
func (a *Opener) openURL(ctx context.Context, address string) (*media.File, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fault.New(fault.FileRefused, "This address cannot be read.")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	for range mostRedirects + 1 {
		r, err := a.get(ctx, u)
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

// get makes one request.
func (a *Opener) get(ctx context.Context, u *url.URL) (*http.Response, error) {
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fault.New(fault.FileRefused, "Only addresses that begin with http:// or https:// can be sent.")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fault.New(fault.FileRefused, "This address cannot be read.")
	}
	if a.home != nil && !a.o.Token.IsZero() && u.Scheme == a.home.Scheme && u.Host == a.home.Host {
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

var errStalled = errors.New("the address has said nothing for too long")

// body is the file of an address while it is read.
type body struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	stall  time.Duration
	left   int64 // until it is too large
	large  error
}

func newBody(ctx context.Context, cancel context.CancelCauseFunc, r io.ReadCloser, a *Opener) *body {
	t := time.AfterFunc(a.o.Stall, func() { cancel(errStalled) })
	t.Stop()
	return &body{ReadCloser: r, ctx: ctx, cancel: cancel, timer: t, stall: a.o.Stall, left: a.o.Limit, large: a.tooLarge()}
}

// Read reads. An end before the announced one, silence, and too much are faults.
func (b *body) Read(p []byte) (int, error) {
	b.timer.Reset(b.stall)
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	if b.left -= int64(n); b.left < 0 {
		return 0, b.large
	}
	switch {
	case err == nil || err == io.EOF:
		return n, err
	case context.Cause(b.ctx) == errStalled:
		return n, fault.New(fault.FileRefused, "The address stopped sending in the middle of the file.").Because(errStalled)
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
