package telegramtest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/clock"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/tests/telegramtest/mtserver"
)

// login is an auth key without a wire: it calls the server's handler itself.
type login struct {
	server *Server
	key    mtserver.KeyID
	dc     int
	device string
	bare   bool // says nothing about itself
	*tg.Client
}

func (l *login) Invoke(ctx context.Context, in bin.Encoder, out bin.Decoder) error {
	var b bin.Buffer
	if err := in.Encode(&b); err != nil {
		return err
	}
	id, err := b.PeekID()
	if err != nil {
		return err
	}
	r := &mtserver.Request{Session: &mtserver.Session{}, Key: l.key, DC: l.dc, Method: id, Body: &b}
	if !l.bare {
		r.Layer, r.Init = tg.Layer, &tg.InitConnectionRequest{APIID: 7, DeviceModel: l.device}
	}
	answer, err := handler{l.server}.Handle(ctx, r)
	if err != nil {
		return err
	}
	b.Reset()
	if err := answer.Encode(&b); err != nil {
		return err
	}
	return out.Decode(&b)
}

// TestRSA is made once: it is what costs most in making a server.
var TestRSA = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// silent is a server without a wire, that does not fail the test for what it does not know.
func silent(b Behaviour, change ...Option) *Server {
	o := Options{Behaviour: b, RSA: TestRSA()}
	for _, c := range change {
		c(&o)
	}
	return newServer(o)
}

var full = Behaviour{Short: Never, Numbered: Never}

// keys numbers the keys of a test binary.
var keys struct {
	sync.Mutex
	last uint64
}

func newLogin(s *Server, device string) *login {
	keys.Lock()
	defer keys.Unlock()
	keys.last++
	l := &login{server: s, dc: 1, device: device}
	binary.LittleEndian.PutUint64(l.key[:], keys.last)
	l.Client = tg.NewClient(l)
	return l
}

// logIn returns a new login of a bot.
func logIn(t *testing.T, s *Server, bot Account, device string) *login {
	t.Helper()
	l := newLogin(s, device)
	if err := l.bot(bot.Token); err != nil {
		t.Fatalf("%s logs in: %v", device, err)
	}
	return l
}

func (l *login) bot(token string) error {
	_, err := l.AuthImportBotAuthorization(context.Background(), &tg.AuthImportBotAuthorizationRequest{
		APIID: 7, APIHash: "hash", BotAuthToken: token,
	})
	return err
}

// peer addresses a user as the account of a bot knows it.
func (s *Server) peer(viewer, user Account) *tg.InputPeerUser {
	return &tg.InputPeerUser{UserID: user.ID, AccessHash: s.HashFor(viewer.ID, user.ID)}
}

// send sends a text and returns its id and pts, from either form of result.
func (l *login) send(to tg.InputPeerClass, text string, randomID int64) (id, pts, count int, err error) {
	u, err := l.MessagesSendMessage(context.Background(), &tg.MessagesSendMessageRequest{Peer: to, Message: text, RandomID: randomID})
	switch u := u.(type) {
	case *tg.UpdateShortSentMessage:
		return u.ID, u.Pts, u.PtsCount, err
	case *tg.Updates:
		for _, x := range u.Updates {
			if n, ok := x.(*tg.UpdateNewMessage); ok {
				return n.Message.GetID(), n.Pts, n.PtsCount, err
			}
		}
	}
	return 0, 0, 0, err
}

// difference returns what happened since, as one line each.
func (l *login) difference(t *testing.T, from tg.UpdatesState) ([]string, tg.UpdatesState) {
	t.Helper()
	d, err := l.UpdatesGetDifference(context.Background(), &tg.UpdatesGetDifferenceRequest{Pts: from.Pts, Date: from.Date, Qts: from.Qts})
	if err != nil {
		t.Fatal(err)
	}
	switch d := d.(type) {
	case *tg.UpdatesDifferenceEmpty:
		from.Date, from.Seq = d.Date, d.Seq
		return []string{"empty"}, from
	case *tg.UpdatesDifferenceTooLong:
		from.Pts = d.Pts
		return []string{"too long"}, from
	case *tg.UpdatesDifferenceSlice:
		return append(lines(d.NewMessages, d.OtherUpdates), "slice"), d.IntermediateState
	case *tg.UpdatesDifference:
		return lines(d.NewMessages, d.OtherUpdates), d.State
	}
	t.Fatalf("%T", d)
	return nil, from
}

func lines(messages []tg.MessageClass, others []tg.UpdateClass) []string {
	var all []string
	for _, m := range messages {
		switch m := m.(type) {
		case *tg.Message:
			all = append(all, "new "+m.Message)
		case *tg.MessageService:
			all = append(all, m.Action.TypeName())
		}
	}
	for _, u := range others {
		switch u := u.(type) {
		case *tg.UpdateEditMessage:
			all = append(all, "edit "+u.Message.(*tg.Message).Message)
		case *tg.UpdateDeleteMessages:
			all = append(all, fmt.Sprintf("delete %d", len(u.Messages)))
		case *tg.UpdateBotStopped:
			all = append(all, fmt.Sprintf("stopped %v qts %d", u.Stopped, u.Qts))
		default:
			all = append(all, u.TypeName())
		}
	}
	return all
}

func (l *login) state(t *testing.T) tg.UpdatesState {
	t.Helper()
	state, err := l.UpdatesGetState(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return *state
}

// refused checks that an error is Telegram's.
func refused(t *testing.T, err error, code int, message string) {
	t.Helper()
	if e, ok := tgerr.As(err); !ok || e.Code != code || e.Message != message {
		t.Errorf("got %v, want %d %s", err, code, message)
	}
}

// steps is a clock that a test sets.
type steps struct {
	clock.Clock // for timers, which nothing above the wire has
	mu          sync.Mutex
	now         time.Time
}

func newSteps() *steps { return &steps{Clock: clock.System, now: time.Unix(1_800_000_000, 0)} }

func (c *steps) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *steps) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func at(c clock.Clock) Option { return func(o *Options) { o.Clock = c } }
