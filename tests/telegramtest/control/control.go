// Package control lets other processes use a Telegram server for tests over HTTP: what tests do by calling
// [telegramtest.Server] they do by JSON. It is for loopback: whoever reaches it may do everything.
//
// Peers are marked ids: a user by its id, a small group by its negated id. Answers are JSON; what cannot be done is
// answered with 400 and {"error": "..."}. What is not listed is 404 or 405.
//
//	GET    /servers                      the file for TELEGRAM_SERVERS
//	GET    /accounts                     all accounts, bots with their tokens
//	POST   /accounts                     {"username","first_name","last_name","bot","dc","token","phone","password",
//	                                     "password_hint"}, all optional: the account
//	POST   /accounts/{id}/revoke-token   the bot's token expires and its logins end
//	GET    /groups                       all small groups
//	POST   /groups                       {"title","creator","members":[...]}: the group
//	GET    /channels                     all channels and supergroups
//	POST   /channels                     {"title","username","broadcast","creator","members":[...],"admins":[...]}: the channel
//	POST   /channels/{id}/promote        {"account","by","admin"}
//	POST   /channels/{id}/quiet          {"quiet": true}: nothing is pushed
//	POST   /channels/{id}/too-long       tells the members that they are behind
//	POST   /groups/{id}/join             {"account","by"}, or {"account","link": true}; here and below channels too
//	POST   /groups/{id}/leave            {"account","by"}
//	POST   /groups/{id}/title            {"by","title"}
//	POST   /groups/{id}/photo            {"by","has"}
//	POST   /groups/{id}/closed           {"closed": true}: only its creator may write
//	POST   /say                          {"from","to","text","silent","reply_to","buttons":[[{"text","data","game"}]],
//	                                     "file":{"kind","name","mime","data",...}}, data in base64: the message as "from"
//	                                     sees it
//	POST   /album                        {"from","to","text","files":[...]}: the messages
//	GET    /files?chat=                  the files of a chat, with their bytes in base64
//	POST   /files/expire                 {"references","parts","cdn_tokens","cdn"}, each true: file references, the parts of
//	                                     uploads, tokens for the CDN, and what the CDN has are stale
//	POST   /edit                         {"as","chat","id","text","hidden"}; id in the box of "as", or in the channel "chat";
//	                                     hidden: a reaction, no other text
//	POST   /delete                       {"as","chat","ids":[...],"revoke"}
//	POST   /pin                          {"as","chat","id","unpin"}
//	POST   /read                         {"as","chat","up_to"}, 0 is all, or {"as","chat","contents":[...]}
//	POST   /type                         {"from","to","action","progress"}
//	POST   /status                       {"account","status","at"}; at is Unix time, 0 is now
//	POST   /score                        {"user","chat","game","score"}
//	POST   /press                        {"user","chat","message","button"}, or {"user","bot","data","old"} under an inline
//	                                     message: {"query"}
//	POST   /ask                          {"user","bot","text","offset","latitude","longitude"}: {"query"}
//	GET    /queries/{id}/callback        what the user who pressed sees
//	GET    /queries/{id}/inline          what the user who asked sees
//	POST   /block                        {"user","bot","blocked"}
//	GET    /messages?account=&chat=      a chat as an account sees it, or all its chats
//	GET    /codes?to=                    {"code"}: the last login code to a phone number or e-mail address, "" if none
//	POST   /deliveries                   {"phone","by":["app","sms"]}: how its codes are sent, and sent again
//	POST   /phones/ban                   {"phone","banned"}
//	POST   /tokens/accept                {"account","link"}: the phone scans a QR code
//	POST   /accounts/{id}/password       {"password","hint","end_others"}: "" takes it off
//	POST   /accounts/{id}/freeze         {"frozen"}
//	POST   /accounts/{id}/deactivate     {"banned"}
//	POST   /contacts                     {"account","contact"}
//	GET    /pending?account=             the logins that wait for the password
//	POST   /authorizations/{id}/confirm  the owner says that an unconfirmed login was his
//	POST   /authorizations/{id}/deny     or that it was not
//	GET    /authorizations?account=      the logins of an account, or all, with their device names
//	DELETE /authorizations/{id}          ends a login as its owner does on the phone
//	POST   /authorizations/{id}/forget   forgets its keys (-404)
//	GET    /authorizations/{id}/stats    connections alive at once, bytes, round trips, requests
//	GET    /history?after=&wait=         what happened after the event with that number; with wait (seconds, at most 60)
//	                                     the answer comes when there is something
//	GET    /behaviour                    what the server does this way or that
//	POST   /behaviour                    the same fields; those that are given are changed
//	POST   /faults                       one or more of [Faults]
//	DELETE /faults                       takes all back
//	GET    /unknown                      what clients asked for that the server does not know
package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"telegram-client/tests/telegramtest"
)

// mostBody is the largest request, in bytes: files come in base64.
const mostBody = 32 << 20

// Handler returns the HTTP API of a server.
func Handler(s *telegramtest.Server) http.Handler {
	mux := http.NewServeMux()
	a := api{s}
	for pattern, answer := range map[string]func(*http.Request) (any, error){
		"GET /accounts":                     a.accounts,
		"POST /accounts":                    a.addAccount,
		"POST /accounts/{id}/revoke-token":  a.revokeToken,
		"GET /groups":                       a.groups,
		"POST /groups":                      a.addGroup,
		"POST /groups/{id}/join":            a.join,
		"POST /groups/{id}/leave":           a.leave,
		"POST /groups/{id}/closed":          a.closed,
		"POST /say":                         a.say,
		"POST /album":                       a.album,
		"GET /files":                        a.files,
		"POST /files/expire":                a.expire,
		"POST /edit":                        a.edit,
		"POST /delete":                      a.delete,
		"POST /block":                       a.block,
		"GET /messages":                     a.messages,
		"GET /authorizations":               a.authorizations,
		"DELETE /authorizations/{id}":       a.end,
		"POST /authorizations/{id}/forget":  a.forget,
		"GET /authorizations/{id}/stats":    a.stats,
		"GET /channels":                     a.channels,
		"POST /channels":                    a.addChannel,
		"POST /channels/{id}/promote":       a.promote,
		"POST /channels/{id}/quiet":         a.quiet,
		"POST /channels/{id}/too-long":      a.tooLong,
		"POST /groups/{id}/title":           a.title,
		"POST /groups/{id}/photo":           a.photo,
		"POST /pin":                         a.pin,
		"POST /read":                        a.read,
		"POST /type":                        a.typing,
		"POST /status":                      a.status,
		"POST /score":                       a.score,
		"POST /press":                       a.press,
		"POST /ask":                         a.ask,
		"GET /queries/{id}/callback":        a.callbackAnswer,
		"GET /queries/{id}/inline":          a.inlineAnswer,
		"GET /codes":                        a.code,
		"POST /deliveries":                  a.deliver,
		"POST /phones/ban":                  a.banPhone,
		"POST /tokens/accept":               a.acceptToken,
		"POST /accounts/{id}/password":      a.changePassword,
		"POST /accounts/{id}/freeze":        a.freeze,
		"POST /accounts/{id}/deactivate":    a.deactivate,
		"POST /contacts":                    a.addContact,
		"GET /pending":                      a.pending,
		"POST /authorizations/{id}/confirm": a.confirm,
		"POST /authorizations/{id}/deny":    a.deny,
		"GET /history":                      a.history,
		"GET /behaviour":                    a.behaviour,
		"POST /behaviour":                   a.behave,
		"POST /faults":                      a.faults,
		"DELETE /faults":                    a.resetFaults,
		"GET /unknown":                      a.unknown,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, mostBody)
			v, err := answer(r)
			write(w, v, err)
		})
	}
	mux.HandleFunc("GET /servers", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(s.ServersJSON())
	})
	return mux
}

// done is the answer where there is nothing to say.
var done = struct{}{}

func write(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		v = map[string]string{"error": err.Error()}
	}
	// An error here is a client that has gone.
	_ = json.NewEncoder(w).Encode(v)
}

// read takes the body apart. Fields that nobody knows are an error: they would be a test that does not do what it says.
func read(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("read the body: %w", err)
	}
	return nil
}

func pathID(r *http.Request) (int64, error) { return number(r.PathValue("id")) }

// query returns a number of the query, 0 if it is not there.
func query(r *http.Request, name string) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	return number(text)
}

func number(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return n, nil
}

type api struct{ s *telegramtest.Server }

func (a api) accounts(*http.Request) (any, error) { return a.s.Accounts(), nil }
func (a api) groups(*http.Request) (any, error)   { return a.s.Groups(), nil }

func (a api) unknown(*http.Request) (any, error) {
	return append([]string{}, a.s.Unknown()...), nil
}

func (a api) addAccount(r *http.Request) (any, error) {
	var x telegramtest.Account
	if err := read(r, &x); err != nil {
		return nil, err
	}
	if x.FirstName == "" {
		x.FirstName = x.Username
	}
	return a.s.AddAccount(x)
}

func (a api) revokeToken(r *http.Request) (any, error) {
	id, err := pathID(r)
	if err != nil {
		return nil, err
	}
	return done, a.s.RevokeToken(id)
}

func (a api) addGroup(r *http.Request) (any, error) {
	var x telegramtest.Group
	if err := read(r, &x); err != nil {
		return nil, err
	}
	return a.s.AddGroup(x.Title, x.Creator, x.Members...)
}

func (a api) join(r *http.Request) (any, error)  { return a.move(r, a.s.Join) }
func (a api) leave(r *http.Request) (any, error) { return a.move(r, a.s.Leave) }

func (a api) move(r *http.Request, move func(chat, who, by int64) error) (any, error) {
	var x struct {
		Account int64 `json:"account"`
		By      int64 `json:"by"`
		Link    bool  `json:"link"`
	}
	id, err := pathID(r)
	if err = errors.Join(err, read(r, &x)); err != nil {
		return nil, err
	}
	if x.Link {
		return done, a.s.JoinByLink(id, x.Account)
	}
	return done, move(id, x.Account, x.By)
}

func (a api) closed(r *http.Request) (any, error) {
	var x struct {
		Closed bool `json:"closed"`
	}
	id, err := pathID(r)
	if err = errors.Join(err, read(r, &x)); err != nil {
		return nil, err
	}
	return done, a.s.SetClosed(id, x.Closed)
}

func (a api) say(r *http.Request) (any, error) {
	var x telegramtest.Saying
	if err := read(r, &x); err != nil {
		return nil, err
	}
	return a.s.Post(x)
}

func (a api) edit(r *http.Request) (any, error) {
	var x struct {
		As     int64  `json:"as"`
		Chat   int64  `json:"chat"`
		ID     int    `json:"id"`
		Text   string `json:"text"`
		Hidden bool   `json:"hidden"`
	}
	if err := read(r, &x); err != nil {
		return nil, err
	}
	if x.Hidden {
		return done, a.s.Refresh(x.As, x.Chat, x.ID)
	}
	return done, a.s.EditIn(x.As, x.Chat, x.ID, x.Text)
}

func (a api) delete(r *http.Request) (any, error) {
	var x struct {
		As     int64 `json:"as"`
		Chat   int64 `json:"chat"`
		IDs    []int `json:"ids"`
		Revoke bool  `json:"revoke"`
	}
	if err := read(r, &x); err != nil {
		return nil, err
	}
	return done, a.s.DeleteIn(x.As, x.Chat, x.Revoke, x.IDs...)
}

func (a api) block(r *http.Request) (any, error) {
	var x struct {
		User    int64 `json:"user"`
		Bot     int64 `json:"bot"`
		Blocked bool  `json:"blocked"`
	}
	if err := read(r, &x); err != nil {
		return nil, err
	}
	return done, a.s.Block(x.User, x.Bot, x.Blocked)
}

func (a api) messages(r *http.Request) (any, error) {
	account, err := query(r, "account")
	chat, errChat := query(r, "chat")
	if err = errors.Join(err, errChat); err != nil {
		return nil, err
	}
	return a.s.Read(account, chat), nil
}

func (a api) authorizations(r *http.Request) (any, error) {
	account, err := query(r, "account")
	if err != nil {
		return nil, err
	}
	return a.s.Authorizations(account), nil
}

func (a api) end(r *http.Request) (any, error) {
	id, err := pathID(r)
	if err != nil {
		return nil, err
	}
	return done, a.s.EndAuthorization(id)
}

func (a api) forget(r *http.Request) (any, error) {
	id, err := pathID(r)
	if err != nil {
		return nil, err
	}
	return done, a.s.ForgetKeys(id)
}

func (a api) stats(r *http.Request) (any, error) {
	id, err := pathID(r)
	if err != nil {
		return nil, err
	}
	return a.s.Stats(id)
}

const longestWait = 60 // seconds

func (a api) history(r *http.Request) (any, error) {
	after, err := query(r, "after")
	wait, errWait := query(r, "wait")
	if err = errors.Join(err, errWait); err != nil {
		return nil, err
	}
	if wait > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), time.Duration(min(wait, longestWait))*time.Second)
		defer cancel()
		// That nothing has happened is an answer too: an empty list.
		_ = a.s.Until(ctx, func() bool { return len(a.s.History(int(after))) > 0 })
	}
	return append([]telegramtest.Event{}, a.s.History(int(after))...), nil
}

func (a api) behaviour(*http.Request) (any, error) { return a.s.Behaviour(), nil }

func (a api) behave(r *http.Request) (any, error) {
	now := a.s.Behaviour()
	if err := read(r, &now); err != nil {
		return nil, err
	}
	a.s.Behave(func(b *telegramtest.Behaviour) { *b = now })
	return a.s.Behaviour(), nil
}
