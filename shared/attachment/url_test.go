package attachment

import (
	"net/url"
	"testing"
)

func TestOpener_HomeAssistantIsOneSchemeHostAndPort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		home, address string
		want          bool
	}{
		{"http://ha.local", "http://ha.local/x", true},
		{"http://ha.local", "http://ha.local:80/x", true},
		{"http://ha.local:8123", "http://HA.local:8123/x", true},
		{"https://ha.example:443/", "https://ha.example/x", true},
		{"http://ha.local", "https://ha.local/x", false},
		{"http://ha.local", "http://ha.local:8123/x", false},
		{"http://ha.local", "http://ha.local.example/x", false},
		{"http://ha.local", "http://ha.local@evil.example/x", false},
		{"", "http://ha.local/x", false},
		{"", "/x", false},
	} {
		u, err := url.Parse(c.address)
		if err != nil {
			t.Fatal(err)
		}
		if got := New(Options{HomeAssistant: c.home}).atHome(u); got != c.want {
			t.Errorf("%s for the one of %q: %v", c.address, c.home, got)
		}
	}
}
