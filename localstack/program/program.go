// Package program runs a built program of this project as a child: it is ready when it says where it listens, and is
// ended in order or killed. What it is given as its environment is all it has.
//
// It leaves to others how the program is built and what it is told.
package program

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// endWithin is longer than a program takes that lets a login step finish.
const endWithin = 40 * time.Second

// Config is what a program is started with.
type Config struct {
	Path string
	Args []string
	// Env is its environment. LISTEN is 127.0.0.1:0 unless it says otherwise; the log's format is this package's.
	Env []string
	// Log gets the lines that it logs, as JSON. Nil: they are thrown away.
	Log io.Writer
}

// A Program is a running program.
type Program struct {
	command *exec.Cmd
	exited  chan struct{}
	address string
	err     error // how it ended; read after exited

	mu   sync.Mutex
	last []string // of its log, for the error of a start that failed
}

// Start starts a program and waits until it listens. The caller ends it with End or Kill.
func Start(ctx context.Context, c Config) (*Program, error) {
	p := &Program{command: exec.Command(c.Path, c.Args...), exited: make(chan struct{})}
	p.command.Env = append(append([]string{"PATH=" + os.Getenv("PATH"), "LISTEN=127.0.0.1:0"}, c.Env...), "LOG_FORMAT=json")
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C at the terminal is for us, who end it in order
	log, err := p.command.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	listening := make(chan string, 1)
	go func() { // ends with the program
		p.read(log, c.Log, listening)
		p.err = p.command.Wait()
		close(p.exited)
	}()
	select {
	case p.address = <-listening:
		return p, nil
	case <-p.exited:
		return nil, fmt.Errorf("%s ended before it listened: %w: %s", c.Path, p.err, strings.Join(p.last, "\n"))
	case <-ctx.Done():
		p.Kill()
		return nil, fmt.Errorf("start %s: %w: %s", c.Path, ctx.Err(), strings.Join(p.last, "\n"))
	}
}

// read hands the log on and finds in it where the program listens.
func (p *Program) read(log io.Reader, to io.Writer, listening chan<- string) {
	const kept = 20
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
			select {
			case listening <- line.Address:
			default: // it has been said
			}
		}
		p.mu.Lock()
		if p.last = append(p.last, lines.Text()); len(p.last) > kept {
			p.last = p.last[1:]
		}
		p.mu.Unlock()
		if to != nil {
			fmt.Fprintf(to, "%s\n", lines.Bytes())
		}
	}
	_, _ = io.Copy(io.Discard, log) // a line too long to be scanned must not block the program
}

// URL is where the program answers, without a slash at the end.
func (p *Program) URL() string { return "http://" + p.address }

// PID is the id of its process.
func (p *Program) PID() int { return p.command.Process.Pid }

// Exited is closed when the program has ended.
func (p *Program) Exited() <-chan struct{} { return p.exited }

// End asks the program to end and waits for it. A program that ends by itself later than expected, or with an error,
// is an error.
func (p *Program) End() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end %s: %w", p.command.Path, err)
	}
	patience := time.NewTimer(endWithin)
	defer patience.Stop()
	select {
	case <-p.exited:
		if p.err != nil {
			return fmt.Errorf("%s ended: %w", p.command.Path, p.err)
		}
		return nil
	case <-patience.C:
		p.Kill()
		return fmt.Errorf("%s did not end within %v", p.command.Path, endWithin)
	}
}

// Kill ends the program at once and waits for it.
func (p *Program) Kill() {
	_ = p.command.Process.Kill() // it may have ended
	<-p.exited
}
