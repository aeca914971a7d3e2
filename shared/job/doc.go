// Package job carries service calls out after they were answered: a call that nobody waits for is kept, and a [Runner]
// does it, in this process or another one, now or after a kill, and keeps what came of it for a day.
//
// What it promises: a job that was taken is carried out until it has an answer, as often as it takes, and sends nothing
// twice: each run has the idempotency key of the call, or else one that is the job's own. A claim, renewed while it
// works, keeps two runners from one job; it only saves work, for two runs would not do harm. Calls with the same key are
// one job. One that something is in the way of, such as a busy sender, is left and tried again, for two hours; it holds
// nobody's place meanwhile. One that has killed ten runners is answered so.
//
// What it leaves to others: who starts a runner. At home it is a [Crew] of the process, which takes up what a former
// process has left; in Lambda the function calls itself, Lambda calls it again if it fails, and a schedule has it look
// every minute for jobs that nobody has in hand ([Runner.TakeUp]). So does whoever asks for one ([Runner.Look]).
package job
