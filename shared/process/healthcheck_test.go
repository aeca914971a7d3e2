package process

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestCheckHealth_AsksTheProgramOnItsPort(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
	}))
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, listen := range []string{"127.0.0.1:" + port, ":" + port, "0.0.0.0:" + port} {
		if err := CheckHealth(t.Context(), listen); err != nil {
			t.Errorf("%s: %v", listen, err)
		}
	}
	status = http.StatusServiceUnavailable
	if err := CheckHealth(t.Context(), "127.0.0.1:"+port); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("error %v", err)
	}
	server.Close()
	if err := CheckHealth(t.Context(), "127.0.0.1:"+port); err == nil {
		t.Error("nobody answers, and it is well")
	}
	if misconfigured(CheckHealth(t.Context(), "nowhere")) == nil {
		t.Error("an address without a port")
	}
}
