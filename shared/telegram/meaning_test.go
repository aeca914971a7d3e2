package telegram_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/telegram"
)

func TestMeaning(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status  int
		message string
		code    fault.Code
		after   time.Duration
		says    string
	}{
		{420, "FLOOD_WAIT_31", fault.FloodWait, 31 * time.Second, "Telegram asks to wait 31 seconds."},
		{420, "FLOOD_PREMIUM_WAIT_1", fault.FloodWait, time.Second, "Telegram asks to wait 1 second."},
		{420, "SLOWMODE_WAIT_600", fault.SlowMode, 10 * time.Minute, "in 10 minutes"},
		{420, "FLOOD_WAIT_54000", fault.FloodWait, 15 * time.Hour, "15 hours"},
		{400, "PEER_FLOOD", fault.PeerFlood, 0, "@SpamBot"},
		{403, "CHAT_WRITE_FORBIDDEN", fault.ChatWriteForbid, 0, "may not write"},
		{403, "USER_IS_BLOCKED", fault.UserIsBlocked, 0, "blocked"},
		{400, "USERNAME_NOT_OCCUPIED", fault.TargetNotFound, 0, "username"},
		{400, "PEER_ID_INVALID", fault.TargetNotFound, 0, "chat"},
		{400, "MESSAGE_TOO_LONG", fault.MessageTooLong, 0, "longer"},
		{400, "MESSAGE_ID_INVALID", fault.MessageIDInvalid, 0, "no such message"},
		{400, "ENTITY_BOUNDS_INVALID", fault.EntitiesInvalid, 0, "parse mode"},
		{400, "MEDIA_INVALID", fault.FileRefused, 0, "force_document"},
		{400, "PHOTO_INVALID_DIMENSIONS", fault.FileRefused, 0, "photo"},
		{400, "FILE_REFERENCE_2_EXPIRED", fault.TelegramError, 0, "Try again"},
		{400, "MEDIA_PREV_INVALID", fault.FileRefused, 0, "new message"},
		{403, "CHAT_SEND_PHOTOS_FORBIDDEN", fault.ChatWriteForbid, 0, "of this kind"},
		{401, "AUTH_KEY_UNREGISTERED", fault.ReauthRequired, 0, "Log in again"},
		{401, "SESSION_PASSWORD_NEEDED", fault.TelegramError, 0, "SESSION_PASSWORD_NEEDED"},
		{303, "USER_MIGRATE_4", fault.ReauthRequired, 0, "data centre"},
		{500, "RPC_CALL_FAIL", fault.TelegramError, 0, "problem of its own"},
		{-503, "Timeout", fault.TelegramError, 0, "problem of its own"},
		{400, "NOBODY_KNOWS_THIS_5", fault.TelegramError, 0, "NOBODY_KNOWS_THIS_5"},
		{400, "Strange <b>text</b>", fault.TelegramError, 0, "STRANGEBTEXTB"},
	} {
		e := tgerr.New(test.status, test.message)
		err := telegram.Meaning(e)
		f := fault.Of(err)
		if f.Code != test.code || f.RetryAfter != test.after || !strings.Contains(f.Message, test.says) {
			t.Errorf("%s: %s, after %v: %s", test.message, f.Code, f.RetryAfter, f.Message)
		}
		if got, ok := tgerr.As(err); !ok || got != e {
			t.Errorf("%s: Telegram's own error is not in the chain", test.message)
		}
		if !strings.HasSuffix(f.Message, ".") || strings.Contains(f.Message, "%!") {
			t.Errorf("%s: %q is no sentence", test.message, f.Message)
		}
		var fate *authorization.FateError
		if got := errors.As(err, &fate); got != (test.message == "AUTH_KEY_UNREGISTERED") {
			t.Errorf("%s: decides the login's fate: %v", test.message, got)
		}
	}
}
