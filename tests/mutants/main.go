// Command mutants asks whether the tests would notice. Each mutation takes one promise out of the product: an update of a
// difference is left out, a lease is not compared, a hash not checked. The test that its table names is run with it and
// has to fail. A mutation that survives says that the test is too weak, not that the product is wrong.
//
// Nothing in the tree is changed: the go command lays the mutated file over the true one (-overlay). Property tests draw
// from a fixed seed, so the outcome is the same each time. What can be named is which mutations are run: words, of which
// each has to be in "file: name" of one.
//
// A test that does not hold without a mutation proves nothing with one, so each is run as it is first.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A mutation is one change of one file, and the test that has to notice it.
type mutation struct {
	name     string // what is wrong then
	file     string // below the root of the module
	old, new string // old is there exactly once
	test     string // in the package of the suite
}

// A suite are the mutations that the tests of one package have to notice.
type suite struct {
	pkg       string
	checks    int    // how many cases a property test draws
	sub       string // of tests that have them, the subtests; empty: all
	mutations []mutation
}

var suites = []suite{engine, channels, store, restarts, files, attachments, leases}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, words []string) error {
	dir, err := os.MkdirTemp("", "telegram-client-mutants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r := &runner{root: ".", dir: dir}
	if _, err := os.Stat(filepath.Join(r.root, "go.mod")); err != nil {
		return errors.New("run it in the root of the module: make mutants")
	}
	chosen := choose(suites, words)
	if len(chosen) == 0 {
		return fmt.Errorf("no mutation has %q in its name", words)
	}
	if err := r.baseline(ctx, chosen); err != nil {
		return err
	}
	killed, survived, broken := r.all(ctx, chosen)
	fmt.Printf("%d killed, %d survived", killed, survived)
	if broken > 0 {
		fmt.Printf(", %d could not be run", broken)
	}
	fmt.Println()
	if survived+broken > 0 {
		return errors.New("the tests do not notice all that they have to")
	}
	return nil
}

// choose returns the mutations that have all words in their names.
func choose(all []suite, words []string) []suite {
	var chosen []suite
	for _, s := range all {
		var some []mutation
		for _, m := range s.mutations {
			fits := true
			for _, w := range words {
				fits = fits && strings.Contains(m.String(), w)
			}
			if fits {
				some = append(some, m)
			}
		}
		if len(some) > 0 {
			s.mutations = some
			chosen = append(chosen, s)
		}
	}
	return chosen
}

func (m mutation) String() string { return m.file + ": " + m.name }

// mutate returns the text of a file with a mutation in it.
func (m mutation) mutate(text string) (string, error) {
	switch n := strings.Count(text, m.old); {
	case m.old == m.new:
		return "", errors.New("it changes nothing")
	case n != 1:
		return "", fmt.Errorf("what it changes is in the file %d times: the table in tests/mutants has to follow the code", n)
	}
	return strings.Replace(text, m.old, m.new, 1), nil
}
