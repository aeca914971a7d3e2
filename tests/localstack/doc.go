// Package localstack tells the story to the stack of template.yaml, deployed with `sam deploy` on a real LocalStack, with
// the listener beside it. It takes two minutes and an installed LocalStack, so its tests have the build tag localstack:
// `make test-localstack` runs them.
package localstack
