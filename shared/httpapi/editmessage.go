package httpapi

import (
	"context"
	"net/http"

	"telegram-client/shared/entry"
	"telegram-client/shared/message"
	"telegram-client/shared/peer"
	"telegram-client/shared/service"
)

// An Editor carries out calls of edit_message. *service.Service is one.
type Editor interface {
	EditMessage(ctx context.Context, m message.Edit) (*service.EditAnswer, error)
}

// EditMessage returns the API of the function editmessage.
func EditMessage(editor Editor, s Settings) *API {
	return newAPI(s, fileVerb[message.Edit, *service.EditAnswer]{
		verb: message.EditMessage, parse: message.ParseEdit, hasFiles: (*message.Edit).HasFiles, carry: editor.EditMessage, write: writeEdited,
	}.route(s))
}

func writeEdited(w http.ResponseWriter, _ *http.Request, a *service.EditAnswer) {
	writeJSON(w, http.StatusOK, struct {
		OK        bool     `json:"ok"`
		DryRun    bool     `json:"dry_run,omitempty"`
		EntryID   entry.ID `json:"config_entry_id"`
		ChatID    *peer.ID `json:"chat_id"`
		MessageID int      `json:"message_id"`
		Date      *string  `json:"date"`
		Modified  bool     `json:"modified"`
		Scheduled *string  `json:"scheduled,omitempty"`
	}{true, a.DryRun, a.Entry, chatJSON(a.ChatID), a.MessageID, isoTime(a.Date), a.Modified, zonedTime(a.Scheduled)})
}
