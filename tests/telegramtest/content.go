package telegramtest

import (
	"bytes"
	"crypto/sha256"
	"io"
)

// content is what a file holds.
type content interface {
	size() int64
	// readAt returns up to n bytes from an offset: fewer at the end, none behind it. false: they were not kept.
	readAt(offset int64, n int) ([]byte, bool)
	// sum is the SHA-256 of all.
	sum() [sha256.Size]byte
}

// chunks is content in pieces of one size, but for the last.
type chunks [][]byte

func (c chunks) size() int64 {
	if len(c) == 0 {
		return 0
	}
	return int64(len(c)-1)*int64(len(c[0])) + int64(len(c[len(c)-1]))
}

func (c chunks) readAt(offset int64, n int) ([]byte, bool) {
	var b []byte
	for n > 0 && offset < c.size() {
		each := int64(len(c[0]))
		piece := c[offset/each][offset%each:]
		piece = piece[:min(n, len(piece))]
		b = append(b, piece...)
		n, offset = n-len(piece), offset+int64(len(piece))
	}
	return b, true
}

func (c chunks) sum() [sha256.Size]byte {
	h := sha256.New()
	for _, piece := range c {
		h.Write(piece)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// hashed is content of which only the hash is known. See Options.HashOnly.
type hashed struct {
	length int64
	hash   [sha256.Size]byte
}

func (h hashed) size() int64                      { return h.length }
func (h hashed) readAt(int64, int) ([]byte, bool) { return nil, false }
func (h hashed) sum() [sha256.Size]byte           { return h.hash }

// elsewhere is content that a test has, or makes as it is read.
type elsewhere struct {
	from   io.ReaderAt
	length int64
}

func (e elsewhere) size() int64 { return e.length }

func (e elsewhere) readAt(offset int64, n int) ([]byte, bool) {
	b := make([]byte, min(int64(n), max(e.length-offset, 0)))
	got, err := e.from.ReadAt(b, offset)
	return b[:got], err == nil || err == io.EOF
}

func (e elsewhere) sum() [sha256.Size]byte {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(e.from, 0, e.length)); err != nil {
		return [sha256.Size]byte{}
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// whole returns all of a content; nil if it is not in memory.
func whole(c content) []byte {
	pieces, kept := c.(chunks)
	if !kept {
		return nil
	}
	return bytes.Join(pieces, nil)
}
