package telegramtest

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	stdhash "hash"
	"hash/maphash"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// Files come in parts, which wait for a request that makes a file of them. https://core.telegram.org/api/files#uploading-files

func (s *Server) uploadMethods(t table) {
	add(t, tg.UploadSaveFilePartRequestTypeID, loggedIn, saveFilePart)
	add(t, tg.UploadSaveBigFilePartRequestTypeID, loggedIn, saveBigFilePart)
}

const (
	mostPart         = 512 << 10 // bytes of a part
	mostSmall        = 10 << 20  // bytes of a file that comes by upload.saveFilePart
	mostParts        = 4000      // upload_max_fileparts_default
	mostPartsPremium = 8000      // upload_max_fileparts_premium
)

// uploadKey names an upload: another login, and another data centre, know nothing of it (A53).
type uploadKey struct {
	authorization int64
	dc            int
	file          int64
}

// upload is a file on its way.
type upload struct {
	big      bool
	total    int // parts, as the client said; 0: not yet
	streamed bool
	parts    map[int]part
	// What Options.HashOnly needs: how many parts were added to sum, and whether one of them came again with other bytes.
	sum    stdhash.Hash
	seed   maphash.Seed
	summed int
	broken bool
}

// part is one of them. data is nil once it was added to the sum.
type part struct {
	size  int
	data  []byte
	print uint64 // of data, once that is gone
}

func (c *call) mostParts() int {
	if c.account.premium {
		return mostPartsPremium
	}
	return mostParts
}

// https://core.telegram.org/method/upload.saveFilePart
func saveFilePart(c *call, r *tg.UploadSaveFilePartRequest) (bin.Encoder, error) {
	return c.savePart(false, r.FileID, r.FilePart, 0, r.Bytes)
}

// https://core.telegram.org/method/upload.saveBigFilePart
func saveBigFilePart(c *call, r *tg.UploadSaveBigFilePartRequest) (bin.Encoder, error) {
	if r.FileTotalParts != -1 && (r.FileTotalParts < 1 || r.FileTotalParts > c.mostParts()) {
		return nil, tgerr.New(400, "FILE_PARTS_INVALID")
	}
	return c.savePart(true, r.FileID, r.FilePart, r.FileTotalParts, r.Bytes)
}

// savePart keeps a part. total is 0 for small files and -1 while a stream's end is not known.
func (c *call) savePart(big bool, file int64, number, total int, data []byte) (bin.Encoder, error) {
	s := c.server
	key := uploadKey{c.authorization.id, c.request.DC, file}
	u := s.uploads[key]
	if u == nil || u.big != big {
		u = &upload{big: big, parts: map[int]part{}, sum: sha256.New(), seed: maphash.MakeSeed()}
	}
	if err := u.check(number, total, len(data), c.mostParts()); err != nil {
		return nil, err
	}
	if s.uploads[key] != u {
		s.uploads[key] = u
		s.uploaded++
	}
	u.streamed = u.streamed || total == -1
	u.total = max(u.total, total)
	if len(data) > 0 {
		u.keep(number, data, s.opt.HashOnly && big)
	}
	if f := s.onPart; f != nil {
		size := len(data)
		c.after = func() { f(file, number, total, size) }
	}
	return &tg.BoolTrue{}, nil
}

// check checks a part before it is kept. https://core.telegram.org/api/files#uploading-files
func (u *upload) check(number, total, size, most int) error {
	// A stream of full parts is closed by an empty one behind the last. https://core.telegram.org/api/files#streamed-uploads
	closes := size == 0 && u.streamed && total > 0 && number == total
	switch {
	case number < 0 || number >= most || total > 0 && number >= total && !closes:
		return tgerr.New(400, "FILE_PART_INVALID")
	case total > 0 && u.total > 0 && total != u.total:
		return tgerr.New(400, "FILE_PARTS_INVALID")
	case closes:
		return nil
	case size == 0:
		return tgerr.New(400, "FILE_PART_EMPTY")
	case size > mostPart:
		return tgerr.New(400, "FILE_PART_TOO_BIG")
	}
	largest, highest, alone := size, number, true
	for n, p := range u.parts {
		if n != number {
			largest, highest, alone = max(largest, p.size), max(highest, n), false
		}
	}
	// The last part may have any size up to that of the others; it is known by its number, or because none is behind it.
	isLast := total > 0 && number == total-1 || total == 0 && number == highest
	if !isLast && size != largest {
		return tgerr.New(400, "FILE_PART_SIZE_CHANGED")
	}
	for n, p := range u.parts {
		if n != number && p.size != largest && n != highest {
			return tgerr.New(400, "FILE_PART_SIZE_CHANGED")
		}
	}
	if (!isLast || !alone) && !isPartSize(largest) {
		return tgerr.New(400, "FILE_PART_SIZE_INVALID")
	}
	return nil
}

func isPartSize(size int) bool { return size%1024 == 0 && mostPart%size == 0 }

// keep stores a part; one that came before is replaced.
func (u *upload) keep(number int, data []byte, hashOnly bool) {
	if _, again := u.parts[number]; again && number < u.summed {
		u.broken = u.broken || u.parts[number].print != maphash.Bytes(u.seed, data)
		return
	}
	u.parts[number] = part{size: len(data), data: data}
	for hashOnly {
		next, there := u.parts[u.summed]
		if !there {
			return
		}
		u.sum.Write(next.data)
		u.parts[u.summed] = part{size: next.size, print: maphash.Bytes(u.seed, next.data)}
		u.summed++
	}
}

// finish makes a file of parts.
func (c *call) finish(in tg.InputFileClass) (name string, big bool, all content, err error) {
	s := c.server
	var id int64
	var count int
	var checksum string
	switch f := in.(type) {
	case *tg.InputFile:
		id, count, name, checksum = f.ID, f.Parts, f.Name, f.MD5Checksum
	case *tg.InputFileBig:
		id, count, name, big = f.ID, f.Parts, f.Name, true
	default:
		c.unsupported("file " + in.TypeName())
		return "", false, nil, tgerr.New(400, "MEDIA_INVALID")
	}
	u := s.uploads[uploadKey{c.authorization.id, c.request.DC, id}]
	switch {
	case count < 1 || count > c.mostParts():
		return "", false, nil, tgerr.New(400, "FILE_PARTS_INVALID")
	case u == nil || u.big != big:
		return "", false, nil, tgerr.New(400, "FILE_PART_0_MISSING")
	}
	for n := range count {
		if _, there := u.parts[n]; !there {
			return "", false, nil, tgerr.New(400, fmt.Sprintf("FILE_PART_%d_MISSING", n))
		}
	}
	// What is more or less than was saved is no file, and neither is a stream of which the end was never told (A54).
	if len(u.parts) != count || big && u.total != count || u.broken {
		return "", false, nil, tgerr.New(400, "FILE_PARTS_INVALID")
	}
	if all, err = u.content(); err != nil {
		return "", false, nil, err
	}
	// A small file may come by the method for big ones. https://core.telegram.org/api/files#streamed-uploads
	if !big && all.size() > mostSmall { // (A54)
		return "", false, nil, tgerr.New(400, "FILE_PARTS_INVALID")
	}
	if checksum != "" {
		sum := md5.New()
		for _, p := range u.ordered() {
			sum.Write(p.data)
		}
		if hex.EncodeToString(sum.Sum(nil)) != checksum {
			return "", false, nil, tgerr.New(400, "MD5_CHECKSUM_INVALID")
		}
	}
	return name, big, all, nil
}

func (u *upload) ordered() []part {
	all := make([]part, 0, len(u.parts))
	for n := range len(u.parts) {
		all = append(all, u.parts[n])
	}
	return all
}

// content returns what was uploaded, or only how much and its hash.
func (u *upload) content() (content, error) {
	all := u.ordered()
	if u.summed > 0 {
		h := hashed{}
		for _, p := range all {
			h.length += int64(p.size)
		}
		copy(h.hash[:], u.sum.Sum(nil))
		return h, nil
	}
	var parts chunks
	for i, p := range all {
		if i < len(all)-1 && (p.size != all[0].size || !isPartSize(p.size)) {
			return nil, tgerr.New(400, "FILE_PART_SIZE_INVALID")
		}
		parts = append(parts, p.data)
	}
	return parts, nil
}

// OnPart makes the server call f when it has stored a part of a file, before it answers; nil ends that. total is how many
// parts there are as the request says: 0 for small files, -1 for a stream. f may block, and has to return when the test ends.
func (s *Server) OnPart(f func(file int64, number, total, size int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onPart = f
}

// Uploads returns how many files clients have begun to upload.
func (s *Server) Uploads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.uploaded
}

// ForgetParts drops the parts of all uploads, as their storage does not last. https://core.telegram.org/api/files#uploading-files
func (s *Server) ForgetParts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.uploads)
}
