package httpapi

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOpenAPI_HasExactlyTheRoutes(t *testing.T) {
	t.Parallel()
	all := Join(configFlowAPI(&scriptedFlows{}, newEntryStore()), optionsFlowAPI(&scriptedOptionsFlows{}, newEntryStore()), entriesAPI(newEntryStore()), Events(&eventStore{}, nil, testSettings(io.Discard)), SendMessages(&scriptedSender{}, testSettings(io.Discard)),
		EditMessage(&scriptedSender{}, testSettings(io.Discard)), DeleteMessages(&scriptedSender{}, testSettings(io.Discard)), Chats(&scriptedSender{}, testSettings(io.Discard)))
	want := map[string]bool{}
	for _, r := range all.routes {
		want[r.pattern] = true
	}
	w := call(all, "GET", "/openapi.json", "", "Authorization: ")
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v: %v", w.Code, w.Header(), err)
	}
	got := map[string]bool{}
	for path, methods := range doc.Paths {
		for method := range methods {
			if method != "parameters" {
				got[strings.ToUpper(method)+" "+path] = true
			}
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("routes (-served +described):\n%s", d)
	}
}
