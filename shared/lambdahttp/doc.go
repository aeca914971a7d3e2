// Package lambdahttp runs a plain [http.Handler] behind a Lambda function URL in BUFFERED mode.
//
// It promises that the handler sees the request as net/http would have shown it (method, escaped path and query,
// cookies, body bytes, host, the caller's address, https) and that Lambda gets the answer as a client should see it
// (cookies apart, binary bodies in base64). The context ends half a second before Lambda's own deadline, so that there
// is time to answer. A panic, an event or an answer over Lambda's 6 MB become errors in the API's own form.
//
// Two kinds of events are no requests: a function that takes jobs has itself carry one out with [JobEvent], and a schedule has
// it look for open ones with [OpenJobsEvent].
//
// It leaves to others what an error looks like: that is what [Fail] is for. The handler has to obey its context;
// nothing interrupts one that does not, Lambda ends the process then.
//
// aws-lambda-go's lambdaurl is no alternative: it speaks RESPONSE_STREAM only, and a panic in its handler ends the
// process without an answer.
package lambdahttp
