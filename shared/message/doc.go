// Package message says what service calls that concern messages ask for: the table of their fields ([Fields]), from
// which everything that lists them is generated, the reading of a call (a Parse function for each verb), and the
// requests to Telegram that carry it out (the Plan methods).
//
// What a call asks for is read once, here, and everything that is wrong with it is said at once, with the path of the
// field. A field that cannot be honoured is refused, never passed over. What depends on the account, such as who may
// schedule, and finding targets, sending and answering are the business of service.
package message
