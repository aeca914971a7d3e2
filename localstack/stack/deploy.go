package stack

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"telegram-client/localstack/program"
)

// Build builds the functions for this machine.
func (s *Stack) Build(ctx context.Context) error {
	return s.run(ctx, "make", "sam-build", "ARCH="+arch(), "BUILD_DIR="+s.buildDir())
}

// arch is this machine's architecture as Lambda calls it.
func arch() string {
	if runtime.GOARCH == "amd64" {
		return "x86_64"
	}
	return runtime.GOARCH
}

func (s *Stack) buildDir() string { return filepath.Join(s.o.Root, ".aws-sam", "build-local") }

// Deploy deploys what was built, or updates what is deployed, with parameters of template.yaml. RedisUrl is needed.
func (s *Stack) Deploy(ctx context.Context, parameters map[string]string) error {
	if err := s.makeBucket(ctx); err != nil {
		return err
	}
	sam, err := s.output(ctx, filepath.Join("infra", "install-sam.sh"))
	if err != nil {
		return err
	}
	args := []string{"deploy", "--template-file", filepath.Join(s.buildDir(), "template.yaml"), "--stack-name", name, "--s3-bucket", bucket,
		"--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar",
		"--parameter-overrides", "Target=local", "LambdaArch=" + arch()}
	for _, key := range slices.Sorted(maps.Keys(parameters)) {
		args = append(args, key+"="+parameters[key])
	}
	return s.run(ctx, strings.TrimSpace(sam), args...)
}

func (s *Stack) makeBucket(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, s.endpoint+"/"+bucket, nil)
	if err != nil {
		return fmt.Errorf("make the bucket: %w", err)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return fmt.Errorf("make the bucket: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusConflict {
		return fmt.Errorf("make the bucket: %s", answer.Status)
	}
	return nil
}

// StartListener starts the listener, built at path, beside the stack: with the secrets of the stack and the store that
// it was deployed with. env is what is different.
func (s *Stack) StartListener(ctx context.Context, path string, outputs map[string]string, env ...string) (*program.Program, error) {
	return program.Start(ctx, program.Config{Path: path, Log: s.o.Log, Env: append(append(s.Env(),
		"NAMING_KEY_SECRET_ARN="+outputs["NamingKeySecret"], "SEAL_KEYS_SECRET_ARN="+outputs["SealKeysSecret"],
		"SETTINGS_SECRET_ARN="+outputs["SettingsSecret"],
		"TARGET_LOOPBACK=true", "TARGET_PRIVATE=true"), env...)})
}

func (s *Stack) prepare(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = s.o.Root
	cmd.Env = append(os.Environ(), s.Env()...)
	cmd.Stdout, cmd.Stderr = s.o.Log, s.o.Log
	return cmd
}

// run runs a command in the checkout; what it prints goes to the log.
func (s *Stack) run(ctx context.Context, program string, args ...string) error {
	if err := s.prepare(ctx, program, args...).Run(); err != nil {
		return fmt.Errorf("%s %s: %w", filepath.Base(program), args[0], err)
	}
	return nil
}

func (s *Stack) output(ctx context.Context, program string, args ...string) (string, error) {
	cmd := s.prepare(ctx, program, args...)
	cmd.Stdout = nil
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", filepath.Base(program), err)
	}
	return string(out), nil
}
