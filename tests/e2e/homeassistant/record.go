package homeassistant

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A Record is what an automation has handed over to record.append.
type Record struct {
	At    float64 `json:"at"`    // Unix time
	Name  string  `json:"name"`  // as the automation says
	Event Event   `json:"event"` // what triggered it
	// Line is all of it, as it stands in the file.
	Line json.RawMessage `json:"-"`
}

// An Event is what of an event tests look at.
type Event struct {
	Type    string `json:"event_type"` // empty on the event bus, where it is no part of the data
	ID      string `json:"event_id"`
	EntryID string `json:"config_entry_id"`
	ChatID  int64  `json:"chat_id"`
	// SenderID and UserID are who did it: each is in some of the events.
	SenderID int64 `json:"sender_id"`
	UserID   int64 `json:"user_id"`
	Attempt  int   `json:"attempt"`
	Message  struct {
		Message string `json:"message"`
	} `json:"message"`
}

// Recorded returns what was recorded, in order, over all restarts.
func (h *Home) Recorded() ([]Record, error) {
	text, err := os.ReadFile(filepath.Join(h.dir, "record.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the record: %w", err)
	}
	var all []Record
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // it is being written
		}
		r := Record{Line: line}
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("line %d of the record: %w", len(all)+1, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// WaitRecorded waits until what was recorded is enough, and returns it.
func (h *Home) WaitRecorded(ctx context.Context, what string, enough func([]Record) bool) ([]Record, error) {
	var all []Record
	err := until(ctx, what, func() (bool, error) {
		var err error
		all, err = h.Recorded()
		return err == nil && enough(all), err
	})
	return all, err
}

// until asks again and again: another process does not say when something has happened.
func until(ctx context.Context, what string, reached func() (bool, error)) error {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		ok, err := reached()
		if err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
}
