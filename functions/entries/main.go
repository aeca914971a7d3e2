// Command entries is the function that shows, changes and removes entries.
package main

import (
	"context"
	"os"

	"telegram-client/functions"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/process"
)

func main() {
	os.Exit(process.Main("entries", func(ctx context.Context, e process.Environ) error {
		return process.Serve(ctx, e, httpapi.Fail, functions.Entries)
	}))
}
