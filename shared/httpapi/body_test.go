package httpapi

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// bodyAPI answers with the members of the body.
func bodyAPI() http.Handler {
	return testAPI(io.Discard, route{pattern: "POST /x", deadline: time.Second, serve: func(w http.ResponseWriter, r *http.Request) error {
		_, members, err := readObject(r)
		if err != nil {
			return err
		}
		writeJSON(w, 200, members)
		return nil
	}})
}

func TestReadObject_KeepsMembersExact(t *testing.T) {
	t.Parallel()
	body := `{"id":-1001234567890123456,"n":1.50,"s":"é","l":[1,{"a":null}]}`
	w := call(bodyAPI(), "POST", "/x", " "+body+"\n", "Content-Type: application/json; charset=UTF-8")
	if got := strings.TrimSpace(w.Body.String()); got != `{"id":-1001234567890123456,"l":[1,{"a":null}],"n":1.50,"s":"é"}` {
		t.Errorf("%d %s", w.Code, got)
	}
}

// What a body costs grows with its length only: the path of a member is not made for each one. Not parallel: it counts
// what the process allocates.
func TestCheckObject_CopiesNoPaths(t *testing.T) {
	key := strings.Repeat("k", 200_000)
	for name, body := range map[string]string{
		"a list":    `{"` + key + `":[0` + strings.Repeat(",0", 5_000) + `]}`,
		"objects":   `{"` + key + `":[{"a":0}` + strings.Repeat(`,{"a":0}`, 5_000) + `]}`,
		"long keys": strings.Repeat(`{"`+key[:50_000]+`":`, 30) + "[0" + strings.Repeat(",0", 5_000) + "]" + strings.Repeat("}", 30),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := checkObject([]byte(body)); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 100*uint64(len(body)) {
			t.Errorf("%s: %d bytes took %d", name, len(body), n)
		}
	}
}

func TestReadObject_RefusesEverythingElse(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	long := `{"` + strings.Repeat("k", 300) + `":1,"` + strings.Repeat("k", 300) + `":2}`
	tests := map[string]struct {
		body, contentType string
		status            int
		want              string
	}{
		"empty":          {"  ", "application/json", 400, errorJSON("invalid_json", "The body is empty. Send a JSON object.")},
		"empty, no type": {"", "", 400, errorJSON("invalid_json", "The body is empty. Send a JSON object.")},
		"list":           {"[1]", "application/json", 400, errorJSON("invalid_json", "The body has to be a JSON object.")},
		"text":           {`"x"`, "application/json", 400, errorJSON("invalid_json", "The body has to be a JSON object.")},
		"null":           {`null`, "application/json", 400, errorJSON("invalid_json", "The body has to be a JSON object.")},
		"no JSON":        {`{"a":tru}`, "application/json", 400, errorJSON("invalid_json", "The body is not valid JSON: byte 9 of 9 is not what should stand there.")},
		"Python":         {`{'a': 1}`, "application/json", 400, errorJSON("invalid_json", "The body is not valid JSON: byte 2 of 8 is not what should stand there.")},
		"cut":            {`{"a":[1,`, "application/json", 400, errorJSON("invalid_json", "The body is not valid JSON: byte 8 of 8 is not what should stand there.")},
		"trailing":       {`{"a":1} {"b":2}`, "application/json", 400, errorJSON("invalid_json", "The body is not valid JSON: byte 9 of 15 is not what should stand there.")},
		"trailing comma": {`{"a":1},`, "application/json", 400, errorJSON("invalid_json", "The body is not valid JSON: byte 8 of 8 is not what should stand there.")},
		"not UTF-8":      {"{\"a\":\"\xff\"}", "application/json", 400, errorJSON("invalid_json", "The body is not UTF-8.")},
		"twice": {`{"a":{"b":[0,{"c":1,"c":2}]}}`, "application/json", 400,
			`{"ok":false,"error":{"code":"invalid_json","message":"This key appears twice.","field":"a.b[1].c"}}`},
		"twice, long": {long, "application/json", 400,
			`{"ok":false,"error":{"code":"invalid_json","message":"This key appears twice.","field":"` + strings.Repeat("k", 100) + `…"}}`},
		"deep": {deep, "application/json", 400,
			`{"ok":false,"error":{"code":"invalid_json","message":"This is nested more than 32 levels deep.","field":"` + strings.Repeat("a.", 32) + `a"}}`},
		"no type":       {"{}", "", 415, errorJSON("unsupported_media_type", "The body has to be JSON. Send the header Content-Type: application/json.")},
		"form":          {"a=1", "application/x-www-form-urlencoded", 415, errorJSON("unsupported_media_type", "The body has to be JSON. Send the header Content-Type: application/json.")},
		"other charset": {"{}", "application/json; charset=latin1", 415, errorJSON("unsupported_media_type", "The body has to be JSON in UTF-8.")},
		"too large":     {`{"a":"` + strings.Repeat("x", bodyLimit) + `"}`, "application/json", 413, errorJSON("body_too_large", "The body is larger than 1048576 bytes.")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sameJSON(t, call(bodyAPI(), "POST", "/x", test.body, "Content-Type: "+test.contentType), test.status, test.want)
		})
	}
	exact := `{"a":"` + strings.Repeat("x", bodyLimit-8) + `"}`
	if w := call(bodyAPI(), "POST", "/x", exact); w.Code != 200 {
		t.Errorf("%d bytes: %d", len(exact), w.Code)
	}
}
