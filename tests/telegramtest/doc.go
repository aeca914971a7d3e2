// Package telegramtest is a Telegram server for tests and demonstrations: accounts, chats, messages and updates on top of
// the wire of [telegram-client/tests/telegramtest/mtserver].
//
// It promises what Telegram promises, or is reported to do, where that bites a client. Where no specification says what
// Telegram does it takes the reading that is worse for the client; these are numbered in tests/assumptions.md, and the
// code names the number (A7), a page of core.telegram.org, or a file of facts as the source of what it does. It shares no
// code with the product.
//
// What it knows so far: bots and users that log in, people who write to them from devices that are not simulated,
// private chats, small groups, supergroups and broadcast channels, text and files, what is read, typed, pinned and pressed. A
// method or a part of one that it does not know is answered with an error, and makes the test fail that made the server.
//
//	s := telegramtest.New(t)
//	alice, bot := s.User("alice"), s.Bot("helper_bot")
//	s.Say(alice.ID, bot.ID, "hello")
//
// A user logs in with the code that LastCode returns, sent as DeliverCodes says, and the password of the account if it
// has one, or with a token that AcceptToken accepts. The owner's phone is a device that is not connected; what it does
// stands in owner.go. What is not modelled is an error that a test asks for, such as
//
//	s.Faults().Fail("auth.sendCode", 500, "AUTH_RESTART", 1)
//	s.Faults().Fail("auth.sendCode", 400, "API_ID_PUBLISHED_FLOOD", 1)
//	s.Faults().Fail("auth.sendCode", 403, "RECAPTCHA_CHECK_signin__key", 1)
//	s.Faults().Fail("help.getConfig", 303, "NETWORK_MIGRATE_2", 1)
//
// Files that clients send are read back by Files, byte for byte, and SayFile and SayAlbum let somebody send some:
//
//	s.SayFile(alice.ID, bot.ID, "the door", telegramtest.File{Kind: telegramtest.KindPhoto, Data: telegramtest.Picture(640, 480, 1)})
//
// OnPart stops an upload where a test wants it; ExpireFileReferences, ForgetParts, ForgetCDNTokens and EmptyCDN make what
// clients have stale, and Behaviour.CDNLies makes the CDN lie, which there is with [Options].CDN. Large files need no memory
// with [Options].HashOnly, and with File.Source in the other direction.
//
// Peers are named by marked ids as in Telegram's Bot API: a user by its id, a small group by its negated id, a channel or
// supergroup by -100 and its id.
//
// Its parts, a file for each: accounts (account.go), groups (group.go), channels (channel.go, member.go), what a peer is
// called by whom (peer.go), logins (authorization.go; phone.go, delivery.go, srp.go and entrance.go for those that are
// not complete yet), the messages of everybody and the boxes of them (message.go, box.go), what is told to whom (push.go,
// service.go, render.go, difference.go), files (upload.go, content.go, file.go, photo.go, album.go, cdn.go), the methods by
// family (method_*.go), the table of methods and their way through (methods.go, handle.go), what a test makes happen
// (people.go, owner.go, chatchange.go, reading.go, presence.go, query.go, sharing.go, behaviour.go, faults.go) and what it
// can see (view.go, history.go).
//
// Everything is safe for concurrent use. Nothing is kept beyond the server's life.
package telegramtest
