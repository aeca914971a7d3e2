package message

const (
	textSelector    = `{"text":{}}`
	linesSelector   = `{"text":{"multiline":true}}`
	flagSelector    = `{"boolean":{}}`
	numberSelector  = `{"number":{"min":1,"mode":"box"}}`
	severalSelector = `{"text":{"multiple":true}}`
	objectSelector  = `{"object":{}}`
	modeSelector    = `{"select":{"options":["html","markdown"]}}`
	actionSelector  = `{"select":{"options":["typing","cancel","record_voice","upload_voice","record_video","upload_video","record_video_note","upload_video_note","upload_photo","upload_document","choose_sticker","choose_contact","find_location","play_game"]}}`
	momentSelector  = `{"datetime":{}}`
	entrySelector   = `{"config_entry":{"integration":"telegram_client"}}`
)

// on is a field that all these verbs take.
func on(u Use, verbs ...Verb) map[Verb]Use {
	m := make(map[Verb]Use, len(verbs))
	for _, v := range verbs {
		m[v] = u
	}
	return m
}

// and adds verbs that take the field in another way.
func and(m map[Verb]Use, u Use, verbs ...Verb) map[Verb]Use {
	for _, v := range verbs {
		m[v] = u
	}
	return m
}

// oneTarget are the verbs that need exactly one chat.
var oneTarget = []Verb{SendReaction, PinMessage, UnpinMessage, SendChatAction, MarkRead, GetMessages, DownloadMedia}

// fields is the one table of fields. Nobody changes it.
var fields = []Field{
	{Name: "config_entry_id", Kind: Text, Selector: entrySelector, Title: "Config entry", Example: `"tg_k3vq7…"`, Uses: on(Optional, Verbs()...),
		Text: "Which Telegram account acts. Without it the oldest one does."},

	{Name: "target_username", Kind: Names, Selector: severalSelector, Title: "Target username", Example: `"@alice"`, Uses: on(Optional, SendMessages, ForwardMessages),
		Text: "Username or usernames to send to, with or without @, a t.me link, a phone number with its plus sign, or me for the account's own saved messages. At least one of target_username and target_id is required. They are sent to before target_id."},
	{Name: "target_id", Kind: IDs, Selector: severalSelector, Title: "Target ID", Example: `[1001,-1001234567890]`, Uses: on(Optional, SendMessages, ForwardMessages),
		Text: "Id or ids of users, groups and channels to send to, as events have them in chat_id. At least one of target_username and target_id is required."},
	{Name: "target_username", Kind: Names, Selector: textSelector, Title: "Target username", Example: `"@alice"`, Uses: on(Optional, EditMessage),
		Text: "Username of the chat in which the message is, or me. Needed for messages in channels and supergroups, unless target_id is given."},
	{Name: "target_id", Kind: IDs, Selector: textSelector, Title: "Target ID", Example: `1001`, Uses: on(Optional, EditMessage),
		Text: "Id of the chat in which the message is. Needed for messages in channels and supergroups, unless target_username is given."},
	{Name: "target_username", Kind: Names, Selector: severalSelector, Title: "Target username", Example: `"@alice"`, Uses: on(Optional, DeleteMessages),
		Text: "Username or usernames of the chats in which the messages are, or me. Needed for messages in channels and supergroups, unless target_id is given."},
	{Name: "target_id", Kind: IDs, Selector: severalSelector, Title: "Target ID", Example: `-1001234567890`, Uses: on(Optional, DeleteMessages),
		Text: "Id or ids of the chats in which the messages are. Needed for messages in channels and supergroups, unless target_username is given."},
	{Name: "target_username", Kind: Names, Selector: textSelector, Title: "Target username", Example: `"@alice"`, Uses: on(Optional, oneTarget...),
		Text: "Username of the chat, or me. Exactly one of target_username and target_id is required."},
	{Name: "target_id", Kind: IDs, Selector: textSelector, Title: "Target ID", Example: `1001`, Uses: on(Optional, oneTarget...),
		Text: "Id of the chat. Exactly one of target_username and target_id is required."},

	{Name: "from_username", Kind: Names, Selector: textSelector, Title: "From username", Example: `"@news"`, Uses: on(Optional, ForwardMessages),
		Text: "Username of the chat in which the messages are, or me. Exactly one of from_username and from_id is required."},
	{Name: "from_id", Kind: IDs, Selector: textSelector, Title: "From ID", Example: `-1001234567890`, Uses: on(Optional, ForwardMessages),
		Text: "Id of the chat in which the messages are. Exactly one of from_username and from_id is required."},

	{Name: "message", Kind: Text, Selector: linesSelector, Title: "Message", Example: `"Hi"`, Uses: on(Optional, SendMessages),
		Text: "The text. Required, unless there is a file: then it is the caption, of up to 1024 characters (4096 for premium accounts). Without a file, a text of more than 4096 characters is sent as several messages, parted at the end of a line or word."},
	{Name: "message", Kind: Integer, Selector: numberSelector, Title: "Message ID", Example: `71`, Uses: on(Required, EditMessage),
		Text: "Id of the message to edit."},
	{Name: "message_id", Kind: Integer, Selector: numberSelector, Title: "Message ID", Example: `71`, Uses: and(on(Required, SendReaction, PinMessage, DownloadMedia), Optional, UnpinMessage, MarkRead),
		Text: "Id of the message. For unpin_message: without it all messages of the chat are unpinned. For mark_read: up to which messages are read, without it all are."},
	{Name: "message_ids", Kind: IDs, Selector: severalSelector, Title: "Message IDs", Example: `[71,72]`, Uses: and(on(Required, DeleteMessages, ForwardMessages), Optional, GetMessages),
		Text: "Id or ids of the messages."},
	{Name: "text", Kind: Text, Selector: linesSelector, Title: "Text", Example: `"Hi there"`, Uses: on(Optional, EditMessage),
		Text: "The new text, of up to 4096 characters. Required, unless file or inline_keyboard is given: then the text stays as it is."},

	{Name: "reply_to", Kind: Integer, Selector: numberSelector, Title: "Reply to", Example: `71`, Uses: on(Optional, SendMessages),
		Text: "Id of the message to reply to, or of the topic to send to."},
	{Name: "topic", Kind: Integer, Selector: numberSelector, Title: "Topic", Example: `71`, Uses: on(Optional, ForwardMessages, SendChatAction),
		Text: "Id of the topic of a forum."},
	{Name: "comment_to", Kind: Integer, Selector: numberSelector, Title: "Comment to", Example: `71`, Uses: on(Optional, SendMessages),
		Text: "Id of the post of a channel to comment on: the message goes to the discussion group of the channel. Takes the place of reply_to."},
	{Name: "parse_mode", Kind: Choice, Selector: modeSelector, Title: "Parse mode", Example: `"html"`, Uses: on(Optional, SendMessages, EditMessage), Choices: []string{"html", "markdown"},
		Text: "How the text is formatted: html or markdown. Without it the text is taken as it is."},
	{Name: "link_preview", Kind: Flag, Selector: flagSelector, Title: "Link preview", Example: `true`, Uses: on(Optional, SendMessages, EditMessage),
		Text: "Whether links in the text get a preview. They do unless this is false. Captions of files never have one."},
	{Name: "file", Kind: Files, Selector: objectSelector, Title: "File", Example: `"www/door.jpg"`, Uses: on(Optional, SendMessages),
		Text: "What to send: a path below Home Assistant's configuration folder, an http(s) address, an object with data (base64) and filename, or a list of up to 100 of these. Photos and videos, music, and other files go in albums of up to ten; the message is the caption of the first. What a file is shown as depends on what is in it, not on its name."},
	{Name: "file", Kind: Files, Selector: objectSelector, Title: "File", Example: `"www/door.jpg"`, Uses: on(Optional, EditMessage),
		Text: "What the message is to show in place of its photo or file: a path below Home Assistant's configuration folder, an http(s) address, or an object with data (base64) and filename."},
	{Name: "force_document", Kind: Flag, Selector: flagSelector, Title: "Force document", Example: `false`, Uses: on(Optional, SendMessages, EditMessage),
		Text: "Send photos, videos and music as plain files, exactly as they are."},
	{Name: "clear_draft", Kind: Flag, Selector: flagSelector, Title: "Clear draft", Example: `false`, Uses: on(Optional, SendMessages),
		Text: "Clear the draft in the chat after sending."},
	{Name: "keyboard", Kind: Keyboard, Selector: objectSelector, Title: "Keyboard", Example: `["Yes","No"]`, Uses: on(Optional, SendMessages, EditMessage),
		Text: "Button, list of buttons or list of rows shown in place of the keyboard. An empty list takes a keyboard away. Only bots can send keyboards."},
	{Name: "inline_keyboard", Kind: Keyboard, Selector: objectSelector, Title: "Inline keyboard", Example: `[{"text":"Accept","data":"accept"},{"text":"More","url":"https://example.org"}]`, Uses: on(Optional, SendMessages, EditMessage),
		Text: "Button, list of buttons or list of rows shown under the message. A button is its text, or an object with text and either data (up to 64 bytes, else the text) or url. An edit without it keeps the keyboard, one with an empty list removes it. Only bots can send keyboards."},
	{Name: "keyboard_resize", Kind: Flag, Selector: flagSelector, Title: "Keyboard resize", Example: `true`, Uses: on(Optional, SendMessages, EditMessage),
		Text: "Make the keyboard as small as its buttons. Only with keyboard."},
	{Name: "keyboard_single_use", Kind: Flag, Selector: flagSelector, Title: "Keyboard single use", Example: `true`, Uses: on(Optional, SendMessages, EditMessage),
		Text: "Hide the keyboard after a button was pressed. Only with keyboard."},
	{Name: "silent", Kind: Flag, Selector: flagSelector, Title: "Silent", Example: `true`, Uses: on(Optional, SendMessages, ForwardMessages, PinMessage),
		Text: "Without a notification sound."},
	{Name: "supports_streaming", Kind: Flag, Selector: flagSelector, Title: "Supports streaming", Example: `true`, Uses: on(Optional, SendMessages, EditMessage),
		Text: "Say that the video can be watched while it loads. Only for videos that were made for it."},
	{Name: "schedule", Kind: Moment, Selector: momentSelector, Title: "Schedule", Example: `"2026-11-22T11:30:00"`, Uses: on(Optional, SendMessages, EditMessage, ForwardMessages),
		Text: "When Telegram is to send the message: a date and time (without an offset in the time zone of Home Assistant), seconds since 1970, or a duration from now such as 00:05:00, PT5M or {\"minutes\":5}. Only for users, bots cannot. An edit with it is one of a scheduled message."},
	{Name: "nosound_video", Kind: Flag, Selector: flagSelector, Title: "No sound video", Example: `true`, Uses: on(Optional, SendMessages),
		Text: "Show a video without sound as a video. Otherwise Telegram makes an animation of it. Among several files videos always stay videos."},

	{Name: "revoke", Kind: Flag, Selector: flagSelector, Title: "Revoke", Example: `true`, Uses: on(Optional, DeleteMessages),
		Text: "Delete the messages for everyone, which is so unless this is false. In channels and supergroups they are always deleted for everyone."},
	{Name: "drop_author", Kind: Flag, Selector: flagSelector, Title: "Drop author", Example: `true`, Uses: on(Optional, ForwardMessages),
		Text: "Do not say from whom the messages are."},
	{Name: "drop_captions", Kind: Flag, Selector: flagSelector, Title: "Drop captions", Example: `true`, Uses: on(Optional, ForwardMessages),
		Text: "Leave the texts of photos and files out. Only with drop_author."},
	{Name: "reaction", Kind: Names, Selector: severalSelector, Title: "Reaction", Example: `"👍"`, Uses: on(Optional, SendReaction),
		Text: "The emoji or emojis to react with, or ids of custom emojis. Without it the reaction is taken back."},
	{Name: "big", Kind: Flag, Selector: flagSelector, Title: "Big", Example: `true`, Uses: on(Optional, SendReaction),
		Text: "Show the reaction with a bigger animation."},
	{Name: "both_sides", Kind: Flag, Selector: flagSelector, Title: "For both sides", Example: `true`, Uses: on(Optional, PinMessage),
		Text: "In a private chat pin the message for the other person too, which is so unless this is false."},
	{Name: "action", Kind: Choice, Selector: actionSelector, Title: "Action", Example: `"typing"`, Uses: on(Optional, SendChatAction), Choices: chatActionNames(),
		Text: "What the account is shown to be doing, for up to six seconds: typing unless something else is named. cancel ends it."},
	{Name: "id", Kind: Integer, Selector: numberSelector, Title: "Query ID", Example: `4382938293829382`, Uses: on(Required, AnswerCallbackQuery),
		Text: "Id of the query, as the event telegram_client_callback_query has it in id."},
	{Name: "text", Kind: Text, Selector: textSelector, Title: "Text", Example: `"Done"`, Uses: on(Optional, AnswerCallbackQuery),
		Text: "What is shown to the person who pressed the button, up to 200 characters. Without it the button only stops spinning."},
	{Name: "alert", Kind: Flag, Selector: flagSelector, Title: "Alert", Example: `true`, Uses: on(Optional, AnswerCallbackQuery),
		Text: "Show the text in a window that has to be closed."},
	{Name: "url", Kind: Text, Selector: textSelector, Title: "URL", Example: `"https://t.me/kitchen_bot?start=x"`, Uses: on(Optional, AnswerCallbackQuery),
		Text: "What the app of the person who pressed the button opens: a link to the bot itself, or to its game."},
	{Name: "limit", Kind: Integer, Selector: `{"number":{"min":1,"max":200,"mode":"box"}}`, Title: "Limit", Example: `50`, Uses: on(Optional, GetChats, GetMessages),
		Text: "How many to return, up to 200 chats or 100 messages. Without it 100 chats or 20 messages."},
	{Name: "cursor", Kind: Text, Selector: textSelector, Title: "Cursor", Example: `"71"`, Uses: on(Optional, GetChats, GetMessages),
		Text: "Where to go on: the value of next in the last answer."},

	{Name: "path", Kind: Text, Selector: textSelector, Title: "Path", Example: `"door/"`, Uses: on(Optional, DownloadMedia),
		Text: "Where to keep the file, below the folder for downloads: a file name, or a folder (it ends with /) in which it gets the name that it has in Telegram; . is the folder itself. Nothing that is there is overwritten. Without it the answer is the file itself."},
	{Name: "dry_run", Kind: Flag, Selector: flagSelector, Title: "Dry run", Example: `false`, Uses: on(Optional, Verbs()...),
		Text: "Only check the call: the targets are looked up, files are opened, and nothing is sent or changed."},
	{Name: "wait", Kind: Flag, Selector: flagSelector, Title: "Wait", Example: `true`, Uses: on(Optional, SendMessages),
		Text: "Answer when everything was sent, which is so unless this is false: then the answer comes at once with a job_id, and GET /jobs/{job_id} tells what has become of the call."},
	{Name: "idempotency_key", Kind: Text, Selector: textSelector, Title: "Idempotency key", Example: `"b1…"`, Uses: on(Optional, SendMessages, ForwardMessages),
		Text: "Any text of up to 255 characters that is new for each call: a call that is repeated with its key within 24 hours sends nothing twice."},
}
