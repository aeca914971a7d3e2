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
	fields, err := fieldsOf(message.SendMessages)
	if err != nil {
		return nil, err
	}
	doc.Paths["/services/telegram_client/send_messages"] = object{"post": sendMessages(fields)}
	out, err := json.MarshalIndent(doc, "", " ")
	return append(out, '\n'), err
}

func sendMessages(fields object) object {
	answer := func(description string) object {
		return object{"description": description, "content": object{"application/json": object{"schema": object{"$ref": "#/components/schemas/SendAnswer"}}}}
	}
	return object{
		"operationId": "sendMessages", "summary": "Send messages to users, groups and channels",
		"parameters":  []any{object{"$ref": "#/components/parameters/IdempotencyKey"}},
		"requestBody": object{"required": true, "content": object{"application/json": object{"schema": fields}}},
		"responses": object{
			"200": answer("Sent to all"), "207": answer("Sent to some"),
			"default": object{"description": "An error; what was sent before it stands in results",
				"content": object{"application/json": object{"schema": object{"anyOf": []any{object{"$ref": "#/components/schemas/SendAnswer"}, object{"$ref": "#/components/schemas/Error"}}}}}},
		},
	}
}

// fieldsOf returns the schema of a service's call. Fields that are planned only are left out.
func fieldsOf(verb message.Verb) (object, error) {
	properties, required := object{}, []string{}
	for _, f := range message.Fields() {
		use, ok := f.Uses[verb]
		if !ok || use == message.Planned {
			continue
		}
		var example any
		d := json.NewDecoder(bytes.NewReader([]byte(f.Example)))
		d.UseNumber()
		if err := d.Decode(&example); err != nil {
			return nil, fmt.Errorf("example of %s: %w", f.Name, err)
		}
		schema := schemaOf(f.Kind)
		if schema == nil {
			return nil, fmt.Errorf("%s: no schema for its kind", f.Name)
		}
		schema["title"], schema["description"], schema["examples"] = f.Title, f.Text, []any{example}
		properties[f.Name] = schema
		if use == message.Required {
			required = append(required, f.Name)
		}
	}
	out := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	return out, nil
}

// schemaOf returns what a kind of field takes. Null is the same as no field everywhere.
func schemaOf(k message.Kind) object {
	one := func(types ...string) object { return object{"type": append(types, "null")} }
	list := func(types ...string) object {
		s := one(append(types, "array")...)
		s["items"] = object{"type": types}
		return s
	}
	switch k {
	case message.Text:
		return one("string", "number", "boolean")
	case message.Flag:
		return one("boolean", "string")
	case message.Integer:
		return one("integer", "string")
	case message.IDs:
		return list("integer", "string")
	case message.Names:
		return list("string")
	}
	return nil
}
