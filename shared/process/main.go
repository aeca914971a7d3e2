package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // Lambda's provided.al2023 and scratch images have no time zones
)

// Main runs a program and returns its exit code. The context ends at SIGINT or SIGTERM; a second signal ends the
// process at once. In Lambda signals are left alone: nothing is open between two calls, and the platform's SIGTERM may
// simply end it.
func Main(name string, run func(context.Context, Environ) error) int {
	vars := map[string]string{}
	for _, pair := range os.Environ() {
		if k, v, ok := strings.Cut(pair, "="); ok {
			vars[k] = v
		}
	}
	e := Environ{Name: name, Args: os.Args[1:], Vars: vars, Stdout: os.Stdout, Stderr: os.Stderr}
	ctx := context.Background()
	if !e.InLambda() {
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		context.AfterFunc(ctx, stop)
	}
	return start(ctx, e, run)
}

// start is Main with everything of the outside given.
func start(ctx context.Context, e Environ, run func(context.Context, Environ) error) int {
	if len(e.Args) > 0 && (e.Args[0] == "--version" || e.Args[0] == "-version") {
		fmt.Fprintf(e.Stdout, "%s %s\n", e.Name, Version())
		return 0
	}
	logging := Logging{}
	e.problems = misconfigured(e.Load(&logging))
	asJSON := logging.Format == "json" || logging.Format == "" && e.InLambda()
	e.Log = NewLogger(e.Stderr, logging.Level, asJSON)
	slog.SetDefault(e.Log) // aws-lambda-go and net/http log by themselves
	e.readSecrets(ctx)

	err := run(ctx, e)
	switch problems := misconfigured(err); {
	case len(problems) > 0:
		report(e, problems, asJSON)
		return 2
	case err == nil, errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return 0
	case asJSON:
		e.Log.Error("ended with an error", "program", e.Name, "error", err)
	default:
		fmt.Fprintf(e.Stderr, "%s: %s\n", e.Name, scrub(err.Error()))
	}
	return 1
}

// report shows every problem of a configuration.
func report(e Environ, problems []string, asJSON bool) {
	if asJSON {
		for _, p := range problems {
			e.Log.Error("wrong configuration", "program", e.Name, "problem", p)
		}
		return
	}
	io.WriteString(e.Stderr, e.Name+": wrong configuration:\n")
	for _, p := range problems {
		fmt.Fprintf(e.Stderr, "  %s\n", scrub(p))
	}
}
