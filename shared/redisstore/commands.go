package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/lease"
	"telegram-client/shared/seal"
)

type commandRecord struct {
	Kind     entry.CommandKind
	EventID  string                `json:",omitempty"`
	Callback *entry.CallbackAnswer `json:",omitempty"`
	Login    string                `json:",omitempty"`
	Device   string                `json:",omitempty"`
	Reply    string                `json:",omitempty"`
	For      time.Duration         `json:",omitempty"` // how long after its place in the stream somebody waits
}

func (s *Store) sealCommand(id entry.ID, c entry.Command) ([]byte, error) {
	return s.sealAsked(id, c, 0)
}

func (s *Store) sealAsked(id entry.ID, c entry.Command, d time.Duration) ([]byte, error) {
	return s.sealJSON(key(id, partCommands), commandRecord{Kind: c.Kind, EventID: c.EventID, Callback: c.Callback,
		Login: c.Login.Reveal(), Device: c.Device, Reply: c.Reply, For: d})
}

// SendCommand tells the listener that serves an entry something. Nobody may be listening: a command is a hint to look,
// but for Confirmed, which is heard for a minute. Fault: unknown_entry.
func (s *Store) SendCommand(ctx context.Context, id entry.ID, c entry.Command) error {
	_, _, err := s.send(ctx, id, c, 0)
	return err
}

// send returns the command's place, and whether a listener serves the entry now.
func (s *Store) send(ctx context.Context, id entry.ID, c entry.Command, d time.Duration) (place string, served bool, err error) {
	blob, err := s.sealAsked(id, c, d)
	if err != nil {
		return "", false, err
	}
	got, err := s.run(ctx, s.scripts.command, id, fields{}, blob)
	if err != nil {
		return "", false, err
	}
	if got.word() != "ok" {
		return "", false, s.unexpected(s.scripts.command, got)
	}
	return got.text(1), got.int(2) == 1, nil
}

const (
	// askFor is how long an answer is waited for by whoever has no deadline.
	askFor = 25 * time.Second
	// awayAfter is how long a listener that serves nobody now, because it is just being started anew, is waited for.
	awayAfter = 3 * time.Second
	// replyLife is how long an answer is kept.
	replyLife = time.Minute
)

// Ask has the listener that serves an entry carry something out, and waits until ctx ends for what comes of it. The
// error is the listener's. Faults besides those: unknown_entry, and listener_away if nobody answered, in which case it is
// not begun any more.
func (s *Store) Ask(ctx context.Context, id entry.ID, c entry.Command) error {
	c.Reply = lease.NewNonce()
	wait := askFor
	if end, ok := ctx.Deadline(); ok {
		wait = time.Until(end)
	}
	w := s.bells.listen(ctx, bellKey(id), c.Reply)
	defer s.bells.forget(w)
	asked := time.Now()
	place, served, err := s.send(ctx, id, c, wait)
	if err != nil {
		return err
	}
	patience := wait
	if !served {
		patience = min(wait, awayAfter)
	}
	end := time.NewTimer(patience - time.Since(asked))
	defer end.Stop()
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for {
		answered, err := s.reply(ctx, id, c.Reply)
		if answered {
			return err
		}
		select {
		case <-w.rung:
			continue
		case <-look.C:
			continue
		case <-end.C:
		case <-ctx.Done():
		}
		return s.withdraw(ctx, id, c.Reply, place)
	}
}

// withdraw takes back what nobody has answered. The answer may have come at the last moment.
func (s *Store) withdraw(ctx context.Context, id entry.ID, reply, place string) error {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
	defer cancel()
	_ = s.client.XDel(late, key(id, partCommands), place).Err() // it is not carried out after its time either
	if answered, err := s.reply(late, id, reply); answered {
		return err
	}
	if err := ctx.Err(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("ask the listener: %w", err)
	}
	return fault.New(fault.ListenerAway, "The listener that holds this account's connection did not answer. Check that it runs.").After(awayAfter)
}

// An answerRecord is what came of a command. No code: it was carried out.
type answerRecord struct {
	Code       fault.Code    `json:",omitempty"`
	Message    string        `json:",omitempty"`
	Field      string        `json:",omitempty"`
	RetryAfter time.Duration `json:",omitempty"`
}

// reply reads the answer to a command. A store that does not answer is asked again.
func (s *Store) reply(ctx context.Context, id entry.ID, mark string) (answered bool, answer error) {
	blob, err := s.client.Get(ctx, replyKey(id, mark)).Bytes()
	if err != nil {
		return false, nil
	}
	var r answerRecord
	switch err := s.openJSON(replyKey(id, mark), blob, &r); {
	case err != nil:
		return true, unreadable(err)
	case r.Code == "":
		return true, nil
	}
	return true, &fault.Fault{Code: r.Code, Message: r.Message, Field: r.Field, RetryAfter: r.RetryAfter}
}

// Answer tells whoever waits for it what came of a command; nil: it was carried out. Error: lease.ErrLost.
func (s *Store) Answer(ctx context.Context, id entry.ID, l *lease.Lease, c entry.Command, answer error) error {
	if c.Reply == "" {
		return nil
	}
	var r answerRecord
	if f := fault.Of(answer); f != nil {
		r = answerRecord{Code: f.Code, Message: f.Message, Field: f.Field, RetryAfter: f.RetryAfter}
	}
	blob, err := s.sealJSON(replyKey(id, c.Reply), r)
	if err != nil {
		return err
	}
	got, err := s.runOn(ctx, s.scripts.answer, []string{key(id, partListener), replyKey(id, c.Reply)}, fields{
		"nonce": l.Nonce(), "token": c.Reply, "bell": bellKey(id), "life": replyLife.Milliseconds()}, blob)
	if err != nil {
		return err
	}
	switch got.word() {
	case "ok":
		return nil
	case "lost":
		l.Lose()
		return fmt.Errorf("answer: %w", lease.ErrLost)
	}
	return s.unexpected(s.scripts.answer, got)
}

// maxCommands is how many commands are read at once.
const maxCommands = 100

// Commands returns the commands after a place, waiting up to d for one. See listener/supervisor.
func (s *Store) Commands(ctx context.Context, id entry.ID, after string, d time.Duration) ([]entry.Command, error) {
	w := s.bells.listen(ctx, bellKey(id), "commands")
	defer s.bells.forget(w)
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		all, err := s.readCommands(ctx, id, after)
		if err != nil || len(all) > 0 {
			return all, err
		}
		select {
		case <-w.rung:
		case <-t.C:
			return s.readCommands(ctx, id, after)
		case <-ctx.Done():
			return nil, s.failed(ctx, "commands", ctx.Err())
		}
	}
}

func (s *Store) readCommands(ctx context.Context, id entry.ID, after string) ([]entry.Command, error) {
	start := "-"
	if after != "" {
		start = "(" + after
	}
	got, err := s.client.XRangeN(ctx, key(id, partCommands), start, "+", maxCommands).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, s.failed(ctx, "commands", err)
	}
	var all []entry.Command
	var storeNow time.Time
	for _, m := range got {
		c := entry.Command{ID: m.ID}
		var r commandRecord
		blob, _ := m.Values["c"].(string)
		if s.openJSON(key(id, partCommands), []byte(blob), &r) != nil {
			all = append(all, c) // one that cannot be read has no kind, but its place counts
			continue
		}
		c = entry.Command{ID: m.ID, Kind: r.Kind, EventID: r.EventID, Callback: r.Callback, Login: seal.NewText(r.Login), Device: r.Device, Reply: r.Reply}
		if r.Reply != "" {
			if storeNow.IsZero() {
				if storeNow, err = s.client.Time(ctx).Result(); err != nil {
					return nil, s.failed(ctx, "commands", err)
				}
			}
			left := placedAt(m.ID).Add(r.For).Sub(storeNow)
			if c.Until = s.now().Add(left); left <= 0 {
				c.Kind = "" // nobody waits any more
			}
		}
		all = append(all, c)
	}
	return all, nil
}

// placedAt is when a command was sent, by the store's clock.
func placedAt(id string) time.Time {
	var ms int64
	_, _ = fmt.Sscanf(id, "%d-", &ms) // the store gives no other form
	return time.UnixMilli(ms)
}
