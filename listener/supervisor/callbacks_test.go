package supervisor

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/gotd/neo"

	"telegram-client/shared/entry"
	"telegram-client/shared/filter"
)

type answers chan int64

func (a answers) answer(_ context.Context, c entry.CallbackAnswer) error {
	a <- c.QueryID
	return nil
}

// neoClock is neo's; a timer that is due fires without a further push.
type neoClock struct{ *neo.Time }

func (c neoClock) Timer(d time.Duration) neo.Timer {
	t := c.Time.Timer(d)
	c.Travel(0)
	return t
}

// passing lets time pass until something was answered, and returns what and after how long.
func passing(t *testing.T, c neoClock, a answers) (query int64, took time.Duration) {
	t.Helper()
	began := c.Now()
	for range 10000 {
		select {
		case q := <-a:
			return q, c.Now().Sub(began)
		case <-time.After(time.Millisecond): // it may be about to set its timer
			c.Travel(100 * time.Millisecond)
		}
	}
	t.Fatal("nothing was answered however much time passes")
	return 0, 0
}

func TestCallbacks_EndTheWaitingOfWhatNobodyAnswers(t *testing.T) {
	t.Parallel()
	clock := neoClock{neo.NewTime(time.Unix(1795347000, 0))}
	a := make(answers, 10)
	c := newCallbacks(clock, slog.New(slog.DiscardHandler), a.answer)
	c.take(filter.Bridge{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); c.run(ctx) }()
	defer func() { cancel(); <-done }()

	c.isAnswered(1) // before it was acknowledged
	c.acknowledged(1)
	c.acknowledged(2)
	c.isAnswered(2)
	c.acknowledged(3)
	if q, took := passing(t, clock, a); q != 3 || took < 5*time.Second || took > 6*time.Second {
		t.Errorf("%d after %v", q, took)
	}
	c.take(filter.Bridge{AnswerCallbacksAfter: 0.5})
	c.acknowledged(4)
	if q, took := passing(t, clock, a); q != 4 || took < 500*time.Millisecond || took > time.Second {
		t.Errorf("%d after %v", q, took)
	}
	c.take(filter.Bridge{LeaveCallbacks: true})
	c.acknowledged(5)
	c.take(filter.Bridge{AnswerCallbacksAfter: 20})
	c.acknowledged(6)
	if q, took := passing(t, clock, a); q != 6 || took < 20*time.Second {
		t.Errorf("%d after %v", q, took)
	}
}

func TestCallbacks_ForgetWhatIsLongAnswered(t *testing.T) {
	t.Parallel()
	clock := neoClock{neo.NewTime(time.Unix(1795347000, 0))}
	c := newCallbacks(clock, slog.New(slog.DiscardHandler), nil)
	for q := range int64(100) {
		c.isAnswered(q)
		clock.Travel(time.Minute)
	}
	if len(c.answered) > 7 {
		t.Errorf("%d are remembered", len(c.answered))
	}
}
