package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// noEngine is the exit status of infra/images.sh where no container engine works.
const noEngine = 77

// packages measures what is deployed: a function's zip, and the images where there is an engine to build them with.
func packages(ctx context.Context, dir, program string) error {
	size, err := zipped(program)
	if err != nil {
		return err
	}
	show("zip_mb", float64(size)/(1<<20), "MB")
	for _, target := range []string{"listener", "standalone"} {
		name, err := images(ctx, target)
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == noEngine {
			fmt.Fprintln(os.Stderr, "bench: image_mb is left out: no container engine works here")
			return nil
		}
		if err != nil {
			return err
		}
		saved := filepath.Join(dir, target+".tar")
		if _, err := images(ctx, "--save", saved, name); err != nil {
			return err
		}
		st, err := os.Stat(saved)
		if err != nil {
			return fmt.Errorf("measure the image: %w", err)
		}
		show("image_mb_"+target, float64(st.Size())/(1<<20), "MB")
	}
	return nil
}

// images runs infra/images.sh. Where no other is named the image with the compiler is made of this machine's Go.
func images(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join("infra", "images.sh"), args...)
	cmd.Env = os.Environ()
	if os.Getenv("GO_IMAGE") == "" {
		cmd.Env = append(cmd.Env, "GO_IMAGE=local")
	}
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("infra/images.sh %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// zipped returns how large a program is as Lambda gets it.
func zipped(program string) (int64, error) {
	in, err := os.Open(program)
	if err != nil {
		return 0, fmt.Errorf("measure the zip: %w", err)
	}
	defer in.Close()
	var n counter
	z := zip.NewWriter(&n)
	w, err := z.Create("bootstrap")
	if err == nil {
		_, err = io.Copy(w, in)
	}
	if err := errors.Join(err, z.Close()); err != nil {
		return 0, fmt.Errorf("measure the zip: %w", err)
	}
	return int64(n), nil
}
