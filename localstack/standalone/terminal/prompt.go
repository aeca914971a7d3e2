package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// A prompt asks for lines. At a terminal what is secret is not shown; input that comes from elsewhere, such as a pipe,
// is read line by line.
type prompt struct {
	in    *bufio.Reader
	out   io.Writer
	fd    int // of a terminal; -1 if it is none
	state *term.State
}

func newPrompt(in io.Reader, out io.Writer) *prompt {
	p := &prompt{in: bufio.NewReader(in), out: out, fd: -1}
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.fd = int(f.Fd())
		p.state, _ = term.GetState(p.fd) // without it a terminal stays mute after ^C; nothing worse
	}
	return p
}

// close gives the terminal back as it was, also if a secret was being asked for.
func (p *prompt) close() {
	if p.state != nil {
		term.Restore(p.fd, p.state)
	}
}

// line asks for one line and returns it without blanks around it, unless it is secret. The end of the input, and of ctx, is errGivenUp's
// cause: io.EOF, or the context's error.
func (p *prompt) line(ctx context.Context, question string, secret bool) (string, error) {
	fmt.Fprint(p.out, question)
	type read struct {
		text string
		err  error
	}
	done := make(chan read, 1)
	go func() { // a read cannot be interrupted: after ctx it waits for the end of the process
		text, err := p.read(secret)
		done <- read{text, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(p.out)
		return "", ctx.Err()
	case r := <-done:
		if errors.Is(r.err, io.EOF) && r.text != "" {
			r.err = nil // a last line without an end
		}
		if r.err != nil {
			fmt.Fprintln(p.out)
			return "", r.err
		}
		if secret { // a password may begin or end with a blank
			return strings.TrimRight(r.text, "\r\n"), nil
		}
		return strings.TrimSpace(r.text), nil
	}
}

func (p *prompt) read(secret bool) (string, error) {
	switch {
	case p.fd < 0:
		defer fmt.Fprintln(p.out) // nobody pressed Enter
		return p.in.ReadString('\n')
	case !secret:
		return p.in.ReadString('\n')
	}
	text, err := term.ReadPassword(p.fd)
	fmt.Fprintln(p.out)
	return string(text), err
}
