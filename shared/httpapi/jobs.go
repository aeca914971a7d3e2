package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"telegram-client/shared/fault"
	"telegram-client/shared/job"
	"telegram-client/shared/message"
)

// Jobs take calls that nobody waits for. *job.Runner is one.
type Jobs interface {
	// Add takes a call and returns the id of its job. entry is which one it names, and same tells calls with the same key
	// apart. Fault: idempotency_key_reused.
	Add(ctx context.Context, c job.Call, entry string, same [32]byte) (string, error)
	// Look returns a job. Fault: unknown_job.
	Look(ctx context.Context, id string) (job.View, error)
}

// sendLater takes a call of send_messages that nobody waits for.
func sendLater(ctx context.Context, jobs Jobs, m *message.Send, came *arrival) (string, error) {
	c := job.Call{Verb: message.SendMessages, Body: came.body, Key: m.IdempotencyKey}
	size := c.Size()
	for _, f := range came.files {
		if f.Spooled != "" {
			st, err := os.Stat(f.Spooled)
			if err != nil {
				return "", fmt.Errorf("keep a file for later: %w", err)
			}
			size += inBase64(st.Size())
		}
		size += inBase64(int64(len(f.Data)))
	}
	if size > job.MaxBytes {
		return "", fault.At(fault.FileTooLarge, "file", "Files that come with a call which is not waited for have 4.5 MB in all: they have to be kept until then. Name a path or an http(s) address in file instead.")
	}
	for _, f := range came.files {
		if f.Spooled != "" {
			data, err := os.ReadFile(f.Spooled)
			if err != nil {
				return "", fmt.Errorf("keep a file for later: %w", err)
			}
			f = message.File{Data: data, Filename: f.Filename}
		}
		c.Files = append(c.Files, f)
	}
	return jobs.Add(ctx, c, m.EntryID, m.Hash())
}

// inBase64 is how long bytes are in the record of a job, whether they came in JSON or beside it.
func inBase64(n int64) int64 { return (n + 2) / 3 * 4 }

// Carry returns what carries out the calls that were taken before, as a job.Runner wants it: the answer is what whoever
// had waited would have got.
func Carry(sender Sender, s Settings) func(context.Context, job.Call) job.Answer {
	v, deadlines := sendVerb(sender), s.Deadlines.withDefaults()
	return func(ctx context.Context, c job.Call) job.Answer {
		begin := time.Now()
		ctx, cancel := context.WithTimeout(ctx, deadlines.Files)
		defer cancel()
		kept := &keptAnswer{header: http.Header{}}
		rec, r := &recorder{ResponseWriter: kept}, (&http.Request{}).WithContext(ctx)
		func() {
			defer func() {
				if p := recover(); p != nil {
					s.Log.Error("a job panicked", "service", string(c.Verb), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
					rec.fail(r, fmt.Errorf("a job panicked: %v", p))
				}
			}()
			if c.Verb != v.verb {
				rec.fail(r, fmt.Errorf("a job of %s", c.Verb))
			} else if err := v.answer(rec, r, deadlines, c.Body, message.Defaults{IdempotencyKey: c.Key, Files: c.Files}); err != nil {
				rec.fail(r, err)
			}
		}()
		answer := job.Answer{Status: cmp.Or(rec.status, http.StatusOK), Body: bytes.TrimSpace(kept.body.Bytes())}
		attrs := []slog.Attr{slog.String("service", string(c.Verb)), slog.Int("status", answer.Status), slog.Int64("ms", time.Since(begin).Milliseconds())}
		level := slog.LevelInfo
		if rec.err != nil {
			answer.Fault = faultOf(rec.err)
			attrs = append(attrs, slog.String("error_code", string(answer.Fault.Code)))
			if answer.Status >= 500 {
				level = slog.LevelError
				attrs = append(attrs, slog.Any("error", rec.err))
			}
		}
		s.Log.LogAttrs(ctx, level, "job", attrs...)
		return answer
	}
}

// keptAnswer is an answer that is read later.
type keptAnswer struct {
	header http.Header
	body   bytes.Buffer
}

func (k *keptAnswer) Header() http.Header         { return k.header }
func (k *keptAnswer) WriteHeader(int)             {}
func (k *keptAnswer) Write(b []byte) (int, error) { return k.body.Write(b) }

// jobRoute is where a job is looked at.
func jobRoute(s Settings) route {
	return route{pattern: "GET /jobs/{job_id}", deadline: s.Deadlines.withDefaults().Record, serve: func(w http.ResponseWriter, r *http.Request) error {
		id := r.PathValue("job_id")
		if s.Jobs == nil || !isJobID(id) {
			return job.Unknown()
		}
		v, err := s.Jobs.Look(r.Context(), id)
		if err != nil {
			return err
		}
		out := jobJSON{ID: v.ID, State: v.State, Bytes: v.Bytes}
		if v.Total >= 0 {
			out.Total = &v.Total
		}
		if v.Answer != nil {
			out.Status, out.Answer = &v.Answer.Status, v.Answer.Body
		}
		writeJSON(w, http.StatusOK, out)
		return nil
	}}
}

type jobJSON struct {
	ID     string          `json:"job_id"`
	State  job.State       `json:"state"`
	Bytes  int64           `json:"bytes"`
	Total  *int64          `json:"total"`
	Status *int            `json:"status"`
	Answer json.RawMessage `json:"answer"`
}

// isJobID reports whether a text can be the id of a job.
func isJobID(s string) bool {
	name, ok := strings.CutPrefix(s, "j_")
	return ok && len(name) == 26 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz234567") == ""
}
