// Package content tells what files are by what is in them and not by their names, and makes photos fit Telegram's limits.
//
// An image is never decoded before its header was read: one that would take more than [MaxDecoded] is refused,
// however small the file is.
//
// It is apart from package media, which many parts use, since it brings the tables and decoders of all formats along: only
// the functions that send files have it.
package content

import (
	"bytes"
	"image"
	_ "image/jpeg" // the two formats of photos
	_ "image/png"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"telegram-client/shared/media"
)

const (
	photoRatio = 20 // of the sides of a photo, at most: https://core.telegram.org/bots/api#sendphoto
	// MaxDecoded is how many bytes of memory an image may need that is decoded here: photos of 100 megapixels do, as
	// cameras write them.
	MaxDecoded = 192 << 20
)

// Detect says what a file is from its beginning, of media.HeadSize if there is as much. size is -1 if it is not known. A fault (file_refused) is an image that
// is too large to be decoded.
func Detect(head []byte, size int64) (media.Info, error) {
	kind := mimetype.Detect(head)
	info := media.Info{Kind: media.Document, MIME: bare(kind.String())}
	switch {
	case kind.Is("image/jpeg"), kind.Is("image/png"):
		return photo(info, head, size)
	case kind.Is("video/mp4"), kind.Is("video/quicktime"), kind.Is("video/x-m4v"):
		info.Kind = media.Video
		info.Width, info.Height, info.Seconds = measureMP4(head)
		if info.MIME == "video/x-m4v" {
			info.MIME = "video/mp4"
		}
	case strings.HasPrefix(info.MIME, "video/"):
		info.Kind = media.Video
	case isOpus(head):
		info.Kind, info.MIME = media.Voice, "audio/ogg"
		info.Seconds = audioSeconds(info.MIME, head, size)
	case strings.HasPrefix(info.MIME, "audio/"):
		info.Kind = media.Audio
		info.Seconds = audioSeconds(info.MIME, head, size)
	}
	return info, nil
}

// bare returns a type without its parameters.
func bare(mime string) string {
	mime, _, _ = strings.Cut(mime, ";")
	return strings.TrimSpace(mime)
}

// photo decides whether an image can be a photo.
func photo(info media.Info, head []byte, size int64) (media.Info, error) {
	c, format, err := image.DecodeConfig(bytes.NewReader(head))
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return info, nil // broken, or its header is far behind: Telegram may make of it what it can
	}
	info.Width, info.Height = c.Width, c.Height
	long, short := max(c.Width, c.Height), min(c.Width, c.Height)
	if long > photoRatio*short {
		return info, nil
	}
	if long > media.PhotoSide || size > media.PhotoBytes || size < 0 {
		if err := decodable(c, format, head); err != nil {
			return info, err
		}
		if size > media.MaxImageBytes {
			return info, nil
		}
		info.Scale = long > media.PhotoSide || size > media.PhotoBytes
	}
	info.Kind = media.Photo
	return info, nil
}

// isOpus reports whether a file is Opus in Ogg, as Telegram's voice notes are. RFC 7845: the first page holds the
// identification header.
func isOpus(head []byte) bool {
	const page = 27 // bytes of a page's header with one segment, less the table
	return len(head) > page && bytes.HasPrefix(head, []byte("OggS")) && bytes.Contains(head[:min(len(head), 64)], []byte("OpusHead"))
}
