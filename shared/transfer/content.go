package transfer

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// errToken says that a CDN, or Telegram for it, does not know the file by this name any more.
var errToken = errors.New("the token of the file at the CDN is not known any more")

// errLie says that a CDN gave something else than the file.
var errLie = errors.New("what the CDN gave is not the file")

// mostReuploads is how often one part may be missing at a CDN.
const mostReuploads = 3

// content is a file at a CDN, which is trusted with nothing: what it gives is decrypted here, and is the file only if
// Telegram's hashes say so. https://core.telegram.org/cdn
type content struct {
	master, cdn *tg.Client
	at          *tg.UploadFileCDNRedirect
	size        int64 // -1: not known

	mu     sync.Mutex
	hashes map[int64]tg.FileHash // by their offset
}

func newContent(master, cdn *tg.Client, at *tg.UploadFileCDNRedirect, size int64) *content {
	c := &content{master: master, cdn: cdn, at: at, size: size, hashes: map[int64]tg.FileHash{}}
	c.learn(at.FileHashes)
	return c
}

// get returns a part of the file, checked.
func (c *content) get(ctx context.Context, offset int64) ([]byte, error) {
	for range mostReuploads + 1 {
		answer, err := c.cdn.UploadGetCDNFile(ctx, &tg.UploadGetCDNFileRequest{FileToken: c.at.FileToken, Offset: offset, Limit: PartSize})
		if err != nil {
			return nil, token(err)
		}
		switch a := answer.(type) {
		case *tg.UploadCDNFile:
			return a.Bytes, c.open(ctx, offset, a.Bytes)
		case *tg.UploadCDNFileReuploadNeeded:
			hashes, err := c.master.UploadReuploadCDNFile(ctx, &tg.UploadReuploadCDNFileRequest{FileToken: c.at.FileToken, RequestToken: a.RequestToken})
			if err != nil {
				return nil, token(err)
			}
			c.learn(hashes)
		}
	}
	return nil, errors.New("the CDN does not have the file, however often Telegram gives it")
}

// token marks the errors after which Telegram has to be asked for the file anew.
func token(err error) error {
	if tgerr.Is(err, "FILE_TOKEN_INVALID", "REQUEST_TOKEN_INVALID") {
		return fmt.Errorf("%w: %w", errToken, err)
	}
	return err
}

// open decrypts a part in place and checks it.
func (c *content) open(ctx context.Context, offset int64, b []byte) error {
	end := offset + int64(len(b))
	if len(b) > PartSize || c.size >= 0 && end != min(offset+PartSize, c.size) {
		return fmt.Errorf("%w: %d bytes at %d", errLie, len(b), offset)
	}
	key, err := aes.NewCipher(c.at.EncryptionKey)
	if err != nil || len(c.at.EncryptionIv) != aes.BlockSize {
		return fmt.Errorf("the key of the file at the CDN cannot be used: %w", err)
	}
	iv := append([]byte(nil), c.at.EncryptionIv...)
	binary.BigEndian.PutUint32(iv[aes.BlockSize-4:], uint32(offset/aes.BlockSize))
	cipher.NewCTR(key, iv).XORKeyStream(b, b)

	last := len(b) < PartSize || end == c.size
	for at := offset; at < end; {
		h, ok, err := c.hash(ctx, at)
		if err != nil {
			return err
		}
		to := at + int64(h.Limit)
		if to > end && last {
			to = end
		}
		if !ok || to <= at || to > end {
			return fmt.Errorf("no hash of Telegram's fits what is at %d", at)
		}
		sum := sha256.Sum256(b[at-offset : to-offset])
		if subtle.ConstantTimeCompare(sum[:], h.Hash) != 1 {
			return fmt.Errorf("%w at %d", errLie, at)
		}
		at = to
	}
	if c.size < 0 && last { // only Telegram can say that this is all
		if _, more, err := c.hash(ctx, end); err != nil || more {
			return errors.Join(err, fmt.Errorf("%w: it ends at %d", errLie, end))
		}
	}
	return nil
}

// hash returns Telegram's hash of what begins at an offset, if it has one.
func (c *content) hash(ctx context.Context, offset int64) (tg.FileHash, bool, error) {
	if h, ok := c.known(offset); ok {
		return h, true, nil
	}
	hashes, err := c.master.UploadGetCDNFileHashes(ctx, &tg.UploadGetCDNFileHashesRequest{FileToken: c.at.FileToken, Offset: offset})
	if err != nil {
		return tg.FileHash{}, false, token(err)
	}
	c.learn(hashes)
	h, ok := c.known(offset)
	return h, ok, nil
}

func (c *content) known(offset int64) (tg.FileHash, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, ok := c.hashes[offset]
	return h, ok
}

func (c *content) learn(hashes []tg.FileHash) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range hashes {
		c.hashes[h.Offset] = h
	}
}
