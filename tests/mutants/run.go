package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// limit is how long one test may take with a mutation in it. One that hangs has not noticed.
const limit = time.Minute

// A runner runs tests of the module, with a file in another's place.
type runner struct {
	root string // of the module
	dir  string // for what is laid over
}

// test runs tests of a package and returns what they print; an error if they did not all succeed.
func (r *runner) test(ctx context.Context, s suite, overlay string, tests ...string) (string, error) {
	args := []string{"test", "-count=1", "-vet=off", "-v", "-timeout", limit.String(), "-run", "^(" + strings.Join(tests, "|") + ")$"}
	if s.sub != "" {
		args[len(args)-1] += "/^" + s.sub + "$"
	}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, s.pkg)...)
	cmd.Dir = r.root
	cmd.WaitDelay = 10 * time.Second
	// Nothing is asked of a failure but whether it is there, so the smallest case is not looked for.
	cmd.Env = append(os.Environ(), "RAPID_SEED=1", fmt.Sprint("RAPID_CHECKS=", s.checks), "RAPID_NOFAILFILE=true", "RAPID_SHRINKTIME=0s")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// baseline runs each test without a mutation: it has to be there and to succeed.
func (r *runner) baseline(ctx context.Context, all []suite) error {
	errs := make([]error, len(all))
	for i, s := range all {
		var tests []string
		for _, m := range s.mutations {
			if !slices.Contains(tests, m.test) {
				tests = append(tests, m.test)
			}
		}
		out, err := r.test(ctx, s, "", tests...)
		if err != nil {
			errs[i] = fmt.Errorf("%s fails without a mutation: %w\n%s", s.pkg, err, tail(out))
			continue
		}
		for _, t := range tests {
			if !strings.Contains(out, "--- PASS: "+t+" ") {
				errs[i] = errors.Join(errs[i], fmt.Errorf("%s has no test %s", s.pkg, t))
			}
		}
	}
	return errors.Join(errs...)
}

// all runs every mutation, as many at once as there are processors, and prints what became of each in the order of the
// tables.
func (r *runner) all(ctx context.Context, all []suite) (killed, survived, broken int) {
	type running struct {
		mutation
		done chan error
		took time.Duration
	}
	var line []*running
	var wait sync.WaitGroup
	room := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, s := range all {
		for _, m := range s.mutations {
			x := &running{mutation: m, done: make(chan error, 1)}
			line = append(line, x)
			n := len(line)
			wait.Go(func() {
				room <- struct{}{}
				defer func() { <-room }()
				began := time.Now()
				err := r.one(ctx, s, m, n)
				x.took = time.Since(began)
				x.done <- err
			})
		}
	}
	for _, x := range line {
		err := <-x.done
		switch {
		case err == nil:
			killed++
			fmt.Printf("killed    %4.1f s  %s\n", x.took.Seconds(), x)
		case errors.Is(err, errSurvived):
			survived++
			fmt.Printf("SURVIVED  %4.1f s  %s: %s does not notice\n", x.took.Seconds(), x, x.test)
		default:
			broken++
			fmt.Printf("BROKEN    %4.1f s  %s: %v\n", x.took.Seconds(), x, err)
		}
	}
	wait.Wait()
	return killed, survived, broken
}

var errSurvived = errors.New("survived")

// one runs the test of a mutation: nil says that it failed.
func (r *runner) one(ctx context.Context, s suite, m mutation, n int) error {
	file, err := filepath.Abs(filepath.Join(r.root, m.file))
	if err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	mutated, err := m.mutate(string(text))
	if err != nil {
		return err
	}
	instead := filepath.Join(r.dir, fmt.Sprint(n, filepath.Ext(m.file)))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{file: instead}})
	if err != nil {
		return err
	}
	list := filepath.Join(r.dir, fmt.Sprint(n, ".json"))
	if err := errors.Join(os.WriteFile(instead, []byte(mutated), 0o600), os.WriteFile(list, overlay, 0o600)); err != nil {
		return err
	}
	out, err := r.test(ctx, s, list, m.test)
	return verdict(out, err, m.test)
}

// verdict says what the output of a test means. That it ended badly is not enough: what does not compile, panics
// elsewhere or runs out of time is no test that noticed.
func verdict(out string, err error, test string) error {
	switch {
	case err == nil && strings.Contains(out, "--- PASS: "+test+" "):
		return errSurvived
	case err != nil && strings.Contains(out, "--- FAIL: "+test+" ") && !strings.Contains(out, "panic: test timed out"):
		return nil
	case err == nil:
		err = errors.New("the test did not run")
	}
	return fmt.Errorf("%w\n%s", err, tail(out))
}

// tail returns the end of what a test printed.
func tail(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}
