package account

import (
	"context"

	"github.com/gotd/td/tg"

	"telegram-client/listener/updates"
	"telegram-client/shared/peer"
)

// channelSlice is how many updates of a channel are asked for at once: as many as an account of a person is given.
// https://core.telegram.org/method/updates.getChannelDifference
const channelSlice = 100

// ask makes a call for the engine. The engine asks one at a time, and besides one about a channel.
func (a *Account) ask(ctx context.Context, r updates.Request) {
	up := a.up
	if up == nil {
		return // the engine is about to hear that the connection is gone
	}
	about, known := a.inputChannel(r.Channel)
	a.calls.Add(1)
	go func() { // ends with the call, at the latest with the connection
		defer a.calls.Done()
		callCtx, cancel := context.WithTimeout(up.ctx, answerWithin)
		defer cancel()
		var result any
		var err error
		switch {
		case r.State:
			result, err = up.api.UpdatesGetState(callCtx)
		case r.Channel != 0 && !known:
			err = updates.ErrUnknownChannel
		case r.Channel != 0:
			result, err = up.api.UpdatesGetChannelDifference(callCtx, &tg.UpdatesGetChannelDifferenceRequest{
				Channel: about, Filter: &tg.ChannelMessagesFilterEmpty{}, Pts: r.ChannelPts, Limit: channelSlice,
			})
		default:
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

// inputChannel returns how to address a channel.
func (a *Account) inputChannel(bare int64) (tg.InputChannelClass, bool) {
	if bare == 0 {
		return nil, false
	}
	input, ok := a.book.Input(peer.ChannelID(bare))
	c, isChannel := input.(*tg.InputPeerChannel)
	if !ok || !isChannel {
		return nil, false
	}
	return &tg.InputChannel{ChannelID: c.ChannelID, AccessHash: c.AccessHash}, true
}
