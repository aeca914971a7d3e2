// Package awsapi asks services of AWS with signed requests, without the SDK's clients, each of which would be a fifth of a
// function. Requests are signed by the SDK's signer, with the credentials that Lambda gives a function.
//
// It leaves to others what is asked and what an answer means.
package awsapi

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// answerLimit is more than any answer has that we ask for.
const answerLimit = 1 << 20

// A Client asks one service. It is safe for concurrent use.
type Client struct {
	service, endpoint, region string
	credentials               aws.Credentials
	http                      *http.Client
	now                       func() time.Time
}

// FromVars returns a client of a service, such as "lambda", by what the variables say: AWS_REGION, AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, as Lambda sets them, and for another address AWS_ENDPOINT_URL or the one of the
// service alone, which endpoint names (AWS_ENDPOINT_URL_LAMBDA).
func FromVars(vars map[string]string, service, endpoint string, now func() time.Time) (*Client, error) {
	once := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true} // requests are few and far between
	c := &Client{
		service: service, region: cmp.Or(vars["AWS_REGION"], vars["AWS_DEFAULT_REGION"]),
		http: &http.Client{Transport: once, Timeout: 5 * time.Second}, now: now,
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
	c.endpoint = strings.TrimRight(cmp.Or(vars[endpoint], vars["AWS_ENDPOINT_URL"], "https://"+service+"."+c.region+"."+domain), "/")
	return c, nil
}

// Endpoint returns the service's address, without a slash at the end.
func (c *Client) Endpoint() string { return c.endpoint }

// Post makes a request and returns the answer, whose body has been read.
func (c *Client) Post(ctx context.Context, path string, header map[string]string, body []byte) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	hash := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, c.credentials, r, hex.EncodeToString(hash[:]), c.service, c.region, c.now()); err != nil {
		return nil, nil, fmt.Errorf("sign the request: %w", err)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	return answer, text, err
}
