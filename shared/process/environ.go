package process

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/caarlos0/env/v11"

	"telegram-client/shared/seal"
)

// An Environ is what a program is started with.
type Environ struct {
	Name   string   // of the program
	Args   []string // without the program's name
	Vars   map[string]string
	Log    *slog.Logger
	Stdout io.Writer
	Stderr io.Writer

	problems []string // found before the program ran; every Load tells them
}

// InLambda reports whether the program runs as the bootstrap of a Lambda function.
func (e Environ) InLambda() bool { return e.Vars["AWS_LAMBDA_RUNTIME_API"] != "" }

// A Checker finds what is wrong with settings that could be read one by one. Each problem is a line for a person that
// begins with the variable's name and does not show a secret.
type Checker interface{ Check() (problems []string) }

// Load fills structs with `env` tags. Its error is a [Misconfigured] with every problem of all of them. A variable that
// is set to nothing counts as not set.
func (e Environ) Load(into ...any) error {
	vars := make(map[string]string, len(e.Vars))
	for name, value := range e.Vars {
		if strings.TrimSpace(value) != "" {
			vars[name] = value
		}
	}
	problems := slices.Clone(e.problems)
	for _, settings := range into {
		err := env.ParseWithOptions(settings, env.Options{
			Environment: vars,
			FuncMap: map[reflect.Type]env.ParserFunc{
				reflect.TypeFor[seal.Text](): func(v string) (any, error) { return seal.NewText(strings.TrimSpace(v)), nil },
			},
		})
		if err != nil {
			problems = append(problems, describe(reflect.TypeOf(settings), err)...)
		} else if c, ok := settings.(Checker); ok {
			problems = append(problems, c.Check()...)
		}
	}
	if len(problems) > 0 {
		return &Misconfigured{Problems: problems}
	}
	return nil
}

// describe turns the errors of package env, which name fields of Go, into lines that name variables.
func describe(settings reflect.Type, err error) []string {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return []string{err.Error()}
	}
	var out []string
	for _, err := range all.Errors {
		var unset env.VarIsNotSetError
		var wrong env.ParseError
		switch {
		case errors.As(err, &unset):
			out = append(out, unset.Key+": is not set")
		case errors.As(err, &wrong):
			out = append(out, variable(settings, wrong.Name)+": "+reason(wrong.Err, wrong.Type))
		default:
			out = append(out, err.Error())
		}
	}
	return out
}

// reason says what is wrong with a value without showing it.
func reason(err error, want reflect.Type) string {
	var number *strconv.NumError
	if !errors.As(err, &number) {
		return err.Error()
	}
	if errors.Is(number.Err, strconv.ErrRange) {
		return "is out of range"
	}
	if want.Kind() == reflect.Bool {
		return `is neither "true" nor "false"`
	}
	return "is not a number"
}

// variable finds the name of the variable of a field.
func variable(settings reflect.Type, field string) string {
	for settings.Kind() == reflect.Pointer {
		settings = settings.Elem()
	}
	if settings.Kind() != reflect.Struct {
		return field
	}
	if f, ok := settings.FieldByName(field); ok {
		if name, _, _ := strings.Cut(f.Tag.Get("env"), ","); name != "" {
			return name
		}
	}
	for f := range settings.Fields() {
		if f.Type.Kind() == reflect.Struct {
			if name := variable(f.Type, field); name != field {
				return name
			}
		}
	}
	return field
}

// Misconfigured is the error of a program whose environment is wrong.
type Misconfigured struct {
	// Problems are lines that begin with the name of a variable.
	Problems []string
}

// Error lists the problems.
func (m *Misconfigured) Error() string {
	return "wrong configuration: " + strings.Join(m.Problems, "; ")
}

// Wrong returns a Misconfigured for a variable whose value turned out to be of no use. err must not show a secret.
func Wrong(variable string, err error) error {
	return &Misconfigured{Problems: []string{fmt.Sprintf("%s: %v", variable, err)}}
}

// misconfigured collects the problems of every Misconfigured in err's tree, each once: a program may join several.
func misconfigured(err error) []string {
	var problems []string
	add := func(more []string) {
		for _, p := range more {
			if !slices.Contains(problems, p) {
				problems = append(problems, p)
			}
		}
	}
	switch x := err.(type) {
	case *Misconfigured:
		add(x.Problems)
	case interface{ Unwrap() []error }:
		for _, e := range x.Unwrap() {
			add(misconfigured(e))
		}
	case interface{ Unwrap() error }:
		add(misconfigured(x.Unwrap()))
	}
	return problems
}
