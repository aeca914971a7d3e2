package attachment

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"telegram-client/shared/disk"
	"telegram-client/shared/fault"
)

// there returns what is below a folder: files with what is in them, and links.
func there(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, p)
		if e.Type()&fs.ModeSymlink != 0 {
			all[name] = "a link"
			return nil
		}
		b, err := os.ReadFile(p)
		all[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// keep keeps a file and returns where.
func keep(t *testing.T, d *Downloads, where string, folder bool, name, text string) string {
	t.Helper()
	k, err := d.Create(where, folder, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	p, err := k.Keep()
	if err != nil {
		t.Fatal(err)
	}
	k.Discard()
	return p
}

func TestDownloads_NamesFiles(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	d := NewDownloads(root, "downloads")
	for _, c := range []struct {
		where  string
		folder bool
		name   string
		want   string
	}{
		{".", true, "photo.jpg", "downloads/photo.jpg"},
		{".", true, "photo.jpg", "downloads/photo (2).jpg"},
		{".", true, "photo.jpg", "downloads/photo (3).jpg"},
		{"photo.jpg", false, "x.png", "downloads/photo (4).jpg"},
		{"door", true, "photo.jpg", "downloads/door/photo.jpg"},
		{"door", false, "a.tar.gz", "downloads/door/a.tar.gz"}, // there is such a folder
		{"door", false, "a.tar.gz", "downloads/door/a.tar (2).gz"},
		{"a/b/c.bin", false, "x", "downloads/a/b/c.bin"},
		{".", true, "../../etc/passwd", "downloads/passwd"},
		{".", true, "..", "downloads/file"},
		{".", true, "..hidden", "downloads/hidden"},
		{".", true, "...", "downloads/file (2)"},
		{".", true, partialPrefix + "1" + partialSuffix, "downloads/telegram_client-1.part"},
		{".", true, "a\u202egnp.exe", "downloads/agnp.exe"},
		{".", true, strings.Repeat("ü", 200) + ".jpg", "downloads/" + strings.Repeat("ü", 96) + ".jpg"},
		{".", true, strings.Repeat("😀", 200) + ".jpg", "downloads/" + strings.Repeat("😀", 59) + ".jpg"},
	} {
		if got := keep(t, d, c.where, c.folder, c.name, c.want); got != c.want {
			t.Errorf("%s (%v), %s: %s", c.where, c.folder, c.name, got)
		}
	}
	for name, text := range there(t, root) {
		if name != text {
			t.Errorf("%s has what belongs into %s", name, text)
		}
	}
}

func TestDownloads_LeaveNothingOfWhatFailed(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	d := NewDownloads(root, "downloads")
	k, err := d.Create("photo.jpg", false, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Write([]byte("half of it")); err != nil {
		t.Fatal(err)
	}
	for name := range there(t, root) {
		if !strings.HasPrefix(filepath.Base(name), ".") {
			t.Errorf("%s can be seen before it is whole", name)
		}
	}
	k.Discard()
	k.Discard()
	if all := there(t, root); len(all) != 0 {
		t.Errorf("what is left: %v", all)
	}
}

func TestDownloads_RemoveWhatAKilledProcessLeft(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	d := NewDownloads(root, "downloads")
	old, err := d.Create("old", false, "")
	if err != nil {
		t.Fatal(err)
	}
	defer old.Discard()
	young, err := d.Create("young", false, "")
	if err != nil {
		t.Fatal(err)
	}
	defer young.Discard()
	past := time.Now().Add(-2 * partialLife)
	name := old.(*kept).partial
	if err := os.Chtimes(filepath.Join(root, "downloads", name), past, past); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(root, "downloads", ".mine.part")
	if err := os.WriteFile(other, []byte(".mine.part"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(other, past, past); err != nil {
		t.Fatal(err)
	}
	keep(t, d, "new", false, "", "new")
	all := there(t, filepath.Join(root, "downloads"))
	if _, is := all[name]; is || len(all) != 3 || all[".mine.part"] == "" {
		t.Errorf("what is there: %v", all)
	}
}

// Many at once get names of their own.
func TestDownloads_NobodyOverwritesAnother(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	d := NewDownloads(root, "downloads")
	var mu sync.Mutex
	var names []string
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			k, err := d.Create("a.txt", false, "")
			if err != nil {
				t.Error(err)
				return
			}
			p, err := k.Keep()
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			names = append(names, p)
		})
	}
	all.Wait()
	slices.Sort(names)
	if names = slices.Compact(names); len(names) != 20 || len(there(t, root)) != 20 {
		t.Errorf("%d names, %d files", len(names), len(there(t, root)))
	}
}

// Without hard links a file gets its name by another way, with the same promises.
func TestDownloads_RenameOverwritesNothing(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	d := NewDownloads(root, "downloads")
	keep(t, d, "a", false, "", "first")
	k, err := d.Create("a", false, "")
	if err != nil {
		t.Fatal(err)
	}
	defer k.Discard()
	if err := k.(*kept).rename("a"); err == nil {
		t.Error("it took a name that another file has")
	}
	if err := k.(*kept).rename("b"); err != nil {
		t.Error(err)
	}
	k.Discard()
	if all := there(t, filepath.Join(root, "downloads")); len(all) != 2 || all["a"] != "first" {
		t.Errorf("what is there: %v", all)
	}
}

func TestDownloads_StayInside(t *testing.T) {
	t.Parallel()
	root, outside := t.TempDir(), t.TempDir()
	for _, dir := range []string{"downloads", ".storage", "www"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{
		"downloads/out": outside, "downloads/up": "../.storage", "downloads/hang.jpg": filepath.Join(outside, "new.jpg"), "linked": ".storage", "away": outside, "all": ".", "downloads/file.jpg/": "",
	} {
		if name = filepath.Join(root, name); to == "" {
			if err := os.WriteFile(name, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if err := os.Symlink(to, name); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		root, folder, where string
		code                fault.Code
	}{
		"a link out":                 {root, "downloads", "out/a.jpg", fault.FileRefused},
		"a link to logins":           {root, "downloads", "up/a.jpg", fault.FileRefused},
		"steps up":                   {root, "downloads", "../a.jpg", fault.InvalidField},
		"a name that cannot be":      {root, "downloads", "a\u202eb.jpg", fault.InvalidField},
		"a name that is too long":    {root, "downloads", strings.Repeat("a", 100) + "/" + strings.Repeat("ü", 121), fault.InvalidField},
		"a name of ours":             {root, "downloads", partialPrefix + "1" + partialSuffix, fault.InvalidField},
		"a file for a folder":        {root, "downloads", "file.jpg/a.jpg", fault.FileRefused},
		"a folder of logins inside":  {root, "downloads", ".storage/a", fault.InvalidField},
		"logins":                     {root, "downloads", "a/.Storage/b/c", fault.InvalidField},
		"a hidden file":              {root, "downloads", "a/.htaccess", fault.InvalidField},
		"secrets":                    {root, "downloads", "a/Secrets.yaml", fault.InvalidField},
		"the root itself":            {root, ".", "a.jpg", fault.Misconfigured},
		"the root, in other words":   {root, "www/..", "a.jpg", fault.Misconfigured},
		"the root by a link":         {root, "all", "a.jpg", fault.Misconfigured},
		"no folder at all":           {"", "downloads", "a.jpg", fault.FileRefused},
		"a root that is not there":   {filepath.Join(root, "none"), "downloads", "a.jpg", fault.Misconfigured},
		"a folder that steps up":     {root, "../x", "a.jpg", fault.Misconfigured},
		"a folder of logins":         {root, ".storage", "a.jpg", fault.Misconfigured},
		"a folder that links there":  {root, "linked", "a.jpg", fault.Misconfigured},
		"a folder that links out":    {root, "away", "a.jpg", fault.FileRefused},
		"a folder that is no folder": {root, "downloads/file.jpg", "a.jpg", fault.FileRefused},
	} {
		k, err := NewDownloads(c.root, c.folder).Create(c.where, false, "x")
		if !fault.Is(err, c.code) {
			t.Errorf("%s: %v, %v", name, k, err)
		}
	}
	// A sender does not decide either that there are secrets.
	if k, err := NewDownloads(root, "downloads").Create(".", true, `..\secrets.yaml`); !fault.Is(err, fault.InvalidField) {
		t.Errorf("secrets of a sender: %v, %v", k, err)
	}
	// A link in the place of the file is not followed: it is a name that is taken.
	if p := keep(t, NewDownloads(root, "downloads"), "hang.jpg", false, "", "x"); p != "downloads/hang (2).jpg" {
		t.Errorf("it is at %s", p)
	}
	if all := there(t, outside); len(all) != 0 {
		t.Errorf("outside there is %v", all)
	}
	if all := there(t, filepath.Join(root, ".storage")); len(all) != 0 {
		t.Errorf("among the logins there is %v", all)
	}
}

// A store may be on the same disk, and ends when it can write no more.
func TestDownloads_LeaveSomeOfTheDisk(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	d := NewDownloads(root, "downloads")
	var asked string
	d.room = func(folder string) (int64, int64, bool) { asked = folder; return 100 << 30, disk.Reserve, true }
	k, err := d.Create("door/", true, "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Write([]byte("a")); !fault.Is(err, fault.Misconfigured) || !strings.Contains(err.Error(), "no room left") {
		t.Error(err)
	}
	k.Discard()
	if all := there(t, root); len(all) != 0 || asked != filepath.Join(root, "downloads") {
		t.Errorf("what is left: %v; the room of %s", all, asked)
	}
}

func TestDownloads_SayThatTheyCannotWrite(t *testing.T) {
	t.Parallel()
	for err, code := range map[error]fault.Code{fs.ErrPermission: fault.Misconfigured, fs.ErrClosed: fault.Misconfigured} {
		if got := notKept(err); !fault.Is(got, code) {
			t.Errorf("%v: %v", err, got)
		}
	}
	k, err := NewDownloads(t.TempDir(), "downloads").Create("a", false, "")
	if err != nil {
		t.Fatal(err)
	}
	defer k.Discard()
	k.(*kept).file.Close()
	if _, err := k.Write([]byte("a")); !fault.Is(err, fault.Misconfigured) {
		t.Error(err)
	}
	if _, err := k.Keep(); !fault.Is(err, fault.Misconfigured) {
		t.Error(err)
	}
}
