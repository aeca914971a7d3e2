package httpapi

import (
	"net/http"
	"testing"

	"telegram-client/shared/seal"
)

func TestTokens_GuardWhatIsServedBesideAnAPI(t *testing.T) {
	t.Parallel()
	h := NewTokens(seal.NewText(bearer)).Guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, 200, "metrics") }))
	sameJSON(t, call(h, "GET", "/metrics", ""), 200, `"metrics"`)
	w := call(h, "GET", "/metrics", "", "Authorization: Bearer wrong")
	sameJSON(t, w, 401, errorJSON("unauthorized", noToken))
	if w.Header().Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("headers %v", w.Header())
	}
}
