package lambdatest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/uuid"
)

// serveURL is the function's URL in BUFFERED mode: it makes an event of the request and an answer of the function's.
func (f *Function) serveURL(w http.ResponseWriter, r *http.Request) {
	event, err := newEvent(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	out, err := f.Invoke(r.Context(), event)
	var fail *failure
	switch {
	case errors.As(err, &fail):
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(fail.status)
		io.WriteString(w, fail.body)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		writeAnswer(w, out)
	}
}

// newEvent makes an event in payload format 2.0.
func newEvent(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, payloadLimit+1))
	if err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	now := time.Now().UTC()
	path, _, _ := strings.Cut(r.RequestURI, "?")
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return nil, fmt.Errorf("the caller's address: %w", err)
	}
	e := events.LambdaFunctionURLRequest{
		Version: "2.0", RawPath: path, RawQueryString: r.URL.RawQuery, QueryStringParameters: map[string]string{},
		Headers: map[string]string{"host": r.Host, "x-forwarded-for": ip, "x-forwarded-proto": "https", "x-forwarded-port": "443"},
		RequestContext: events.LambdaFunctionURLRequestContext{
			AccountID: "anonymous", APIID: "test", DomainName: r.Host, DomainPrefix: "test", RequestID: uuid.NewString(),
			Time: now.Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: events.LambdaFunctionURLRequestContextHTTPDescription{Method: r.Method, Path: path, Protocol: r.Proto, SourceIP: ip, UserAgent: r.UserAgent()},
		},
	}
	for name, values := range r.URL.Query() {
		e.QueryStringParameters[name] = strings.Join(values, ",")
	}
	for name, values := range r.Header {
		if name == "Cookie" {
			for _, c := range strings.Split(strings.Join(values, "; "), ";") {
				e.Cookies = append(e.Cookies, strings.TrimSpace(c))
			}
			continue
		}
		e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	if e.Body = string(body); !isText(r.Header.Get("Content-Type")) || !utf8.Valid(body) {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), len(body) > 0
	}
	return json.Marshal(e)
}

// isText reports whether Lambda hands a body of this type on as text.
func isText(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "xml") || strings.HasSuffix(kind, "javascript"))
}

// writeAnswer writes the function's answer. One that is not in payload format 2.0 is JSON to be handed on.
func writeAnswer(w http.ResponseWriter, out []byte) {
	var a events.LambdaFunctionURLResponse
	if err := json.Unmarshal(out, &a); err != nil || a.StatusCode == 0 {
		w.Header().Set("Content-Type", "application/json")
		w.Write(out)
		return
	}
	body := []byte(a.Body)
	if a.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(a.Body); err != nil {
			http.Error(w, errFunction.body, errFunction.status)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	for name, value := range a.Headers {
		w.Header().Set(name, value)
	}
	for _, c := range a.Cookies {
		w.Header().Add("Set-Cookie", c)
	}
	w.WriteHeader(a.StatusCode)
	w.Write(body)
}
