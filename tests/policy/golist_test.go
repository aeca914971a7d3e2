package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A listed package is what `go list` says of one.
type listed struct {
	ImportPath, Name, Dir, Doc string
	Imports                    []string
	GoFiles, TestGoFiles       []string
	XTestGoFiles               []string
}

var lists sync.Map // of the arguments, joined, to func() ([]listed, error)

// packages lists the packages that the patterns match, without their dependencies.
func packages(t *testing.T, patterns ...string) []listed {
	t.Helper()
	return list(t, patterns...)
}

// dependencies lists the packages that the patterns match and all they depend on, built as functions are.
func dependencies(t *testing.T, patterns ...string) []listed {
	t.Helper()
	return list(t, append([]string{"-deps", "-tags=lambda.norpc"}, patterns...)...)
}

func list(t *testing.T, args ...string) []listed {
	t.Helper()
	once, _ := lists.LoadOrStore(strings.Join(args, " "), sync.OnceValues(func() ([]listed, error) { return goList(args) }))
	all, err := once.(func() ([]listed, error))()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func goList(args []string) ([]listed, error) {
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Name,Dir,Doc,Imports,GoFiles,TestGoFiles,XTestGoFiles"}, args...)...)
	cmd.Dir = root()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.Join(err, errors.New(stderr.String()))
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

// root is the folder of the module: tests run in their package's folder.
func root() string { return filepath.Join("..", "..") }

// testOnlyDoc reports whether a package that has no code but tests says in one of them what it is for.
func testOnlyDoc(t *testing.T, p listed) bool {
	if len(p.GoFiles) > 0 {
		return false
	}
	for _, name := range append(p.TestGoFiles, p.XTestGoFiles...) {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		if f.Doc != nil {
			return true
		}
	}
	return false
}
