package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gotd/td/clock"
	"golang.org/x/sync/errgroup"

	"telegram-client/functions"
	"telegram-client/listener/supervisor"
	"telegram-client/shared/attachment"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/job"
	"telegram-client/shared/media/content"
	"telegram-client/shared/process"
	"telegram-client/shared/redisstore"
	"telegram-client/shared/seal"
	"telegram-client/shared/service"
	"telegram-client/shared/telegram"
)

// DefaultListen is where a bridge answers that is told nothing else.
const DefaultListen = "127.0.0.1:8090"

// storeConnections are the listener's, and two for the functions.
const storeConnections = 10

// Options are what a bridge is started with.
type Options struct {
	// Listen is the address to answer on; port 0 takes a free one. Empty: DefaultListen.
	Listen string
	// DataDir is the data folder. It is made if it is not there.
	DataDir string
	// RedisURL names a store. Empty: a child of its own, in the data folder.
	RedisURL seal.Text
	// OwnStore says that the store of RedisURL belongs to this process and forgets nothing: after its restart nobody
	// waits. It is for demonstrations that bring their own store.
	OwnStore bool
	// InMemory: the child keeps nothing on the disk. Every login is gone when the bridge ends.
	InMemory bool
	// Telegram says which servers are Telegram. Empty: the real one.
	Telegram telegram.Servers
	// Target is what the target of a new entry begins as.
	Target entry.Target
	// Files says which files calls may name. Zero: none by their paths.
	Files process.Files
	// Numbers are the figures that shape behaviour. Zero: the defaults.
	Numbers process.Numbers
	// Keys and Tokens win over what the data folder has.
	Keys   process.Keys
	Tokens []seal.Text
	Log    *slog.Logger
	// Ready is called once, as soon as the bridge answers. It does not block.
	Ready func(Started)
}

// Started is what there is to know about a bridge that has started.
type Started struct {
	URL   string // without a slash at the end
	Token seal.Text
	// TokenIsNew is true if the token was made just now: nobody has seen it yet.
	TokenIsNew  bool
	SecretsFile string
	Store       string // what is used, in words
}

// Run runs a bridge until ctx ends. It ends in order: requests are answered, connections closed, leases given back, and
// the store is ended last. Errors that somebody has to mend in the configuration are *process.Misconfigured.
func Run(ctx context.Context, o Options) (err error) {
	o.Listen = cmp.Or(o.Listen, DefaultListen)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Numbers == (process.Numbers{}) {
		if err := (process.Environ{}).Load(&o.Numbers); err != nil {
			return fmt.Errorf("default numbers: %w", err)
		}
	}
	if o.Telegram.DCs == nil {
		o.Telegram = telegram.Production()
	}
	// What is wrong is told before anything is started.
	ln, err := net.Listen("tcp", o.Listen)
	if err != nil {
		err = process.Wrong("LISTEN", withoutOp(err))
	} else {
		defer ln.Close() // a second time, if it was served
	}
	if wrong := makeDataDir(o.DataDir); wrong != nil {
		err = errors.Join(err, process.Wrong("DATA_DIR", wrong))
	}
	if err != nil {
		return err
	}
	lockFile, err := lock(ctx, o.DataDir, lockWait)
	if errors.Is(err, errInUse) {
		return process.Wrong("DATA_DIR", fmt.Errorf("%w: end that one, or name another folder", err))
	}
	if err != nil {
		return err
	}
	defer lockFile.Close()
	secret, err := loadSecrets(o.DataDir, o.Keys, o.Tokens)
	if err != nil {
		return err
	}
	uploads := filepath.Join(o.DataDir, "uploads")
	if err := httpapi.ClearFolder(uploads); err != nil {
		return process.Wrong("DATA_DIR", err)
	}
	ring, err := secret.keys.Keyring()
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	b := &running{Options: o, secrets: secret}
	if o.RedisURL.IsZero() {
		dir := filepath.Join(o.DataDir, "store")
		if o.InMemory {
			dir = ""
		}
		if b.child, err = startChild(ctx, dir, lockFile, o.Log); err != nil {
			return err
		}
		defer b.child.Stop()
		b.RedisURL, b.OwnStore = b.child.URL(), !o.InMemory
	}
	client, err := redisstore.ParseURL(b.RedisURL.Reveal(), storeConnections)
	if err != nil {
		return process.Wrong("REDIS_URL", err)
	}
	b.store = redisstore.New(client, ring, redisstore.Options{
		Numbers: functions.StoreNumbers(o.Numbers), OwnStore: b.OwnStore, Holder: secret.holder, Sole: true, // proved by the lock
	})
	defer b.store.Close()
	if err := b.checkStore(ctx); err != nil {
		return err
	}
	// At home: Home Assistant and cameras have an address of the home's network, or of this machine.
	b.network = supervisor.Network{Loopback: true, Private: true}
	b.parts = functions.Parts{
		Ring: ring, Store: b.store, Tokens: httpapi.NewTokens(secret.tokens...), Numbers: o.Numbers, Target: o.Target, Log: o.Log,
		Dialer: &telegram.Dialer{Servers: o.Telegram, Version: process.Version(), Log: o.Log}, Uploads: httpapi.Uploads{Folder: uploads},
		Files: functions.Opener(o.Files, b.network.Policy(), o.Target), Media: service.Media{Detect: content.Detect, Scale: content.Scale},
		Keeper: attachment.NewDownloads(o.Files.Root, o.Files.Downloads),
	}
	b.crew = job.NewCrew(functions.CrewSize, clock.System, o.Log)
	b.parts.Jobs = b.parts.Runner(b.crew.Start, 0)
	return b.run(ctx, ln)
}

// running is a bridge that has all its parts.
type running struct {
	Options
	secrets secrets
	child   *child // nil: the store is somebody else's
	store   *redisstore.Store
	parts   functions.Parts
	network supervisor.Network
	crew    *job.Crew
}

// checkStore looks whether the store can be trusted. One that is away now may come: everything waits for it.
func (b *running) checkStore(ctx context.Context) error {
	err := b.store.Check(ctx)
	if fault.Is(err, fault.StoreUnavailable, fault.Timeout) {
		b.Log.Warn("the store does not answer yet", "error", err)
		return nil
	}
	if err != nil {
		return process.Wrong("REDIS_URL", err)
	}
	return nil
}

func (b *running) run(ctx context.Context, ln net.Listener) error {
	flows := b.parts.Flows()
	listener := supervisor.Compose(supervisor.Parts{
		Store: b.store, Dialer: b.parts.Dialer, Ring: b.parts.Ring, Sweeper: flows, Grower: flows, Numbers: b.Numbers, Log: b.Log,
		Network: b.network,
		Holder:  b.secrets.holder, Takeover: true, // proved by the lock
	})
	handler := b.handler(listener)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return listener.Run(ctx) })
	group.Go(func() error { return process.ServeOn(ctx, ln, handler, b.Log) })
	group.Go(func() error {
		select {
		case <-listener.Started(): // until then a sender's lease could be taken for one of the dead
			b.crew.Work(ctx, b.parts.Jobs)
		case <-ctx.Done():
		}
		return nil
	})
	if b.child != nil {
		group.Go(func() error {
			select {
			case <-ctx.Done():
				return nil
			case <-b.child.Ended():
				return b.child.Err()
			}
		})
	}
	withdraw, err := b.announce(ln)
	if err != nil {
		b.Log.Warn("the address is not written down; a login has to name it", "error", err)
	}
	defer withdraw()
	return group.Wait()
}

// handler serves all functions, and what the listener has to show.
func (b *running) handler(listener *supervisor.Supervisor) http.Handler {
	api := httpapi.Join(b.parts.ConfigFlow(), b.parts.OptionsFlow(), b.parts.Entries(), b.parts.Events(),
		b.parts.SendMessages(), b.parts.EditMessage(), b.parts.DeleteMessages(), b.parts.Chats())
	mux := http.NewServeMux()
	mux.Handle("GET /readyz", listener.Handler())
	mux.Handle("GET /metrics", b.parts.Tokens.Guard(listener.Handler()))
	mux.Handle("/", afterStart(listener.Started(), api))
	return mux
}

// startWait is how long a request waits for the bridge to have started.
const startWait = 5 * time.Second

// afterStart lets functions work only when the leases of the former process have been taken over: until then a sender's
// lease could be taken for one of the dead.
func afterStart(started <-chan struct{}, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-started:
		default:
			if r.URL.Path == "/healthz" {
				break
			}
			patience := time.NewTimer(startWait)
			defer patience.Stop()
			select {
			case <-started:
			case <-r.Context().Done():
				return
			case <-patience.C:
				httpapi.Fail(w, r, fault.New(fault.StoreUnavailable, "The bridge is waiting for its store. Try again in a moment.").After(startWait))
				return
			}
		}
		h.ServeHTTP(w, r)
	})
}

// announce writes down where the bridge answers, for the login, and tells it. The first result takes it back.
func (b *running) announce(ln net.Listener) (withdraw func(), err error) {
	b.Log.Info("listening", "address", ln.Addr().String(), "version", process.Version())
	url := "http://" + reachable(ln.Addr())
	name := filepath.Join(b.DataDir, addressFile)
	err = writeFile(name, url+"\n")
	if b.Ready != nil {
		b.Ready(Started{URL: url, Token: b.secrets.tokens[0], TokenIsNew: b.secrets.fresh,
			SecretsFile: filepath.Join(b.DataDir, secretsFile), Store: b.storeInWords()})
	}
	return func() { os.Remove(name) }, err
}

func (b *running) storeInWords() string {
	switch {
	case b.child == nil:
		return "the store that REDIS_URL names"
	case b.InMemory:
		return b.child.program + ", in memory: every login is gone when the bridge ends"
	}
	return b.child.program + ", in " + b.child.dir
}

// addressFile says where the bridge answers while it runs.
const addressFile = "address"

// ReadAddress returns where the bridge of a data folder answers; empty if none runs.
func ReadAddress(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, addressFile))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// reachable is an address by which this machine reaches itself.
func reachable(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return a.String()
	}
	if tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return tcp.String()
}

// makeDataDir makes the data folder, for its owner only. In one that is there already nobody else may be able to put
// anything; what is secret in it is its owner's anyway.
func makeDataDir(dir string) error {
	if dir == "" {
		return errors.New("is not set")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	st, err := os.Stat(dir)
	switch {
	case err != nil:
		return err
	case st.Mode()&os.ModeSticky != 0:
		return errors.New("is a folder for everybody; name one of its own in it")
	case st.Mode().Perm()&0o022 == 0:
		return nil
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("others can write to it, and that cannot be changed: %w", err)
	}
	return nil
}

// withoutOp leaves out of a network error what the person knows: "listen tcp 127.0.0.1:80: bind: permission denied".
func withoutOp(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return fmt.Errorf("cannot be listened on: %w", op.Err)
	}
	return err
}
