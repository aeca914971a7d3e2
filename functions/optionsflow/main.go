// Command optionsflow is the function that asks and keeps which events an entry wants.
package main

import (
	"context"
	"os"

	"telegram-client/functions"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/process"
)

func main() {
	os.Exit(process.Main("optionsflow", func(ctx context.Context, e process.Environ) error {
		return process.Serve(ctx, e, httpapi.Fail, functions.OptionsFlow)
	}))
}
