package event

import (
	"testing"

	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
)

func TestRead_Typing(t *testing.T) {
	t.Parallel()
	flags := []string{"audio", "cancel", "contact", "document", "geo", "photo", "playing", "recording", "round", "sticker", "typing", "uploading", "video"}
	for _, c := range []struct {
		action tg.SendMessageActionClass
		set    []string
	}{
		{&tg.SendMessageTypingAction{}, []string{"typing"}},
		{&tg.SendMessageCancelAction{}, []string{"cancel"}},
		{&tg.SendMessageGamePlayAction{}, []string{"playing"}},
		{&tg.SendMessageGeoLocationAction{}, []string{"geo"}},
		{&tg.SendMessageChooseContactAction{}, []string{"contact", "uploading"}},
		{&tg.SendMessageChooseStickerAction{}, []string{"sticker", "uploading"}},
		{&tg.SendMessageUploadDocumentAction{Progress: 5}, []string{"document", "uploading"}},
		{&tg.SendMessageUploadPhotoAction{}, []string{"photo", "uploading"}},
		{&tg.SendMessageUploadAudioAction{}, []string{"audio", "uploading"}},
		{&tg.SendMessageUploadVideoAction{}, []string{"video", "uploading"}},
		{&tg.SendMessageUploadRoundAction{}, []string{"round", "uploading"}},
		{&tg.SendMessageRecordAudioAction{}, []string{"audio", "recording"}},
		{&tg.SendMessageRecordVideoAction{}, []string{"recording", "video"}},
		{&tg.SendMessageRecordRoundAction{}, []string{"recording", "round"}},
		{&tg.SpeakingInGroupCallAction{}, nil},
		{&tg.SendMessageHistoryImportAction{}, nil},
		{&tg.SendMessageEmojiInteractionSeen{}, nil},
	} {
		want := map[string]string{"status": "null", "last_seen": "null", "until": "null", "online": "null", "recently": "null",
			"within_weeks": "null", "within_months": "null"}
		for _, flag := range flags {
			want[flag] = "false"
		}
		for _, flag := range c.set {
			want[flag] = "true"
		}
		who := map[string]string{"sender_id": "1001", "user_id": "1001", "input_user": `{"user_id":1001,"access_hash":-7}`}
		check(t, map[string]row{
			c.action.TypeName(): {&tg.UpdateUserTyping{UserID: 1001, Action: c.action}, filter.UserUpdate, with(with(inAlice, who), want)},
			c.action.TypeName() + " in a group": {&tg.UpdateChatUserTyping{ChatID: 5001, FromID: aliceTL, Action: c.action}, filter.UserUpdate,
				with(with(inChat, who), want)},
			c.action.TypeName() + " in a supergroup": {&tg.UpdateChannelUserTyping{ChannelID: 1400000001, FromID: aliceTL, Action: c.action}, filter.UserUpdate,
				with(with(inMeg, who), want)},
		})
	}
	check(t, map[string]row{
		"an anonymous admin": {&tg.UpdateChannelUserTyping{ChannelID: 1400000001, FromID: megaTL, Action: &tg.SendMessageTypingAction{}}, filter.UserUpdate,
			with(inMeg, map[string]string{"sender_id": "-1001400000001", "user_id": "-1001400000001", "input_user": `{"channel_id":1400000001,"access_hash":400}`, "action": "{}"})},
		"a stranger": {&tg.UpdateUserTyping{UserID: 1009, Action: &tg.SendMessageUploadPhotoAction{Progress: 5}}, filter.UserUpdate,
			map[string]string{"user": "null", "user_id": "1009", "input_user": "null", "is_private": "true", "action": `{"progress":5}`}},
		"where nobody has been": {&tg.UpdateChannelUserTyping{ChannelID: 1999999999, FromID: aliceTL, Action: &tg.SendMessageTypingAction{}}, filter.UserUpdate, inStrange},
		"a secret chat":         {&tg.UpdateEncryptedChatTyping{ChatID: 5}, "", nil},
		"a name":                {&tg.UpdateUserName{UserID: 1001}, "", nil},
		"a phone number":        {&tg.UpdateUserPhone{UserID: 1001}, "", nil},
		"a user":                {&tg.UpdateUser{UserID: 1001}, "", nil},
		"a block":               {&tg.UpdatePeerBlocked{PeerID: aliceTL}, "", nil},
	})
}

func TestRead_Status(t *testing.T) {
	t.Parallel()
	const dayLong = 24 * 60 * 60
	within := func(online, recently, weeks, months string) map[string]string {
		return map[string]string{"online": online, "recently": recently, "within_weeks": weeks, "within_months": months,
			"typing": "null", "uploading": "null", "cancel": "null", "action": "null"}
	}
	off := func(ago int) *tg.UserStatusOffline { return &tg.UserStatusOffline{WasOnline: now - ago} }
	for name, c := range map[string]struct {
		status tg.UserStatusClass
		want   map[string]string
	}{
		"online":           {&tg.UserStatusOnline{Expires: day}, with(within("true", "true", "true", "true"), map[string]string{"until": `"2024-09-11T10:20:30+00:00"`, "last_seen": "null"})},
		"now":              {off(0), within("true", "true", "true", "true")},
		"in the future":    {off(-60), within("true", "true", "true", "true")},
		"a second ago":     {off(1), with(within("false", "true", "true", "true"), map[string]string{"last_seen": `"2024-09-11T11:59:59+00:00"`, "until": "null"})},
		"a day ago":        {off(dayLong), within("false", "true", "true", "true")},
		"more than a day":  {off(dayLong + 1), within("false", "false", "true", "true")},
		"a week ago":       {off(7 * dayLong), within("false", "false", "true", "true")},
		"more than a week": {off(7*dayLong + 1), within("false", "false", "false", "true")},
		"30 days ago":      {off(30 * dayLong), within("false", "false", "false", "true")},
		"more":             {off(30*dayLong + 1), within("false", "false", "false", "false")},
		"recently":         {&tg.UserStatusRecently{}, with(within("false", "true", "true", "true"), map[string]string{"last_seen": "null", "until": "null", "status": `{"by_me":false}`})},
		"within a week":    {&tg.UserStatusLastWeek{}, within("false", "false", "true", "true")},
		"within a month":   {&tg.UserStatusLastMonth{ByMe: true}, with(within("false", "false", "false", "true"), map[string]string{"status": `{"by_me":true}`})},
		"nobody knows":     {&tg.UserStatusEmpty{}, with(within("false", "false", "false", "false"), map[string]string{"status": "{}"})},
	} {
		check(t, map[string]row{name: {&tg.UpdateUserStatus{UserID: 1001, Status: c.status}, filter.UserUpdate, with(inAlice, c.want)}})
	}
	check(t, map[string]row{"our own": {&tg.UpdateUserStatus{UserID: own, Status: &tg.UserStatusOnline{}}, filter.UserUpdate,
		map[string]string{"user_id": "2000001", "input_user": `{"user_id":2000001,"access_hash":1}`}}})
}

// Who types is told once, and typing again is something else.
func TestOccurrence_EventIDOfTypingIsRandom(t *testing.T) {
	t.Parallel()
	u := &tg.UpdateUserTyping{UserID: 1001, Action: &tg.SendMessageTypingAction{}}
	o := one(t, u, world())
	if o.Class != Passing || o.Chat != 1001 || o.Sender != 1001 {
		t.Errorf("%+v", o)
	}
	if o.Latest != "typing 1001 1001" {
		t.Error(o.Latest)
	}
	status := one(t, &tg.UpdateUserStatus{UserID: 1001, Status: &tg.UserStatusRecently{}}, world())
	there := one(t, &tg.UpdateChatUserTyping{ChatID: 5001, FromID: aliceTL, Action: &tg.SendMessageTypingAction{}}, world())
	if status.Latest != "status 1001 1001" || there.Latest != "typing -5001 1001" {
		t.Errorf("%q, %q", status.Latest, there.Latest)
	}
	first, second := o.EventID(own), o.EventID(own)
	if first == second || first.Version() != 4 {
		t.Errorf("%s, %s", first, second)
	}
}
