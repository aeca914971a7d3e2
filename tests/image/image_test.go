//go:build image

package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telegram-client/localstack/program"
	"telegram-client/shared/seal"
	"telegram-client/tests/redistest"
)

// sizeLimit is of a whole image, its layers not compressed.
const sizeLimit = 25 << 20

// An image is what `docker save` writes of one.
type image struct {
	config struct {
		Created time.Time
		RootFS  struct {
			DiffIDs []string `json:"diff_ids"` // digests of its layers
		}
		Config struct {
			User        string
			Env         []string
			Entrypoint  []string
			Volumes     map[string]any
			Healthcheck struct{ Test []string }
		}
	}
	files map[string]*tar.Header
	size  int64
}

// built builds both images, and returns one of them.
func built(t *testing.T, target string, env ...string) image {
	t.Helper()
	name := strings.TrimSpace(script(t, env, target))
	saved := filepath.Join(t.TempDir(), "image.tar")
	script(t, env, "--save", saved, name)
	return read(t, saved, filepath.Join(t.TempDir(), target))
}

func script(t *testing.T, env []string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "../../infra/images.sh", args...)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("images.sh %s: %v\n%s", args, err, stderr.String())
	}
	return string(out)
}

// read reads a saved image and unpacks its program, the one file of its root, to path.
func read(t *testing.T, saved, path string) image {
	t.Helper()
	parts := map[string][]byte{}
	each(t, saved, func(h *tar.Header, r io.Reader) {
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts[h.Name] = content
	})
	var manifest []struct {
		Config string
		Layers []string
	}
	if err := json.Unmarshal(parts["manifest.json"], &manifest); err != nil || len(manifest) != 1 {
		t.Fatalf("manifest: %v", err)
	}
	i := image{files: map[string]*tar.Header{}}
	if err := json.Unmarshal(parts[manifest[0].Config], &i.config); err != nil {
		t.Fatal(err)
	}
	for _, layer := range manifest[0].Layers {
		i.size += int64(len(parts[layer]))
		for r := tar.NewReader(bytes.NewReader(parts[layer])); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			i.files[strings.Trim(h.Name, "/")] = h
			if h.Name == filepath.Base(path) || h.Name == "/"+filepath.Base(path) {
				content, err := io.ReadAll(r)
				if err == nil {
					err = os.WriteFile(path, content, 0o700)
				}
				if err != nil {
					t.Fatal(err)
				}
				i.files["program"] = &tar.Header{Name: path}
			}
		}
	}
	return i
}

func each(t *testing.T, name string, f func(*tar.Header, io.Reader)) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for r := tar.NewReader(file); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		f(h, r)
	}
}

func TestImages_AreOneProgramForAUserWithoutRights(t *testing.T) {
	for target, data := range map[string]bool{"listener": false, "standalone": true} {
		i := built(t, target, "VERSION=v1.2.3")
		if i.size > sizeLimit {
			t.Errorf("%s has %.1f MB, more than 25", target, float64(i.size)/(1<<20))
		}
		t.Logf("%s has %.1f MB", target, float64(i.size)/(1<<20))
		c := i.config.Config
		if c.User != "65532:65532" {
			t.Errorf("%s runs for %q", target, c.User)
		}
		if d := cmp.Diff([]string{"/" + target}, c.Entrypoint); d != "" {
			t.Errorf("%s: entry point (-want +got):\n%s", target, d)
		}
		if d := cmp.Diff([]string{"CMD", "/" + target, "healthcheck"}, c.Healthcheck.Test); d != "" {
			t.Errorf("%s: health check (-want +got):\n%s", target, d)
		}
		var files []string
		for name, h := range i.files {
			if name != "program" && h.Typeflag != tar.TypeDir {
				files = append(files, name)
			}
		}
		slices.Sort(files)
		if d := cmp.Diff([]string{"etc/ssl/certs/ca-certificates.crt", target}, files); d != "" {
			t.Errorf("%s: files (-want +got):\n%s", target, d)
		}
		if h := i.files["data"]; data != (h != nil && h.Uid == 65532 && c.Volumes["/data"] != nil) {
			t.Errorf("%s: data folder %+v, volumes %v", target, h, c.Volumes)
		}
		if !i.config.Created.Equal(time.Unix(0, 0)) {
			t.Errorf("%s was created at %v: it could not be made again", target, i.config.Created)
		}
		starts(t, i.files["program"].Name, c.Env)
	}
}

// starts runs the program of an image with the variables of the image, as a container does, and its health check.
func starts(t *testing.T, path string, imageEnv []string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), path, "--version").Output()
	if want := filepath.Base(path) + " 1.2.3\n"; err != nil || string(out) != want {
		t.Errorf("--version says %q, %v, want %q", out, err, want)
	}
	redis := redistest.StartWith(t, redistest.Options{TCP: true})
	env := append(imageEnv, "REDIS_URL="+redis.URL(), "NAMING_KEY="+seal.NewKey(), "SEAL_KEYS="+seal.NewKey(), "API_TOKENS=token-of-the-image-test",
		"DATA_DIR="+filepath.Join(t.TempDir(), "data"), "LISTEN=127.0.0.1:0")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	check := func(listen string) error {
		cmd := exec.CommandContext(ctx, path, "healthcheck")
		cmd.Env = append(env, "LISTEN="+listen)
		return cmd.Run()
	}
	p, err := program.Start(ctx, program.Config{Path: path, Env: env})
	if err != nil {
		t.Error(err)
		return
	}
	listen := strings.TrimPrefix(p.URL(), "http://")
	if err := check(listen); err != nil {
		t.Errorf("health check while it runs: %v", err)
	}
	if err := p.End(); err != nil {
		t.Error(err)
	}
	if err := check(listen); err == nil {
		t.Error("the health check says that a program that has ended is well")
	}
}

// What is in an image is the same wherever it is built. Its configuration may differ: buildah writes into it which container
// it was built in.
func TestImages_TheSameSourcesMakeTheSameImage(t *testing.T) {
	first := built(t, "listener", "VERSION=v1.2.3")
	second := built(t, "listener", "VERSION=v1.2.3", "NO_CACHE=1")
	if d := cmp.Diff(first.config.RootFS, second.config.RootFS); d != "" || len(first.config.RootFS.DiffIDs) == 0 {
		t.Errorf("layers of the same sources (-first +second):\n%s", d)
	}
}
