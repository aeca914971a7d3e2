package attachment

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"telegram-client/shared/disk"
	"telegram-client/shared/fault"
	"telegram-client/shared/media"
	"telegram-client/shared/service"
)

// Downloads is the folder that files of messages are kept in. It is safe for concurrent use.
//
// Nothing outside of it is written, whatever links there are in it, nothing that is there is overwritten, and no file or
// folder is made that is hidden or that Home Assistant reads as its secrets. A file
// has its name only once it is whole: until then it is hidden, and it is gone if it never becomes whole. What a killed
// process has left of one is removed by the next that comes into the same folder, an hour later. Some of the disk is left
// free: see package disk.
type Downloads struct {
	root   string // FILES_ROOT; empty: there is none
	folder string // below it
	now    func() time.Time
	room   disk.Room // of the folder
}

var _ service.Keeper = (*Downloads)(nil)

// NewDownloads returns a folder below the one of FILES_ROOT.
func NewDownloads(root, folder string) *Downloads {
	return &Downloads{root, folder, time.Now, disk.Look}
}

// partial is how the names of files begin and end that are not whole yet.
const (
	partialPrefix = ".telegram_client-"
	partialSuffix = ".part"
	partialLife   = time.Hour
)

// Create implements [service.Keeper].
func (d *Downloads) Create(where string, folder bool, name string) (service.Kept, error) {
	base, err := d.open()
	if err != nil {
		return nil, err
	}
	defer base.Close()
	where = filepath.ToSlash(filepath.Clean(where))
	if st, err := base.Stat(where); err == nil && st.IsDir() {
		folder = true
	}
	k := &kept{shown: d.folder}
	dir := where
	if folder {
		k.name = short(media.CleanName(strings.TrimLeft(media.CleanName(name), "."))) // who sends a file does not decide that it is hidden
	} else {
		dir, k.name = path.Split(where)
		dir = path.Clean(dir)
		if len(k.name) > longestName {
			return nil, fault.At(fault.InvalidField, "path", "This name is too long.")
		}
	}
	for part := range strings.SplitSeq(path.Join(dir, k.name), "/") {
		if err := mayBeCalled(part); err != nil {
			return nil, err
		}
	}
	if err := base.MkdirAll(dir, 0o755); err != nil {
		return nil, notKept(err)
	}
	if k.dir, err = base.OpenRoot(dir); err != nil {
		return nil, notKept(err)
	}
	k.shown = path.Join(filepath.ToSlash(k.shown), dir)
	d.sweep(k.dir)
	var id [8]byte
	rand.Read(id[:])
	k.partial = partialPrefix + hex.EncodeToString(id[:]) + partialSuffix
	if k.file, err = k.dir.OpenFile(k.partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644); err != nil {
		k.dir.Close()
		return nil, notKept(err)
	}
	k.to = d.room.Writer(k.file, filepath.Join(d.root, d.folder))
	return k, nil
}

// mayBeCalled refuses names that no file or folder gets here.
func mayBeCalled(part string) error {
	switch lower := strings.ToLower(part); {
	case lower == "secrets.yaml" || lower == "secrets.yml":
		return fault.At(fault.InvalidField, "path", "Home Assistant reads its secrets from files of this name. Say in path how the file is to be called.")
	case strings.HasPrefix(part, "."):
		return fault.At(fault.InvalidField, "path", "Hidden files and folders, whose names begin with a dot, are not written.")
	case part != media.CleanName(part):
		return fault.At(fault.InvalidField, "path", "This cannot be the name of a file or folder here.")
	}
	return nil
}

// open opens the folder, and makes it if it is not there.
func (d *Downloads) open() (*os.Root, error) {
	if d.root == "" {
		return nil, fault.At(fault.FileRefused, "path", "This bridge keeps no files: it has no folder for them. Set FILES_ROOT to one, or leave path out to get the file itself.")
	}
	root, err := os.OpenRoot(d.root)
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "The folder of FILES_ROOT cannot be opened.").Because(err)
	}
	defer root.Close()
	if !filepath.IsLocal(d.folder) {
		return nil, notBelow()
	}
	if err := root.MkdirAll(d.folder, 0o755); err != nil {
		return nil, notKept(err)
	}
	real, err := filepath.EvalSymlinks(filepath.Join(d.root, d.folder))
	if err != nil {
		return nil, notKept(err)
	}
	for part := range strings.SplitSeq(filepath.ToSlash(real), "/") {
		if strings.EqualFold(part, ".storage") {
			return nil, fault.New(fault.Misconfigured, "FILES_DOWNLOADS must not be .storage, which holds Home Assistant's logins.")
		}
	}
	base, err := root.OpenRoot(d.folder)
	if err != nil {
		return nil, notKept(err)
	}
	if one, err := root.Stat("."); err == nil {
		if other, err := base.Stat("."); err == nil && os.SameFile(one, other) {
			base.Close()
			return nil, notBelow()
		}
	}
	return base, nil
}

func notBelow() error {
	return fault.New(fault.Misconfigured, "FILES_DOWNLOADS must be a folder below the one of FILES_ROOT.")
}

// sweep removes what was left of files that nobody writes any more.
func (d *Downloads) sweep(dir *os.Root) {
	all, err := fs.ReadDir(dir.FS(), ".")
	if err != nil {
		return
	}
	for _, e := range all {
		if !strings.HasPrefix(e.Name(), partialPrefix) || !strings.HasSuffix(e.Name(), partialSuffix) {
			continue
		}
		if st, err := e.Info(); err == nil && d.now().Sub(st.ModTime()) > partialLife {
			dir.Remove(e.Name())
		}
	}
}

// kept is a file that is being written.
type kept struct {
	dir           *os.Root // nil: it is done with
	shown         string   // the folder, as calls name it
	file          *os.File
	to            io.Writer // file, as long as the disk takes it
	partial, name string
}

// Write implements [service.Kept].
func (k *kept) Write(p []byte) (int, error) {
	n, err := k.to.Write(p)
	if err != nil {
		return n, notKept(err)
	}
	return n, nil
}

// mostNamesakes is how many files of one name a folder gets.
const mostNamesakes = 10_000

// Keep implements [service.Kept].
func (k *kept) Keep() (string, error) {
	defer k.Discard()
	if err := errors.Join(k.file.Sync(), k.file.Close()); err != nil {
		return "", notKept(err)
	}
	for n := 1; n <= mostNamesakes; n++ {
		name := numbered(k.name, n)
		err := k.dir.Link(k.partial, name)
		if err != nil && !errors.Is(err, fs.ErrExist) { // file systems without links
			err = k.rename(name)
		}
		switch {
		case err == nil:
			return path.Join(k.shown, name), nil
		case !errors.Is(err, fs.ErrExist):
			return "", notKept(err)
		}
	}
	return "", fault.At(fault.FileRefused, "path", "The folder has too many files of this name already.")
}

// rename gives the file its name if nobody has it: an empty file holds it for a moment.
func (k *kept) rename(name string) error {
	place, err := k.dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	place.Close()
	if err := k.dir.Rename(k.partial, name); err != nil {
		k.dir.Remove(name)
		return err
	}
	return nil
}

// Discard implements [service.Kept].
func (k *kept) Discard() {
	if k.dir == nil {
		return
	}
	k.file.Close()
	k.dir.Remove(k.partial) // a file that has its name loses only the hidden one
	k.dir.Close()
	k.dir = nil
}

// numbered returns the n-th name like a given one: photo.jpg, photo (2).jpg.
func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	ext := path.Ext(name)
	if ext == name {
		ext = ""
	}
	return fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), n, ext)
}

// longestName is how many bytes a name may have: file systems take 255, and a number may be added.
const longestName = 240

// short cuts a name that file systems would not take.
func short(name string) string {
	if len(name) <= longestName {
		return name
	}
	ext := path.Ext(name)
	if len(ext) > 20 {
		ext = ""
	}
	stem := name[:longestName-len(ext)]
	for !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return stem + ext
}

// notKept says why a file cannot be written, without its path.
func notKept(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.New(fault.Misconfigured, "There is no room left in the folder for downloads.").Because(err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fault.New(fault.Misconfigured, "The bridge may not write into the folder for downloads. Check its permissions, and how it is mounted.").Because(err)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return fault.At(fault.FileRefused, "path", "There is a file where this path wants a folder.").Because(err)
	case errors.Is(err, syscall.ENAMETOOLONG):
		return fault.At(fault.InvalidField, "path", "This path is too long.").Because(err)
	case strings.Contains(err.Error(), "escapes from parent"): // os.Root has no error value for it
		return fault.At(fault.FileRefused, "path", "This path leads outside the folder for downloads.").Because(err)
	}
	return fault.New(fault.Misconfigured, "The file cannot be written into the folder for downloads.").Because(err)
}
