package process

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// healthWithin is how long a program may take to say that it is alive.
const healthWithin = 4 * time.Second

// CheckHealth asks the program that answers on an address, as LISTEN has it, whether it is alive. It is what a container's
// health check runs: an image without a shell has nothing else for it.
func CheckHealth(ctx context.Context, listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return Wrong("LISTEN", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // it answers on all addresses
	}
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return Wrong("LISTEN", err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy: it is this machine
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("health check: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("health check: %s", answer.Status)
	}
	return nil
}
