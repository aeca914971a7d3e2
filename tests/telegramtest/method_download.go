package telegramtest

import (
	"crypto/sha256"
	"fmt"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) downloadMethods(t table) {
	add(t, tg.UploadGetFileRequestTypeID, loggedIn, getFile)
	add(t, tg.UploadGetFileHashesRequestTypeID, loggedIn, getFileHashes)
}

const (
	fragment  = 1 << 20   // bytes; what is read lies in one
	coarse    = 4 << 10   // what offsets and limits are multiples of
	fine      = 1 << 10   // the same for requests that are precise
	hashPiece = 128 << 10 // bytes that a hash is of
)

var errLocation = tgerr.New(400, "LOCATION_INVALID")

// checkPiece checks what part of a file is asked for. https://core.telegram.org/api/files#downloading-files
func checkPiece(offset int64, limit int, precise bool) error {
	step := int64(coarse)
	if precise {
		step = fine
	}
	switch {
	case offset < 0 || offset%step != 0:
		return tgerr.New(400, "OFFSET_INVALID")
	case limit <= 0 || int64(limit)%step != 0 || limit > fragment || !precise && fragment%limit != 0:
		return tgerr.New(400, "LIMIT_INVALID")
	case offset/fragment != (offset+int64(limit)-1)/fragment:
		return tgerr.New(400, "LIMIT_INVALID")
	}
	return nil
}

// located finds what a location means; isWhole: not a smaller form of it. Which data centre has it is said before its reference is looked at (A61).
// https://core.telegram.org/method/upload.getFile
func (c *call) located(in tg.InputFileLocationClass) (f *file, all content, isWhole bool, err error) {
	var id, hash int64
	var reference []byte
	var size string
	photo := false
	switch l := in.(type) {
	case *tg.InputPhotoFileLocation:
		id, hash, reference, size, photo = l.ID, l.AccessHash, l.FileReference, l.ThumbSize, true
	case *tg.InputDocumentFileLocation:
		id, hash, reference, size = l.ID, l.AccessHash, l.FileReference, l.ThumbSize
	default:
		c.unsupported("location " + in.TypeName())
		return nil, nil, false, errLocation
	}
	f = c.server.files[id]
	if f == nil || f.photo != photo || hash != c.server.fileHash(c.account, id) {
		return nil, nil, false, errLocation
	}
	if f.dc != c.request.DC {
		// https://core.telegram.org/api/errors (303)
		return nil, nil, false, tgerr.New(303, fmt.Sprintf("FILE_MIGRATE_%d", f.dc))
	}
	if wrong := c.server.checkReference(c.account, id, reference); wrong != "" {
		return nil, nil, false, errReference(wrong)
	}
	if size == "" && !photo {
		return f, f.content, true, nil
	}
	if p := f.size(size); p != nil {
		return f, p.content, photo && p == &f.sizes[len(f.sizes)-1], nil
	}
	return nil, nil, false, errLocation
}

// getFile returns a part of a file, or says which CDN has it. https://core.telegram.org/method/upload.getFile
func getFile(c *call, r *tg.UploadGetFileRequest) (bin.Encoder, error) {
	f, all, isWhole, err := c.located(r.Location)
	if err != nil {
		return nil, err
	}
	if err := checkPiece(r.Offset, r.Limit, r.Precise); err != nil {
		return nil, err
	}
	if f.cdn && r.CDNSupported && isWhole {
		return c.redirect(f, r.Offset), nil
	}
	piece, err := c.read(all, r.Offset, r.Limit)
	if err != nil {
		return nil, err
	}
	return &tg.UploadFile{Type: storageType(f), Mtime: f.date, Bytes: piece}, nil
}

func (c *call) read(all content, offset int64, limit int) ([]byte, error) {
	piece, kept := all.readAt(offset, limit)
	if !kept {
		c.unsupported("bytes of a file that was only hashed")
		return nil, tgerr.New(400, "FILE_ID_INVALID")
	}
	return piece, nil
}

// https://core.telegram.org/type/storage.FileType
func storageType(f *file) tg.StorageFileTypeClass {
	switch f.mime {
	case "image/jpeg":
		return &tg.StorageFileJpeg{}
	case "image/png":
		return &tg.StorageFilePng{}
	case "image/gif":
		return &tg.StorageFileGif{}
	case "video/mp4":
		return &tg.StorageFileMp4{}
	case "audio/mpeg":
		return &tg.StorageFileMp3{}
	}
	return &tg.StorageFileUnknown{}
}

// getFileHashes returns the hashes of the pieces of a megabyte. https://core.telegram.org/method/upload.getFileHashes
func getFileHashes(c *call, r *tg.UploadGetFileHashesRequest) (bin.Encoder, error) {
	_, all, _, err := c.located(r.Location)
	if err != nil {
		return nil, err
	}
	hashes, err := c.hashes(all, r.Offset)
	return &tg.FileHashVector{Elems: hashes}, err
}

// hashes returns those of the pieces from the one that an offset is in, for a megabyte at most. The last piece is hashed as
// far as it goes, and its limit is that of the others. https://core.telegram.org/type/FileHash
func (c *call) hashes(all content, offset int64) ([]tg.FileHash, error) {
	if offset < 0 {
		return nil, tgerr.New(400, "OFFSET_INVALID")
	}
	var hashes []tg.FileHash
	from := offset - offset%hashPiece
	for at := from; at < all.size() && at < from+fragment; at += hashPiece {
		piece, err := c.read(all, at, hashPiece)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(piece)
		hashes = append(hashes, tg.FileHash{Offset: at, Limit: hashPiece, Hash: sum[:]})
	}
	return hashes, nil
}
