package message

import (
	"encoding/json"

	"github.com/gotd/td/tg"

	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
)

// chatActions are what an account can be shown to be doing, in the order of the list.
var chatActions = []struct {
	name string
	make func() tg.SendMessageActionClass
}{
	{"typing", func() tg.SendMessageActionClass { return &tg.SendMessageTypingAction{} }},
	{"cancel", func() tg.SendMessageActionClass { return &tg.SendMessageCancelAction{} }},
	{"record_voice", func() tg.SendMessageActionClass { return &tg.SendMessageRecordAudioAction{} }},
	{"upload_voice", func() tg.SendMessageActionClass { return &tg.SendMessageUploadAudioAction{} }},
	{"record_video", func() tg.SendMessageActionClass { return &tg.SendMessageRecordVideoAction{} }},
	{"upload_video", func() tg.SendMessageActionClass { return &tg.SendMessageUploadVideoAction{} }},
	{"record_video_note", func() tg.SendMessageActionClass { return &tg.SendMessageRecordRoundAction{} }},
	{"upload_video_note", func() tg.SendMessageActionClass { return &tg.SendMessageUploadRoundAction{} }},
	{"upload_photo", func() tg.SendMessageActionClass { return &tg.SendMessageUploadPhotoAction{} }},
	{"upload_document", func() tg.SendMessageActionClass { return &tg.SendMessageUploadDocumentAction{} }},
	{"choose_sticker", func() tg.SendMessageActionClass { return &tg.SendMessageChooseStickerAction{} }},
	{"choose_contact", func() tg.SendMessageActionClass { return &tg.SendMessageChooseContactAction{} }},
	{"find_location", func() tg.SendMessageActionClass { return &tg.SendMessageGeoLocationAction{} }},
	{"play_game", func() tg.SendMessageActionClass { return &tg.SendMessageGamePlayAction{} }},
}

func chatActionNames() []string {
	var names []string
	for _, a := range chatActions {
		names = append(names, a.name)
	}
	return names
}

// chatAction returns the action of a name; typing if it is empty.
func chatAction(name string) tg.SendMessageActionClass {
	for _, a := range chatActions {
		if a.name == name {
			return a.make()
		}
	}
	return chatActions[0].make()
}

// A ChatAction is a call of send_chat_action.
type ChatAction struct {
	EntryID string // empty: the oldest entry
	Target  peer.Target
	Action  string // one of a list; empty: typing
	Topic   int    // 0: none
	DryRun  bool
}

// ParseChatAction reads a call of send_chat_action. The call is good only if there are no faults.
func ParseChatAction(body json.RawMessage) (ChatAction, []*fault.Fault) {
	r, ok := newReader(SendChatAction, body)
	if !ok {
		return ChatAction{}, r.faults
	}
	c := ChatAction{
		Target: r.oneOf("target_username", "target_id", true),
		Action: r.choice("action"),
		Topic:  r.messageID("topic"),
		DryRun: r.flag("dry_run", false),
	}
	c.EntryID, _ = r.text("config_entry_id")
	return c, r.faults
}

// Plan returns the request that shows what the account is doing.
func (c *ChatAction) Plan(to tg.InputPeerClass) *tg.MessagesSetTypingRequest {
	r := &tg.MessagesSetTypingRequest{Peer: to, Action: chatAction(c.Action), TopMsgID: c.Topic}
	r.SetFlags()
	return r
}
