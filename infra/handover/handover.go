// Package handover tells the owner of a deployed stack what there is to know about it: the one address, the token, and what
// goes into Home Assistant, with the addresses of the functions filled in.
//
// It leaves to others where outputs and token come from, and what stands in Home Assistant's files (infra/homeassistant).
package handover

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"telegram-client/infra/homeassistant"
)

// Addresses returns where each function is, by its name, of the outputs of template.yaml: ConfigFlowUrl is that of
// configflow.
func Addresses(outputs map[string]string) map[string]string {
	at := map[string]string{}
	for key, value := range outputs {
		if name, ok := strings.CutSuffix(key, "Url"); ok {
			at[strings.ToLower(name)] = strings.TrimRight(value, "/")
		}
	}
	return at
}

// ReadOutputs reads lines of the form NAME=VALUE.
func ReadOutputs(r io.Reader) (map[string]string, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the outputs: %w", err)
	}
	outputs := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			outputs[name] = value
		}
	}
	if outputs["EntriesUrl"] == "" {
		return nil, errors.New("the outputs lack EntriesUrl: is the stack deployed?")
	}
	return outputs, nil
}

// Write writes into dir what goes into Home Assistant's folder: the packages, secrets.yaml to be added to its own, and the
// automations to begin with. A webhook that was made up before stays. It returns the names of the files.
func Write(dir string, outputs map[string]string, token string) ([]string, error) {
	at := Addresses(outputs)
	missing := map[string]bool{}
	webhook, err := webhookOf(filepath.Join(dir, "secrets.yaml"))
	if err != nil {
		return nil, err
	}
	secrets := homeassistant.Secrets(func(function, path string) string {
		if at[function] == "" {
			missing[function] = true
		}
		return at[function] + path
	}, token, webhook)
	for function := range missing {
		return nil, fmt.Errorf("the package needs the function %s, which the stack does not have", function)
	}
	files := []struct{ name, text string }{
		{"secrets.yaml", secrets},
		{"packages/telegram_client.yaml", homeassistant.Package()},
		{"packages/telegram_client_confirm.yaml", homeassistant.ConfirmPackage()},
		{"automations/greeting.yaml", homeassistant.GreetingConfirmed()},
	}
	var names []string
	for _, f := range files {
		name := filepath.Join(dir, f.name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return nil, fmt.Errorf("write the package: %w", err)
		}
		if err := os.WriteFile(name, []byte(f.text), 0o600); err != nil {
			return nil, fmt.Errorf("write the package: %w", err)
		}
		names = append(names, name)
	}
	return names, nil
}

var madeUp = regexp.MustCompile(`(?m)^telegram_client_webhook: "([0-9a-f]{32})"$`)

// webhookOf returns the id of the webhook in a file that was written before, or makes one up that nobody can guess.
func webhookOf(name string) (string, error) {
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the webhook's id: %w", err)
	}
	if m := madeUp.FindSubmatch(text); m != nil {
		return string(m[1]), nil
	}
	var id [16]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:]), nil
}

// Show tells what there is to know.
func Show(out io.Writer, outputs map[string]string, token string, files []string) {
	fmt.Fprintf(out, "\nThe stack is deployed.\n  address: %s\n  token:   %s\n", strings.TrimRight(outputs["EntriesUrl"], "/"), token)
	fmt.Fprintln(out, "  GET /config there says where everything else is.")
	if ip := outputs["FixedAddressIp"]; ip != "" {
		fmt.Fprintf(out, "  everything leaves by %s\n", ip)
	}
	fmt.Fprintln(out, "\nFor Home Assistant (secrets.yaml holds the token):")
	for _, name := range files {
		fmt.Fprintf(out, "  %s\n", name)
	}
	fmt.Fprintf(out, "\nconfiguration.yaml:\n%s", homeassistant.Configuration)
	fmt.Fprintf(out, "\nLog an account in: API_TOKENS=<token> make login BRIDGE=%s\n", strings.TrimRight(outputs["EntriesUrl"], "/"))
}
