package attachment

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
)

// Trust makes the certificates of a test's server good ones.
func (a *Opener) Trust(roots *x509.CertPool) {
	a.http.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
}
