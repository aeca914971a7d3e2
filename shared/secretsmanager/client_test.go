package secretsmanager

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:bridge-a1b2c3"

func vars(endpoint string) map[string]string {
	return map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI", "AWS_SESSION_TOKEN": "session",
		"AWS_ENDPOINT_URL": endpoint,
	}
}

func TestClient_ReadsASecretWithASignedRequest(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ SecretId string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.SecretId != arn {
			t.Errorf("request for %q, %v", in.SecretId, err)
		}
		if got := r.Header.Get("X-Amz-Target"); got != "secretsmanager.GetSecretValue" {
			t.Errorf("target %q", got)
		}
		// AWS Signature Version 4: the scope names the day, the region and the service; the session's token is signed too.
		got := r.Header.Get("Authorization")
		for _, part := range []string{"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/eu-central-1/secretsmanager/aws4_request,", "x-amz-security-token", "x-amz-target", "Signature="} {
			if !strings.Contains(got, part) {
				t.Errorf("the signature %q lacks %q", got, part)
			}
		}
		if r.Header.Get("X-Amz-Security-Token") != "session" {
			t.Error("no session token")
		}
		fmt.Fprint(w, `{"ARN":"x","SecretString":"the text"}`)
	}))
	t.Cleanup(server.Close)
	c, err := FromVars(vars(server.URL), func() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) })
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Get(t.Context(), arn); err != nil || got != "the text" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestClient_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status       int
		answer, want string
	}{
		"no such secret": {400, `{"__type":"com.amazonaws.secretsmanager#ResourceNotFoundException","Message":"no"}`, "ResourceNotFoundException"},
		"not allowed":    {400, `{"__type":"AccessDeniedException"}`, "AccessDeniedException"},
		"out of order":   {503, "<html>", "503 Service Unavailable"},
		"binary":         {200, `{"SecretBinary":"AAAA"}`, "is not a text"},
		"no JSON":        {200, "x", "is no JSON"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.answer)
			}))
			t.Cleanup(server.Close)
			c, err := FromVars(vars(server.URL), time.Now)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = c.Get(t.Context(), arn); err == nil || !strings.Contains(err.Error(), arn) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}
