// Command openapi writes shared/httpapi/openapi.json, the description of the API, of api.json and of what stands in
// tables of the code: the fields of services and the codes of errors. Of the services it also writes the package for Home
// Assistant. With -check it only tells whether the files are fresh.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"

	"telegram-client/shared/filter"
	"telegram-client/shared/httpapi"
	"telegram-client/shared/message"
)

const file = "shared/httpapi/openapi.json"

//go:embed api.json
var base []byte

func main() {
	check := flag.Bool("check", false, "only tell whether the files are fresh")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	api, err := describe()
	if err != nil {
		return err
	}
	yaml, err := packageOf(api)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name  string
		fresh []byte
	}{{file, api}, {packageFile, yaml}} {
		if !check {
			if err := os.WriteFile(f.name, f.fresh, 0o644); err != nil {
				return err
			}
			continue
		}
		there, err := os.ReadFile(f.name)
		if err != nil {
			return err
		}
		if !bytes.Equal(there, f.fresh) {
			return fmt.Errorf("%s is stale: make openapi", f.name)
		}
	}
	return nil
}

type object = map[string]any

// describe returns the whole description.
func describe() ([]byte, error) {
	var doc struct {
		OpenAPI    string            `json:"openapi"`
		Info       object            `json:"info"`
		Security   []any             `json:"security"`
		Paths      map[string]object `json:"paths"`
		Components struct {
			SecuritySchemes object            `json:"securitySchemes"`
			Parameters      object            `json:"parameters"`
			Responses       object            `json:"responses"`
			Schemas         map[string]object `json:"schemas"`
		} `json:"components"`
	}
	d := json.NewDecoder(bytes.NewReader(base))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("api.json: %w", err)
	}
	var codes []string
	for c := range httpapi.Statuses() {
		codes = append(codes, string(c))
	}
	for _, c := range filter.Codes() {
		codes = append(codes, string(c))
	}
	slices.Sort(codes)
	doc.Components.Schemas["Fault"]["properties"].(object)["code"].(object)["enum"] = codes
	for _, v := range message.Verbs() {
		described, err := serviceOf(v)
		if err != nil {
			return nil, err
		}
		doc.Paths["/services/telegram_client/"+string(v)] = object{"post": described}
	}
	out, err := json.MarshalIndent(doc, "", " ")
	return append(out, '\n'), err
}

// fieldsOf returns the schema of a service's call.
func fieldsOf(verb message.Verb) (object, error) {
	properties, required := object{}, []string{}
	for _, f := range message.FieldsOf(verb) {
		var example any
		d := json.NewDecoder(bytes.NewReader([]byte(f.Example)))
		d.UseNumber()
		if err := d.Decode(&example); err != nil {
			return nil, fmt.Errorf("example of %s: %w", f.Name, err)
		}
		schema := schemaOf(f)
		if schema == nil {
			return nil, fmt.Errorf("%s: no schema for its kind", f.Name)
		}
		schema["title"], schema["description"], schema["examples"] = f.Title, f.Text, []any{example}
		properties[f.Name] = schema
		if f.Uses[verb] == message.Required {
			required = append(required, f.Name)
		}
	}
	out := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	return out, nil
}
