// Package telegram is the one way from this project to Telegram: THE dialer, for functions and for the listener.
//
// A [Dialer] opens one connection of one authorization and ends it in order. It promises:
//
//   - From nothing to the answer of the first call in two round trips: the first call carries invokeWithLayer and
//     initConnection, and the abridged transport needs no answer.
//   - Every call over [Dialer.Use] is wrapped in invokeWithoutUpdates, not only the first: one that is not would
//     subscribe the sender to updates. Those over [Dialer.Listen] are not.
//   - An auth key is only ever made for a login ([Dialer.NewKey], [Dialer.Connect]), and for another data centre than the
//     account's ([Dialer.Elsewhere]), where it can be replaced. gotd's connection makes a new
//     one in place when Telegram does not know the key; here that ends the connection, and a key other than the given one
//     encrypts nothing.
//   - Before every write on the socket the guard (the lease) and the deadline are asked, the latter by the monotonic
//     and by the wall clock. A process that was frozen does not speak after it thaws.
//   - Should the process freeze for ever, Telegram ends the connection: ping_delay_disconnect travels with the first
//     call, so that the connection is gone before the lease's quarantine is over and the next holder connects.
//   - The deadline of the context ends everything, also on a connection that is silent. No goroutine is left.
//   - At the end the last answer has been read, this side is closed, and what Telegram still sends is read up to its end.
//     If that does not come in time the connection is reset and the caller is told, because Telegram may believe it alive
//     for a moment ([authorization.Ending]).
//   - Every error is a fault with a sentence that says what to do. An error that decides the fate of the authorization
//     has an [authorization.FateError] in its chain, one that Telegram answered a *tgerr.Error. telegram_unreachable,
//     timeout and clock_wrong without a *tgerr.Error mean that the connection broke: whether the call was carried out
//     is then not known.
//
// Leases, pools and what to call are the business of others.
package telegram
