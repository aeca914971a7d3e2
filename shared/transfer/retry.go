package transfer

import (
	"context"
	"fmt"
	"time"

	"github.com/gotd/td/tgerr"
)

// troubleWaits is how long to wait after a part met trouble at Telegram's side, each time.
var troubleWaits = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}

// again decides what to do about a part's error: how long to wait until it is asked for again, or not at all. trouble
// counts the times that Telegram was at fault. Waiting past the deadline would be in vain.
func again(ctx context.Context, err error, trouble *int) (wait time.Duration, ok bool) {
	e, isAnswer := tgerr.As(err)
	if !isAnswer {
		return 0, false
	}
	if flood, is := tgerr.AsFloodWait(e); is {
		wait = max(flood, time.Second)
	} else if (e.Code >= 500 || e.Code < 0) && *trouble < len(troubleWaits) { // -503: Telegram's own time ran out
		wait = troubleWaits[*trouble]
		*trouble++
	} else {
		return 0, false
	}
	if deadline, has := ctx.Deadline(); has && time.Until(deadline) <= wait {
		return 0, false
	}
	return wait, true
}

// persist makes a call of one part until it is answered. refused is told of each time that Telegram asks to wait.
func persist(ctx context.Context, refused func(), call func(context.Context) error) error {
	for trouble := 0; ; {
		err := call(ctx)
		if err == nil {
			return nil
		}
		wait, ok := again(ctx, err, &trouble)
		if !ok {
			return err
		}
		refused()
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for Telegram: %w", ctx.Err())
	}
}
