// Package event turns what Telegram tells into the events of the API: one update to named events ([Read]), each with
// what delivery and storage have to know about it ([Occurrence]) and its payload ([Occurrence.AppendJSON]).
//
// Reading is cheap and builds no JSON, so that a filter can decide first. Payloads have exactly the keys that
// Home Assistant's automations were written for. The book must have learnt the users and chats of the container
// before its updates are read. Dropping own actions, hiding login codes and joining what is told twice is the
// listener's business.
package event
