package redisstore

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"telegram-client/shared/fault"
	"telegram-client/shared/job"
	messages "telegram-client/shared/message"
)

var _ job.Store = (*Store)(nil)

const (
	// jobLife is how long a job is kept.
	jobLife = 24 * time.Hour
	// jobStart is how long whoever is told to start a job has for it.
	jobStart = 15 * time.Second
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
func (s *Store) PutJob(ctx context.Context, id string, c job.Call, same [32]byte) (start bool, err error) {
	rec := jobRecord{Verb: c.Verb, Body: c.Body, Key: c.Key}
	for _, f := range c.Files {
		rec.Files = append(rec.Files, jobFile{f.Data, f.Filename})
	}
	blob, err := s.sealJSON(jobKey(id), rec)
	if err != nil {
		return false, err
	}
	got, err := s.runOn(ctx, s.scripts.putJob, []string{jobKey(id)}, fields{
		"body": s.ring.Name("job body", hex.EncodeToString(same[:])), "life": jobLife.Milliseconds(), "start": jobStart.Milliseconds()}, blob)
	if err != nil {
		return false, err
	}
	switch got.word() {
	case "new":
		return true, s.listJob(ctx, id)
	case "there":
		return got.int(1) == 1, nil
	case "reused":
		return false, fault.At(fault.KeyReused, "idempotency_key", "This idempotency key was used for another call. Use a new one.")
	}
	return false, s.unexpected(s.scripts.putJob, got)
}

// listJob notes a job for whoever takes up what a former process has left, and forgets those that are no longer kept.
func (s *Store) listJob(ctx context.Context, id string) error {
	now := s.now()
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.ZRemRangeByScore(ctx, jobsKey, "-inf", strconv.FormatInt(now.Add(-jobLife).UnixMilli(), 10))
		p.ZAdd(ctx, jobsKey, redis.Z{Score: float64(now.UnixMilli()), Member: id})
		return nil
	})
	return s.failedUnlessNil(ctx, "list a job", err)
}

// DropJob forgets a job that nobody has begun.
func (s *Store) DropJob(ctx context.Context, id string) (bool, error) {
	got, err := s.runOn(ctx, s.scripts.dropJob, []string{jobKey(id)}, fields{})
	if err != nil || got.word() != "dropped" {
		return false, err
	}
	return true, s.unlistJob(ctx, id)
}

func (s *Store) unlistJob(ctx context.Context, id string) error {
	return s.failedUnlessNil(ctx, "unlist a job", s.client.ZRem(ctx, jobsKey, id).Err())
}

// ClaimJob takes a job to carry it out. See job.Store.
func (s *Store) ClaimJob(ctx context.Context, id, nonce string, d time.Duration) (job.Claim, error) {
	got, err := s.runOn(ctx, s.scripts.claimJob, []string{jobKey(id)},
		fields{"nonce": nonce, "claim": d.Milliseconds(), "holder": s.holder, "sole": s.sole})
	if err != nil {
		return job.Claim{}, err
	}
	switch got.word() {
	case "claimed":
	case "busy":
		return job.Claim{Busy: got.millis(1)}, nil
	case "done", "unknown":
		return job.Claim{}, s.unlistJob(ctx, id)
	default:
		return job.Claim{}, s.unexpected(s.scripts.claimJob, got)
	}
	var rec jobRecord
	if err := s.openJSON(jobKey(id), got.bytes(1), &rec); err != nil {
		return job.Claim{}, unreadable(err)
	}
	c := job.Claim{Call: &job.Call{Verb: rec.Verb, Body: rec.Body, Key: rec.Key}, Attempt: int(got.int(2)), Age: got.millis(3)}
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
	if _, err := s.runOn(ctx, s.scripts.endJob, []string{jobKey(id)}, fields{"nonce": nonce, "done": true, "again": again,
		"bytes": strconv.FormatInt(p.Bytes, 10), "total": strconv.FormatInt(p.Total, 10)}, blob); err != nil {
		return err
	}
	return s.unlistJob(ctx, id)
}

// LeaveJob gives a claim back.
func (s *Store) LeaveJob(ctx context.Context, id, nonce string) error {
	_, err := s.runOn(ctx, s.scripts.endJob, []string{jobKey(id)}, fields{"nonce": nonce, "done": false})
	return err
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
	}
	return v, got.int(5) == 1, nil
}

// OpenJobs returns the jobs that are not done, the oldest first, as far as is known: see PutJob.
func (s *Store) OpenJobs(ctx context.Context) ([]string, error) {
	ids, err := s.client.ZRange(ctx, jobsKey, 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("open jobs: %w", s.failed(ctx, "open jobs", err))
	}
	return ids, nil
}
