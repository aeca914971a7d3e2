package telegram

import (
	"fmt"
	"strings"
	"time"

	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
)

// meaning is what an error of Telegram means to the person who runs Home Assistant.
type meaning struct {
	code     fault.Code
	sentence string
	fate     authorization.Fate // of the login; Fine for all that is about the call
}

// What several errors have in common.
var (
	unknownTarget = meaning{code: fault.TargetNotFound, sentence: "Telegram does not know this chat, or this account may not see it. Check the id or username; a bot can write to a person only after that person has written to it, and to a group only as its member."}
	unknownName   = meaning{code: fault.TargetNotFound, sentence: "Nobody at Telegram has this username. Check its spelling."}
	notAllowed    = meaning{code: fault.ChatWriteForbid, sentence: "This account may not write in this chat. Make it a member, and an administrator where only those may write."}
	mediaBarred   = meaning{code: fault.ChatWriteForbid, sentence: "This chat does not allow messages of this kind. Ask one of its administrators."}
	blocked       = meaning{code: fault.UserIsBlocked, sentence: "This person has blocked the account. Only the person can undo that."}
	noMessage     = meaning{code: fault.MessageIDInvalid, sentence: "There is no such message in this chat. It may have been deleted, or the id belongs to another chat."}
	notEditable   = meaning{code: fault.MessageIDInvalid, sentence: "This message cannot be edited: it is too old, or somebody else's."}
	tooLong       = meaning{code: fault.MessageTooLong, sentence: "The text is longer than Telegram allows."}
	badEntities   = meaning{code: fault.EntitiesInvalid, sentence: "Telegram does not accept the formatting of this text. Check the parse mode and that every mark is closed."}
	badButton     = meaning{code: fault.InvalidField, sentence: "Telegram does not accept a button of the keyboard. Check its text, its data (up to 64 bytes) and its address."}
	badReaction   = meaning{code: fault.InvalidField, sentence: "Telegram does not take this reaction here: the chat may allow others only, and custom emojis need Premium."}
	badSchedule   = meaning{code: fault.ScheduleInvalid, sentence: "Telegram does not take this time: it has to be in the future, and within a year."}
	badFile       = meaning{code: fault.FileRefused, sentence: "Telegram does not take this file. It may be broken; with force_document it is sent as it is."}
	badPhoto      = meaning{code: fault.FileRefused, sentence: "Telegram does not take this image for a photo. With force_document it is sent as it is."}
	fileForgotten = meaning{code: fault.TelegramError, sentence: "Telegram has forgotten the file before it was used. Try again."}
	notReplaced   = meaning{code: fault.FileRefused, sentence: "The file of this message cannot be replaced by this one: a text has none, and in an album photos and videos are replaced by such, others by their like. Send a new message."}
	loggedOut     = meaning{fault.ReauthRequired, "Telegram has ended this login. Log in again.", authorization.Ended}
	banned        = meaning{fault.ReauthRequired, "Telegram has banned or deleted this account. If that is wrong, ask Telegram: https://telegram.org/support.", authorization.Ended}
	duplicated    = meaning{fault.SenderResting, "Telegram saw this login used over two connections at once and may have ended it. It rests for a moment and is then tried again; if that fails, log in again.", authorization.Duplicated}
	wrongApp      = meaning{code: fault.Misconfigured, sentence: "Telegram does not accept the API ID of this entry. Remove the entry and set it up with an API ID of your own from https://my.telegram.org/apps."}
	moved         = meaning{code: fault.ReauthRequired, sentence: "Telegram keeps this account in another data centre now. Log in again."}
	frozen        = meaning{code: fault.TelegramError, sentence: "Telegram has frozen this account. Open Telegram's app and appeal there; until then it can only read."}
	busy          = meaning{code: fault.TelegramError, sentence: "Telegram has a problem of its own. Try again in a moment."}
)

// meanings are the errors of Telegram by their type. What is not here is telegram_error with Telegram's own code.
// https://core.telegram.org/api/errors
var meanings = map[string]meaning{
	"FLOOD_WAIT":         {code: fault.FloodWait, sentence: "Telegram asks to wait %s."},
	"FLOOD_PREMIUM_WAIT": {code: fault.FloodWait, sentence: "Telegram asks to wait %s."},
	"SLOWMODE_WAIT":      {code: fault.SlowMode, sentence: "This chat is in slow mode: the next message can be sent in %s."},
	"PEER_FLOOD":         {code: fault.PeerFlood, sentence: "Telegram limits this account because of complaints about it. Ask @SpamBot in Telegram how long."},

	"USERNAME_NOT_OCCUPIED":       unknownName,
	"USERNAME_INVALID":            {code: fault.TargetNotFound, sentence: "This cannot be a username. Usernames have letters, digits and underscores."},
	"PEER_ID_INVALID":             unknownTarget,
	"PEER_ID_NOT_SUPPORTED":       unknownTarget,
	"CHAT_ID_INVALID":             unknownTarget,
	"CHANNEL_INVALID":             unknownTarget,
	"CHANNEL_PRIVATE":             unknownTarget,
	"CHANNEL_PUBLIC_GROUP_NA":     unknownTarget,
	"USER_ID_INVALID":             unknownTarget,
	"CHAT_FORBIDDEN":              unknownTarget,
	"INPUT_USER_DEACTIVATED":      {code: fault.TargetNotFound, sentence: "This person has deleted their Telegram account."},
	"USER_IS_BLOCKED":             blocked,
	"YOU_BLOCKED_USER":            {code: fault.UserIsBlocked, sentence: "This account has blocked the person. Unblock them in Telegram first."},
	"BOT_BLOCKED":                 blocked,
	"USER_IS_BOT":                 {code: fault.ChatWriteForbid, sentence: "A bot cannot write to another bot."},
	"USER_BOT_INVALID":            {code: fault.ChatWriteForbid, sentence: "Only a bot can do this."},
	"BOT_METHOD_INVALID":          {code: fault.ChatWriteForbid, sentence: "A bot cannot do this. Use an entry of a user's account."},
	"CHAT_WRITE_FORBIDDEN":        notAllowed,
	"CHAT_ADMIN_REQUIRED":         notAllowed,
	"CHAT_RESTRICTED":             notAllowed,
	"CHAT_GUEST_SEND_FORBIDDEN":   notAllowed,
	"CHAT_SEND_PLAIN_FORBIDDEN":   mediaBarred,
	"CHAT_SEND_MEDIA_FORBIDDEN":   mediaBarred,
	"CHAT_SEND_PHOTOS_FORBIDDEN":  mediaBarred,
	"CHAT_SEND_VIDEOS_FORBIDDEN":  mediaBarred,
	"CHAT_SEND_AUDIOS_FORBIDDEN":  mediaBarred,
	"CHAT_SEND_VOICES_FORBIDDEN":  mediaBarred,
	"CHAT_SEND_DOCS_FORBIDDEN":    mediaBarred,
	"CHAT_SEND_GIFS_FORBIDDEN":    mediaBarred,
	"VOICE_MESSAGES_FORBIDDEN":    {code: fault.ChatWriteForbid, sentence: "This person takes no voice messages. With force_document the sound is sent as a file."},
	"USER_BANNED_IN_CHANNEL":      {code: fault.ChatWriteForbid, sentence: "This account is banned from writing in groups and channels. Ask @SpamBot in Telegram why."},
	"USER_NOT_PARTICIPANT":        notAllowed,
	"USER_PRIVACY_RESTRICTED":     {code: fault.ChatWriteForbid, sentence: "This person's privacy settings do not allow it."},
	"PRIVACY_PREMIUM_REQUIRED":    {code: fault.ChatWriteForbid, sentence: "This person takes messages from contacts and Premium accounts only."},
	"ALLOW_PAYMENT_REQUIRED":      {code: fault.ChatWriteForbid, sentence: "This chat takes paid messages only."},
	"MESSAGE_DELETE_FORBIDDEN":    {code: fault.ChatWriteForbid, sentence: "This account may not delete this message."},
	"MESSAGE_EMPTY":               {code: fault.InvalidField, sentence: "The message has no text."},
	"MESSAGE_TOO_LONG":            tooLong,
	"MEDIA_CAPTION_TOO_LONG":      tooLong,
	"QUERY_ID_INVALID":            {code: fault.NotFound, sentence: "This query was answered already, or it is too old to be answered."},
	"MESSAGE_ID_INVALID":          noMessage,
	"MSG_ID_INVALID":              noMessage,
	"REPLY_MESSAGE_ID_INVALID":    {code: fault.MessageIDInvalid, sentence: "The message to reply to does not exist in this chat."},
	"REPLY_TO_INVALID":            {code: fault.MessageIDInvalid, sentence: "The message to reply to does not exist in this chat."},
	"MESSAGE_EDIT_TIME_EXPIRED":   notEditable,
	"MESSAGE_AUTHOR_REQUIRED":     notEditable,
	"MESSAGE_NOT_MODIFIED":        {code: fault.TelegramError, sentence: "The message is already as it would be after this edit (MESSAGE_NOT_MODIFIED)."},
	"ENTITY_BOUNDS_INVALID":       badEntities,
	"ENTITIES_TOO_LONG":           badEntities,
	"ENTITY_MENTION_USER_INVALID": badEntities,
	"BUTTON_DATA_INVALID":         badButton,
	"BUTTON_INVALID":              badButton,
	"BUTTON_TEXT_INVALID":         badButton,
	"BUTTON_TYPE_INVALID":         badButton,
	"BUTTON_URL_INVALID":          badButton,
	"REPLY_MARKUP_INVALID":        badButton,
	"REPLY_MARKUP_TOO_LONG":       badButton,

	"MEDIA_EMPTY":               badFile,
	"MEDIA_INVALID":             badFile,
	"MEDIA_FILE_INVALID":        badFile,
	"MEDIA_TYPE_INVALID":        badFile,
	"DOCUMENT_INVALID":          badFile,
	"VIDEO_FILE_INVALID":        badFile,
	"FILE_CONTENT_TYPE_INVALID": badFile,
	"FILE_PARTS_INVALID":        badFile,
	"FILE_PART_MISSING":         fileForgotten,
	"FILE_REFERENCE_EXPIRED":    fileForgotten,
	"FILE_REFERENCE_INVALID":    fileForgotten,
	"FILE_REFERENCE_EMPTY":      fileForgotten,
	"IMAGE_PROCESS_FAILED":      badPhoto,
	"PHOTO_INVALID":             badPhoto,
	"PHOTO_INVALID_DIMENSIONS":  badPhoto,
	"PHOTO_SAVE_FILE_INVALID":   badPhoto,
	"PHOTO_EXT_INVALID":         badPhoto,
	"MEDIA_PREV_INVALID":        notReplaced,
	"MEDIA_NEW_INVALID":         notReplaced,
	"MEDIA_GROUPED_INVALID":     notReplaced,

	"REACTION_INVALID":         badReaction,
	"REACTION_EMPTY":           badReaction,
	"REACTIONS_TOO_MANY":       badReaction,
	"CHAT_FORWARDS_RESTRICTED": {code: fault.ChatWriteForbid, sentence: "Messages of this chat must not be forwarded."},
	"PIN_RESTRICTED":           {code: fault.ChatWriteForbid, sentence: "This account may not pin messages here."},
	"SCHEDULE_BOT_NOT_ALLOWED": {code: fault.BotCannotSchedule, sentence: "Telegram lets only users schedule messages."},
	"SCHEDULE_DATE_INVALID":    badSchedule,
	"SCHEDULE_DATE_TOO_LATE":   badSchedule,
	"SCHEDULE_TOO_MUCH":        {code: fault.ScheduleInvalid, sentence: "This chat has 100 scheduled messages already, which is as many as Telegram keeps."},
	"TOPIC_CLOSED":             {code: fault.ChatWriteForbid, sentence: "This topic is closed. Ask one of the administrators of the forum."},
	"TOPIC_DELETED":            {code: fault.MessageIDInvalid, sentence: "This topic was deleted."},

	"AUTH_KEY_UNREGISTERED": loggedOut,
	"AUTH_KEY_INVALID":      loggedOut,
	"AUTH_KEY_PERM_EMPTY":   loggedOut,
	"SESSION_REVOKED":       {fault.ReauthRequired, "This login was ended in Telegram (Settings, Devices). Log in again.", authorization.Ended},
	"SESSION_EXPIRED":       loggedOut,
	"USER_DEACTIVATED":      banned,
	"USER_DEACTIVATED_BAN":  banned,
	"AUTH_KEY_DUPLICATED":   duplicated,

	"API_ID_INVALID":         wrongApp,
	"API_ID_PUBLISHED_FLOOD": wrongApp,
	"PHONE_MIGRATE":          moved,
	"USER_MIGRATE":           moved,
	"NETWORK_MIGRATE":        moved,
	"FROZEN_METHOD_INVALID":  frozen,
	"INTERNAL_SERVER_ERROR":  busy,
	"RPC_CALL_FAIL":          busy,
	"RPC_MCGET_FAIL":         busy,
	"WORKER_BUSY_TOO_LONG":   busy,
	"TIMEDOUT":               busy,
}

// Meaning returns the fault that an error of Telegram means; it wraps the error, and with it stands the
// [authorization.FateError] if the login's fate is decided.
func Meaning(e *tgerr.Error) error {
	m, ok := meanings[e.Type]
	switch {
	case ok:
	case e.Code == 401 && e.Type != "SESSION_PASSWORD_NEEDED":
		m = loggedOut
	case e.Code == 420:
		m = meanings["FLOOD_WAIT"]
	case e.Code >= 500 || e.Code < 0:
		m = busy
	default:
		m = meaning{code: fault.TelegramError, sentence: "Telegram refused this: " + printable(e.Message) + "."}
	}
	f := fault.New(m.code, "%s", m.sentence)
	if strings.Contains(m.sentence, "%s") {
		wait := time.Duration(e.Argument) * time.Second
		f = fault.New(m.code, m.sentence, spoken(wait)).After(wait)
	}
	if m.fate == authorization.Duplicated {
		f = f.After(time.Minute)
	}
	f = f.Because(e)
	if m.fate != authorization.Fine {
		return &authorization.FateError{Fate: m.fate, Err: f}
	}
	return f
}

// printable returns a code of Telegram's as it may stand in a sentence.
func printable(code string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return -1
	}, strings.ToUpper(code[:min(len(code), 100)]))
}

// spoken says a time to wait: "31 seconds", "34 minutes".
func spoken(d time.Duration) string {
	n, unit := int(d/time.Second), "second"
	if n >= 120 {
		n, unit = (n+59)/60, "minute"
	}
	if n >= 120 && unit == "minute" {
		n, unit = (n+59)/60, "hour"
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}
