// Package golden_test compares the product with what the reference implementation does, decisions applied: the files
// in this folder, which README.md explains. They are to be met exactly.
package golden_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// readLines calls f with each line of a file of this folder.
func readLines(t *testing.T, name string, f func(line []byte)) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		f(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// decode reads JSON with exact numbers.
func decode(t *testing.T, raw []byte, into any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v: %.200s", err, raw)
	}
}
