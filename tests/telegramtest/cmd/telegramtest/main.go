// Command telegramtest runs a Telegram server for tests as a process of its own, with the HTTP API that
// [telegram-client/tests/telegramtest/control] describes. It prints the address of the API and where it has written the
// file for TELEGRAM_SERVERS, and runs until it is interrupted or its standard input ends (with -stdin).
//
//	telegramtest -control 127.0.0.1:8081 -servers /tmp/servers.json
//
// It ends with exit code 1 if a client asked for something that the server does not know, and names it.
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"telegram-client/tests/telegramtest"
	"telegram-client/tests/telegramtest/control"
	"telegram-client/tests/telegramtest/mtserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run does what the arguments say and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("telegramtest", flag.ContinueOnError)
	flags.SetOutput(stderr)
	address := flags.String("control", "127.0.0.1:0", "where the HTTP API listens")
	listen := flags.String("listen", "", "where the data centres listen, separated by commas; free ports if empty")
	file := flags.String("servers", "", "where to write the file for TELEGRAM_SERVERS")
	dcs := flags.Int("dcs", 2, "how many data centres there are")
	seed := flags.Uint64("seed", 1, "what chance is drawn from")
	cdn := flags.Bool("cdn", false, "whether there is a CDN; it listens behind the data centres")
	hashOnly := flags.Bool("hash-only", false, "keep the hashes of large uploads in place of their bytes")
	untilEOF := flags.Bool("stdin", false, "stop when standard input ends")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	o := telegramtest.Options{DCs: *dcs, Seed: *seed, HashOnly: *hashOnly}
	if *cdn {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			fmt.Fprintln(stderr, "make the key of the CDN:", err)
			return 1
		}
		o.CDN = key
	}
	if *listen != "" {
		o.Listen = strings.Split(*listen, ",")
	}
	if *untilEOF {
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		defer stop()
		go func() {
			// It ends with the process, if not before.
			_, _ = io.Copy(io.Discard, stdin)
			stop()
		}()
	}
	unknown, err := serve(ctx, o, *address, *file, stdout)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	if len(unknown) > 0 {
		fmt.Fprintln(stderr, "clients asked for what the server does not know:", strings.Join(unknown, ", "))
		return 1
	}
	return 0
}

// serve runs the server and its API until ctx ends, and returns what the server was asked for and does not know.
func serve(ctx context.Context, o telegramtest.Options, address, file string, stdout io.Writer) ([]string, error) {
	s, err := telegramtest.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if file != "" {
		if err := os.WriteFile(file, s.ServersJSON(), 0o644); err != nil {
			return nil, fmt.Errorf("write the file of servers: %w", err)
		}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for the HTTP API: %w", err)
	}
	web := &http.Server{Handler: control.Handler(s), ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintf(stdout, "control http://%s\n", l.Addr())
	for dc := 1; dc <= o.DCs; dc++ {
		fmt.Fprintf(stdout, "dc %d %s\n", dc, s.Addr(dc))
	}
	if o.CDN != nil {
		fmt.Fprintf(stdout, "cdn %d %s\n", mtserver.CDNID, s.Addr(mtserver.CDNID))
	}
	if file != "" {
		fmt.Fprintf(stdout, "servers %s\n", file)
	}
	fmt.Fprintln(stdout, "ready")
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(l) }() // ends with web.Close
	select {
	case err = <-failed:
		return nil, fmt.Errorf("serve the HTTP API: %w", err)
	case <-ctx.Done():
	}
	web.Close()
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return nil, fmt.Errorf("serve the HTTP API: %w", err)
	}
	return s.Unknown(), nil
}
