package homeassistant

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

type object = map[string]any

// prepare writes into a configuration folder what the onboarding would write: an owner, a token of the owner's, that all
// steps are done, and that the server listens on a port of 127.0.0.1 only. It returns the token. The versions are those
// of Home Assistant 2026.11; a file of another version is migrated or refused.
func prepare(dir string, port int) (token string, err error) {
	storage := filepath.Join(dir, ".storage")
	if err := os.MkdirAll(storage, 0o700); err != nil {
		return "", fmt.Errorf("prepare the home: %w", err)
	}
	now := time.Now().UTC()
	at := now.Format("2006-01-02T15:04:05.000000+00:00")
	user, id, key := random(16), random(16), random(64)
	address := object{
		"server_host": []string{"127.0.0.1"}, "server_port": port, "cors_allowed_origins": []string{}, "login_attempts_threshold": -1,
		"ip_ban_enabled": false, "ssl_profile": "intermediate_v6", "use_x_frame_options": true, "created_at": at, "error": nil, "error_message": nil,
	}
	for _, f := range []struct {
		name    string
		version int
		data    object
	}{
		{"auth", 1, object{
			"users": []object{{"id": user, "group_ids": []string{"system-admin"}, "is_owner": true, "is_active": true, "name": "Owner", "system_generated": false, "local_only": false}},
			"groups": []object{
				{"id": "system-admin", "name": "Administrators"}, {"id": "system-users", "name": "Users"}, {"id": "system-read-only", "name": "Read Only"},
			},
			"credentials": []object{},
			"refresh_tokens": []object{{
				"id": id, "user_id": user, "client_id": nil, "client_name": "test", "client_icon": nil, "token_type": "long_lived_access_token",
				"created_at": at, "access_token_expiration": tokenLife.Seconds(), "token": random(64), "jwt_key": key,
				"last_used_at": nil, "last_used_ip": nil, "expire_at": nil, "credential_id": nil, "version": nil,
			}},
		}},
		{"onboarding", 4, object{"done": []string{"user", "core_config", "analytics", "integration"}}},
		// Not by "http:" in the YAML: that is imported once, as a trial, and undone after five minutes.
		{"http", 3, object{"stable": address, "pending": nil, "yaml_migration_done": true}},
	} {
		text, err := json.Marshal(object{"version": f.version, "minor_version": 1, "key": f.name, "data": f.data})
		if err == nil {
			err = os.WriteFile(filepath.Join(storage, f.name), text, 0o600)
		}
		if err != nil {
			return "", fmt.Errorf("prepare the home: %s: %w", f.name, err)
		}
	}
	return sign(key, id, now)
}

const tokenLife = 10 * 365 * 24 * time.Hour

// sign makes a long-lived access token: a JWT by HS256 with the key of its refresh token.
func sign(key, id string, now time.Time) (string, error) {
	claims, err := json.Marshal(object{"iss": id, "iat": now.Unix(), "exp": now.Add(tokenLife).Unix()})
	if err != nil {
		return "", fmt.Errorf("sign the token: %w", err)
	}
	part := base64.RawURLEncoding.EncodeToString
	text := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part(claims)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return text + "." + part(mac.Sum(nil)), nil
}

func random(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b)
	return hex.EncodeToString(b)
}
