package telegramtest

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/tests/telegramtest/mtserver"
)

// A CDN has files that are wanted often, encrypted with keys that it does not know. https://core.telegram.org/cdn

func (s *Server) cdnMethods(t table) {
	add(t, tg.HelpGetCDNConfigRequestTypeID, anybody, getCDNConfig)
	add(t, tg.UploadGetCDNFileRequestTypeID, anybody, getCDNFile)
	add(t, tg.UploadReuploadCDNFileRequestTypeID, loggedIn, reuploadCDNFile)
	add(t, tg.UploadGetCDNFileHashesRequestTypeID, loggedIn, getCDNFileHashes)
}

// cdnFile is a file as a CDN has it.
type cdnFile struct {
	file    *file
	key, iv []byte
	wanted  string // the request token with which the CDN wants to be given the file; "" if it has it
}

var errToken = tgerr.New(400, "FILE_TOKEN_INVALID")

// https://core.telegram.org/method/help.getCdnConfig
func getCDNConfig(c *call, _ *tg.HelpGetCDNConfigRequest) (bin.Encoder, error) {
	answer := &tg.CDNConfig{}
	if key := c.server.wire.CDNKeyPEM(); key != "" {
		answer.PublicKeys = []tg.CDNPublicKey{{DCID: mtserver.CDNID, PublicKey: key}}
	}
	return answer, nil
}

// redirect sends a client to the CDN, with the hashes of the megabyte that it asked for. Each redirect has a token and a
// key of its own. https://core.telegram.org/constructor/upload.fileCdnRedirect
func (c *call) redirect(f *file, offset int64) bin.Encoder {
	s := c.server
	x := &cdnFile{file: f, key: s.bytes(32), iv: s.bytes(aes.BlockSize)}
	if s.chooses(s.behaviour.CDNEmpty) {
		x.wanted = s.letters(16)
	}
	token := s.letters(24)
	s.cdnFiles[token] = x
	hashes, err := c.hashes(f.content, offset)
	if err != nil {
		hashes = nil // the client has to ask for them
	}
	return &tg.UploadFileCDNRedirect{
		DCID: mtserver.CDNID, FileToken: []byte(token), EncryptionKey: x.key, EncryptionIv: x.iv, FileHashes: hashes,
	}
}

// bytes are random ones.
func (s *Server) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(s.random.Uint32())
	}
	return b
}

// getCDNFile is the one method that a CDN has. https://core.telegram.org/method/upload.getCdnFile
func getCDNFile(c *call, r *tg.UploadGetCDNFileRequest) (bin.Encoder, error) {
	if c.request.DC != mtserver.CDNID {
		return nil, tgerr.New(404, "METHOD_INVALID")
	}
	// https://core.telegram.org/cdn: clients must not send private user info to CDNs. TDLib and gotd write "n/a".
	for _, told := range []string{c.request.Init.DeviceModel, c.request.Init.SystemVersion} {
		if told != "" && told != "n/a" {
			c.unsupported("a client that tells a CDN who it is")
		}
	}
	x := c.server.cdnFiles[string(r.FileToken)]
	if x == nil {
		return nil, errToken
	}
	if err := checkPiece(r.Offset, r.Limit, false); err != nil {
		return nil, err
	}
	if x.wanted != "" {
		return &tg.UploadCDNFileReuploadNeeded{RequestToken: []byte(x.wanted)}, nil
	}
	piece, err := c.read(x.file.content, r.Offset, r.Limit)
	if err != nil {
		return nil, err
	}
	encrypted, err := x.encrypt(piece, r.Offset)
	if err != nil {
		return nil, err
	}
	if c.server.behaviour.CDNLies && len(encrypted) > 0 {
		encrypted[len(encrypted)/2] ^= 1
	}
	return &tg.UploadCDNFile{Bytes: encrypted}, nil
}

// encrypt is AES-256-CTR with the number of the block in the last four bytes of the IV.
// https://core.telegram.org/cdn#decrypting-files
func (x *cdnFile) encrypt(piece []byte, offset int64) ([]byte, error) {
	block, err := aes.NewCipher(x.key)
	if err != nil {
		return nil, err
	}
	iv := append([]byte(nil), x.iv...)
	binary.BigEndian.PutUint32(iv[len(iv)-4:], uint32(offset/aes.BlockSize))
	b := make([]byte, len(piece))
	cipher.NewCTR(block, iv).XORKeyStream(b, piece)
	return b, nil
}

// atHome finds what a token means in the data centre that gave it.
func (c *call) atHome(token []byte) (*cdnFile, error) {
	x := c.server.cdnFiles[string(token)]
	if x == nil || x.file.dc != c.request.DC {
		return nil, errToken
	}
	return x, nil
}

// reuploadCDNFile gives the CDN a file that it wants. https://core.telegram.org/method/upload.reuploadCdnFile
func reuploadCDNFile(c *call, r *tg.UploadReuploadCDNFileRequest) (bin.Encoder, error) {
	x, err := c.atHome(r.FileToken)
	if err != nil {
		return nil, err
	}
	if x.wanted == "" || x.wanted != string(r.RequestToken) {
		return nil, tgerr.New(400, "REQUEST_TOKEN_INVALID")
	}
	x.wanted = ""
	hashes, err := c.hashes(x.file.content, 0)
	return &tg.FileHashVector{Elems: hashes}, err
}

// https://core.telegram.org/method/upload.getCdnFileHashes
func getCDNFileHashes(c *call, r *tg.UploadGetCDNFileHashesRequest) (bin.Encoder, error) {
	x, err := c.atHome(r.FileToken)
	if err != nil {
		return nil, err
	}
	hashes, err := c.hashes(x.file.content, r.Offset)
	return &tg.FileHashVector{Elems: hashes}, err
}

// ForgetCDNTokens makes all tokens that clients have for the CDN FILE_TOKEN_INVALID.
func (s *Server) ForgetCDNTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.cdnFiles)
}

// EmptyCDN makes the CDN drop the files that it has, so that it wants to be given them again.
// https://core.telegram.org/cdn (LRU)
func (s *Server) EmptyCDN() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.cdnFiles {
		x.wanted = s.letters(16)
	}
}
