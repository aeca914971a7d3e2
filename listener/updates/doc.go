// Package updates is the engine that turns what Telegram pushes and answers into every update exactly once and in
// order: values in, values out, no clock and no connection of its own.
//
// Telegram numbers most updates. pts counts what happens to messages outside channels, qts a few things that bots and
// secret chats are told, each channel has a pts of its own, and seq counts the containers of everything else. Pushes
// get lost, come twice and overtake each other; what is missing is fetched with updates.getDifference. Typing, statuses
// and queries carry no number at all: they are passed on at once and no difference brings them back.
//
// What the engine promises to its one caller:
//
//   - [Output.Ready] has each numbered update once, in the order of its box, however pushes and answers arrive. Within a
//     difference new messages come before everything else: Telegram does not number them there.
//   - [Batch.State] is the state after that batch and never ahead of it. Who writes both down in one step loses and
//     repeats nothing. The engine's memory may be ahead of what is written down: if writing fails, throw the engine away
//     and make a new one of the state that was written last.
//   - After each connect it asks for the difference, and again, with growing pauses, until it gets it.
//   - What Telegram itself will not tell any more is reported as a [Gap].
//
// The caller carries out [Output.Ask], says what came of it, and calls again with [Woken] at [Output.Wake]. Results of
// own calls do not come this way: the connection that the engine is fed from makes none.
//
// Channels have boxes like everything else. What is missing in one is fetched with updates.getChannelDifference, one
// channel at a time: where there is a hole, where Telegram says so (updateChannelTooLong, also in a difference), and after
// a start, as what waited in front of a hole was not written down. What is too long to be fetched is a Gap.
//
// A channel of which nothing was heard before may have been joined, or written to for the first time, while nobody
// listened. When it is met (by an update of its own, by updateChannelTooLong, or by updateChannel when it is joined) its
// whole past is asked for, and passed on is what happened since the engine's state was written, or since the account
// joined if that is later. Deletions in that time carry no date and are not told.
package updates
