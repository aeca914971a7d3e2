// Command deletemessages is the function that deletes messages.
package main

import (
	"context"
	"os"

	"telegram-client/functions"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/process"
)

func main() {
	os.Exit(process.Main("deletemessages", func(ctx context.Context, e process.Environ) error {
		return process.Serve(ctx, e, httpapi.Fail, functions.DeleteMessages)
	}))
}
