package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/service"
)

// LambdaAnswer is how large a file may be that is an answer of Lambda: in base64, and with what is around it, it has to
// fit into 6 MB.
const LambdaAnswer = 4_400_000

// downloadRoute is the route of download_media, whose answer may be a file.
func downloadRoute(reader Reader, s Settings) route {
	return route{pattern: "POST " + servicePath(message.DownloadMedia), deadline: s.Deadlines.withDefaults().Files, serve: func(w http.ResponseWriter, r *http.Request) error {
		body, _, err := readObject(r)
		if err != nil {
			return err
		}
		call, faults := message.ParseDownload(body)
		if len(faults) > 0 {
			return badCall(w, r, faults)
		}
		stayOpen(r.Context(), w)
		out := &fileAnswer{w: w, limit: s.LargestAnswer}
		out.end, _ = r.Context().Deadline()
		got, err := reader.DownloadMedia(r.Context(), call, out.receive)
		switch {
		case err != nil:
			return err // if some of the file was answered, the connection ends before its announced end
		case call.Keep || call.DryRun:
			writeDownloaded(w, got)
			return nil
		}
		return out.finish()
	}}
}

func writeDownloaded(w http.ResponseWriter, d *service.Downloaded) {
	writeJSON(w, http.StatusOK, struct {
		OK       bool    `json:"ok"`
		DryRun   bool    `json:"dry_run,omitempty"`
		Path     *string `json:"path"`
		Size     int64   `json:"size"`
		MIME     string  `json:"mime_type"`
		Filename string  `json:"filename"`
	}{true, d.DryRun, textOrNull(d.Path), d.Size, d.MIME, d.Name})
}

// A fileAnswer answers with a file. Nothing is answered before there is something of it: until then an error can still
// be said. Where answers have a limit, all of it is there before.
type fileAnswer struct {
	w     http.ResponseWriter
	end   time.Time // of the call: then its sender has to be free again, whether anybody reads or not
	limit int64
	file  service.Downloaded
	all   bytes.Buffer
	begun bool
}

// receive is a [service.Receiver].
func (a *fileAnswer) receive(d service.Downloaded) (io.Writer, error) {
	a.file = d
	if a.limit == 0 {
		return a, nil
	}
	if d.Size > a.limit {
		return nil, fault.New(fault.FileTooLarge, "This file has %s. An answer of this bridge, which runs in a cloud, has room for %s: only a bridge at home can fetch it.", size(d.Size), size(a.limit))
	}
	return &a.all, nil
}

// piece is how much of a file has to be taken within [toAnswer].
const piece = 64 << 10

// Write passes on what has come of the file, as long as it is taken.
func (a *fileAnswer) Write(p []byte) (int, error) {
	a.begin()
	written := 0
	for part := range slices.Chunk(p, piece) {
		until := time.Now().Add(toAnswer)
		if a.end.Before(until) {
			until = a.end
		}
		answerUntil(a.w, until)
		n, err := a.w.Write(part)
		written += n
		if err != nil {
			return written, fmt.Errorf("answer with a file: %w", errors.Join(context.Canceled, err)) // nobody reads it any more
		}
	}
	return written, nil
}

// begin says what the file is. It comes from anybody: a browser that is shown it must not take it for a page of ours.
func (a *fileAnswer) begin() {
	if a.begun {
		return
	}
	a.begun = true
	kind := "application/octet-stream"
	if parsed, params, err := mime.ParseMediaType(a.file.MIME); err == nil { // which lets line ends around it pass
		kind = cmp.Or(mime.FormatMediaType(parsed, params), kind)
	}
	h := a.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.file.Name}))
	h.Set("Content-Length", strconv.FormatInt(a.file.Size, 10))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	a.w.WriteHeader(http.StatusOK)
}

// finish answers with what has not been passed on yet.
func (a *fileAnswer) finish() error {
	a.begin()
	answerUntil(a.w, time.Now().Add(toAnswer))
	_, err := a.w.Write(a.all.Bytes())
	return err
}
