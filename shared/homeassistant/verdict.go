package homeassistant

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"telegram-client/shared/dialpolicy"
	"telegram-client/shared/outbox"
)

func unreachable(err error) outbox.Verdict {
	return outbox.Verdict{Outcome: outbox.Unreachable, Reason: reason(err)}
}

func notAcknowledged(format string, args ...any) outbox.Verdict {
	return outbox.Verdict{Outcome: outbox.NotAcknowledged, Reason: fmt.Sprintf(format, args...)}
}

// reason says in a few words why there was no answer. The errors of net and net/http name addresses, so nothing of
// their text is used.
func reason(err error) string {
	var dns *net.DNSError
	var unknownCA x509.UnknownAuthorityError
	var wrongName x509.HostnameError
	var badCert x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	switch {
	case errors.Is(err, dialpolicy.ErrRefused):
		return "its address may not be used in this deployment"
	case errors.Is(err, context.Canceled):
		return "given up"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed without an answer"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no route to it"
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return "its name is not known"
		}
		return "its name could not be looked up"
	case errors.As(err, &unknownCA):
		return "its certificate is signed by nobody known"
	case errors.As(err, &wrongName):
		return "its certificate is for another name"
	case errors.As(err, &badCert), errors.As(err, &verification):
		return "its certificate is not valid"
	case errors.As(err, &notTLS):
		return "it does not speak https there"
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "no answer in time"
	}
	return "no connection"
}

// failure is the verdict on an answer that is no success.
func failure(a answer, now time.Time) outbox.Verdict {
	what := strings.TrimSpace(fmt.Sprint(a.status, " ", http.StatusText(a.status)))
	switch {
	case a.status == http.StatusBadRequest, a.status == http.StatusRequestEntityTooLarge:
		return outbox.Verdict{Outcome: outbox.Refused, Reason: what}
	case a.status >= 500, a.status == http.StatusTooManyRequests, a.status == http.StatusRequestTimeout:
		return outbox.Verdict{Outcome: outbox.Unreachable, Reason: what, RetryAfter: retryAfter(a.header, now)}
	case a.status >= 300 && a.status < 400:
		return notAcknowledged("%s: redirects are not followed", what)
	}
	return notAcknowledged("%s", what)
}

// retryAfter reads what a target asks for: seconds or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	var d time.Duration
	if n, err := strconv.Atoi(v); err == nil {
		d = time.Duration(min(n, int(longestWish/time.Second))) * time.Second
	} else if t, err := http.ParseTime(v); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), longestWish)
}
