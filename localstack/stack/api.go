package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"telegram-client/shared/secretsmanager"
)

// Outputs returns the outputs of the deployed stack.
func (s *Stack) Outputs(ctx context.Context) (map[string]string, error) {
	body, err := s.call(ctx, "cloudformation", "", "application/x-www-form-urlencoded", []byte(url.Values{
		"Action": {"DescribeStacks"}, "Version": {"2010-05-15"}, "StackName": {name},
	}.Encode()))
	if err != nil {
		return nil, fmt.Errorf("describe the stack: %w", err)
	}
	var described struct {
		Outputs []struct {
			Key   string `xml:"OutputKey"`
			Value string `xml:"OutputValue"`
		} `xml:"DescribeStacksResult>Stacks>member>Outputs>member"`
	}
	if err := xml.Unmarshal(body, &described); err != nil {
		return nil, fmt.Errorf("describe the stack: %w", err)
	}
	outputs := map[string]string{}
	for _, o := range described.Outputs {
		outputs[o.Key] = o.Value
	}
	return outputs, nil
}

// Secret returns the text of a secret.
func (s *Stack) Secret(ctx context.Context, arn string) (string, error) {
	c, err := secretsmanager.FromVars(map[string]string{
		"AWS_ENDPOINT_URL": s.endpoint, "AWS_REGION": region, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
	}, time.Now)
	if err != nil {
		return "", err
	}
	return c.Get(ctx, arn)
}

// PutSecret gives a secret another text, as its owner does who rotates it.
func (s *Stack) PutSecret(ctx context.Context, arn, text string) error {
	body, err := json.Marshal(map[string]string{"SecretId": arn, "SecretString": text, "ClientRequestToken": uuid.NewString()})
	if err != nil {
		return fmt.Errorf("change a secret: %w", err)
	}
	if _, err := s.call(ctx, "secretsmanager", "secretsmanager.PutSecretValue", "application/x-amz-json-1.1", body); err != nil {
		return fmt.Errorf("change a secret: %w", err)
	}
	return nil
}

// call asks a service of LocalStack, which looks at no signature but finds the service in it.
func (s *Stack) call(ctx context.Context, service, target, contentType string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", contentType)
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
	}
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=test/20260101/%s/%s/aws4_request, SignedHeaders=host, Signature=none", region, service))
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, text)
	}
	return text, err
}
