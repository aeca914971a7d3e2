// Package telegramtest is a Telegram server for tests and demonstrations: accounts, chats, messages and updates on top of
// the wire of [telegram-client/tests/telegramtest/mtserver].
//
// It promises what Telegram promises, or is reported to do, where that bites a client. Where no specification says what
// Telegram does it takes the reading that is worse for the client; these are numbered in tests/assumptions.md, and the
// code names the number (A7), a page of core.telegram.org, or a file of facts as the source of what it does. It shares no
// code with the product.
//
// What it knows so far: bots that log in, people who write to them from devices that are not simulated, private chats and
// small groups, text. A method or a part of one that it does not know is answered with an error, and makes the test fail
// that made the server.
//
//	s := telegramtest.New(t)
//	alice, bot := s.User("alice"), s.Bot("helper_bot")
//	s.Say(alice.ID, bot.ID, "hello")
//
// Peers are named by marked ids as in Telegram's Bot API: a user by its id, a small group by its negated id.
//
// Its parts, a file for each: accounts (account.go), groups (group.go), what a peer is called by whom (peer.go), logins
// (authorization.go), the messages of everybody and each account's box of them (message.go, box.go), what is told to whom
// (push.go, render.go, difference.go), the methods by family (method_*.go), the table of methods and their way through
// (methods.go, handle.go), what a test makes happen (people.go, behaviour.go, faults.go) and what it can see (view.go,
// history.go).
//
// Everything is safe for concurrent use. Nothing is kept beyond the server's life.
package telegramtest
