// Package media has the words for files as Telegram sees them: photo, video, voice note and so on, what is known of a
// file, its name, and how files part into albums.
//
// What is in a file says [telegram-client/shared/media/content]. Where files come from, and sending them, is the
// business of others.
package media

import (
	"io"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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
	// MaxImageBytes is how large the file of an image may be that is scaled here.
	MaxImageBytes = 40 << 20
)

// HeadSize is how much of the beginning of a file tells what it is.
const HeadSize = 256 << 10

// Info is what is known of a file from its beginning.
type Info struct {
	Kind          Kind
	MIME          string
	Width, Height int     // of photos and videos; 0: not known
	Seconds       float64 // of videos, sounds and voice notes; 0: not known
	// Scale says that the image is larger than Telegram takes and has to be scaled first.
	Scale bool
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
