package policy

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tracked returns the files of the tree that git knows.
func tracked(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	var files []string
	for _, f := range strings.Split(string(out), "\x00") {
		if _, err := os.Stat(filepath.Join(root(), f)); f != "" && err == nil {
			files = append(files, f)
		}
	}
	return files
}

func TestTree_TopLevelIsFixed(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for _, n := range strings.Fields("functions listener shared infra localstack tests template.yaml Makefile go.mod go.sum README.md LICENSE CHANGELOG.md .ci .github .gitignore .gitattributes .samignore .dockerignore compose.yaml staticcheck.conf") {
		want[n] = true
	}
	for _, f := range tracked(t) {
		top, _, _ := strings.Cut(f, "/")
		if !want[top] {
			t.Errorf("%s does not belong at the top level", top)
		}
	}
}

// machine matches paths that exist on one machine only.
var machine = regexp.MustCompile(`(^|[^A-Za-z0-9_.~$/-])/(root|home/[a-z]+|work|Users/[a-z]+)/`)

func TestTree_NoPathsOfAMachine(t *testing.T) {
	t.Parallel()
	for _, f := range tracked(t) {
		if strings.HasSuffix(f, ".sum") || strings.HasPrefix(f, "tests/policy/") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root(), f))
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range bytes.Split(text, []byte("\n")) {
			if len(line) < 4096 && machine.Match(line) {
				t.Errorf("%s:%d: a path of a machine: %.80s", f, n+1, line)
			}
		}
	}
}

// Tests wait for what they wait for: a channel, a clock, an answer. A skipped test is a test that lies.
func TestTree_TestsNeitherSleepNorSkip(t *testing.T) {
	t.Parallel()
	for _, f := range tracked(t) {
		if !strings.HasSuffix(f, ".go") || !(strings.HasSuffix(f, "_test.go") || strings.HasPrefix(f, "tests/")) {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, filepath.Join(root(), f), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			// The Skip of a property test says that a drawn step does not fit, and draws another.
			if f, ok := n.(*ast.FuncLit); ok && takesRapid(f.Type) {
				return false
			}
			if f, ok := n.(*ast.FuncDecl); ok && takesRapid(f.Type) {
				return false
			}
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			of, _ := sel.X.(*ast.Ident)
			switch {
			case of != nil && of.Name == "time" && sel.Sel.Name == "Sleep":
				t.Errorf("%s: time.Sleep", set.Position(n.Pos()))
			case of != nil && of.Name == "t" && (sel.Sel.Name == "Skip" || sel.Sel.Name == "Skipf" || sel.Sel.Name == "SkipNow"):
				t.Errorf("%s: a skip", set.Position(n.Pos()))
			}
			return true
		})
	}
}

// takesRapid reports whether a function is a step of a property test.
func takesRapid(f *ast.FuncType) bool {
	for _, p := range f.Params.List {
		if star, ok := p.Type.(*ast.StarExpr); ok {
			if sel, ok := star.X.(*ast.SelectorExpr); ok {
				if of, ok := sel.X.(*ast.Ident); ok && of.Name == "rapid" {
					return true
				}
			}
		}
	}
	return false
}

func TestTree_MainsOnlyDelegate(t *testing.T) {
	t.Parallel()
	for _, f := range tracked(t) {
		if filepath.Base(f) != "main.go" || !strings.HasPrefix(f, "functions/") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root(), f))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("\n")); n >= 30 {
			t.Errorf("%s has %d lines: the work belongs into shared/", f, n)
		}
	}
}
