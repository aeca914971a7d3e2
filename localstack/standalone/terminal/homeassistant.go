package terminal

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"telegram-client/infra/homeassistant"
)

const (
	inSecrets = `For Home Assistant. In secrets.yaml, with the token of the bridge (API_TOKENS in secrets.env of its data folder):

`
	inConfiguration = `
In configuration.yaml, unless it is there already:

`
	inPackage = `
In packages/telegram_client.yaml:

`
	inExample = `
And an automation to begin with, in packages/greeting.yaml:

`
	setTarget = `
Restart Home Assistant, then tell the bridge where it is (its address in place of homeassistant.local):

curl -X PUT {target} -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
  -d '{"type":"webhook","url":"http://homeassistant.local:8123/api/webhook/{webhook}","owner":"my-home"}'
`
	loopbackNote = `
The bridge answers on this machine only. If Home Assistant is on another one, start it with LISTEN=0.0.0.0:8090 and put its
address into the lines above.
`
)

// homeAssistant returns what to put into Home Assistant for a new entry.
func homeAssistant(c *client, entry string, withTarget bool) string {
	var id [16]byte
	rand.Read(id[:])
	webhook := hex.EncodeToString(id[:])
	text := inSecrets + homeassistant.Secrets(c.at, "<token>", webhook) +
		inConfiguration + homeassistant.Configuration +
		inPackage + homeassistant.Package() +
		inExample + homeassistant.Greeting()
	if withTarget {
		text += strings.NewReplacer("{webhook}", webhook, "{target}", c.at("entries", "/config/entries/"+entry+"/target")).Replace(setTarget)
	}
	if onLoopback(c.at("sendmessages", "")) {
		text += loopbackNote
	}
	return text
}

func onLoopback(address string) bool {
	h := host(address)
	return strings.HasPrefix(h, "127.") || strings.HasPrefix(h, "localhost") || strings.HasPrefix(h, "[::1]")
}
