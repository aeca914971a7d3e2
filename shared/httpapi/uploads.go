package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"telegram-client/shared/disk"
	"telegram-client/shared/fault"
)

// Uploads say how large a call may be that may bring files, and where its files wait. What is zero has its default.
type Uploads struct {
	// Body is how many bytes a body may have that brings no files, and what of a form is not a file; 1 MB.
	Body int64
	// JSON is how many bytes a body may have that is JSON; 16 MB.
	JSON int64
	// Form is how many bytes one may have that is multipart/form-data: what Telegram takes for one file and a little, or
	// as much as JSON if its files are kept in memory.
	Form int64
	// Folder is where such files are written while their call is carried out; empty: they are kept in memory. It is for
	// the API alone: see [ClearFolder].
	Folder string

	room disk.Room // of Folder
}

const (
	// largestFile is what Telegram takes: 4000 parts of 512 KiB. https://core.telegram.org/api/files
	largestFile = 4000 * 512 << 10
	jsonLimit   = 16_000_000
)

func (u Uploads) withDefaults() Uploads {
	u.Body = cmp.Or(u.Body, bodyLimit)
	u.JSON = cmp.Or(u.JSON, jsonLimit)
	if u.room == nil {
		u.room = disk.Look
	}
	if u.Folder == "" {
		u.Form = cmp.Or(u.Form, u.JSON)
	}
	u.Form = cmp.Or(u.Form, largestFile+u.Body)
	return u
}

// LambdaUploads are what fits into a request of Lambda, which has at most 6 MB with its JSON: a form is one third longer
// there, for it arrives in base64. What is larger Lambda refuses by itself; these are a little less, so that the answer
// says what to do.
func LambdaUploads() Uploads { return Uploads{JSON: 6_100_000, Form: 4_500_000} }

// ClearFolder makes the folder of [Uploads], for its owner only, and removes what a process that was killed has left.
func ClearFolder(folder string) error {
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("clear the folder of uploads: %w", err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make the folder of uploads: %w", err)
	}
	return nil
}

// size is a number of bytes for people.
func size(n int64) string {
	if n%(1<<20) == 0 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%g MB", float64(n/100_000)/10)
}

const byAddress = "Give an http(s) address in file instead: then the bridge fetches it by itself."

// bodyTooLarge is the fault of a call whose body is larger than limit.
func bodyTooLarge(limit int64) *fault.Fault {
	return fault.New(fault.BodyTooLarge, "The body is larger than %s, the most that this bridge takes. If that is because of a file: %s", size(limit), byAddress)
}

// fileTooLarge is the fault of a file of a form whose limit is reached.
func fileTooLarge(field string, limit int64) *fault.Fault {
	return fault.At(fault.FileTooLarge, field, "This file is too large to be sent with the call, which may have %s in all. %s", size(min(limit, largestFile)), byAddress)
}

// bodyStall is how long a body that is longer than others may pause.
const bodyStall = 30 * time.Second

// A steadyBody is a body that may take as long as it keeps coming, until end. Other ones have to be there within the
// server's time.
type steadyBody struct {
	io.ReadCloser
	control *http.ResponseController
	end     time.Time
}

// Read reads. Where connections know no deadline, as in Lambda, the body is there already.
func (b *steadyBody) Read(p []byte) (int, error) {
	until := time.Now().Add(bodyStall)
	if until.After(b.end) {
		until = b.end
	}
	_ = b.control.SetReadDeadline(until)
	return b.ReadCloser.Read(p)
}

// toAnswer is how long the other side may pause while it takes an answer.
const toAnswer = 30 * time.Second

// stayOpen keeps the connection of a request, whose body has been read, open while it is worked on: the server's own
// deadline for reading would end the work. The deadline for writing is the answer's: see [answerUntil].
func stayOpen(ctx context.Context, w http.ResponseWriter) {
	if end, ok := ctx.Deadline(); ok {
		_ = http.NewResponseController(w).SetReadDeadline(end.Add(toAnswer))
	}
}

// answerUntil gives what is written next of an answer its time. The server's own deadline for writing begins with the
// header of the request, so it may be over when the body has come and the work is done.
func answerUntil(w http.ResponseWriter, end time.Time) {
	_ = http.NewResponseController(w).SetWriteDeadline(end)
}

// notRead is the fault of a body whose end did not come.
func notRead(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fault.New(fault.Timeout, "The rest of the body did not come in time.").Because(err)
	}
	return fault.New(fault.InvalidJSON, "The body could not be read to its end.").Because(err)
}
