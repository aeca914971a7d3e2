// Command editmessage is the function that edits messages.
package main

import (
	"context"
	"os"

	"telegram-client/functions"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/media/content"
	"telegram-client/shared/process"
	"telegram-client/shared/service"
)

func main() {
	os.Exit(process.Main("editmessage", func(ctx context.Context, e process.Environ) error {
		return process.Serve(ctx, e, httpapi.Fail, functions.EditMessage(service.Media{Detect: content.Detect, Scale: content.Scale}))
	}))
}
