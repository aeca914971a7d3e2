package message

import (
	"encoding/json"
	"path"
	"strings"
	"unicode"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
)

// A Download is a call of download_media.
type Download struct {
	EntryID   string // empty: the oldest entry
	Target    peer.Target
	MessageID int
	// Keep says that the file is to be kept in the folder for downloads, and not returned. Path is where below it: the name
	// of the file, or, with Folder or if there is such a folder, of the folder that it goes into under its own name. It does
	// not begin with / and has no .. in it; "." is the folder itself.
	Keep   bool
	Path   string
	Folder bool
	DryRun bool
}

// ParseDownload reads a call of download_media. The call is good only if there are no faults.
func ParseDownload(body json.RawMessage) (Download, []*fault.Fault) {
	r, ok := newReader(DownloadMedia, body)
	if !ok {
		return Download{}, r.faults
	}
	c := Download{Target: r.oneOf("target_username", "target_id", true), MessageID: r.messageID("message_id"), DryRun: r.flag("dry_run", false)}
	c.EntryID, _ = r.text("config_entry_id")
	var where string
	if where, c.Keep = r.text("path"); c.Keep {
		c.Path, c.Folder = r.place("path", where)
	}
	return c, r.faults
}

// place reads where below a folder something is to be kept.
func (r *reader) place(field, where string) (name string, folder bool) {
	where = strings.TrimSpace(where)
	switch {
	case where == "":
		r.fail(field, "This names nothing. Give a file name or a folder below the one for downloads, . for that folder itself, or leave the field out.")
		return "", false
	case strings.ContainsFunc(where, func(c rune) bool { return unicode.IsControl(c) || c == '\\' }):
		r.fail(field, "A path has no backslashes, line ends or other control characters in it.")
		return "", false
	case where[0] == '/', strings.HasPrefix(where, "~"):
		r.fail(field, "This must be a path below the folder for downloads: it does not begin with %s.", where[:1])
		return "", false
	}
	for part := range strings.SplitSeq(where, "/") {
		if part == ".." {
			r.fail(field, "This must be a path below the folder for downloads: it has no .. in it.")
			return "", false
		}
	}
	name = path.Clean(where)
	return name, name == "." || strings.HasSuffix(where, "/") || strings.HasSuffix(where, "/.")
}
