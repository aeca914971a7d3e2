package transfer

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

const (
	homeDC  = 2
	cdnDC   = 203
	hashLen = 128 << 10 // bytes that one hash of a CDN's file is for
)

// cloud is Telegram's side of downloads, with all data centres: https://core.telegram.org/api/files#downloading-files and
// https://core.telegram.org/cdn.
type cloud struct {
	file      []byte
	dc        int    // where the file lies
	reference string // the one that is good
	cdn       bool   // it is sent to a CDN those that know one
	hashes    int    // how many a redirect brings; the rest has to be asked for
	hashEvery int    // bytes; 0: hashLen

	before func(ctx context.Context, dc int, offset int64) error // asked before each part
	lie    func(offset int64, sealed []byte) []byte              // what the CDN gives instead

	mu       sync.Mutex
	token    int // counts the names that the file had at the CDN
	missing  map[int64]bool
	visits   []int // data centres beside home
	refusals []error
	active   int
	most     int
	given    int // bytes that Telegram itself gave
}

// at is one data centre.
type at struct {
	*cloud
	dc int
}

func (c *cloud) Elsewhere(ctx context.Context, dc int, use func(context.Context, *tg.Client) error) error {
	c.visits = append(c.visits, dc)
	return use(ctx, tg.NewClient(at{c, dc}))
}

func (c *cloud) CDN(ctx context.Context, dc int, use func(context.Context, *tg.Client) error) error {
	c.visits = append(c.visits, dc)
	if dc != cdnDC {
		return errors.New("there is no such CDN")
	}
	return use(ctx, tg.NewClient(at{c, dc}))
}

func (a at) Invoke(ctx context.Context, in bin.Encoder, out bin.Decoder) error {
	a.mu.Lock()
	a.active++
	a.most = max(a.most, a.active)
	a.mu.Unlock()
	answer, err := a.answer(ctx, in)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.active--
	if err != nil {
		a.refusals = append(a.refusals, err)
		return err
	}
	var b bin.Buffer
	if err := answer.Encode(&b); err != nil {
		return err
	}
	return out.Decode(&b)
}

func (a at) answer(ctx context.Context, in bin.Encoder) (bin.Encoder, error) {
	offset, limit := int64(0), 0
	switch r := in.(type) {
	case *tg.UploadGetFileRequest:
		offset, limit = r.Offset, r.Limit
	case *tg.UploadGetCDNFileRequest:
		offset, limit = r.Offset, r.Limit
	}
	if limit > 0 {
		const mb = 1 << 20
		if offset%4096 != 0 || limit%4096 != 0 || mb%limit != 0 || offset/mb != (offset+int64(limit)-1)/mb {
			return nil, tgerr.New(400, "LIMIT_INVALID")
		}
		if a.before != nil {
			if err := a.before(ctx, a.dc, offset); err != nil {
				return nil, err
			}
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	part := a.file[min(offset, int64(len(a.file))):min(offset+int64(limit), int64(len(a.file)))]
	if _, ofCDN := in.(*tg.UploadGetCDNFileRequest); ofCDN != (a.dc == cdnDC) {
		return nil, tgerr.New(400, "CDN_METHOD_INVALID")
	}
	good := fmt.Appendf(nil, "token %d", a.token)
	switch r := in.(type) {
	case *tg.UploadGetFileRequest:
		switch reference := r.Location.(*tg.InputDocumentFileLocation).FileReference; {
		case a.dc != a.cloud.dc:
			return nil, tgerr.New(303, fmt.Sprintf("FILE_MIGRATE_%d", a.cloud.dc))
		case string(reference) != a.reference:
			return nil, tgerr.New(400, "FILE_REFERENCE_EXPIRED")
		case a.cdn && r.CDNSupported:
			return &tg.UploadFileCDNRedirect{DCID: cdnDC, FileToken: good, EncryptionKey: key, EncryptionIv: iv, FileHashes: a.hashesFrom(0, a.hashes)}, nil
		}
		a.given += len(part)
		return &tg.UploadFile{Type: &tg.StorageFilePartial{}, Bytes: part}, nil
	case *tg.UploadGetCDNFileRequest:
		switch {
		case !bytes.Equal(r.FileToken, good):
			return nil, tgerr.New(400, "FILE_TOKEN_INVALID")
		case a.missing[offset]:
			return &tg.UploadCDNFileReuploadNeeded{RequestToken: fmt.Append(nil, offset)}, nil
		}
		sealed := seal(part, offset)
		if a.lie != nil {
			sealed = a.lie(offset, sealed)
		}
		return &tg.UploadCDNFile{Bytes: sealed}, nil
	case *tg.UploadReuploadCDNFileRequest:
		var back int64
		if _, err := fmt.Sscan(string(r.RequestToken), &back); err != nil || a.dc != a.cloud.dc || !bytes.Equal(r.FileToken, good) {
			return nil, tgerr.New(400, "REQUEST_TOKEN_INVALID")
		}
		delete(a.missing, back)
		return &tg.FileHashVector{Elems: a.hashesFrom(back, 4)}, nil
	case *tg.UploadGetCDNFileHashesRequest:
		if a.dc != a.cloud.dc || !bytes.Equal(r.FileToken, good) {
			return nil, tgerr.New(400, "FILE_TOKEN_INVALID")
		}
		return &tg.FileHashVector{Elems: a.hashesFrom(r.Offset, 3)}, nil
	}
	return nil, fmt.Errorf("a %T", in)
}

var key, iv = some(32), some(16)

// seal encrypts a part as it lies at a CDN.
func seal(part []byte, offset int64) []byte {
	block, _ := aes.NewCipher(key)
	from := slices.Clone(iv)
	binary.BigEndian.PutUint32(from[12:], uint32(offset/16))
	sealed := make([]byte, len(part))
	cipher.NewCTR(block, from).XORKeyStream(sealed, part)
	return sealed
}

func (c *cloud) hashesFrom(offset int64, most int) (all []tg.FileHash) {
	every := int64(c.hashEvery)
	if every == 0 {
		every = hashLen
	}
	for from := offset / every * every; from < int64(len(c.file)) && len(all) < most; from += every {
		part := c.file[from:min(from+every, int64(len(c.file)))]
		sum := sha256.Sum256(part)
		all = append(all, tg.FileHash{Offset: from, Limit: len(part), Hash: sum[:]})
	}
	return all
}

func place(size int64, reference string) Place {
	return Place{Size: size, Location: &tg.InputDocumentFileLocation{ID: 1, FileReference: []byte(reference)}}
}

func never(context.Context) (tg.InputFileLocationClass, error) {
	return nil, errors.New("nobody should have asked for a new reference")
}
