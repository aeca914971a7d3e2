// Package secretsmanager reads secrets from AWS Secrets Manager: one action of its API.
//
// It leaves to others which secrets there are and what is in them. Errors name the secret and never its value.
package secretsmanager

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"telegram-client/shared/awsapi"
)

// A Client reads secrets with the credentials that Lambda gives a function. It is safe for concurrent use.
type Client struct{ api *awsapi.Client }

// FromVars returns a client of what the variables say: see [awsapi.FromVars].
func FromVars(vars map[string]string, now func() time.Time) (*Client, error) {
	api, err := awsapi.FromVars(vars, "secretsmanager", "AWS_ENDPOINT_URL_SECRETS_MANAGER", now)
	if err != nil {
		return nil, err
	}
	return &Client{api}, nil
}

// Get returns the current text of a secret.
func (c *Client) Get(ctx context.Context, arn string) (string, error) {
	body, err := json.Marshal(map[string]string{"SecretId": arn})
	if err != nil {
		return "", fmt.Errorf("read the secret %s: %w", arn, err)
	}
	answer, text, err := c.api.Post(ctx, "/", map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.GetSecretValue"}, body)
	if err != nil {
		return "", fmt.Errorf("read the secret %s: %w", arn, err)
	}
	var got struct {
		SecretString *string
		Type         string `json:"__type"` // of an error: "ResourceNotFoundException", with or without a prefix
	}
	if err := json.Unmarshal(text, &got); err != nil && answer.StatusCode == http.StatusOK {
		return "", fmt.Errorf("read the secret %s: the answer is no JSON", arn)
	}
	if answer.StatusCode != http.StatusOK {
		kind := got.Type[strings.LastIndexByte(got.Type, '#')+1:]
		return "", fmt.Errorf("read the secret %s: %s", arn, cmp.Or(kind, answer.Status))
	}
	if got.SecretString == nil {
		return "", fmt.Errorf("read the secret %s: it is not a text", arn)
	}
	return *got.SecretString, nil
}
