package redisstore

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"telegram-client/shared/fault"
	"telegram-client/shared/job"
	"telegram-client/shared/lease"
	messages "telegram-client/shared/message"
)

var _ job.Store = (*Store)(nil)

const (
	// jobLife is how long a job is kept.
	jobLife = 24 * time.Hour
	// jobStart is how long whoever is told to start a job has for it.
	jobStart = 15 * time.Second
	// jobPut is more than putting a job takes after it was listed.
	jobPut = 2 * time.Minute
)

type jobRecord struct {
	Verb  messages.Verb
	Body  json.RawMessage
	Key   string
	Files []jobFile `json:",omitempty"`
}

type jobFile struct {
	Data     []byte
	Filename string `json:",omitempty"`
}

type jobAnswer struct {
	Status int
	Body   json.RawMessage
}

// PutJob keeps a call that is carried out later. See job.Store.
//
// It is listed first: an id on the list without a job does no harm, a job that is not on it could be forgotten.
func (s *Store) PutJob(ctx context.Context, id string, c job.Call, same [32]byte) (start bool, err error) {
	rec := jobRecord{Verb: c.Verb, Body: c.Body, Key: c.Key}
	for _, f := range c.Files {
		rec.Files = append(rec.Files, jobFile{f.Data, f.Filename})
	}
	blob, err := s.sealJSON(jobKey(id), rec)
	if err != nil {
		return false, err
	}
	if err := s.listJob(ctx, id, 0); err != nil {
		return false, err
	}
	got, err := s.runPatiently(ctx, s.scripts.putJob, jobKey(id), fields{
		"putter": lease.NewNonce(), "body": s.ring.Name("job body", hex.EncodeToString(same[:])),
		"life": jobLife.Milliseconds(), "start": jobStart.Milliseconds()}, blob)
	if err != nil {
		return false, err
	}
	switch got.word() {
	case "new":
		return true, nil
	case "there":
		return got.int(1) == 1, nil
	case "reused":
		return false, fault.At(fault.KeyReused, "idempotency_key", "This idempotency key was used for another call. Use a new one.")
	}
	return false, s.unexpected(s.scripts.putJob, got)
}

// runPatiently runs a script that carries much.
func (s *Store) runPatiently(ctx context.Context, sc *script, key string, h fields, sealed ...[]byte) (reply, error) {
	client, err := patient(ctx, s.client, key)
	if err != nil {
		return nil, s.failed(ctx, sc.name, err)
	}
	return s.runBy(ctx, client, sc, []string{key}, h, sealed...)
}

// listJob notes a job for whoever takes up what nobody has in hand, to be looked at after a while.
func (s *Store) listJob(ctx context.Context, id string, wait time.Duration) error {
	_, err := s.runOn(ctx, s.scripts.listJob, []string{jobsKey}, fields{"id": id, "wait": wait.Milliseconds(), "life": jobLife.Milliseconds()})
	return err
}

// unlistJob takes a job off the list that was not needed there at a time of the store's clock, in milliseconds.
func (s *Store) unlistJob(ctx context.Context, id string, before int64) error {
	_, err := s.runOn(ctx, s.scripts.unlistJob, []string{jobsKey}, fields{"id": id, "before": before})
	return err
}

// DropJob forgets a job that nobody has begun.
func (s *Store) DropJob(ctx context.Context, id string) (bool, error) {
	got, err := s.runOn(ctx, s.scripts.dropJob, []string{jobKey(id)}, fields{"keep": false})
	if err != nil || got.word() != "dropped" {
		return false, err
	}
	return true, s.unlistJob(ctx, id, got.int(1))
}

// FreeJob lets whoever comes next start a job that nobody has begun.
func (s *Store) FreeJob(ctx context.Context, id string) error {
	_, err := s.runOn(ctx, s.scripts.dropJob, []string{jobKey(id)}, fields{"keep": true})
	return err
}

// ClaimJob takes a job to carry it out. See job.Store.
func (s *Store) ClaimJob(ctx context.Context, id, nonce string, d time.Duration, most int) (job.Claim, error) {
	got, err := s.runPatiently(ctx, s.scripts.claimJob, jobKey(id),
		fields{"nonce": nonce, "claim": d.Milliseconds(), "most": most, "holder": s.holder, "sole": s.sole})
	if err != nil {
		return job.Claim{}, err
	}
	switch got.word() {
	case "claimed":
	case "spent":
		return job.Claim{Spent: true}, nil
	case "busy":
		return job.Claim{Busy: got.millis(1)}, nil
	case "done":
		return job.Claim{}, s.unlistJob(ctx, id, got.int(1))
	case "unknown":
		return job.Claim{}, s.unlistJob(ctx, id, got.int(1)-jobPut.Milliseconds())
	default:
		return job.Claim{}, s.unexpected(s.scripts.claimJob, got)
	}
	var rec jobRecord
	if err := s.openJSON(jobKey(id), got.bytes(1), &rec); err != nil {
		return job.Claim{}, unreadable(err)
	}
	c := job.Claim{Call: &job.Call{Verb: rec.Verb, Body: rec.Body, Key: rec.Key}, Age: got.millis(2)}
	for _, f := range rec.Files {
		c.Call.Files = append(c.Call.Files, messages.File{Data: f.Data, Filename: f.Filename})
	}
	return c, nil
}

// KeepJob renews a claim and records the progress.
func (s *Store) KeepJob(ctx context.Context, id, nonce string, d time.Duration, p job.Progress) error {
	got, err := s.runOn(ctx, s.scripts.keepJob, []string{jobKey(id)},
		fields{"nonce": nonce, "claim": d.Milliseconds(), "bytes": strconv.FormatInt(p.Bytes, 10), "total": strconv.FormatInt(p.Total, 10)})
	if err != nil {
		return err
	}
	if got.word() != "ok" {
		return job.ErrLost
	}
	return nil
}

// EndJob records the answer of a job. See job.Store.
func (s *Store) EndJob(ctx context.Context, id, nonce string, a job.Answer, p job.Progress, again bool) error {
	blob, err := s.sealJSON(jobKey(id)+"/answer", jobAnswer{a.Status, a.Body})
	if err != nil {
		return err
	}
	got, err := s.runOn(ctx, s.scripts.endJob, []string{jobKey(id)}, fields{"nonce": nonce, "done": true, "again": again,
		"bytes": strconv.FormatInt(p.Bytes, 10), "total": strconv.FormatInt(p.Total, 10)}, blob)
	if err != nil {
		return err
	}
	if got.word() != "ok" {
		return job.ErrLost
	}
	return s.unlistJob(ctx, id, got.int(1))
}

// LeaveJob gives a claim back. See job.Store.
func (s *Store) LeaveJob(ctx context.Context, id, nonce string, wait time.Duration) error {
	got, err := s.runOn(ctx, s.scripts.endJob, []string{jobKey(id)}, fields{"nonce": nonce, "done": false, "wait": wait.Milliseconds()})
	if err != nil || got.word() != "ok" || wait <= 0 {
		return err
	}
	return s.listJob(ctx, id, wait)
}

// Job returns a job. See job.Store.
func (s *Store) Job(ctx context.Context, id string) (v job.View, start bool, err error) {
	got, err := s.runOn(ctx, s.scripts.lookJob, []string{jobKey(id)}, fields{"start": jobStart.Milliseconds()})
	if err != nil {
		return v, false, err
	}
	switch got.word() {
	case "job":
	case "unknown":
		if err := s.unlistJob(ctx, id, got.int(1)-jobPut.Milliseconds()); err != nil {
			return v, false, err
		}
		return v, false, job.Unknown()
	default:
		return v, false, s.unexpected(s.scripts.lookJob, got)
	}
	v = job.View{ID: id, State: job.State(got.text(1)), Progress: job.Progress{Bytes: got.int(2), Total: got.int(3)}}
	if v.State == job.Done {
		var a jobAnswer
		if err := s.openJSON(jobKey(id)+"/answer", got.bytes(4), &a); err != nil {
			return v, false, unreadable(err)
		}
		v.Answer = &job.Answer{Status: a.Status, Body: a.Body}
		return v, false, s.unlistJob(ctx, id, got.int(6))
	}
	return v, got.int(5) == 1, nil
}

// OpenJobs returns the jobs that somebody has to look at. See job.Store.
func (s *Store) OpenJobs(ctx context.Context) ([]string, error) {
	got, err := s.runOn(ctx, s.scripts.dueJobs, []string{jobsKey}, fields{})
	if err != nil {
		return nil, err
	}
	var ids []string
	for i, all := 0, got.list(1); i < len(all); i++ {
		ids = append(ids, all.text(i))
	}
	return ids, nil
}
