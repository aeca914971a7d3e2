package redisstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// ParseURL reads the address of a store and returns a client with at most pool connections (2 for a function, 8 for a
// listener). It does not connect. The forms are
//
//	redis://[user:password@]host[:port][/db]           rediss:// with TLS, unix:///path for a socket
//	redis+cluster://host:port[?addr=host2:port2…]      rediss+cluster://; or redis://…?cluster=true
//	redis+sentinel://host:port[,host2:port2]/name[/db] rediss+sentinel://; or sentinel://…; or …?master_name=name
//
// with the parameters that go-redis knows. Errors never show the address: it may hold a password.
func ParseURL(address string, pool int) (redis.UniversalClient, error) {
	o, err := parse(address)
	if err != nil {
		return nil, err
	}
	quiet := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	switch o := o.(type) {
	case *redis.Options:
		o.Protocol, o.DisableIdentity, o.MaintNotificationsConfig, o.DialerRetries = 2, true, quiet, dials
		o.ContextTimeoutEnabled, o.PoolSize, o.PipelinePoolSize = true, pool, -1
		o.MaxRetries, o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.ConnMaxIdleTime = retries, dialTimeout, readTimeout, readTimeout, idleTime
		return redis.NewClient(o), nil
	case *redis.ClusterOptions:
		o.Protocol, o.DisableIdentity, o.MaintNotificationsConfig, o.DialerRetries = 2, true, quiet, dials
		o.ContextTimeoutEnabled, o.PoolSize, o.PipelinePoolSize = true, pool, -1
		o.MaxRetries, o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.ConnMaxIdleTime = retries, dialTimeout, readTimeout, readTimeout, idleTime
		return redis.NewClusterClient(o), nil
	case *redis.FailoverOptions:
		o.Protocol, o.DisableIdentity, o.DialerRetries = 2, true, dials
		o.ContextTimeoutEnabled, o.PoolSize, o.PipelinePoolSize = true, pool, -1
		o.MaxRetries, o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.ConnMaxIdleTime = retries, dialTimeout, readTimeout, readTimeout, idleTime
		return redis.NewFailoverClient(o), nil
	}
	return nil, fmt.Errorf("no client for %T", o)
}

// What every connection obeys: a store that does not answer within a second is away. Scripts may be repeated without
// harm, so the client may repeat them. RESP2 and no identity keep the hello short.
const (
	dialTimeout = 2 * time.Second
	readTimeout = time.Second
	idleTime    = time.Minute
	retries     = 2
	dials       = 1 // for each of the retries
	// largeTimeout is for scripts that carry the files of a call, up to 8 MB: 2.5 Mbit/s are enough.
	largeTimeout = 30 * time.Second
)

// patient returns a client with the same connections for a script that carries much. One of a cluster asks the server that
// has the key.
func patient(ctx context.Context, client redis.UniversalClient, key string) (redis.Scripter, error) {
	switch c := client.(type) {
	case *redis.Client:
		return c.WithTimeout(largeTimeout), nil
	case *redis.ClusterClient:
		server, err := c.MasterForKey(ctx, key)
		if err != nil {
			return nil, err
		}
		return server.WithTimeout(largeTimeout), nil
	}
	return client, nil
}

// go-redis writes log lines of its own to the standard error, and into them where the store is. What goes wrong is in the
// errors, so that its lines are for whoever looks for the cause of one: they go to the program's log, at its lowest level.
func init() { redis.SetLogger(relay{slog.Default}) }

type relay struct{ log func() *slog.Logger }

// Printf implements go-redis's logger. Of what is told only errors, without addresses, and numbers are passed on.
func (r relay) Printf(ctx context.Context, format string, args ...any) {
	log := r.log()
	if !log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	for i, arg := range args {
		switch arg := arg.(type) {
		case error:
			args[i] = withoutAddress(arg)
		case int, int32, int64, uint64, float64, bool, time.Duration:
		default:
			args[i] = masked{}
		}
	}
	log.DebugContext(ctx, "the client of the store says", "line", fmt.Sprintf(format, args...))
}

// masked prints as three stars, whatever the verb.
type masked struct{}

// Format implements fmt.Formatter.
func (masked) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// parse reads an address: *redis.Options, *redis.ClusterOptions or *redis.FailoverOptions.
func parse(address string) (any, error) {
	u, err := url.Parse(address)
	if err != nil {
		if hosts, rest, ok := severalHosts(address); ok {
			u, err = url.Parse(rest)
			if err == nil {
				q := u.Query()
				for _, h := range hosts {
					q.Add("addr", h)
				}
				u.RawQuery = q.Encode()
			}
		}
		if err != nil {
			return nil, errors.New("the address of the store is no URL")
		}
	}
	scheme, kind, _ := strings.Cut(u.Scheme, "+")
	if scheme == "sentinel" {
		scheme, kind = "redis", "sentinel"
	}
	q := u.Query()
	if cluster := q.Get("cluster"); cluster != "" {
		if cluster != "false" {
			kind = "cluster"
		}
		q.Del("cluster")
	}
	if q.Get("master_name") != "" {
		kind = "sentinel"
	}
	if kind == "sentinel" && q.Get("master_name") == "" {
		name, db, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
		if name == "" {
			return nil, errors.New("the address of the store names sentinels but not their master: append /name")
		}
		q.Set("master_name", name)
		u.Path = "/" + db
	}
	// One host may still hold a comma: "a:1,b:2" parses where the ports allow it.
	if hosts := strings.Split(u.Host, ","); len(hosts) > 1 {
		u.Host = hosts[0]
		for _, h := range hosts[1:] {
			q.Add("addr", h)
		}
	}
	u.Scheme, u.RawQuery = scheme, q.Encode()
	return options(u.String(), kind)
}

// severalHosts splits "scheme://user@a:1,b:2/path", which is no URL, into further hosts and a URL with the first.
func severalHosts(address string) ([]string, string, bool) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return nil, "", false
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority, path := rest[:end], rest[end:]
	user := authority[:strings.LastIndex(authority, "@")+1]
	hosts := strings.Split(authority[len(user):], ",")
	if len(hosts) < 2 {
		return nil, "", false
	}
	return hosts[1:], scheme + "://" + user + hosts[0] + path, true
}

func options(address, kind string) (any, error) {
	switch kind {
	case "":
		o, err := redis.ParseURL(address)
		if err != nil {
			return nil, urlError(err)
		}
		return o, nil
	case "cluster":
		o, err := redis.ParseClusterURL(address)
		if err != nil {
			return nil, urlError(err)
		}
		return o, nil
	case "sentinel":
		o, err := redis.ParseFailoverURL(address)
		if err != nil {
			return nil, urlError(err)
		}
		// In these addresses the credentials are the store's; go-redis takes them for the sentinels'. Those that need some
		// have them in common with the store.
		if o.Username == "" && o.Password == "" {
			o.Username, o.Password = o.SentinelUsername, o.SentinelPassword
		}
		return o, nil
	}
	return nil, errors.New("the address of the store has an unknown form: redis, rediss, unix, with +cluster or +sentinel")
}

// urlError keeps what go-redis says but for what it quotes.
func urlError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	text, _, _ := strings.Cut(err.Error(), `"`)
	return fmt.Errorf("the address of the store: %s", strings.TrimRight(strings.TrimPrefix(text, "redis: "), ": "))
}
