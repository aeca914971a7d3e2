// Package transfer moves the bytes of files to and from Telegram: https://core.telegram.org/api/files.
//
// It promises: memory does not grow with the file; a call returns with its context, and leaves no goroutine; what
// Telegram asks to wait for (FLOOD_WAIT) is waited for if there is time left, and said at once if not; a file that is not what its
// source said (shorter, longer, empty, too large) is a fault that says so.
//
// What the bytes are, where they come from and go to, and what is done with a file that Telegram has, is the business of
// others.
package transfer

// PartSize is the largest part of a file, in bytes; MaxParts is how many a file may have.
const (
	PartSize = 512 << 10
	MaxParts = 4000
)

// smallPart is how large the parts of small files are: such a part gets over a slow line in seconds.
const smallPart = 128 << 10

// SmallFile is up to what size a file is sent as a small one: with its MD5, and without the number of its parts.
const SmallFile = 10 << 20

// Progress is told how far a transfer is, after each part and never twice at the same time. total is -1 if it is not
// known. Nil: nobody asks.
type Progress func(done, total int64)

func (p Progress) say(done, total int64) {
	if p != nil {
		p(done, total)
	}
}
