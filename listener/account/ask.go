package account

import (
	"context"

	"telegram-client/listener/updates"
)

// ask makes a call for the engine. The engine asks one at a time.
func (a *Account) ask(ctx context.Context, r updates.Request) {
	up := a.up
	if up == nil {
		return // the engine is about to hear that the connection is gone
	}
	a.calls.Add(1)
	go func() { // ends with the call, at the latest with the connection
		defer a.calls.Done()
		callCtx, cancel := context.WithTimeout(up.ctx, answerWithin)
		defer cancel()
		var result any
		var err error
		if r.State {
			result, err = up.api.UpdatesGetState(callCtx)
		} else {
			result, err = up.api.UpdatesGetDifference(callCtx, &r.Difference)
		}
		if err != nil {
			up.judge(err)
			a.push(ctx, input{engine: updates.Failed{ID: r.ID, Err: err}})
			return
		}
		a.push(ctx, input{engine: updates.Answered{ID: r.ID, Result: result}})
	}()
}
