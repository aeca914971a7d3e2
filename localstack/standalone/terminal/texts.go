package terminal

import "strings"

// steps are the texts of the forms.
var steps = map[string]string{
	"user": `Log an account in at Telegram. It takes an API ID and an API hash of your own: https://my.telegram.org/apps
client is your own account, by a code; qr the same by a QR code, which you scan with Telegram on the phone; bot is a bot.`,
	"token": `The token of the bot. @BotFather gives it: /newbot for a new one, /token for one that is there.
What you enter is not shown.`,
	"reauth_confirm": "Log the account in again: by a code (client) or by a QR code that you scan with Telegram on the phone (qr).",
	"phone":          "The phone number of the account, in international format: +48 600 100 200. Telegram sends a code then.",
	"email":          "Telegram wants an e-mail address for this account before it sends a code.",
	"email_code":     "The code that was sent to that address.",
	"otp":            "The code. Press Enter alone to have it sent in another way.",
	"password":       "The account's password of two-step verification. It is used once and not kept, and not shown either.",
	"qr":             "Open Telegram on the phone: Settings, Devices, Link Desktop Device. Scan this code, then press Enter here.",
	"finish":         "One more login has to be made.",
}

var labels = map[string]string{
	"api_id": "API ID", "api_hash": "API hash (not shown)", "client_type": "Kind of account", "token": "Token (not shown)",
	"phone": "Phone number", "email": "E-mail address", "code": "Code", "password": "Password (not shown)",
}

func label(name string) string {
	if l := labels[name]; l != "" {
		return l
	}
	return strings.ReplaceAll(name, "_", " ")
}
