// Package functions builds the functions of what they are configured with. Each folder below is the program of one, a
// Lambda with a scaling profile of its own; standalone has all of them in one process. Nothing here works by itself:
// the parts are those of shared/, and this is where they are put together.
//
// The builders connect nowhere: the first request does.
package functions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gotd/td/clock"
	"github.com/redis/go-redis/v9"

	"telegram-client/shared/attachment"
	"telegram-client/shared/authorization"
	"telegram-client/shared/dialpolicy"
	"telegram-client/shared/entry"
	"telegram-client/shared/flow/login"
	"telegram-client/shared/flow/options"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/job"
	"telegram-client/shared/process"
	"telegram-client/shared/pull"
	"telegram-client/shared/redisstore"
	"telegram-client/shared/seal"
	"telegram-client/shared/service"
	"telegram-client/shared/telegram"
)

// Parts are what functions are made of.
type Parts struct {
	Ring    *seal.Keyring
	Store   *redisstore.Store
	Dialer  *telegram.Dialer
	Tokens  httpapi.Tokens
	Numbers process.Numbers
	// Jobs carry out the calls that nobody waits for; nil: all are waited for. See Runner.
	Jobs *job.Runner
	// Target is what the target of a new entry begins as; its Confirm also holds for a webhook that does not say.
	Target entry.Target
	// URLs are the base addresses of the functions, by name; empty: all are where a request came in.
	URLs map[string]string
	// Uploads is what calls may bring along.
	Uploads httpapi.Uploads
	// Files opens what calls name as files, and Media tells what they are. Nil: files are refused.
	Files service.Files
	Media service.Media
	// Keeper keeps fetched files; nil: they are only given out, up to LargestAnswer (0: of any size).
	Keeper        service.Keeper
	LargestAnswer int64
	Log           *slog.Logger
}

func (p Parts) settings() httpapi.Settings {
	uploads := p.Uploads
	uploads.Body = p.Numbers.BodyLimit
	return httpapi.Settings{Tokens: p.Tokens, Log: p.Log, Uploads: uploads, LargestAnswer: p.LargestAnswer,
		Deadlines: httpapi.Deadlines{Text: p.Numbers.CallDeadline, Files: p.Numbers.FileDeadline, FlowStep: p.Numbers.FlowDeadline}}
}

// Flows returns the logins in progress, which the listener sweeps.
func (p Parts) Flows() *login.Flows {
	return login.New(login.Config{
		Store: p.Store, Telegram: p.Dialer, Keyring: p.Ring, Target: p.Target, Senders: p.Numbers.Senders, Who: p.OptionsFlows().StartWho,
		Life: p.Numbers.FlowLife, StepFor: p.Numbers.FlowDeadline + p.Numbers.LeaseMargin, Rest: p.Numbers.ResetRest, Log: p.Log,
	})
}

// ConfigFlow returns the API of configflow.
func (p Parts) ConfigFlow() *httpapi.API {
	return httpapi.ConfigFlow(p.Flows(), p.Store, time.Now, p.settings())
}

// OptionsFlows returns the options flows in progress.
func (p Parts) OptionsFlows() *options.Flows {
	return options.New(options.Config{Store: p.Store, Life: p.Numbers.FlowLife})
}

// OptionsFlow returns the API of optionsflow.
func (p Parts) OptionsFlow() *httpapi.API {
	return httpapi.OptionsFlow(p.OptionsFlows(), p.Store, p.settings())
}

// Entries returns the API of entries.
func (p Parts) Entries() *httpapi.API {
	return httpapi.Entries(httpapi.EntriesOptions{
		Store: p.Store, Version: process.Version(), Functions: p.URLs, Confirm: p.Target.Confirm, Now: time.Now,
	}, p.settings())
}

// Events returns the API of events.
func (p Parts) Events() *httpapi.API {
	return httpapi.Events(p.Store, pull.New(p.Store, clock.System), p.settings())
}

// service carries out service calls.
func (p Parts) service() *service.Service {
	pool := authorization.NewPool(p.Store, p.Dialer, clock.System, p.Log)
	pool.Rest = p.Numbers.ResetRest
	return service.New(service.Options{
		Pool: pool, Store: p.Store, Ring: p.Ring, Clock: clock.System, Deadline: p.Numbers.CallDeadline, FileDeadline: p.Numbers.FileDeadline,
		Wait: p.Numbers.SenderWait, Files: p.Files, Media: p.Media, Keeper: p.Keeper, Progress: job.Report, Log: p.Log,
	})
}

// SendMessages returns the API of sendmessages.
func (p Parts) SendMessages() *httpapi.API {
	return httpapi.SendMessages(p.service(), p.senderSettings())
}

// EditMessage returns the API of editmessage.
func (p Parts) EditMessage() *httpapi.API { return httpapi.EditMessage(p.service(), p.settings()) }

// DeleteMessages returns the API of deletemessages.
func (p Parts) DeleteMessages() *httpapi.API {
	return httpapi.DeleteMessages(p.service(), p.settings())
}

// Chats returns the API of chats.
func (p Parts) Chats() *httpapi.API { return httpapi.Chats(p.service(), p.settings()) }

// ConfigFlow builds the function configflow.
func ConfigFlow(ctx context.Context, e process.Environ) (http.Handler, error) {
	return build(ctx, e, Parts.ConfigFlow)
}

// OptionsFlow builds the function optionsflow.
func OptionsFlow(ctx context.Context, e process.Environ) (http.Handler, error) {
	return build(ctx, e, Parts.OptionsFlow)
}

// Entries builds the function entries.
func Entries(ctx context.Context, e process.Environ) (http.Handler, error) {
	return build(ctx, e, Parts.Entries)
}

// Events builds the function events.
func Events(ctx context.Context, e process.Environ) (http.Handler, error) {
	return build(ctx, e, Parts.Events)
}

// SendMessages builds the function sendmessages. As edits do it brings itself what tells what files are, for which the
// others have no room.
func SendMessages(m service.Media) process.Build {
	return func(ctx context.Context, e process.Environ) (http.Handler, error) {
		return buildSender(ctx, e, m, Parts.SendMessages)
	}
}

// EditMessage builds the function editmessage.
func EditMessage(m service.Media) process.Build {
	return func(ctx context.Context, e process.Environ) (http.Handler, error) {
		return build(ctx, e, func(p Parts) *httpapi.API {
			p.Media = m
			return p.EditMessage()
		})
	}
}

// DeleteMessages builds the function deletemessages.
func DeleteMessages(ctx context.Context, e process.Environ) (http.Handler, error) {
	return build(ctx, e, Parts.DeleteMessages)
}

// Chats builds the function chats.
func Chats(ctx context.Context, e process.Environ) (http.Handler, error) {
	return build(ctx, e, Parts.Chats)
}

// storeConnections is how many connections a function keeps to the store: it answers one request at a time, and one
// more waits for what the store has to say.
const storeConnections = 2

// build reads what every function is configured with, whether it needs all of it or not: a setting that is wrong for
// one is found by all. The store is closed when ctx ends.
func build(ctx context.Context, e process.Environ, api func(Parts) *httpapi.API) (http.Handler, error) {
	var (
		store  process.Store
		keys   process.Keys
		access process.Access
		at     process.Functions
		target process.TargetDefaults
		files  process.Files
	)
	p := Parts{Log: e.Log}
	wrong := e.Load(&store, &keys, &access, &at, &target, &files, &p.Numbers)
	dialer, err := Dialer(e)
	wrong = errors.Join(wrong, err)
	var client redis.UniversalClient
	if !store.RedisURL.IsZero() {
		if client, err = redisstore.ParseURL(store.RedisURL.Reveal(), storeConnections); err != nil {
			wrong = errors.Join(wrong, process.Wrong("REDIS_URL", err))
		}
	}
	if wrong != nil {
		return nil, wrong
	}
	p.Dialer = dialer
	if p.Ring, err = keys.Keyring(); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	p.Tokens, p.URLs, p.Target = httpapi.NewTokens(access.Tokens...), at.URLs, Target(target)
	p.Files = Opener(files, dialpolicy.Policy{Loopback: files.Loopback, Private: files.Private}, p.Target)
	if e.Vars["TARGET_CONFIRM"] == "" && e.InLambda() {
		p.Target.Confirm = true // not on the home's network: a 200 of whatever stands in between proves nothing
	}
	p.Keeper = attachment.NewDownloads(files.Root, files.Downloads)
	if e.InLambda() {
		p.Uploads, p.LargestAnswer = httpapi.LambdaUploads(), httpapi.LambdaAnswer
	}
	p.Store = redisstore.New(client, p.Ring, redisstore.Options{Numbers: StoreNumbers(p.Numbers)})
	context.AfterFunc(ctx, func() { p.Store.Close() })
	return api(p), nil
}

// Dialer returns the dialer that the environment asks for.
func Dialer(e process.Environ) (*telegram.Dialer, error) {
	var t process.Telegram
	if err := e.Load(&t); err != nil {
		return nil, err
	}
	servers, problems := telegram.Config{ServersFile: t.ServersFile, TestDC: t.TestDC, Proxy: t.Proxy}.Servers()
	if len(problems) > 0 {
		return nil, &process.Misconfigured{Problems: problems}
	}
	return &telegram.Dialer{Servers: servers, Version: process.Version(), Log: e.Log}, nil
}

// Target returns the target that new entries begin with.
func Target(d process.TargetDefaults) entry.Target {
	return entry.Target{
		Type: entry.TargetType(d.Type), URL: d.URL, Secret: d.Secret, Token: d.Token, Owner: d.Owner,
		TimeZone: d.TimeZone, Confirm: d.Confirm, MaxAge: d.MaxAge,
	}
}

// Opener opens the files that calls name. Home Assistant's token goes with requests to the Home Assistant that new entries
// report to, and to nobody else.
func Opener(f process.Files, p dialpolicy.Policy, home entry.Target) *attachment.Opener {
	o := attachment.Options{Root: f.Root, Secrets: f.AllowSecrets, Policy: p}
	if home.Type == entry.Event {
		o.HomeAssistant, o.Token = home.URL.Reveal(), home.Token
	}
	return attachment.New(o)
}

// StoreNumbers returns the store's part of the numbers.
func StoreNumbers(n process.Numbers) redisstore.Numbers {
	return redisstore.Numbers{
		Quarantine: n.Quarantine, Rest: n.ResetRest, CoolDown: n.CoolDown, Margin: n.LeaseMargin,
		CallDeadline: n.CallDeadline, ListenerLease: n.ListenerLease,
		OutboxItems: n.OutboxItems, OutboxBytes: n.OutboxBytes, OutboxPassing: n.OutboxPassing,
		MarkLife: n.MarkLife, KeyLife: n.KeyLife,
	}
}
