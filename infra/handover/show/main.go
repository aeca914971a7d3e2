// Command show tells the owner of a deployed stack what there is to know about it, and writes what goes into Home
// Assistant: show OUTPUTS DIR, with the stack's outputs in a file, NAME=VALUE a line, and the token on standard input.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"telegram-client/infra/handover"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "show:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: show OUTPUTS DIR")
	}
	file, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer file.Close()
	outputs, err := handover.ReadOutputs(file)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("read the token: %w", err)
	}
	token, _, _ := strings.Cut(strings.TrimSpace(string(text)), ",") // the first of two that are valid
	files, err := handover.Write(args[1], outputs, token)
	if err != nil {
		return err
	}
	handover.Show(out, outputs, token, files)
	return nil
}
