// Command listener holds the update connections of all entries and pushes their events to Home Assistant.
//
// Several may run: each entry is served by one of them. It answers /healthz, /readyz and /metrics on LISTEN and wants no
// other way in.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/gotd/td/clock"
	"github.com/redis/go-redis/v9"

	"telegram-client/functions"
	"telegram-client/listener/observe"
	"telegram-client/listener/supervisor"
	"telegram-client/shared/process"
	"telegram-client/shared/redisstore"
)

// storeConnections is how many connections a listener keeps to the store.
const storeConnections = 8

func main() { os.Exit(process.Main("listener", run)) }

func run(ctx context.Context, e process.Environ) error {
	switch {
	case len(e.Args) == 1 && e.Args[0] == "healthcheck": // of a container
		var listen process.Listening
		if err := e.Load(&listen); err != nil {
			return err
		}
		return process.CheckHealth(ctx, listen.Address)
	case len(e.Args) > 0:
		return &process.Misconfigured{Problems: []string{"arguments: listener knows healthcheck and --version only"}}
	}
	var (
		store   process.Store
		keys    process.Keys
		listen  process.Listening
		target  process.TargetDefaults
		numbers process.Numbers
		network supervisor.Network
	)
	wrong := e.Load(&store, &keys, &listen, &target, &numbers, &network)
	dialer, err := functions.Dialer(e)
	wrong = errors.Join(wrong, err)
	var client redis.UniversalClient
	if !store.RedisURL.IsZero() {
		if client, err = redisstore.ParseURL(store.RedisURL.Reveal(), storeConnections); err != nil {
			wrong = errors.Join(wrong, process.Wrong("REDIS_URL", err))
		}
	}
	if wrong != nil {
		return wrong
	}
	ring, err := keys.Keyring()
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	kept := redisstore.New(client, ring, redisstore.Options{Numbers: functions.StoreNumbers(numbers)})
	defer kept.Close()
	if err := kept.Check(ctx); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	flows := functions.Parts{Ring: ring, Store: kept, Dialer: dialer, Numbers: numbers, Target: functions.Target(target), Log: e.Log}.Flows()
	s := supervisor.Compose(supervisor.Parts{
		Store: kept, Dialer: dialer, Ring: ring, Sweeper: flows, Grower: flows, Numbers: numbers, Network: network, Log: e.Log,
	})
	ln, err := net.Listen("tcp", listen.Address)
	if err != nil {
		return process.Wrong("LISTEN", err)
	}
	e.Log.Info("listening", "address", ln.Addr().String(), "version", process.Version())
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() { // ends with ctx; if it cannot serve, so does the listener
		served <- process.ServeOn(ctx, ln, s.Handler(), e.Log)
		cancel()
	}()
	beats := make(chan struct{})
	go func() { // ends with ctx
		defer close(beats)
		observe.Heart{Entries: kept.Overviews, Clock: clock.System, Log: e.Log}.Beat(ctx)
	}()
	err = s.Run(ctx)
	cancel()
	<-beats
	return errors.Join(err, <-served)
}
