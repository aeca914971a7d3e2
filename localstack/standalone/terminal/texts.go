package terminal

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

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

// configuration is what makes Home Assistant answer. One command takes one structured argument, because payloads are
// text templates; the confirmation is what makes the webhook usable.
const configuration = `For Home Assistant, in secrets.yaml:

telegram_client_authorization: "Bearer <token>"   # the token of the bridge: API_TOKENS in secrets.env of its data folder
telegram_client_webhook: "{webhook}"

in configuration.yaml:

rest_command:
  telegram_client_send_messages:
    url: "{send}/services/telegram_client/send_messages"
    method: post
    headers:
      authorization: !secret telegram_client_authorization
    content_type: application/json
    payload: "{{ args | to_json }}"
    timeout: 30
  telegram_client_confirm:
    url: "{entries}/config/entries/{entry}/target/confirm"
    method: post
    headers:
      authorization: !secret telegram_client_authorization
    content_type: application/json
    payload: "{{ args | to_json }}"

in automations.yaml:

- alias: Telegram answers
  mode: queued
  max: 100
  triggers:
    - trigger: webhook
      webhook_id: !secret telegram_client_webhook
      allowed_methods: [POST]
      local_only: true
  actions:
    - choose:
        - conditions: "{{ trigger.json.event_type == 'telegram_client_test' }}"
          sequence:
            - action: rest_command.telegram_client_confirm
              data:
                args:
                  event_id: "{{ trigger.json.event_id }}"
        - conditions: "{{ trigger.json.event_type == 'telegram_client_new_message' and not trigger.json.message.out }}"
          sequence:
            - action: rest_command.telegram_client_send_messages
              data:
                args:
                  config_entry_id: {entry}
                  target_id: "{{ trigger.json.chat_id }}"
                  message: "You wrote: {{ trigger.json.message.message }}"
`

const setTarget = `
Restart Home Assistant, then tell the bridge where it is (its address in place of homeassistant.local):

curl -X PUT {entries}/config/entries/{entry}/target -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
  -d '{"type":"webhook","url":"http://homeassistant.local:8123/api/webhook/{webhook}","owner":"my-home"}'
`

const loopbackNote = `
The bridge answers on this machine only. If Home Assistant is on another one, start it with LISTEN=0.0.0.0:8090 and put its
address into the lines above.
`

// homeAssistant returns what to put into Home Assistant for a new entry.
func homeAssistant(c *client, entry string, withTarget bool) string {
	var id [16]byte
	rand.Read(id[:])
	text := configuration
	if withTarget {
		text += setTarget
	}
	if onLoopback(c.at("sendmessages", "")) {
		text += loopbackNote
	}
	return strings.NewReplacer("{webhook}", hex.EncodeToString(id[:]), "{send}", c.at("sendmessages", ""), "{entries}", c.at("entries", ""), "{entry}", entry).Replace(text)
}

func onLoopback(address string) bool {
	h := host(address)
	return strings.HasPrefix(h, "127.") || strings.HasPrefix(h, "localhost") || strings.HasPrefix(h, "[::1]")
}
