package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"telegram-client/localstack/program"
	"telegram-client/shared/process"
	"telegram-client/tests/lambdatest"
	"telegram-client/tests/redistest"
	"telegram-client/tests/story"
	"telegram-client/tests/telegramtest"
)

const mb = 1 << 20

// noise is so many bytes that look like nothing known, the same for the same size.
func noise(size int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{1}), size)
}

// site answers /<size> with so much noise.
func site() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size, err := strconv.ParseInt(strings.TrimPrefix(r.URL.Path, "/"), 10, 64)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		_, _ = io.Copy(w, noise(size)) // whoever asked is gone if it fails
	}))
}

// files measures large files on their way through the bridge as it runs at home, in a process of its own: one on
// the store of the stage, so that it knows the entry.
func files(ctx context.Context, dir string, store *redistest.Server, keys process.Keys, stage *story.Stage, cast *story.Cast) error {
	dir, err := os.MkdirTemp(dir, "files-")
	if err != nil {
		return err
	}
	built, err := lambdatest.Build(ctx, "./localstack/standalone", dir)
	if err != nil {
		return err
	}
	servers := filepath.Join(dir, "servers.json")
	if err := os.WriteFile(servers, stage.Telegram.ServersJSON(), 0o600); err != nil {
		return err
	}
	root := filepath.Join(dir, "config")
	if err := os.MkdirAll(root, 0o700); err != nil {
		return err
	}
	source := site()
	defer source.Close()
	run := func(use func(*program.Program, *story.Bridge) error) error {
		p, err := program.Start(ctx, program.Config{Path: built, Env: append(
			story.FunctionEnv(store.URL(), keys, stage.Bridge.Token, servers),
			"DATA_DIR="+filepath.Join(dir, "data"), "FILES_ROOT="+root, "FILES_LOOPBACK=true")})
		if err != nil {
			return err
		}
		return errors.Join(use(p, &story.Bridge{Address: func(string) string { return p.URL() }, Token: stage.Bridge.Token}), p.End())
	}
	upload := func(b *story.Bridge, size int64) (time.Duration, error) {
		begin := time.Now()
		_, err := b.Want(ctx, 200, "sendmessages", "POST", "/services/telegram_client/send_messages",
			map[string]any{"config_entry_id": cast.EntryID, "target_id": cast.Friend.ID, "file": fmt.Sprint(source.URL, "/", size)})
		took := time.Since(begin)
		if err != nil {
			return 0, err
		}
		all := stage.Telegram.Files(cast.Friend.ID)
		if len(all) == 0 || all[len(all)-1].Sum != sum(size) {
			return 0, fmt.Errorf("the file of %d bytes is not what was sent", size)
		}
		return took, nil
	}
	err = run(func(_ *program.Program, b *story.Bridge) error {
		const size = 100 * mb
		took, err := upload(b, size)
		if err != nil {
			return err
		}
		begin := time.Now()
		r, err := http.Get(fmt.Sprint(source.URL, "/", size))
		if err != nil {
			return err
		}
		defer r.Body.Close()
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return err
		}
		plain := time.Since(begin)
		show("upload_mb_per_second", 100/took.Seconds(), "MB/s")
		show("upload_time_to_plain_copy", took.Seconds()/plain.Seconds(), "ratio")
		return nil
	})
	if err != nil {
		return err
	}
	err = run(func(p *program.Program, b *story.Bridge) error {
		if _, err := upload(b, 500*mb); err != nil {
			return err
		}
		return peak("upload_peak_mb", p.PID())
	})
	if err != nil {
		return err
	}
	return run(func(p *program.Program, b *story.Bridge) error {
		const size = 500 * mb
		all, err := io.ReadAll(noise(size))
		if err != nil {
			return err
		}
		have := len(stage.Home.Accepted())
		stage.Telegram.SayFile(cast.Friend.ID, cast.Bot.ID, "", telegramtest.File{Kind: telegramtest.KindDocument, Name: "large.bin", MIME: "application/octet-stream", Data: all})
		events, err := stage.Home.WaitAccepted(ctx, have+1)
		if err != nil {
			return err
		}
		var told struct {
			Message struct {
				ID int `json:"id"`
			} `json:"message"`
		}
		if err := json.Unmarshal(events[have].Body, &told); err != nil {
			return fmt.Errorf("read the event of a file: %w", err)
		}
		begin := time.Now()
		_, err = b.Want(ctx, 200, "chats", "POST", "/services/telegram_client/download_media",
			map[string]any{"config_entry_id": cast.EntryID, "target_id": cast.Friend.ID, "message_id": told.Message.ID, "path": "large.bin"})
		took := time.Since(begin)
		if err != nil {
			return err
		}
		f, err := os.Open(filepath.Join(root, "downloads", "large.bin"))
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return err
		}
		if [sha256.Size]byte(h.Sum(nil)) != sum(size) {
			return errors.New("what was downloaded is not what was sent")
		}
		show("download_mb_per_second", 500/took.Seconds(), "MB/s")
		return peak("download_peak_mb", p.PID())
	})
}

func sum(size int64) [sha256.Size]byte {
	h := sha256.New()
	_, _ = io.Copy(h, noise(size)) // neither fails
	return [sha256.Size]byte(h.Sum(nil))
}

// peak shows the most memory that a process has had.
func peak(name string, pid int) error {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(os.Stderr, "bench: %s is left out: only Linux tells\n", name)
		return nil
	}
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			if err != nil {
				return fmt.Errorf("read the peak of a process: %w", err)
			}
			show(name, kb/1024, "MB")
			return nil
		}
	}
	return errors.New("the status of a process has no VmHWM")
}
