package terminal

import "strings"

// steps are the texts of the forms.
var steps = map[string]string{
	"user": "Log an account in at Telegram. It takes an API ID and an API hash of your own: https://my.telegram.org/apps",
	"token": `The token of the bot. @BotFather gives it: /newbot for a new one, /token for one that is there.
What you enter is not shown.`,
}

var labels = map[string]string{
	"api_id": "API ID", "api_hash": "API hash (not shown)", "client_type": "Kind of account", "token": "Token (not shown)",
}

func label(name string) string {
	if l := labels[name]; l != "" {
		return l
	}
	return strings.ReplaceAll(name, "_", " ")
}
