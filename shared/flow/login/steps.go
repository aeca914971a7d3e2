package login

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow"
	"telegram-client/shared/seal"
)

// The steps of a login.
const (
	stepUser  = "user"
	stepToken = "token"
)

// The fields of the forms.
const (
	fieldAPIID      = "api_id"
	fieldAPIHash    = "api_hash"
	fieldClientType = "client_type"
	fieldToken      = "token"
)

// Choices of client_type. An account that logs in by qr is stored as a client.
const (
	choiceClient = "client"
	choiceQR     = "qr"
	choiceBot    = "bot"
)

// codeNotYet is the error of a way to log in that this version does not have yet.
const codeNotYet = "not_yet_available"

// A step is a form and what becomes of its answer. A further way to log in is a further step here.
type step struct {
	fields []flow.Field
	// last is true if the flow ends after it when all is well.
	last bool
	// announces: the form says how many devices will appear in the owner's list.
	announces bool
	// answer takes the fields and moves the turn's flow on. What is wrong it notes in the reader; its error is what the
	// person can do nothing about.
	answer func(t *turn, ctx context.Context, r *flow.Reader) error
}

var steps map[string]step

func init() {
	steps = map[string]step{
		stepUser: {
			fields: []flow.Field{
				{Name: fieldAPIID, Type: "integer", Required: true},
				{Name: fieldAPIHash, Required: true, Selector: secretText},
				{Name: fieldClientType, Required: true, Default: choiceClient, Selector: map[string]any{
					"select": map[string]any{"options": []string{choiceClient, choiceQR, choiceBot}, "translation_key": fieldClientType}}},
			},
			announces: true,
			answer:    (*turn).user,
		},
		stepToken: {
			fields: []flow.Field{{Name: fieldToken, Required: true, Selector: secretText}},
			last:   true,
			answer: (*turn).token,
		},
	}
}

var secretText = map[string]any{"text": map[string]any{"type": "password"}}

// form shows the form that a flow waits with.
func (f *Flows) form(ctx context.Context, fl Flow) (flow.Result, error) {
	s, ok := steps[fl.StepID]
	if !ok {
		return flow.Result{}, unknownStep(fl)
	}
	r := flow.Result{
		Type: flow.Form, FlowID: fl.ID, Handler: flow.Handler,
		StepID: fl.StepID, Fields: s.fields, LastStep: s.last, ExpiresAt: fl.ExpiresAt,
		Errors: map[string]string{}, Messages: map[string]string{}, Placeholders: map[string]string{},
	}
	if s.announces || fl.Reauth != "" {
		names, err := f.wanted(ctx, fl)
		if err != nil {
			return flow.Result{}, err
		}
		devices := make([]string, len(names))
		for i, n := range names {
			devices[i] = n.Device()
		}
		r.Placeholders = map[string]string{"devices": fmt.Sprint(len(names)), "device_names": strings.Join(devices, ", ")}
	}
	return r, nil
}

func unknownStep(fl Flow) error {
	return fmt.Errorf("a login waits at step %q, which this version does not have", fl.StepID)
}

// wanted returns the names of the logins that a flow has to make: all of a new entry, and for a re-login those that
// Telegram has ended.
func (f *Flows) wanted(ctx context.Context, fl Flow) ([]authorization.Name, error) {
	if fl.Reauth == "" {
		return authorization.Names(f.Senders), nil
	}
	devices, err := f.Store.Authorizations(ctx, fl.Reauth)
	if err != nil {
		return nil, fmt.Errorf("look which logins of %s have ended: %w", fl.Reauth, err)
	}
	states := make(map[string]string, len(devices))
	for _, d := range devices {
		states[d.Name] = d.State
	}
	var dead []authorization.Name
	for i, n := range authorization.Names(authorization.MaxSenders) {
		state, has := states[n.Device()]
		if state == "reauth_required" || !has && i <= 1 { // without a listener and one sender it is no entry
			dead = append(dead, n)
		}
	}
	return dead, nil
}

const mostAPIID = 1<<31 - 1

var (
	apiHash  = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)
	botToken = regexp.MustCompile(`^[0-9]{1,19}:[A-Za-z0-9_-]+$`)
)

// user takes the application and the kind of account.
func (t *turn) user(_ context.Context, r *flow.Reader) error {
	id := r.Integer(fieldAPIID, 1, mostAPIID)
	hash := r.Text(fieldAPIHash)
	if hash != "" && !apiHash.MatchString(hash) {
		r.Blame(fieldAPIHash, string(fault.InvalidField), "An API hash has 32 characters, digits and the letters a to f. Copy it from https://my.telegram.org/apps.")
	}
	kind := r.Choice(fieldClientType, choiceClient, choiceQR, choiceBot)
	if kind == choiceClient || kind == choiceQR {
		r.Blame(fieldClientType, codeNotYet, "User accounts are not yet available in this version: choose bot.")
	}
	if !r.OK() {
		return nil
	}
	fl := &t.held.Flow
	fl.App = entry.App{ID: int(id), Hash: seal.NewText(strings.ToLower(hash))}
	fl.ClientType = entry.Bot
	fl.StepID = stepToken
	return nil
}

// token takes a bot's token and logs the bot in: all the logins of the entry are made here.
func (t *turn) token(ctx context.Context, r *flow.Reader) error {
	token := r.Text(fieldToken)
	if token != "" && !botToken.MatchString(token) {
		r.Blame(fieldToken, string(InvalidToken), "This is no bot token. @BotFather shows it as digits, a colon and more characters: copy all of it.")
	}
	if !r.OK() {
		return nil
	}
	if t.held.Flow.Making != nil {
		return t.make(ctx)
	}
	t.logOut(ctx, t.loggedIn())
	signed, err := t.signInBot(ctx, seal.NewText(token))
	if err != nil {
		return t.blame(r, err)
	}
	return t.finish(ctx, signed, seal.NewText(token))
}
