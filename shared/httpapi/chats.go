package httpapi

import (
	"context"
	"encoding/json"
	"net/http"

	"telegram-client/shared/message"
	"telegram-client/shared/peer"
	"telegram-client/shared/service"
)

// A Reader carries out the verbs of the function chats. *service.Service is one.
type Reader interface {
	GetChats(ctx context.Context, m message.Chats) (*service.Chats, error)
	GetMessages(ctx context.Context, m message.Messages) (*service.Messages, error)
	DownloadMedia(ctx context.Context, m message.Download, receive service.Receiver) (*service.Downloaded, error)
}

// Chats returns the API of the function chats.
func Chats(reader Reader, s Settings) *API {
	return newAPI(s,
		serviceRoute(message.GetChats, s, unkeyed(message.ParseChats), reader.GetChats, writeChats),
		serviceRoute(message.GetMessages, s, unkeyed(message.ParseMessages), reader.GetMessages, writeMessages),
		downloadRoute(reader, s),
	)
}

type aChatJSON struct {
	ID       peer.ID `json:"chat_id"`
	Kind     string  `json:"kind"`
	Title    string  `json:"title"`
	Username *string `json:"username"`
}

// textOrNull is null for no text.
func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func writeChats(w http.ResponseWriter, _ *http.Request, found *service.Chats) {
	chats := []aChatJSON{}
	for _, c := range found.Chats {
		chats = append(chats, aChatJSON{c.ID, c.Kind, c.Title, textOrNull(c.Username)})
	}
	writeJSON(w, http.StatusOK, struct {
		OK    bool        `json:"ok"`
		Chats []aChatJSON `json:"chats"`
		Next  *string     `json:"next"`
	}{true, chats, textOrNull(found.Next)})
}

func writeMessages(w http.ResponseWriter, _ *http.Request, found *service.Messages) {
	writeJSON(w, http.StatusOK, struct {
		OK       bool              `json:"ok"`
		Messages []json.RawMessage `json:"messages"`
		Next     *string           `json:"next"`
	}{true, found.Messages, textOrNull(found.Next)})
}
