package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const packageFile = "infra/homeassistant/package/telegram_client.yaml"

const (
	packageHead = `# The bridge's services as actions, and the handshake of its webhook. Addresses and secrets are in secrets.yaml.
# Written by make openapi.
webhook:

rest_command:
`
	packageAction = `  telegram_client_{name}:
    url: !secret telegram_client_{name}
    method: post
    headers:
      authorization: !secret telegram_client_authorization
    content_type: application/json
    payload: "{payload}"
    timeout: {timeout}

`
	packageJob = `  # What has become of a call with wait: false: job_id is in the content of its response.
  telegram_client_job:
    url: !secret telegram_client_job
    method: get
    headers:
      authorization: !secret telegram_client_authorization
    timeout: 30

`
	packageTail = `automation:
  # The bridge sends no events before its test event was confirmed: Home Assistant says 200 to everything.
  - id: telegram_client_handshake
    alias: "Telegram client: handshake"
    mode: queued
    triggers:
      - trigger: webhook
        webhook_id: !secret telegram_client_webhook
        allowed_methods: [POST]
        local_only: true
    conditions: "{{ trigger.json.event_type == 'telegram_client_test' }}"
    actions:
      - action: rest_command.telegram_client_confirm
        data:
          config_entry_id: "{{ trigger.json.config_entry_id }}"
          event_id: "{{ trigger.json.event_id }}"
`
)

// long are the services that carry files, for which there are 900 s.
var long = []string{"send_messages", "edit_message", "download_media"}

// packageOf returns the package for Home Assistant: an action for each service of an API. Payloads of rest_command are
// text templates, and there is no variable with all that was given: so an action takes one argument that has it all.
func packageOf(api []byte) ([]byte, error) {
	var doc struct {
		Paths map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(api, &doc); err != nil {
		return nil, fmt.Errorf("read the API: %w", err)
	}
	var services []string
	for path := range doc.Paths {
		if name, ok := strings.CutPrefix(path, "/services/telegram_client/"); ok {
			services = append(services, name)
		}
	}
	slices.Sort(services)
	var b strings.Builder
	action := func(name, payload string) {
		timeout := "30"
		if slices.Contains(long, name) {
			timeout = "910"
		}
		b.WriteString(strings.NewReplacer("{name}", name, "{payload}", payload, "{timeout}", timeout).Replace(packageAction))
	}
	b.WriteString(packageHead)
	for _, name := range services {
		action(name, "{{ args | to_json }}")
	}
	b.WriteString(packageJob)
	action("confirm", "{{ {'event_id': event_id} | to_json }}")
	b.WriteString(packageTail)
	return []byte(b.String()), nil
}
