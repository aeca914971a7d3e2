// Command configflow is the function that logs accounts in.
package main

import (
	"context"
	"os"

	"telegram-client/functions"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/process"
)

func main() {
	os.Exit(process.Main("configflow", func(ctx context.Context, e process.Environ) error {
		return process.Serve(ctx, e, httpapi.Fail, functions.ConfigFlow)
	}))
}
