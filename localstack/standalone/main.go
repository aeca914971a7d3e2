// Command standalone is the whole bridge in one process, for a home: every function and a listener on one address, with
// a store of its own. `standalone` runs it, `standalone login` logs an account in at one that runs.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"telegram-client/localstack/standalone/bridge"
	"telegram-client/localstack/standalone/terminal"
	"telegram-client/shared/process"
)

func main() { os.Exit(process.Main("standalone", run)) }

const usage = `usage:
  standalone                            run the bridge
  standalone login [address] [entry]    log an account in at a bridge that runs, or an entry's account again
  standalone healthcheck                ask the bridge that runs here whether it is alive, for a container
  standalone --version

Settings are variables of the environment: LISTEN (` + bridge.DefaultListen + `), DATA_DIR (data), REDIS_URL (a store of its own),
STORE=memory (nothing outlives the bridge), TELEGRAM_*, TARGET_* (what a new entry's target is), FILES_ROOT (the folder
whose files can be sent by their paths: Home Assistant's configuration), LOG_LEVEL.`

func run(ctx context.Context, e process.Environ) error {
	switch {
	case len(e.Args) == 0 || len(e.Args) == 1 && e.Args[0] == "run":
		return serve(ctx, e)
	case e.Args[0] == "login" && len(e.Args) <= 3:
		return login(ctx, e)
	case len(e.Args) == 1 && e.Args[0] == "healthcheck":
		var s bridge.Settings
		if err := e.Load(&s); err != nil {
			return err
		}
		return process.CheckHealth(ctx, s.Listen)
	case len(e.Args) == 1 && strings.Contains(" help -h -help --help ", " "+e.Args[0]+" "):
		fmt.Fprintln(e.Stdout, usage)
		return nil
	}
	fmt.Fprintln(e.Stderr, usage)
	return &process.Misconfigured{Problems: []string{"arguments: standalone does not know these"}}
}

func serve(ctx context.Context, e process.Environ) error {
	o, err := bridge.FromEnviron(e)
	if err != nil {
		return err
	}
	o.Ready = func(s bridge.Started) {
		fmt.Fprintf(e.Stdout, "The bridge runs at %s\n  store: %s\n", s.URL, s.Store)
		if len(o.Tokens) > 0 {
			fmt.Fprintln(e.Stdout, "  token: as API_TOKENS says")
		} else if s.TokenIsNew {
			fmt.Fprintf(e.Stdout, "  token: %s\n  It opens the API and is shown this once; it stands in %s, with the keys of all that is stored: back that file up.\n", s.Token.Reveal(), s.SecretsFile)
		} else {
			fmt.Fprintf(e.Stdout, "  token: in %s (API_TOKENS)\n", s.SecretsFile)
		}
		fmt.Fprintln(e.Stdout, "  Log an account in with `make login`, in another terminal.")
	}
	return bridge.Run(ctx, o)
}

func login(ctx context.Context, e process.Environ) error {
	var s bridge.Settings
	if err := e.Load(&s); err != nil {
		return err
	}
	var address, entry string
	for _, a := range e.Args[1:] {
		switch {
		case strings.HasPrefix(a, "tg_") && entry == "":
			entry = a
		case address == "":
			address = a
		default:
			return &process.Misconfigured{Problems: []string{"arguments: login takes an address and the id of an entry"}}
		}
	}
	if address == "" {
		address = bridge.ReadAddress(s.DataDir)
	}
	if address == "" {
		address = s.Listen
	}
	tokens, err := bridge.ReadTokens(s.DataDir)
	if err != nil {
		return err
	}
	if len(s.Tokens) > 0 {
		tokens = s.Tokens
	}
	if len(tokens) == 0 {
		return errors.New("there is no data folder and no API_TOKENS: start the bridge with `make run` first, then log in from another terminal")
	}
	return terminal.Login(ctx, terminal.Options{Address: address, Token: tokens[0], Entry: entry, In: os.Stdin, Out: e.Stdout})
}
