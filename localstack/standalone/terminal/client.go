package terminal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"telegram-client/shared/seal"
)

// callFor is how long the bridge may take: a login step has 30 s, and is given its own time to say so.
const callFor = 60 * time.Second

// answerLimit is more than any answer of the bridge has.
const answerLimit = 4 << 20

// A client asks a bridge.
type client struct {
	http    *http.Client
	address string
	token   seal.Text
	// functions are the addresses of the functions, as the bridge says.
	functions map[string]string
}

// A refusal is an error that the bridge answered with.
type refusal struct {
	status  int
	code    string
	message string
}

// Error is the bridge's own sentence.
func (r *refusal) Error() string { return r.message }

// parseAddress takes an address as people write it.
func parseAddress(s string) (string, error) {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", errors.New("the address of the bridge is not of the form http://host:port")
	}
	return u.Scheme + "://" + u.Host + strings.TrimRight(u.Path, "/"), nil
}

// meet asks whether a bridge is there, and where its functions are.
func (c *client) meet(ctx context.Context) error {
	var about struct {
		API       int               `json:"api"`
		Functions map[string]string `json:"functions"`
	}
	err := c.call(ctx, http.MethodGet, c.address+"/config", nil, &about)
	var no *refusal
	var away *url.Error
	switch {
	case errors.As(err, &no) && no.status == http.StatusUnauthorized:
		return errors.New("this bridge does not take the token of the data folder. Set API_TOKENS to its token, or DATA_DIR to its data folder")
	case errors.As(err, &no):
		return fmt.Errorf("the bridge answered: %w", err)
	case errors.As(err, &away) && ctx.Err() == nil:
		return fmt.Errorf("no bridge answers at %s. Start one with `make run` first, then log in from another terminal", host(c.address))
	case err != nil:
		return err
	case about.API != 1:
		return fmt.Errorf("what answers at %s is no bridge of this version", host(c.address))
	}
	c.functions = about.Functions
	return nil
}

// host leaves the scheme out: the program's error output shows addresses only up to their host.
func host(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	return rest
}

// at returns the address of a path of a function.
func (c *client) at(function, path string) string {
	if base := strings.TrimRight(c.functions[function], "/"); base != "" {
		return base + path
	}
	return c.address + path
}

// call sends body as JSON and reads the answer into out.
func (c *client) call(ctx context.Context, method, address string, body, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("ask the bridge: %w", err)
		}
		reader = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return fmt.Errorf("ask the bridge: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("ask the bridge: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	if err != nil {
		return fmt.Errorf("read what the bridge says: %w", err)
	}
	if resp.StatusCode >= 400 {
		var f struct {
			Error struct{ Code, Message string }
		}
		if json.Unmarshal(text, &f) != nil || f.Error.Message == "" {
			f.Error.Message = fmt.Sprintf("it answered with status %d and is perhaps no bridge.", resp.StatusCode)
		}
		return &refusal{resp.StatusCode, f.Error.Code, f.Error.Message}
	}
	if err := json.Unmarshal(text, out); err != nil {
		return errors.New("what answers there is no bridge: it does not speak JSON")
	}
	return nil
}
