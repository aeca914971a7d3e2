package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/outbox"
	"telegram-client/shared/peer"
)

// A SendResult is what became of one target.
type SendResult struct {
	Target     peer.Target
	ChatID     peer.ID
	MessageIDs []int // what was sent, also if something else of it failed
	Date       time.Time
	Fault      *fault.Fault // nil: all was sent
}

// A SendAnswer is what became of a call of send_messages.
type SendAnswer struct {
	Entry   entry.ID
	DryRun  bool
	Results []SendResult // in the order of the targets; shorter if Fault ended the call
	// Fault is set if the call ended before all targets had their turn: a flood wait, a lost login.
	Fault *fault.Fault
}

// SendMessages sends a text to each target. One target's failure does not stop the others. A fault that concerns the
// call as a whole is the error if nothing was sent yet, else part of the answer.
func (s *Service) SendMessages(ctx context.Context, m message.Send) (*SendAnswer, error) {
	id, err := s.entryID(ctx, m.EntryID)
	if err != nil {
		return nil, err
	}
	ids := randomIDs(m.Messages())
	r := s.request(ctx, id)
	r.Targets = m.Targets
	if !m.DryRun {
		r.Intent = authorization.Intent{Kinds: []outbox.Kind{outbox.Send}, Texts: s.texts(id, m.Parts)}
		if m.IdempotencyKey != "" {
			r.Idempotency = &authorization.Idempotency{Key: m.IdempotencyKey, Body: m.Hash(), RandomIDs: ids}
		}
	}
	var w *sending
	err = s.o.Pool.Do(ctx, r, func(ctx context.Context, c *authorization.Call) error {
		w = &sending{s: s, m: m, call: c, names: s.names(id), ids: ids, answer: SendAnswer{Entry: id, DryRun: m.DryRun}}
		return w.run(ctx)
	})
	switch {
	case w == nil:
		return nil, err
	case err != nil && len(w.answer.Results) == 0:
		return nil, err
	case err != nil && w.answer.Fault == nil && !w.complete():
		w.answer.Fault = fault.Of(err)
	}
	return &w.answer, nil
}

func (s *Service) texts(id entry.ID, parts []string) []string {
	names := s.names(id)
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = names.Text(outbox.Send, p)
	}
	return texts
}

// sending is one call at work.
type sending struct {
	s      *Service
	m      message.Send
	call   *authorization.Call
	names  outbox.Names
	ids    []int64 // random ids, those of all parts of the first target first
	proofs []authorization.Proof
	answer SendAnswer
}

// run sends to one target after the other. Its error is one that ends the connection.
func (w *sending) run(ctx context.Context) error {
	done, err := w.start()
	if err != nil || done {
		return err
	}
	for i, t := range w.m.Targets {
		earlier := w.earlier(i)
		if earlier.Fault == nil && len(earlier.MessageIDs) == len(w.m.Parts) {
			continue
		}
		r, err := w.target(ctx, t, earlier, w.ids[i*len(w.m.Parts):(i+1)*len(w.m.Parts)])
		r.Fault = nil
		if err != nil {
			r.Fault = fault.Of(err)
		}
		over := err != nil && (ends(ctx, err) || fault.Is(err, fault.FloodWait))
		if !over || len(r.MessageIDs) > 0 || fault.Is(err, fault.UnknownOutcome) {
			w.put(i, r)
		}
		if over {
			w.answer.Fault = r.Fault
			w.finish(true)
			if ends(ctx, err) {
				return err
			}
			return nil
		}
	}
	w.finish(w.open())
	return nil
}

// earlier returns what an earlier call of the same key has done for the i-th target.
func (w *sending) earlier(i int) SendResult {
	if i < len(w.answer.Results) {
		return w.answer.Results[i]
	}
	return SendResult{}
}

// start takes up what an earlier call of the same key left. done says that it left nothing to do.
func (w *sending) start() (done bool, err error) {
	repeat := w.call.Repeat
	if repeat == nil {
		return false, nil
	}
	if len(repeat.RandomIDs) == len(w.ids) {
		w.ids = repeat.RandomIDs
	}
	w.proofs = repeat.Sent
	if repeat.Answer == nil {
		return false, nil
	}
	if w.answer, err = decodeSendAnswer(repeat.Answer); err != nil {
		return false, err
	}
	if w.call.API == nil {
		return true, nil
	}
	w.answer.Fault = nil
	return false, nil
}

// put records what became of the i-th target.
func (w *sending) put(i int, r SendResult) {
	for len(w.answer.Results) <= i {
		w.answer.Results = append(w.answer.Results, SendResult{})
	}
	w.answer.Results[i] = r
}

// finish tells the pool what the call did.
func (w *sending) finish(open bool) {
	if w.m.DryRun {
		return
	}
	w.call.Done.Open = open
	w.call.Done.Answer = encodeSendAnswer(w.answer)
}

// open reports whether the fate of a message is not known.
func (w *sending) open() bool {
	for _, r := range w.answer.Results {
		if r.Fault != nil && r.Fault.Code == fault.UnknownOutcome {
			return true
		}
	}
	return false
}

// complete reports whether all targets had their turn.
func (w *sending) complete() bool { return len(w.answer.Results) == len(w.m.Targets) }

// target sends those of the call's parts to one target that were not sent earlier. Its result says what was sent also if
// there is an error.
func (w *sending) target(ctx context.Context, t peer.Target, earlier SendResult, ids []int64) (SendResult, error) {
	r := SendResult{Target: t, MessageIDs: earlier.MessageIDs, Date: earlier.Date}
	to, chat, err := resolve(ctx, w.call, t)
	if err != nil {
		return r, err
	}
	r.ChatID = chat
	if w.m.DryRun {
		return r, nil
	}
	requests, err := w.m.Plan(to, ids)
	if err != nil {
		return r, err
	}
	for _, request := range requests[min(len(r.MessageIDs), len(requests)):] {
		one, err := w.send(ctx, t, chat, request)
		if err != nil {
			return r, err
		}
		if len(r.MessageIDs) == 0 {
			r.Date = one.date
		}
		r.MessageIDs = append(r.MessageIDs, one.id)
		w.call.Done.Marks = append(w.call.Done.Marks, one.mark())
		w.call.Done.Sent.LastSent = one.id
	}
	return r, nil
}

// send sends one message: a flood wait that fits is waited for, and a peer whose access hash has gone stale is asked
// for anew, once.
func (w *sending) send(ctx context.Context, t peer.Target, chat peer.ID, r *tg.MessagesSendMessageRequest) (sent, error) {
	anew := false
	for {
		answer, err := w.call.API.MessagesSendMessage(ctx, r)
		switch {
		case err == nil:
			one, ok := readSent(w.call, answer, r.RandomID)
			if !ok {
				return one, fmt.Errorf("telegram's answer %s names no message", answer.TypeName())
			}
			return one, nil
		case tgerr.Is(err, "RANDOM_ID_DUPLICATE"):
			return w.proof(ctx, chat, r.Message)
		case tgerr.Is(err, "PEER_ID_INVALID") && !anew && chat.Kind() != peer.Group:
			anew = true
			to, _, asked := ask(ctx, w.call, t)
			if asked != nil {
				return sent{}, asked
			}
			r.Peer = to
		case fault.Is(err, fault.FloodWait, fault.SlowMode) && w.s.sleep(ctx, fault.Of(err).RetryAfter):
		case !answered(err) && ends(ctx, err):
			return sent{}, fault.New(fault.UnknownOutcome,
				"The connection to Telegram broke while this was being sent. Look whether it arrived, or repeat the call with the same idempotency key.").Because(err)
		default:
			return sent{}, err
		}
	}
}

// answered reports whether an error is Telegram's answer, so that the request is known not to have been carried out.
func answered(err error) bool {
	_, ok := tgerr.As(err)
	return ok
}

// proof finds the id of a message that the earlier call of the same key has sent: Telegram only says that it was. The
// listener's events tell, if not yet then in a moment.
func (w *sending) proof(ctx context.Context, chat peer.ID, text string) (sent, error) {
	lane, hash := w.names.Chat(chat), w.names.Text(outbox.Send, text)
	for {
		for i, p := range w.proofs {
			if p.Chat == lane && p.Text == hash {
				w.proofs = append(w.proofs[:i:i], w.proofs[i+1:]...)
				box := peer.ID(0)
				if chat.Kind() == peer.Channel {
					box = chat
				}
				return sent{id: p.MessageID, box: box, date: unix(int(p.Date))}, nil
			}
		}
		if w.m.IdempotencyKey == "" || !w.s.sleep(ctx, proofPause) {
			return sent{}, fault.New(fault.UnknownOutcome, "This was sent by an earlier call with the same idempotency key, but nothing tells under which id.")
		}
		var err error
		if w.proofs, err = w.s.o.Store.Proofs(ctx, w.answer.Entry, w.m.IdempotencyKey); err != nil {
			return sent{}, err
		}
		w.proofs = unused(w.proofs, w.answer.Results)
	}
}

// proofPause is how long to wait before asking again whether the listener has seen a message.
const proofPause = 500 * time.Millisecond

// unused leaves out the proofs of messages that the answer names already.
func unused(proofs []authorization.Proof, results []SendResult) []authorization.Proof {
	named := map[int]bool{}
	for _, r := range results {
		for _, id := range r.MessageIDs {
			named[id] = true
		}
	}
	var left []authorization.Proof
	for _, p := range proofs {
		if !named[p.MessageID] {
			left = append(left, p)
		}
	}
	return left
}

var errStoredAnswer = errors.New("stored answer cannot be read")

// storedSend is a SendAnswer at rest.
type storedSend struct {
	Entry   entry.ID
	Results []storedResult
	Fault   *storedFault
}

type storedResult struct {
	Target string
	Chat   peer.ID
	IDs    []int
	Date   time.Time
	Fault  *storedFault
}

type storedFault struct {
	Code       fault.Code
	Message    string
	Field      string
	RetryAfter time.Duration
}

func encodeSendAnswer(a SendAnswer) []byte {
	at := storedSend{Entry: a.Entry, Fault: storeFault(a.Fault)}
	for _, r := range a.Results {
		at.Results = append(at.Results, storedResult{stored(r.Target), r.ChatID, r.MessageIDs, r.Date, storeFault(r.Fault)})
	}
	b, err := json.Marshal(at)
	if err != nil {
		return nil // strings and numbers always have a JSON form
	}
	return b
}

func decodeSendAnswer(b []byte) (SendAnswer, error) {
	var at storedSend
	if err := json.Unmarshal(b, &at); err != nil {
		return SendAnswer{}, errors.Join(errStoredAnswer, err)
	}
	a := SendAnswer{Entry: at.Entry, Fault: at.Fault.restore()}
	for _, r := range at.Results {
		t, f := peer.ParseTarget(r.Target)
		if f != nil {
			return SendAnswer{}, errors.Join(errStoredAnswer, f)
		}
		a.Results = append(a.Results, SendResult{t, r.Chat, r.IDs, r.Date, r.Fault.restore()})
	}
	return a, nil
}

// stored returns a target in a form that peer.ParseTarget reads again.
func stored(t peer.Target) string {
	if t.Phone != "" {
		return t.Name()
	}
	return t.String()
}

func storeFault(f *fault.Fault) *storedFault {
	if f == nil {
		return nil
	}
	return &storedFault{f.Code, f.Message, f.Field, f.RetryAfter}
}

func (f *storedFault) restore() *fault.Fault {
	if f == nil {
		return nil
	}
	return &fault.Fault{Code: f.Code, Message: f.Message, Field: f.Field, RetryAfter: f.RetryAfter}
}
