// Package mtserver is the wire of the Telegram server for tests: MTProto without any notion of an account.
//
// It knows transports, auth keys, salts, sessions, containers, acknowledgements and connections, for as many data
// centres as it is told, each on a port of its own and with keys of its own. What a request means is decided by the
// [Handler] that is built on top of it; the server unwraps the request, dispatches it and sends the answer.
//
// It promises what Telegram promises, or does, where that bites a client:
//
//   - An auth key that it does not know is answered with transport error -404.
//   - Law 1: while a connection of a key lives, a request of the same key over a second connection is answered with
//     AUTH_KEY_DUPLICATED (406), and from then on the key is dead: 401 AUTH_KEY_UNREGISTERED to whatever asks. A
//     connection lives from its first encrypted request until its FIN or reset has been read. One whose peer is
//     frozen sends neither and so is alive. That a connection never ends at FIN is a fault to be chosen
//     ([Faults.Linger]).
//   - Salts go stale ([Server.RotateSalts]), sessions are announced, message ids that are too far from the server's
//     clock are refused with bad_msg_notification 16 or 17.
//   - A message id is executed once per session; one that comes again gets the former answer again.
//   - Requests of one connection are handled one after another, in the order of their arrival.
//
// What it counts is described at [Stats] and [ConnStats].
package mtserver
