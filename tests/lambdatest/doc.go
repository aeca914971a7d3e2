// Package lambdatest runs built bootstraps of Lambda functions as Lambda does, behind a function URL on loopback.
//
// What of Lambda it keeps (AWS Lambda developer guide: "Lambda execution environment life cycle", "Using the Lambda
// runtime API", "Invoking Lambda function URLs", "Lambda quotas"): an execution environment is a process that answers
// one call at a time; a call that finds none idle starts another, up to the reserved concurrency, then it gets 429; an
// environment between two calls is frozen (SIGSTOP); a call that takes longer than the function's time-out, or whose
// process ends, gets 502, and the process is gone; an event and an answer have at most 6 MB; the environment's
// variables are the function's own and nothing of the caller's.
//
// What it leaves out: https, IAM, memory limits, the architecture (the bootstrap is built for this machine), recycling of
// old environments. An answer is given to the caller once the environment is idle again, so that calls made one
// after the other find it; Lambda answers a moment before.
package lambdatest
