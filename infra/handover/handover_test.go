package handover

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// all is a stack with every function that there is.
func all(t *testing.T) map[string]string {
	t.Helper()
	outputs := map[string]string{"ApiTokensSecret": "arn"}
	for _, name := range []string{"ConfigFlow", "OptionsFlow", "Entries", "Events", "Chats", "SendMessages", "EditMessage", "DeleteMessages"} {
		outputs[name+"Url"] = "https://" + strings.ToLower(name) + ".example/"
	}
	return outputs
}

func TestWrite_FillsInTheAddresses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files, err := Write(dir, all(t), "the-token")
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := os.ReadFile(filepath.Join(dir, "secrets.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`telegram_client_authorization: "Bearer the-token"`,
		`telegram_client_send_messages: "https://sendmessages.example/services/telegram_client/send_messages"`,
		`telegram_client_confirm: "https://entries.example/config/entries/{{ config_entry_id }}/target/confirm"`,
	} {
		if !strings.Contains(string(secrets), want) {
			t.Errorf("secrets.yaml lacks %s", want)
		}
	}
	for _, name := range files {
		st, err := os.Stat(name)
		if err != nil || st.Size() == 0 || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, st, err)
		}
	}
	// A second time the webhook is the same one: Home Assistant knows it already.
	if _, err := Write(dir, all(t), "the-token"); err != nil {
		t.Fatal(err)
	}
	again, err := os.ReadFile(filepath.Join(dir, "secrets.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(secrets), string(again)); d != "" {
		t.Errorf("written twice (-first +second):\n%s", d)
	}
}

func TestWrite_RefusesAStackThatLacksAFunction(t *testing.T) {
	t.Parallel()
	outputs := all(t)
	delete(outputs, "SendMessagesUrl")
	if _, err := Write(t.TempDir(), outputs, "x"); err == nil || !strings.Contains(err.Error(), "sendmessages") {
		t.Errorf("error %v", err)
	}
}

func TestReadOutputs(t *testing.T) {
	t.Parallel()
	got, err := ReadOutputs(strings.NewReader("EntriesUrl=https://a.example/?x=1\nFixedAddressIp=192.0.2.1\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"EntriesUrl": "https://a.example/?x=1", "FixedAddressIp": "192.0.2.1"}, got); d != "" {
		t.Error(d)
	}
	if _, err := ReadOutputs(strings.NewReader("")); err == nil {
		t.Error("no stack, no error")
	}
	var out bytes.Buffer
	Show(&out, got, "the-token", slices.Collect(maps.Keys(got)))
	for _, want := range []string{"https://a.example", "the-token", "192.0.2.1", "packages:"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("nothing of %s", want)
		}
	}
}
