package httpapi

import (
	"context"
	"net/http"
	"time"

	"telegram-client/shared/message"
	"telegram-client/shared/peer"
	"telegram-client/shared/service"
)

// A Sender carries out the verbs of the function sendmessages. *service.Service is one. Its errors are faults that
// concern the call as a whole, and nothing was sent.
type Sender interface {
	SendMessages(ctx context.Context, m message.Send) (*service.Answer, error)
	ForwardMessages(ctx context.Context, m message.Forward) (*service.Answer, error)
	SendReaction(ctx context.Context, m message.Reaction) (*service.Done, error)
	// PinMessage pins and unpins.
	PinMessage(ctx context.Context, m message.Pin) (*service.Done, error)
	SendChatAction(ctx context.Context, m message.ChatAction) (*service.Done, error)
	MarkRead(ctx context.Context, m message.Read) (*service.Done, error)
	AnswerCallbackQuery(ctx context.Context, m message.CallbackAnswer) (*service.Done, error)
}

// SendMessages returns the API of the function sendmessages.
func SendMessages(sender Sender, s Settings) *API {
	return newAPI(s,
		sendVerb(sender).route(s),
		serviceRoute(message.ForwardMessages, s, message.ParseForward, sender.ForwardMessages, writeSent),
		serviceRoute(message.SendReaction, s, unkeyed(message.ParseReaction), sender.SendReaction, writeDone),
		serviceRoute(message.PinMessage, s, unkeyed(message.ParsePin), sender.PinMessage, writeDone),
		serviceRoute(message.UnpinMessage, s, unkeyed(message.ParseUnpin), sender.PinMessage, writeDone),
		serviceRoute(message.SendChatAction, s, unkeyed(message.ParseChatAction), sender.SendChatAction, writeDone),
		serviceRoute(message.MarkRead, s, unkeyed(message.ParseRead), sender.MarkRead, writeDone),
		serviceRoute(message.AnswerCallbackQuery, s, unkeyed(message.ParseCallbackAnswer), sender.AnswerCallbackQuery, writeDone),
		jobRoute(s),
	)
}

func sendVerb(sender Sender) fileVerb[message.Send, *service.Answer] {
	return fileVerb[message.Send, *service.Answer]{
		verb: message.SendMessages, parse: message.ParseSend, hasFiles: (*message.Send).HasFiles, carry: sender.SendMessages, write: writeSent,
		// What is only checked is answered at once: there is nothing to wait for.
		noWait: func(m *message.Send) bool { return m.NoWait && !m.DryRun }, later: sendLater,
	}
}

// sentJSON is the result of a target to which all was sent.
type sentJSON struct {
	Target     peer.Target `json:"target"`
	OK         bool        `json:"ok"`
	ChatID     peer.ID     `json:"chat_id"`
	MessageIDs []int       `json:"message_ids"`
	Date       *string     `json:"date"`
	Scheduled  *string     `json:"scheduled"`
}

func writeSent(w http.ResponseWriter, r *http.Request, a *service.Answer) {
	writeAnswer(w, r, a, func(t *service.Result) resultJSON {
		return sentJSON{t.Target, true, t.ChatID, append([]int{}, t.MessageIDs...), isoTime(t.Date), zonedTime(t.Scheduled)}
	})
}

// zonedTime is ISO 8601 in the time's own zone, null for none: what a schedule was taken for is said in the zone of Home
// Assistant.
func zonedTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.Format("2006-01-02T15:04:05-07:00")
	return &s
}
