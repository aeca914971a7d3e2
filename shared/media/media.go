// Package media says what a file is to Telegram and makes it fit: photo, video, voice note, or any other document, by
// what is in it and not by its name; the limits of photos and their scaling; and how files part into albums.
//
// An image is never decoded before its header was read: one that would take more than [MaxDecoded] is refused,
// however small the file is. Where files come from, and sending them, is the business of others.
package media

import (
	"bytes"
	"image"
	_ "image/jpeg" // the two formats of photos
	_ "image/png"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"
)

// A File is something to send, opened. Close it after use.
type File struct {
	Name string
	// Size is in bytes; -1 if the source does not say.
	Size int64
	Body io.ReadCloser
}

// Kind is what Telegram shows a file as.
type Kind string

// The kinds.
const (
	Photo     Kind = "photo"
	Video     Kind = "video"
	Audio     Kind = "audio"
	Voice     Kind = "voice"
	Animation Kind = "animation"
	Document  Kind = "document"
)

// The limits of photos: https://core.telegram.org/api/files and https://core.telegram.org/bots/api#sendphoto. Telegram
// makes photos no larger than PhotoSide itself.
const (
	PhotoBytes = 10 << 20
	PhotoSide  = 2560
	photoRatio = 20
	// MaxDecoded is how many bytes of memory an image may need that is decoded here: photos of 100 megapixels do, as
	// cameras write them.
	MaxDecoded = 192 << 20
	// MaxImageBytes is how large the file of an image may be that is decoded here.
	MaxImageBytes = 40 << 20
)

// HeadSize is how much of the beginning of a file [Detect] wants to see, if there is as much.
const HeadSize = 256 << 10

// Info is what is known of a file from its beginning.
type Info struct {
	Kind          Kind
	MIME          string
	Width, Height int     // of photos and videos; 0: not known
	Seconds       float64 // of videos, sounds and voice notes; 0: not known
	// Scale says that the image is larger than Telegram takes and has to go through [Scale] first.
	Scale bool
}

// Detect says what a file is from its beginning. size is -1 if it is not known. A fault (file_refused) is an image that
// is too large to be decoded.
func Detect(head []byte, size int64) (Info, error) {
	kind := mimetype.Detect(head)
	info := Info{Kind: Document, MIME: bare(kind.String())}
	switch {
	case kind.Is("image/jpeg"), kind.Is("image/png"):
		return photo(info, head, size)
	case kind.Is("video/mp4"), kind.Is("video/quicktime"), kind.Is("video/x-m4v"):
		info.Kind = Video
		info.Width, info.Height, info.Seconds = measureMP4(head)
		if info.MIME == "video/x-m4v" {
			info.MIME = "video/mp4"
		}
	case strings.HasPrefix(info.MIME, "video/"):
		info.Kind = Video
	case isOpus(head):
		info.Kind, info.MIME = Voice, "audio/ogg"
		info.Seconds = audioSeconds(info.MIME, head, size)
	case strings.HasPrefix(info.MIME, "audio/"):
		info.Kind = Audio
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
func photo(info Info, head []byte, size int64) (Info, error) {
	c, format, err := image.DecodeConfig(bytes.NewReader(head))
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return info, nil // broken, or its header is far behind: Telegram may make of it what it can
	}
	info.Width, info.Height = c.Width, c.Height
	long, short := max(c.Width, c.Height), min(c.Width, c.Height)
	if long > photoRatio*short {
		return info, nil
	}
	if long > PhotoSide || size > PhotoBytes || size < 0 {
		if err := decodable(c, format, head); err != nil {
			return info, err
		}
		if size > MaxImageBytes {
			return info, nil
		}
		info.Scale = long > PhotoSide || size > PhotoBytes
	}
	info.Kind = Photo
	return info, nil
}

// isOpus reports whether a file is Opus in Ogg, as Telegram's voice notes are. RFC 7845: the first page holds the
// identification header.
func isOpus(head []byte) bool {
	const page = 27 // bytes of a page's header with one segment, less the table
	return len(head) > page && bytes.HasPrefix(head, []byte("OggS")) && bytes.Contains(head[:min(len(head), 64)], []byte("OpusHead"))
}

// CleanName returns a name for a file that can be shown: the last part of a path, without control characters, at most
// 100 of them. Never empty.
func CleanName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, name)
	const longest = 100
	if n := utf8.RuneCountInString(name); n > longest {
		ext := path.Ext(name)
		if utf8.RuneCountInString(ext) > 10 {
			ext = ""
		}
		name = string([]rune(strings.TrimSuffix(name, ext))[:longest-utf8.RuneCountInString(ext)]) + ext
	}
	if name == "" || name == "." || name == "/" || name == ".." {
		return "file"
	}
	return name
}

// A group of an album: https://core.telegram.org/api/files#albums-grouped-media. Photos and videos go together, audio
// files among themselves, documents among themselves; voice notes and animations go alone.
func group(k Kind) Kind {
	switch k {
	case Video:
		return Photo
	}
	return k
}

// AlbumSize is how many files an album holds.
const AlbumSize = 10

// Albums parts files, in their order, into runs that Telegram takes as one album each. The numbers are the lengths.
func Albums(kinds []Kind) []int {
	var runs []int
	var last Kind
	for _, k := range kinds {
		if n := len(runs); n > 0 && group(k) == last && last != Voice && last != Animation && runs[n-1] < AlbumSize {
			runs[n-1]++
			continue
		}
		runs, last = append(runs, 1), group(k)
	}
	return slices.Clip(runs)
}
