// Package secretsmanager reads secrets from AWS Secrets Manager: one action of its API, without the SDK's client, which
// would be a fifth of a function. Requests are signed by the SDK's signer.
//
// It leaves to others which secrets there are and what is in them. Errors name the secret and never its value.
package secretsmanager

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// answerLimit is more than a secret has: 64 KiB (AWS Secrets Manager quotas), in JSON.
const answerLimit = 1 << 20

// A Client reads secrets with the credentials that Lambda gives a function. It is safe for concurrent use.
type Client struct {
	endpoint, region string
	credentials      aws.Credentials
	http             *http.Client
	now              func() time.Time
}

// FromVars returns a client of what the variables say: AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
// AWS_SESSION_TOKEN, as Lambda sets them, and AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_SECRETS_MANAGER for another address.
func FromVars(vars map[string]string, now func() time.Time) (*Client, error) {
	once := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true} // secrets are read at the start only
	c := &Client{
		region: cmp.Or(vars["AWS_REGION"], vars["AWS_DEFAULT_REGION"]), http: &http.Client{Transport: once, Timeout: 5 * time.Second}, now: now,
		credentials: aws.Credentials{
			AccessKeyID: vars["AWS_ACCESS_KEY_ID"], SecretAccessKey: vars["AWS_SECRET_ACCESS_KEY"], SessionToken: vars["AWS_SESSION_TOKEN"],
		},
	}
	if c.region == "" || c.credentials.AccessKeyID == "" || c.credentials.SecretAccessKey == "" {
		return nil, errors.New("AWS_REGION, AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set")
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(c.region, "cn-") {
		domain = "amazonaws.com.cn"
	}
	c.endpoint = cmp.Or(vars["AWS_ENDPOINT_URL_SECRETS_MANAGER"], vars["AWS_ENDPOINT_URL"], "https://secretsmanager."+c.region+"."+domain)
	return c, nil
}

// Get returns the current text of a secret.
func (c *Client) Get(ctx context.Context, arn string) (string, error) {
	body, err := json.Marshal(map[string]string{"SecretId": arn})
	if err != nil {
		return "", fmt.Errorf("read the secret %s: %w", arn, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(c.endpoint, "/")+"/", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("read the secret %s: %w", arn, err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "secretsmanager.GetSecretValue")
	hash := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, c.credentials, r, hex.EncodeToString(hash[:]), "secretsmanager", c.region, c.now()); err != nil {
		return "", fmt.Errorf("sign the request for the secret %s: %w", arn, err)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return "", fmt.Errorf("read the secret %s: %w", arn, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
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
