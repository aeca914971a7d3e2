package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The table follows the code: what a mutation changes is in its file, once, and the test it names is there.
func TestSuites_FitTheTree(t *testing.T) {
	t.Parallel()
	const root = "../.."
	known := map[string]bool{}
	for _, s := range suites {
		all, err := filepath.Glob(filepath.Join(root, s.pkg, "*_test.go"))
		if err != nil || len(all) == 0 {
			t.Fatalf("%s has no tests: %v", s.pkg, err)
		}
		var tests strings.Builder
		for _, f := range all {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(text)
		}
		for _, m := range s.mutations {
			if known[m.String()] {
				t.Errorf("%s: there are two", m)
			}
			known[m.String()] = true
			text, err := os.ReadFile(filepath.Join(root, m.file))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := m.mutate(string(text)); err != nil {
				t.Errorf("%s: %v", m, err)
			}
			if !strings.Contains(tests.String(), "\nfunc "+m.test+"(t *testing.T)") {
				t.Errorf("%s: %s has no %s", m, s.pkg, m.test)
			}
		}
	}
}

func TestMutate(t *testing.T) {
	t.Parallel()
	m := mutation{old: "b", new: "c"}
	if got, err := m.mutate("abd"); err != nil || got != "acd" {
		t.Errorf("%q, %v", got, err)
	}
	for _, text := range []string{"ad", "abbd"} {
		if got, err := m.mutate(text); err == nil {
			t.Errorf("%s became %q", text, got)
		}
	}
	if _, err := (mutation{old: "b", new: "b"}).mutate("b"); err == nil {
		t.Error("one that changes nothing is taken")
	}
}

// Only a test that ran and failed has noticed.
func TestVerdict(t *testing.T) {
	t.Parallel()
	failed := errors.New("exit status 1")
	for name, c := range map[string]struct {
		out      string
		err      error
		killed   bool
		survived bool
	}{
		"it failed":                      {"=== RUN   TestA\n--- FAIL: TestA (0.01s)\nFAIL\n", failed, true, false},
		"it succeeded":                   {"=== RUN   TestA\n--- PASS: TestA (0.01s)\nPASS\n", nil, false, true},
		"another failed":                 {"--- FAIL: TestAB (0.01s)\nFAIL\n", failed, false, false},
		"it does not compile":            {"a.go:1:1: undefined: x\nFAIL\ta [build failed]\n", failed, false, false},
		"it hangs":                       {"panic: test timed out after 1m0s\n--- FAIL: TestA (60.00s)\n", failed, false, false},
		"there is none":                  {"testing: warning: no tests to run\nPASS\n", nil, false, false},
		"the program died elsewhere":     {"panic: x\ngoroutine 7\nFAIL\n", failed, false, false},
		"it succeeded, and the rest not": {"--- PASS: TestA (0.01s)\nPASS\nleaked\nFAIL\n", failed, false, false},
	} {
		err := verdict(c.out, c.err, "TestA")
		if (err == nil) != c.killed || errors.Is(err, errSurvived) != c.survived {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	all := []suite{{pkg: "a", mutations: []mutation{{file: "a.go", name: "one thing"}, {file: "a.go", name: "two things"}}}, {pkg: "b", mutations: []mutation{{file: "b.go", name: "one"}}}}
	for words, want := range map[string]int{"": 3, "one": 2, "a.go thing": 2, "a.go one": 1, "three": 0} {
		n := 0
		for _, s := range choose(all, strings.Fields(words)) {
			n += len(s.mutations)
		}
		if n != want {
			t.Errorf("%q chooses %d, not %d", words, n, want)
		}
	}
	if len(all[0].mutations) != 2 {
		t.Error("choosing changed the table")
	}
}
