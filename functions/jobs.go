package functions

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gotd/td/clock"

	"telegram-client/shared/fault"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/job"
	"telegram-client/shared/lambdahttp"
	"telegram-client/shared/process"
	"telegram-client/shared/selfinvoke"
	"telegram-client/shared/service"
)

// CrewSize is how many jobs a process carries out at a time.
const CrewSize = 8

// enough is how much time a run of a job wants to have left before it begins with the call once more.
const enough = 5 * time.Minute

// staying is how long a run in Lambda waits at most for what is in its way, besides the call's own wait for a sender. The
// schedule, which takes up what was left, comes once a minute.
const staying = 6 * time.Second

// Runner returns what carries out the calls that nobody waits for. start has one run somewhere, where it stays that long for
// what is in its way.
func (p Parts) Runner(start func(ctx context.Context, id string) error, stay time.Duration) *job.Runner {
	return job.NewRunner(job.Options{
		Store: p.Store, Carry: httpapi.Carry(p.service(), p.settings()), Start: start, Claim: p.Numbers.JobClaim, Stay: stay, Enough: enough, Clock: clock.System, Log: p.Log,
		Name: func(parts ...string) string { return p.Ring.Name("job", parts...) },
	})
}

// senderSettings are those of the function that takes jobs.
func (p Parts) senderSettings() httpapi.Settings {
	s := p.settings()
	if p.Jobs != nil {
		s.Jobs = p.Jobs
	}
	return s
}

// withJobs is the API of a function that is called again for what it does later.
type withJobs struct {
	*httpapi.API
	jobs *job.Runner
	crew *job.Crew // nil in Lambda
	log  *slog.Logger
}

var (
	_ lambdahttp.JobRunner = withJobs{}
	_ process.Worker       = withJobs{}
)

// Work carries jobs out in this process, and those first that a former one has left.
func (w withJobs) Work(ctx context.Context) {
	if w.crew != nil {
		w.crew.Work(ctx, w.jobs)
	}
}

// RunJob carries a job out. One that something is in the way of is taken up later.
func (w withJobs) RunJob(ctx context.Context, id string) error {
	_, err := w.jobs.Run(ctx, id)
	return err
}

// TakeUpJobs has the jobs run that nobody has in hand. What will pass is no error: the schedule comes again.
func (w withJobs) TakeUpJobs(ctx context.Context) error {
	err := w.jobs.TakeUp(ctx)
	if f := (*fault.Fault)(nil); errors.As(err, &f) && (f.RetryAfter > 0 || f.Code == fault.Timeout) {
		w.log.WarnContext(ctx, "not all open jobs were taken up", "error", err)
		return nil
	}
	return err
}

// buildSender builds a function that takes jobs: in Lambda it calls itself for each, elsewhere a crew of its own does them.
func buildSender(ctx context.Context, e process.Environ, m service.Media, api func(Parts) *httpapi.API) (http.Handler, error) {
	w := withJobs{log: e.Log}
	_, err := build(ctx, e, func(p Parts) *httpapi.API {
		p.Media = m
		start, stay := invokeItself(e), staying
		if !e.InLambda() {
			w.crew = job.NewCrew(CrewSize, clock.System, p.Log)
			start, stay = w.crew.Start, 0
		}
		w.jobs = p.Runner(start, stay)
		p.Jobs = w.jobs
		w.API = api(p)
		return w.API
	})
	if err != nil {
		return nil, err
	}
	return w, nil
}

// invokeItself starts jobs in Lambda.
func invokeItself(e process.Environ) func(context.Context, string) error {
	return func(ctx context.Context, id string) error {
		client, err := selfinvoke.FromVars(e.Vars, time.Now)
		if err != nil {
			return err
		}
		return client.Invoke(ctx, lambdahttp.JobEvent(id))
	}
}
