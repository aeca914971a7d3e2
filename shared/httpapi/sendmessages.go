package httpapi

import (
	"context"
	"net/http"

	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/message"
	"telegram-client/shared/peer"
	"telegram-client/shared/service"
)

// A Sender carries out calls of send_messages. *service.Service is one.
type Sender interface {
	// SendMessages sends to each target; its error is a fault that concerns the call as a whole and nothing was sent.
	SendMessages(ctx context.Context, m message.Send) (*service.SendAnswer, error)
}

// SendMessages returns the API of the function sendmessages.
func SendMessages(sender Sender, s Settings) *API {
	return newAPI(s, route{"POST /services/telegram_client/send_messages", s.Deadlines.withDefaults().Text, func(w http.ResponseWriter, r *http.Request) error {
		body, _, err := readObject(r)
		if err != nil {
			return err
		}
		call, faults := message.ParseSend(body, message.Defaults{IdempotencyKey: r.Header.Get("Idempotency-Key")})
		if len(faults) > 0 {
			return badCall(w, r, faults)
		}
		answer, err := sender.SendMessages(r.Context(), call)
		if err != nil {
			return err
		}
		writeSent(w, r, answer)
		return nil
	}, false})
}

// badCall says everything that is wrong with a call: the first fault as the error, and all of them beside it if there
// are several.
func badCall(w http.ResponseWriter, r *http.Request, faults []*fault.Fault) error {
	if len(faults) == 1 {
		return faults[0]
	}
	body := struct {
		failure
		Errors []*wireFault `json:"errors"`
	}{failure: failure{Error: newWireFault(faults[0])}}
	for _, f := range faults {
		body.Errors = append(body.Errors, newWireFault(f))
	}
	failWith(w, r, faults[0], body)
	return nil
}

type sentJSON struct {
	OK      bool         `json:"ok"`
	Error   *wireFault   `json:"error,omitempty"`
	DryRun  bool         `json:"dry_run,omitempty"`
	EntryID entry.ID     `json:"config_entry_id"`
	Results []resultJSON `json:"results"`
}

// resultJSON is what became of one target: okJSON or failedJSON.
type resultJSON any

type okJSON struct {
	Target     peer.Target `json:"target"`
	OK         bool        `json:"ok"`
	ChatID     peer.ID     `json:"chat_id"`
	MessageIDs []int       `json:"message_ids"`
	Date       *string     `json:"date"`
	Scheduled  *string     `json:"scheduled"`
}

type failedJSON struct {
	Target peer.Target `json:"target"`
	OK     bool        `json:"ok"`
	Error  *wireFault  `json:"error"`
	// MessageIDs are the parts of a text that were sent before one failed.
	MessageIDs []int `json:"message_ids,omitempty"`
}

// writeSent writes what became of each target: 200 if all is well, 207 if some is, else the status of the first fault.
// A fault that ended the call before all had their turn is its status whatever was sent.
func writeSent(w http.ResponseWriter, r *http.Request, a *service.SendAnswer) {
	out := sentJSON{OK: a.Fault == nil, DryRun: a.DryRun, EntryID: a.Entry, Results: []resultJSON{}}
	first, succeeded := a.Fault, false
	for _, t := range a.Results {
		if t.Fault != nil {
			out.OK = false
			out.Results = append(out.Results, failedJSON{t.Target, false, newWireFault(t.Fault), t.MessageIDs})
			if first == nil {
				first = t.Fault
			}
			continue
		}
		succeeded = true
		ids := t.MessageIDs
		if ids == nil {
			ids = []int{}
		}
		out.Results = append(out.Results, okJSON{t.Target, true, t.ChatID, ids, isoTime(t.Date), nil})
	}
	switch {
	case out.OK:
		writeJSON(w, http.StatusOK, out)
	case a.Fault == nil && succeeded:
		writeJSON(w, http.StatusMultiStatus, out)
	default:
		out.Error = newWireFault(first)
		failWith(w, r, first, out)
	}
}
