package process

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

func TestStart_ExitCodes(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(context.Background())
	end()
	tests := map[string]struct {
		ctx            context.Context
		args, vars     []string
		run            func(context.Context, Environ) error
		code           int
		stdout, stderr []string
	}{
		"fine":    {run: func(context.Context, Environ) error { return nil }},
		"version": {args: []string{"--version"}, run: nil, stdout: []string{"test " + Version() + "\n"}},
		"ended by a signal": {ctx: ended, code: 0,
			run: func(ctx context.Context, _ Environ) error { return ctx.Err() }},
		"error": {code: 1, stderr: []string{"test: dial redis://h/***: refused\n"},
			run: func(context.Context, Environ) error { return errors.New("dial redis://u:p@h/0: refused") }},
		"error as JSON": {vars: []string{"LOG_FORMAT=json"}, code: 1, stderr: []string{`"msg":"ended with an error"`, `"error":"no"`},
			run: func(context.Context, Environ) error { return errors.New("no") }},
		"wrong configuration": {vars: []string{"LOG_LEVEL=loud", "LOG_FORMAT=xml"}, code: 2,
			stderr: []string{"test: wrong configuration:\n", "\n  REDIS_URL: is not set\n  A: names no file\n", "LOG_LEVEL: "},
			run: func(_ context.Context, e Environ) error {
				return errors.Join(e.Load(&Store{}), e.Load(), Wrong("A", errors.New("names no file")))
			}},
		"wrong configuration as JSON": {vars: []string{"LOG_FORMAT=json"}, code: 2,
			stderr: []string{`"problem":"REDIS_URL: is not set"`, `"problem":"API_TOKENS: is not set"`},
			run:    func(_ context.Context, e Environ) error { return e.Load(&Store{}, &Access{}) }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			e := environ(test.vars...)
			e.Args, e.Stdout, e.Stderr = test.args, &stdout, &stderr
			ctx := test.ctx
			if ctx == nil {
				ctx = context.Background()
			}
			if code := start(ctx, e, test.run); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			check := func(name, got string, want []string) {
				if len(want) == 0 && got != "" {
					t.Errorf("%s: %s", name, got)
				}
				for _, w := range want {
					if !strings.Contains(got, w) {
						t.Errorf("%s lacks %q:\n%s", name, w, got)
					}
				}
				if n := strings.Count(got, "LOG_LEVEL"); n > 1 {
					t.Errorf("a problem is told %d times:\n%s", n, got)
				}
			}
			check("stdout", stdout.String(), test.stdout)
			check("stderr", stderr.String(), test.stderr)
		})
	}
}
