// Package golden_test compares the product with what the reference implementation does, decisions applied: the files
// in this folder, which README.md explains. They are to be met exactly.
//
// The environment variable GOLDEN_EXTRA names a folder with further files of the same names and format.
package golden_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// A check compares the product with one case. diff is empty if they agree; skip says that there is nothing to compare.
// A case that cannot be read panics with what is wrong with it.
type check func(line []byte) (id, diff string, skip bool)

// runFile runs the cases of a file of this folder, of which there must be so many, and those of the file of that name in
// GOLDEN_EXTRA. It prints "name: 354/354" and "extra name: 12/12".
func runFile(t *testing.T, name string, want int, c check) {
	t.Helper()
	if total := runCases(t, name+".jsonl", name, c); total != want {
		t.Errorf("%s: %d cases, wants %d", name, total, want)
	}
	extra := os.Getenv("GOLDEN_EXTRA")
	if extra == "" {
		return
	}
	if _, err := os.Stat(extra); err != nil && !filepath.IsAbs(extra) {
		extra = filepath.Join("..", "..", extra) // as seen from where make and go test are run
	}
	if _, err := os.Stat(extra); err != nil {
		t.Fatal(err)
	}
	if path := filepath.Join(extra, name+".jsonl"); exists(path) {
		runCases(t, path, "extra "+name, c)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// runCases runs a file and returns how many cases it has, those that are skipped apart.
func runCases(t *testing.T, path, name string, c check) (total int) {
	t.Helper()
	passed := 0
	readLines(t, path, func(line []byte) {
		id, diff, skip := guarded(c, line)
		switch {
		case skip:
			return
		case diff != "":
			t.Errorf("%s: %s", id, diff)
		default:
			passed++
		}
		total++
	})
	fmt.Printf("%s: %d/%d\n", name, passed, total)
	return total
}

// guarded is a check that panics for no case.
func guarded(c check, line []byte) (id, diff string, skip bool) {
	defer func() {
		if r := recover(); r != nil {
			if bad, ok := r.(unreadable); ok {
				diff = string(bad)
			} else {
				diff = fmt.Sprintf("panic: %v\n%s", r, debug.Stack())
			}
			var named struct{ ID any }
			if id, skip = fmt.Sprintf("%.100s", line), false; json.Unmarshal(line, &named) == nil && named.ID != nil {
				id = fmt.Sprint(named.ID)
			}
		}
	}()
	return c(line)
}

// unreadable is what is wrong with a case.
type unreadable string

func failCase(format string, args ...any) { panic(unreadable(fmt.Sprintf(format, args...))) }

// readLines calls f with each line of a file that is not empty.
func readLines(t *testing.T, path string, f func(line []byte)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) != "" {
			f(lines.Bytes())
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// decode reads JSON with exact numbers.
func decode(raw []byte, into any) {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		failCase("%v: %.200s", err, raw)
	}
}
