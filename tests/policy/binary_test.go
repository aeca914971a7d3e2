package policy

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"telegram-client/tests/lambdatest"
)

const functionLimit = 20 << 20 // bytes, stripped

func TestBinary_FunctionsStaySmall(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t, "./functions/...") {
		if p.Name != "main" {
			continue
		}
		out, err := lambdatest.Build(t.Context(), p.ImportPath, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(out)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		if st.Size() > functionLimit {
			t.Errorf("%s has %.1f MB, more than 20: look for reflect method look-ups (go build -ldflags=-dumpdep)", name, float64(st.Size())/(1<<20))
		}
		t.Logf("%s %.1f MB", name, float64(st.Size())/(1<<20))
	}
}

func TestGenerated_OpenAPIIsFresh(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("go", "run", "./infra/openapi", "-check")
	cmd.Dir = root()
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}
