package terminal

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"rsc.io/qr"

	"telegram-client/shared/seal"
)

// A bridge is a script: what it answers to each request, in order, and what it was asked.
type bridge struct {
	t       *testing.T
	answers []string // "status body"

	mu    sync.Mutex
	asked []string
}

const token = "token-of-the-terminal-test"

func (b *bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+token {
		b.t.Errorf("authorization %q", r.Header.Get("Authorization"))
	}
	body, _ := io.ReadAll(r.Body)
	b.asked = append(b.asked, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+string(body)))
	if len(b.answers) == 0 {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	var status int
	answer := b.answers[0]
	b.answers = b.answers[1:]
	if _, err := fmt.Sscanf(answer, "%d", &status); err != nil {
		b.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, answer[4:])
}

const (
	meeting = `200 {"version":"1","api":1,"functions":{}}`
	form    = `200 {"type":"form","flow_id":"f1","step_id":"token","data_schema":[{"name":"token","required":true,"selector":{"text":{"type":"password"}}}],"errors":%s,"messages":%s,"description_placeholders":{}}`
	done    = `200 {"type":"create_entry","flow_id":"f1","title":"Telegram bot (@x)","result":{"entry_id":"tg_x","authorizations":[{"device":"D 1"},{"device":"D 2"}],"target":{"type":"pull"}}}`
)

func first(errors, messages string) string { return fmt.Sprintf(form, errors, messages) }

func login(t *testing.T, entry, input string, answers ...string) (out string, asked []string, err error) {
	t.Helper()
	b := &bridge{t: t, answers: answers}
	s := httptest.NewServer(b)
	defer s.Close()
	var w strings.Builder
	err = Login(t.Context(), Options{Address: s.URL + "/", Token: seal.NewText(token), Entry: entry, In: strings.NewReader(input), Out: &w})
	if len(b.answers) > 0 {
		t.Errorf("not asked for: %q", b.answers)
	}
	return w.String(), b.asked, err
}

func TestLogin_AsksUntilAllIsWell(t *testing.T) {
	t.Parallel()
	out, asked, err := login(t, "", "one\ntwo\nthree\n", meeting, first("{}", "{}"),
		first(`{"token":"invalid_token"}`, `{"token":"Telegram does not know this token."}`), first(`{"base":"flood_wait"}`, `{"base":"Telegram asks to wait."}`), done)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"GET /config", `POST /config/flows {"source":"user"}`, `POST /config/flows/f1 {"token":"one"}`, `POST /config/flows/f1 {"token":"two"}`, `POST /config/flows/f1 {"token":"three"}`}
	if d := cmp.Diff(want, asked); d != "" {
		t.Errorf("asked (-want +got):\n%s", d)
	}
	for _, part := range []string{"! Token (not shown): Telegram does not know this token.", "! Telegram asks to wait.", "Telegram bot (@x) is set up.", "D 1, D 2", "LISTEN=0.0.0.0:8090"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is missing in:\n%s", part, out)
		}
	}
	if strings.Contains(out, "/target -H") {
		t.Error("it asks for a target though there is one")
	}
}

func TestLogin_Ends(t *testing.T) {
	t.Parallel()
	gone := `404 {"ok":false,"error":{"code":"unknown_flow","message":"There is no such login in progress."}}`
	tests := map[string]struct {
		entry, input string
		answers      []string
		last         string // request
		want         string // error; empty: none
	}{
		"input ends":        {"", "", []string{meeting, first("{}", "{}"), `200 {"ok":true}`}, "DELETE /config/flows/f1", "given up: nothing stays logged in"},
		"expired meanwhile": {"", "x\n", []string{meeting, first("{}", "{}"), gone, gone}, "DELETE /config/flows/f1", "There is no such login in progress.\ngiven up: nothing stays logged in"},
		"cannot give up":    {"", "", []string{meeting, first("{}", "{}"), `500 {"ok":false,"error":{"code":"internal","message":"Oh."}}`}, "DELETE /config/flows/f1", "the login could not be given up (Oh.); the bridge ends it in a quarter of an hour"},
		"aborted":           {"", "x\n", []string{meeting, first("{}", "{}"), `200 {"type":"abort","reason":"already_configured","message":"It is already set up."}`}, `POST /config/flows/f1 {"token":"x"}`, "It is already set up."},
		"again":             {"tg_x", "x\n", []string{meeting, first("{}", "{}"), `200 {"type":"abort","reason":"reauth_successful","message":"Done."}`}, `POST /config/flows/f1 {"token":"x"}`, ""},
		"no such entry":     {"tg_x", "", []string{meeting, `404 {"ok":false,"error":{"code":"unknown_entry","message":"There is no such entry."}}`}, "POST /config/entries/tg_x/reauth {}", "There is no such entry."},
		"other token":       {"", "", []string{`401 {"ok":false,"error":{"code":"unauthorized","message":"No."}}`}, "GET /config", "this bridge does not take the token of the data folder. Set API_TOKENS to its token, or DATA_DIR to its data folder"},
		"other server":      {"", "", []string{`404 <html>`}, "GET /config", "the bridge answered: it answered with status 404 and is perhaps no bridge."},
		"no JSON":           {"", "", []string{`200 <html>`}, "GET /config", "what answers there is no bridge: it does not speak JSON"},
		"strange end":       {"", "x\n", []string{meeting, first("{}", "{}"), `200 {"type":"menu"}`}, `POST /config/flows/f1 {"token":"x"}`, `the bridge answered in a way this version does not know ("menu")`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, asked, err := login(t, test.entry, test.input, test.answers...)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("error (-want +got):\n%s", d)
			}
			if asked[len(asked)-1] != test.last {
				t.Errorf("asked last %q", asked[len(asked)-1])
			}
		})
	}
}

// ^C while a question is open: what was begun is given up.
func TestLogin_InterruptedIsGivenUp(t *testing.T) {
	t.Parallel()
	b := &bridge{t: t, answers: []string{meeting, first("{}", "{}"), `200 {"ok":true}`}}
	s := httptest.NewServer(b)
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, typed := io.Pipe()
	defer typed.Close()
	err := Login(ctx, Options{Address: s.URL, Token: seal.NewText(token), In: in, Out: writer(func(text string) {
		if strings.HasPrefix(text, "Token") {
			cancel()
		}
	})})
	if err == nil || err.Error() != "given up: nothing stays logged in" || b.asked[len(b.asked)-1] != "DELETE /config/flows/f1" {
		t.Errorf("%v, %q", err, b.asked)
	}
}

type writer func(string)

func (w writer) Write(b []byte) (int, error) {
	w(string(b))
	return len(b), nil
}

// After an error only what is wrong is asked for again; what was right is sent with it.
func TestLogin_KeepsWhatWasRight(t *testing.T) {
	t.Parallel()
	schema := `200 {"type":"form","flow_id":"f1","step_id":"user","data_schema":[{"name":"api_id"},{"name":"client_type","default":"client","selector":{"select":{"options":["client","bot"]}}}],"errors":%s,"messages":{},"description_placeholders":{"devices":"2","device_names":"D 1, D 2"}}`
	out, asked, err := login(t, "", "12\n\nbot\n", meeting, fmt.Sprintf(schema, "{}"), fmt.Sprintf(schema, `{"client_type":"not_yet_available"}`), done)
	if err != nil {
		t.Fatal(err)
	}
	var got []map[string]string
	for _, a := range asked[2:] {
		var m map[string]string
		if err := json.Unmarshal([]byte(strings.TrimPrefix(a, "POST /config/flows/f1 ")), &m); err != nil {
			t.Fatal(err)
		}
		got = append(got, m)
	}
	want := []map[string]string{{"api_id": "12"}, {"api_id": "12", "client_type": "bot"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if !strings.Contains(out, "it will appear as: D 1, D 2.") || !strings.Contains(out, "Kind of account (client, bot) [client]: ") || !strings.Contains(out, "! Kind of account: not_yet_available") {
		t.Errorf("it shows:\n%s", out)
	}
}

// A user's login: the code comes in another way when nobody enters one, a password is sent as it was entered, and an
// empty form is answered with nothing.
func TestLogin_OfAUser(t *testing.T) {
	t.Parallel()
	step := func(id, schema, errors, placeholders string) string {
		return fmt.Sprintf(`200 {"type":"form","flow_id":"f1","step_id":%q,"data_schema":[%s],"errors":{%s},"messages":{%s},"description_placeholders":{%s}}`, id, schema, errors, errors, placeholders)
	}
	const code, secret = `{"name":"code","required":false},{"name":"resend","type":"boolean","required":false}`, `{"name":"password","selector":{"text":{"type":"password"}}}`
	out, asked, err := login(t, "", "+48 600 100 200\n\n12345\n\n54321\n correct horse \n\n", meeting,
		step("phone", `{"name":"phone"}`, "", `"devices":"2","device_names":"D 1, D 2"`),
		step("otp", code, "", `"sent":"It is in the app.","code_type":"app"`), step("otp", code, "", `"sent":"It came by SMS."`),
		step("otp", code, `"code":"invalid_code"`, `"sent":"It came by SMS."`), step("otp", code, `"base":"no_other_way"`, `"sent":"It came by SMS."`),
		step("password", secret, "", `"hint":"the usual one"`), step("finish", "", "", `"device":"D 2"`), done)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`{"phone":"+48 600 100 200"}`, `{"resend":true}`, `{"code":"12345"}`, `{"resend":true}`, `{"code":"54321"}`, `{"password":" correct horse "}`, `{}`}
	var got []string
	for _, a := range asked[2:] {
		got = append(got, strings.TrimPrefix(a, "POST /config/flows/f1 "))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, part := range []string{"it will appear as: D 1, D 2.", "It is in the app.", "It came by SMS.", "! Code: invalid_code", "! no_other_way", "Your hint: the usual one", "This is for D 2.", "Press Enter to go on"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is missing in:\n%s", part, out)
		}
	}
}

func TestLogin_DrawsTheQRCode(t *testing.T) {
	t.Parallel()
	const link = "tg://login?token=AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"
	form := `200 {"type":"form","flow_id":"f1","step_id":"qr","data_schema":[{"name":"qr","selector":{"qr_code":{"data":%q}}}],"errors":{},"messages":{},"description_placeholders":{}}`
	out, asked, err := login(t, "", "\n\n", meeting, fmt.Sprintf(form, link), fmt.Sprintf(form, ""), done)
	if err != nil {
		t.Fatal(err)
	}
	if asked[2] != "POST /config/flows/f1 {}" || !strings.Contains(out, link) || !strings.Contains(out, "There is no QR code yet.") {
		t.Errorf("%q:\n%s", asked, out)
	}
	// What is drawn is read back, module by module.
	want, err := qr.Encode(link, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, line := range strings.Split(out, "\n") {
		if strings.ContainsAny(line, "█▀▄") {
			rows = append(rows, line)
		}
	}
	if n := (want.Size + 2*quiet + 1) / 2; len(rows) != n {
		t.Fatalf("%d lines, want %d", len(rows), n)
	}
	for y := range want.Size {
		row := []rune(rows[(y+quiet)/2])
		for x := range want.Size {
			light := row[x+quiet] == '█' || row[x+quiet] == map[int]rune{0: '▀', 1: '▄'}[(y+quiet)%2]
			if light == want.Black(x, y) {
				t.Fatalf("module %d, %d is wrong", x, y)
			}
		}
	}
}

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"127.0.0.1:8090": "http://127.0.0.1:8090", "http://h:1/": "http://h:1", "https://h/base/": "https://h/base", "": "", "ftp://h": "", "http://": "",
	} {
		got, err := parseAddress(in)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}
