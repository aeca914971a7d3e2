// Package terminal logs an account in from a terminal. It drives the same HTTP dialogue as Home Assistant does, so that
// whatever works here works there, and ends by saying what to put into Home Assistant.
//
// It knows nothing of Telegram and of how the bridge works; the texts of the forms are its own, as a component's are.
package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"telegram-client/shared/seal"
)

// Options are what a login is done with.
type Options struct {
	Address string // of the bridge
	Token   seal.Text
	Entry   string // whose account is logged in again; empty: a new one
	In      io.Reader
	Out     io.Writer
}

// A result is what the bridge answers to a step.
type result struct {
	Type         string            `json:"type"`
	FlowID       string            `json:"flow_id"`
	StepID       string            `json:"step_id"`
	DataSchema   []field           `json:"data_schema"`
	Errors       map[string]string `json:"errors"`
	Messages     map[string]string `json:"messages"`
	Placeholders map[string]string `json:"description_placeholders"`

	Title string `json:"title"`
	Entry struct {
		ID             string `json:"entry_id"`
		Authorizations []struct {
			Device string `json:"device"`
		} `json:"authorizations"`
		Target *struct {
			Type string `json:"type"`
		} `json:"target"`
	} `json:"result"`

	Reason  string `json:"reason"`
	Message string `json:"message"`
}

type field struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Default  any    `json:"default"`
	Selector struct {
		Text *struct {
			Type string `json:"type"`
		} `json:"text"`
		Select *struct {
			Options []string `json:"options"`
		} `json:"select"`
		QR *struct {
			Data string `json:"data"`
		} `json:"qr_code"`
	} `json:"selector"`
}

func (f field) secret() bool { return f.Selector.Text != nil && f.Selector.Text.Type == "password" }

// giveUpFor is how long giving a login up may take after ^C.
const giveUpFor = 40 * time.Second

// errGivenUp is the end of a login that nobody finished.
var errGivenUp = errors.New("given up: nothing stays logged in")

// Login logs an account in. Its error is a sentence for whoever sits at the terminal. If the input ends, or ctx does,
// the login is given up and nothing stays logged in.
func Login(ctx context.Context, o Options) error {
	address, err := parseAddress(o.Address)
	if err != nil {
		return err
	}
	c := &client{http: &http.Client{}, address: address, token: o.Token}
	defer c.http.CloseIdleConnections()
	if err := c.meet(ctx); err != nil {
		return err
	}
	d := &dialogue{client: c, prompt: newPrompt(o.In, o.Out), out: o.Out}
	defer d.prompt.close()
	var r result
	if o.Entry == "" {
		err = c.call(ctx, http.MethodPost, c.at("configflow", "/config/flows"), map[string]string{"source": "user"}, &r)
	} else {
		err = c.call(ctx, http.MethodPost, c.at("configflow", "/config/entries/"+o.Entry+"/reauth"), struct{}{}, &r)
	}
	if err != nil {
		return err
	}
	flow := c.at("configflow", "/config/flows/"+r.FlowID)
	for r.Type == "form" {
		answer, err := d.fill(ctx, r)
		if err == nil {
			next := result{}
			if err = c.call(ctx, http.MethodPost, flow, answer, &next); err == nil {
				r = next
				continue
			}
		}
		given := giveUp(ctx, c, flow)
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			return given
		}
		return errors.Join(err, given)
	}
	return d.end(r)
}

// giveUp ends a flow and says so; that there is none any more is as good.
func giveUp(ctx context.Context, c *client, flow string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveUpFor)
	defer cancel()
	err := c.call(ctx, http.MethodDelete, flow, nil, &struct{}{})
	var no *refusal
	if err != nil && !(errors.As(err, &no) && no.code == "unknown_flow") {
		return fmt.Errorf("the login could not be given up (%w); the bridge ends it in a quarter of an hour", err)
	}
	return errGivenUp
}

// A dialogue is a login as the person sees it.
type dialogue struct {
	client *client
	prompt *prompt
	out    io.Writer
	step   string
	given  map[string]any // at this step
}

// fill shows a form and returns what the person enters. After an error only what is wrong is asked for again.
func (d *dialogue) fill(ctx context.Context, r result) (map[string]any, error) {
	if r.StepID != d.step {
		d.step, d.given = r.StepID, map[string]any{}
		d.introduce(r)
	}
	ask := r.DataSchema
	if sent := r.Placeholders["sent"]; sent != "" && len(r.Errors) == 0 { // else the errors say it where it matters
		fmt.Fprintf(d.out, "%s\n", sent)
	}
	if len(r.Errors) > 0 {
		fmt.Fprintln(d.out)
		for _, name := range slices.Sorted(maps.Keys(r.Errors)) {
			d.complain(name, r)
		}
		if _, whole := r.Errors["base"]; !whole {
			ask = slices.DeleteFunc(slices.Clone(ask), func(f field) bool { return r.Errors[f.Name] == "" && f.Name != resend })
		}
	}
	again := false
	for _, f := range ask {
		switch {
		case f.Selector.QR != nil:
			draw(d.out, f.Selector.QR.Data)
			if _, err := d.prompt.line(ctx, "Press Enter when it is accepted, or for a new one: ", false); err != nil {
				return nil, err
			}
			continue
		case f.Name == resend: // asked for by no answer to what stands before it
			if again {
				d.given[resend] = true
			}
			continue
		}
		text, err := d.ask(ctx, f)
		if err != nil {
			return nil, err
		}
		delete(d.given, f.Name)
		delete(d.given, resend)
		if again = text == ""; !again {
			d.given[f.Name] = text
		}
	}
	if len(r.DataSchema) == 0 {
		if _, err := d.prompt.line(ctx, "Press Enter to go on: ", false); err != nil {
			return nil, err
		}
	}
	return d.given, nil
}

// resend is the field that asks for another code.
const resend = "resend"

// introduce says what a step is about.
func (d *dialogue) introduce(r result) {
	text, ok := steps[r.StepID]
	if !ok {
		text = r.StepID
	}
	fmt.Fprintf(d.out, "\n%s\n", text)
	if n := r.Placeholders["devices"]; n != "" && n != "0" {
		fmt.Fprintf(d.out, "In Telegram's list of devices it will appear as: %s.\n", r.Placeholders["device_names"])
	}
	if device := r.Placeholders["device"]; device != "" {
		fmt.Fprintf(d.out, "This is for %s.\n", device)
	}
	if hint := r.Placeholders["hint"]; hint != "" {
		fmt.Fprintf(d.out, "Your hint: %s\n", hint)
	}
	fmt.Fprintln(d.out)
}

func (d *dialogue) complain(name string, r result) {
	message := r.Messages[name]
	if message == "" {
		message = r.Errors[name]
	}
	if name == "base" {
		fmt.Fprintf(d.out, "! %s\n", message)
		return
	}
	fmt.Fprintf(d.out, "! %s: %s\n", label(name), message)
}

func (d *dialogue) ask(ctx context.Context, f field) (string, error) {
	question := label(f.Name)
	if f.Selector.Select != nil {
		question += " (" + strings.Join(f.Selector.Select.Options, ", ") + ")"
	}
	if f.Default != nil {
		question += fmt.Sprintf(" [%v]", f.Default)
	}
	return d.prompt.line(ctx, question+": ", f.secret())
}

// end says how a login ended.
func (d *dialogue) end(r result) error {
	switch {
	case r.Type == "create_entry":
		var devices []string
		for _, a := range r.Entry.Authorizations {
			devices = append(devices, a.Device)
		}
		fmt.Fprintf(d.out, "\n%s is set up.\n  entry:   %s\n  devices: %s\n\n", r.Title, r.Entry.ID, strings.Join(devices, ", "))
		fmt.Fprint(d.out, homeAssistant(d.client, r.Entry.ID, r.Entry.Target == nil || r.Entry.Target.Type == ""))
		return nil
	case r.Type == "abort" && r.Reason == "reauth_successful":
		fmt.Fprintf(d.out, "\n%s\n", r.Message)
		return nil
	case r.Type == "abort":
		return errors.New(r.Message)
	}
	return fmt.Errorf("the bridge answered in a way this version does not know (%q)", r.Type)
}
