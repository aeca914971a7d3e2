// Package homeassistant hands events to Home Assistant: by a webhook ([Webhook]), or to its event bus ([Event]).
//
// Home Assistant answers 200 and nothing to almost everything: unknown webhook ids, handler errors, events that are
// fired while it starts and that nobody hears. So a 200 alone proves nothing here, and each target knows what does: see
// [Webhook.Deliver] and [Event.Deliver]. One call is one attempt and ends in a verdict; waiting and repeating are the
// business of listener/delivery.
//
// What was proved about a connection holds for that connection only: Home Assistant may have been restarted in between.
// Therefore a target keeps lines, each of which is one kept-alive connection used by one attempt at a time, and a proof
// and what relies on it go over the same one ([line]). Redirects are not followed, and addresses are dialled as far as
// a dialpolicy allows. Reasons name neither address nor secret.
package homeassistant
