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
	stepUser      = "user"
	stepToken     = "token"
	stepConfirm   = "reauth_confirm"
	stepPhone     = "phone"
	stepEmail     = "email"
	stepEmailCode = "email_code"
	stepCode      = "otp"
	stepPassword  = "password"
	stepQR        = "qr"
	stepFinish    = "finish"
)

// The fields of the forms.
const (
	fieldAPIID      = "api_id"
	fieldAPIHash    = "api_hash"
	fieldClientType = "client_type"
	fieldToken      = "token"
	fieldPhone      = "phone"
	fieldEmail      = "email"
	fieldCode       = "code"
	fieldResend     = "resend"
	fieldPassword   = "password"
	fieldQR         = "qr"
)

// Choices of client_type. An account that logs in by qr is stored as a client.
const (
	choiceClient = "client"
	choiceQR     = "qr"
	choiceBot    = "bot"
)

// A step is a form and what becomes of its answer. A further way to log in is a further step here.
type step struct {
	fields []flow.Field
	// last is true if the flow ends after it when all is well.
	last bool
	// announces: the form says how many devices will appear in the owner's list.
	announces bool
	// asks: the form is about one login. If that turns out to be complete, the answer is not needed any more.
	asks bool
	// answer takes the fields and moves the turn's flow on. What is wrong it notes in the reader; its error is what the
	// person can do nothing about.
	answer func(t *turn, ctx context.Context, r *flow.Reader) error
}

// steps returns the steps by their ids. It is no variable: a program that only imports this package would carry the whole
// login with it.
func steps() map[string]step {
	secret := map[string]any{"text": map[string]any{"type": "password"}}
	choose := func(options ...string) any {
		return map[string]any{"select": map[string]any{"options": options, "translation_key": fieldClientType}}
	}
	return map[string]step{
		stepUser: {
			fields: []flow.Field{
				{Name: fieldAPIID, Type: "integer", Required: true},
				{Name: fieldAPIHash, Required: true, Selector: secret},
				{Name: fieldClientType, Required: true, Default: choiceClient, Selector: choose(choiceClient, choiceQR, choiceBot)},
			},
			announces: true,
			answer:    (*turn).user,
		},
		stepToken: {
			fields: []flow.Field{{Name: fieldToken, Required: true, Selector: secret}},
			last:   true,
			answer: (*turn).signInBot,
		},
		stepConfirm: {
			fields:    []flow.Field{{Name: fieldClientType, Required: true, Default: choiceClient, Selector: choose(choiceClient, choiceQR)}},
			announces: true,
			asks:      true,
			answer:    (*turn).confirm,
		},
		stepPhone: {
			fields:    []flow.Field{{Name: fieldPhone, Required: true, Selector: map[string]any{"text": map[string]any{"type": "tel"}}}},
			announces: true,
			asks:      true,
			answer:    (*turn).phone,
		},
		stepEmail: {
			fields: []flow.Field{{Name: fieldEmail, Required: true, Selector: map[string]any{"text": map[string]any{"type": "email"}}}},
			asks:   true,
			answer: (*turn).email,
		},
		stepEmailCode: {
			fields: []flow.Field{{Name: fieldCode, Required: true}},
			asks:   true,
			answer: (*turn).emailCode,
		},
		stepCode: {
			fields: []flow.Field{
				{Name: fieldCode, Type: "string", Optional: true},
				{Name: fieldResend, Type: "boolean", Optional: true},
			},
			last:   true,
			asks:   true,
			answer: (*turn).code,
		},
		stepPassword: {
			fields: []flow.Field{{Name: fieldPassword, Required: true, Selector: secret}},
			last:   true,
			answer: (*turn).checkPassword,
		},
		stepQR: {
			fields:    []flow.Field{{Name: fieldQR, Optional: true}},
			announces: true,
			last:      true,
			asks:      true,
			answer:    (*turn).qr,
		},
		stepFinish: {last: true, answer: (*turn).finishStep},
	}
}

// form shows the form that a flow waits with.
func (f *Flows) form(fl Flow) (flow.Result, error) {
	s, ok := steps()[fl.StepID]
	if !ok {
		return flow.Result{}, unknownStep(fl)
	}
	r := flow.Result{
		Type: flow.Form, FlowID: fl.ID, Handler: flow.Handler,
		StepID: fl.StepID, Fields: s.fields, LastStep: s.last, ExpiresAt: fl.ExpiresAt,
		Errors: map[string]string{}, Messages: map[string]string{}, Placeholders: map[string]string{},
	}
	say := r.Placeholders
	if s.announces || fl.Reauth != "" {
		devices := make([]string, len(fl.Names))
		for i, n := range fl.Names {
			devices[i] = n.Device()
		}
		say["devices"], say["device_names"] = fmt.Sprint(len(fl.Names)), strings.Join(devices, ", ")
	}
	if fl.Asks != "" {
		say["device"] = fl.Asks.Device()
	}
	switch c := fl.Code; {
	case fl.StepID == stepCode && c != nil:
		describe(say, *c)
	case fl.StepID == stepEmailCode && fl.Mailed != nil:
		describe(say, *fl.Mailed)
	case fl.StepID == stepPassword:
		say["hint"] = fl.Hint
	case fl.StepID == stepQR:
		data := ""
		if fl.Token != nil {
			data, say["expires"] = fl.Token.link(), fl.Token.expires()
		}
		r.Fields = []flow.Field{{Name: fieldQR, Optional: true, Selector: map[string]any{"qr_code": map[string]any{"data": data}}}}
	}
	return r, nil
}

// describe says how a code was sent: in Telegram's own word, and in a sentence.
func describe(say map[string]string, c Code) {
	say["code_type"], say["sent"] = string(c.Kind), saySent(c)
	if c.Length > 0 {
		say["code_length"] = fmt.Sprint(c.Length)
	}
	if c.Next != "" {
		say["next_type"] = string(c.Next)
	}
	if c.Wait > 0 {
		say["next_after"] = fmt.Sprint(int(c.Wait.Seconds()))
	}
}

func unknownStep(fl Flow) error {
	return fmt.Errorf("a login waits at step %q, which this version does not have", fl.StepID)
}

// ended returns the names of an entry's logins that Telegram has ended: those that a re-login has to make.
func (f *Flows) ended(ctx context.Context, id entry.ID) ([]authorization.Name, error) {
	devices, err := f.Store.Authorizations(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("look which logins of %s have ended: %w", id, err)
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
func (t *turn) user(ctx context.Context, r *flow.Reader) error {
	id := r.Integer(fieldAPIID, 1, mostAPIID)
	hash := r.Text(fieldAPIHash)
	if hash != "" && !apiHash.MatchString(hash) {
		r.Blame(fieldAPIHash, string(fault.InvalidField), "An API hash has 32 characters, digits and the letters a to f. Copy it from https://my.telegram.org/apps.")
	}
	kind := r.Choice(fieldClientType, choiceClient, choiceQR, choiceBot)
	if !r.OK() {
		return nil
	}
	fl := &t.held.Flow
	fl.App = entry.App{ID: int(id), Hash: seal.NewText(strings.ToLower(hash))}
	fl.ClientType, fl.ByQR = entry.Client, kind == choiceQR
	switch kind {
	case choiceBot:
		fl.ClientType, fl.StepID = entry.Bot, stepToken
	case choiceQR:
		return t.qr(ctx, r)
	default:
		fl.StepID = stepPhone
	}
	return nil
}

// signInBot takes a bot's token and logs the bot in: all the logins of the entry are made here.
func (t *turn) signInBot(ctx context.Context, r *flow.Reader) error {
	text := r.Text(fieldToken)
	if text != "" && !botToken.MatchString(text) {
		r.Blame(fieldToken, string(InvalidToken), "This is no bot token. @BotFather shows it as digits, a colon and more characters: copy all of it.")
	}
	if !r.OK() {
		return nil
	}
	fl, token := &t.held.Flow, seal.NewText(text)
	t.logOut(ctx, t.loggedIn()) // of a turn that died or was cut off: it may have been another token
	fl.Signed = nil
	for _, n := range t.names() {
		err := t.over(ctx, n, func(ctx context.Context, l Line) error {
			a, err := l.SignInBot(ctx, token)
			return t.enteredUnless(ctx, err, n, a, l)
		})
		if err != nil {
			t.Log.Info("a login was refused", "device", t.app(n).Device, "made", len(t.loggedIn()), "error", err)
			t.logOut(ctx, t.loggedIn())
			fl.Signed = nil
			return t.blame(ctx, r, err)
		}
		if t.stop != nil {
			break
		}
	}
	fl.Signed.BotToken = token
	return t.conclude(ctx, r)
}
