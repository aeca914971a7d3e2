package attachment

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"telegram-client/shared/fault"
	"telegram-client/shared/media"
)

// config is how Home Assistant itself sees its configuration folder: paths copied from there name the same file.
const config = "/config"

// openPath opens a file below the root.
func (a *Opener) openPath(name string) (*media.File, error) {
	if a.o.Root == "" {
		return nil, fault.New(fault.FileRefused, "Paths cannot be sent: this bridge has no folder for files. Set FILES_ROOT to it, or give an address.")
	}
	name, err := a.below(name)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(a.o.Root)
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "The folder of FILES_ROOT cannot be opened.").Because(err)
	}
	defer root.Close()
	if err := a.allowed(name); err != nil {
		return nil, err
	}
	// O_NONBLOCK: opening a pipe would wait for somebody to write.
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, notOpened(err)
	}
	size, err := a.check(root, f, name)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &media.File{Name: media.CleanName(filepath.Base(name)), Size: size, Body: f}, nil
}

// below returns a path as one relative to the root.
func (a *Opener) below(name string) (string, error) {
	if strings.ContainsRune(name, 0) {
		return "", fault.New(fault.FileNotFound, "There is no such file.")
	}
	if filepath.IsAbs(name) {
		name = filepath.Clean(name)
		for _, dir := range []string{a.o.Root, config} {
			if rel, err := filepath.Rel(dir, name); err == nil && filepath.IsLocal(rel) {
				return rel, nil
			}
		}
		return "", outside()
	}
	if !filepath.IsLocal(name) {
		return "", outside()
	}
	return filepath.Clean(name), nil
}

func outside() error {
	return fault.New(fault.FileRefused, "This file is outside the folder of FILES_ROOT.")
}

// allowed refuses what holds credentials.
func (a *Opener) allowed(name string) error {
	for part := range strings.SplitSeq(filepath.ToSlash(name), "/") {
		switch strings.ToLower(part) {
		case ".storage":
			return fault.New(fault.FileRefused, "Files in .storage hold Home Assistant's logins and are never sent.")
		case "secrets.yaml", "secrets.yml":
			if !a.o.Secrets {
				return fault.New(fault.FileRefused, "secrets.yaml is not sent. If you want that set FILES_ALLOW_SECRETS=true.")
			}
		}
	}
	return nil
}

// check looks at what was opened: a regular file, which no link inside the root makes out of what is not allowed.
func (a *Opener) check(root *os.Root, f *os.File, name string) (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, notOpened(err)
	}
	switch {
	case st.IsDir():
		return 0, fault.New(fault.FileRefused, "This is a folder, not a file.")
	case !st.Mode().IsRegular():
		return 0, fault.New(fault.FileRefused, "This is a device or a pipe, not a file.")
	case st.Size() == 0:
		return 0, empty()
	case st.Size() > a.o.Limit:
		return 0, a.tooLarge()
	}
	dir, err := filepath.EvalSymlinks(a.o.Root)
	if err != nil {
		return 0, notOpened(err)
	}
	real, err := filepath.EvalSymlinks(filepath.Join(dir, name))
	if err != nil {
		return 0, notOpened(err)
	}
	rel, err := filepath.Rel(dir, real)
	if err != nil || !filepath.IsLocal(rel) {
		return 0, outside()
	}
	if err := a.allowed(rel); err != nil {
		return 0, err
	}
	again, err := root.Stat(rel)
	if err != nil || !os.SameFile(st, again) {
		return 0, fault.New(fault.FileRefused, "This file was replaced while it was opened. Try again.")
	}
	return st.Size(), nil
}

// notOpened says why a file cannot be opened, without its path.
func notOpened(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENAMETOOLONG):
		return fault.New(fault.FileNotFound, "There is no such file below the folder of FILES_ROOT.").Because(err)
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.FileRefused, "The bridge may not read this file. Check its permissions.").Because(err)
	case errors.Is(err, syscall.ENXIO):
		return fault.New(fault.FileRefused, "This is a device or a pipe, not a file.").Because(err)
	case strings.Contains(err.Error(), "escapes from parent"): // os.Root has no error value for it
		return outside()
	}
	return fault.New(fault.FileRefused, "This file cannot be opened.").Because(err)
}
