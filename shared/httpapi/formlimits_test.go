package httpapi

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"testing"

	"telegram-client/shared/fault"
	"telegram-client/shared/message"
)

// A readCounter counts what is read of a body.
type readCounter struct {
	io.Reader
	n int64
}

func (c *readCounter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// Names count as values do, also those of files: none of a long form is kept in memory.
func TestReadForm_NamesAreLimited(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("n", 200_000)
	for name, p := range map[string]func(i int) part{
		"of fields": func(i int) part { return part{name: strconv.Itoa(i) + long} },
		"of files":  func(i int) part { return part{name: "file", filename: strconv.Itoa(i) + long, value: "x"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var parts []part
			for i := range 50 {
				parts = append(parts, p(i))
			}
			body, folder := &readCounter{Reader: bytes.NewReader(formBody(t, parts...))}, t.TempDir()
			_, err := readForm(formRequest(body), message.SendMessages, Uploads{Folder: folder}.withDefaults())
			if !fault.Is(err, fault.BodyTooLarge) || body.n > 2*bodyLimit {
				t.Errorf("%d bytes were read: %v", body.n, err)
			}
			empty(t, folder)
		})
	}
}
