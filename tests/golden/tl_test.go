package golden_test

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tdp"
	"github.com/gotd/td/tg"
)

// tl makes a value of Telegram's schema of the golden form of it: an object with the constructor as "_".
func tl(from map[string]any) bin.Object {
	name, _ := from["_"].(string)
	name = strings.ToLower(name[:1]) + name[1:]
	make, ok := tg.TypesConstructorMap()[tg.NamesMap()[name]]
	if !ok {
		failCase("no constructor %q", name)
	}
	o := make()
	schema := map[string]string{}
	for _, f := range o.(tdp.Object).TypeInfo().Fields {
		schema[f.SchemaName] = f.Name
	}
	for key, value := range from {
		if key == "_" {
			continue
		}
		switch key { // names that Python reserves
		case "is_self":
			key = "self"
		case "from_":
			key = "from"
		}
		field, ok := schema[key]
		if !ok {
			failCase("%s has no field %q", name, key)
		}
		setTL(reflect.ValueOf(o).Elem().FieldByName(field), value)
	}
	var b bin.Buffer // through the wire, so that all flags are set
	if err := o.Encode(&b); err != nil {
		failCase("encode %s: %v", name, err)
	}
	decoded := make()
	if err := decoded.Decode(&b); err != nil {
		failCase("decode %s: %v", name, err)
	}
	return decoded
}

func setTL(into reflect.Value, value any) {
	switch value := value.(type) {
	case nil:
	case bool:
		into.SetBool(value)
	case json.Number:
		n, err := value.Int64()
		if err != nil {
			failCase("%v", err)
		}
		into.SetInt(n)
	case string:
		if into.Kind() == reflect.Int {
			at, err := time.Parse(time.RFC3339, value)
			if err != nil {
				failCase("%v", err)
			}
			into.SetInt(at.Unix())
			return
		}
		into.SetString(value)
	case []any:
		into.Set(reflect.MakeSlice(into.Type(), len(value), len(value)))
		for i, v := range value {
			setTL(into.Index(i), v)
		}
	case map[string]any:
		if text, ok := value["$b64"].(string); ok {
			raw, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				failCase("%v", err)
			}
			into.SetBytes(raw)
			return
		}
		o := reflect.ValueOf(tl(value))
		if into.Kind() == reflect.Struct {
			o = o.Elem()
		}
		into.Set(o)
	default:
		failCase("what is %T?", value)
	}
}

// A container is what arrives at once, its updates in the order in which the listener's engine hands them on.
type container struct {
	updates []bin.Object
	users   []tg.UserClass
	chats   []tg.ChatClass
}

func decodeContainer(b64 string) container {
	raw, err := base64.StdEncoding.DecodeString(b64)
	if err != nil {
		failCase("%v", err)
	}
	decoded, err := tg.DecodeUpdates(&bin.Buffer{Buf: raw})
	if err != nil {
		failCase("%v", err)
	}
	switch u := decoded.(type) {
	case *tg.Updates:
		return container{elements(u.Updates), u.Users, u.Chats}
	case *tg.UpdatesCombined:
		return container{elements(u.Updates), u.Users, u.Chats}
	case *tg.UpdateShort:
		return container{updates: elements([]tg.UpdateClass{u.Update})}
	}
	return container{updates: []bin.Object{decoded}}
}

// elements returns the updates by where they begin: numbers first count what is before them.
func elements(updates []tg.UpdateClass) []bin.Object {
	all := make([]bin.Object, len(updates))
	for i, u := range updates {
		all[i] = u
	}
	slices.SortStableFunc(all, func(a, b bin.Object) int { return begins(a) - begins(b) })
	return all
}

func begins(u bin.Object) int {
	at := 0
	if n, ok := u.(interface{ GetPts() int }); ok {
		at = n.GetPts()
	} else if n, ok := u.(interface{ GetQts() int }); ok {
		at = n.GetQts() - 1
	}
	if n, ok := u.(interface{ GetPtsCount() int }); ok && at != 0 {
		at -= n.GetPtsCount()
	}
	return at
}
