// Command events is the function with which Home Assistant fetches events, and which has those that it refused.
package main

import (
	"context"
	"os"

	"telegram-client/functions"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/process"
)

func main() {
	os.Exit(process.Main("events", func(ctx context.Context, e process.Environ) error {
		return process.Serve(ctx, e, httpapi.Fail, functions.Events)
	}))
}
