package httpapi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"testing"

	"telegram-client/shared/fault"
)

func TestStatuses_NameEveryCode(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "fault", "fault.go"), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[fault.Code]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			for _, v := range spec.Values {
				code, err := strconv.Unquote(v.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				codes[fault.Code(code)] = true
			}
		}
		return true
	})
	if len(codes) < 40 {
		t.Fatalf("found %d codes only", len(codes))
	}
	for code := range codes {
		if _, ok := statuses[code]; !ok {
			t.Errorf("%s has no status", code)
		}
	}
	for code, status := range statuses {
		if !codes[code] {
			t.Errorf("%s is no code", code)
		}
		if status < 400 || status > 599 {
			t.Errorf("%s: %d", code, status)
		}
	}
	if got := statusOf("never_heard_of"); got != 500 {
		t.Error(got)
	}
}
