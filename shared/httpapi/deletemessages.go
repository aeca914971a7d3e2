package httpapi

import (
	"context"
	"net/http"

	"telegram-client/shared/message"
	"telegram-client/shared/peer"
	"telegram-client/shared/service"
)

// A Deleter carries out calls of delete_messages. *service.Service is one.
type Deleter interface {
	DeleteMessages(ctx context.Context, m message.Delete) (*service.Answer, error)
}

// DeleteMessages returns the API of the function deletemessages.
func DeleteMessages(deleter Deleter, s Settings) *API {
	return newAPI(s, serviceRoute(message.DeleteMessages, s, unkeyed(message.ParseDelete), deleter.DeleteMessages, writeDeleted))
}

// deletedJSON is the result of a target in which all was deleted.
type deletedJSON struct {
	Target     whomJSON `json:"target"`
	OK         bool     `json:"ok"`
	ChatID     *peer.ID `json:"chat_id"`
	MessageIDs []int    `json:"message_ids"`
}

func writeDeleted(w http.ResponseWriter, r *http.Request, a *service.Answer) {
	writeAnswer(w, r, a, func(t *service.Result) resultJSON {
		return deletedJSON{whomJSON(t.Target), true, chatJSON(t.ChatID), append([]int{}, t.MessageIDs...)}
	})
}
