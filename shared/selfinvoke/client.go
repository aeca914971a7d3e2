// Package selfinvoke lets a Lambda function call itself without waiting for the answer: the action Invoke of Lambda's API,
// asynchronously (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html). Lambda keeps such an event until it has
// been carried out, and tries twice more if the function fails.
package selfinvoke

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"telegram-client/shared/awsapi"
	"telegram-client/shared/fault"
)

// A Client calls the function it runs in. It is safe for concurrent use.
type Client struct {
	api  *awsapi.Client
	path string
}

// FromVars returns a client of the function whose variables these are: AWS_LAMBDA_FUNCTION_NAME, as Lambda sets it, and
// those of [awsapi.FromVars].
func FromVars(vars map[string]string, now func() time.Time) (*Client, error) {
	name := vars["AWS_LAMBDA_FUNCTION_NAME"]
	if name == "" {
		return nil, errors.New("AWS_LAMBDA_FUNCTION_NAME is not set")
	}
	api, err := awsapi.FromVars(vars, "lambda", "AWS_ENDPOINT_URL_LAMBDA", now)
	if err != nil {
		return nil, err
	}
	return &Client{api, "/2015-03-31/functions/" + url.PathEscape(name) + "/invocations"}, nil
}

// busyFor is when to try again what Lambda did not take.
const busyFor = 5 * time.Second

// Invoke hands Lambda an event for this function. It returns when Lambda has it. Fault: sender_busy, if Lambda takes no more
// of them at the moment or does not answer.
func (c *Client) Invoke(ctx context.Context, event []byte) error {
	answer, _, err := c.api.Post(ctx, c.path, map[string]string{"Content-Type": "application/json", "X-Amz-Invocation-Type": "Event"}, event)
	if err != nil {
		return busy(err)
	}
	// X-Amzn-Errortype: "AccessDeniedException", perhaps with an address behind a colon.
	said := errors.New(cmp.Or(answer.Header.Get("X-Amzn-Errortype"), answer.Status))
	switch status := answer.StatusCode; {
	case status == http.StatusAccepted:
		return nil
	case status == http.StatusTooManyRequests || status >= 500:
		return busy(said)
	}
	return fmt.Errorf("call this function again: %w", said)
}

func busy(why error) error {
	return fault.New(fault.SenderBusy, "Lambda does not take this call now. Try again in a moment.").After(busyFor).
		Because(fmt.Errorf("call this function again: %w", why))
}
