package tljson

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tdp"
	"github.com/gotd/td/tg"
)

// everyType calls f with a value of every constructor and method of the layer that describes itself.
func everyType(f func(name string, o tdp.Object)) {
	for _, make := range tg.TypesConstructorMap() {
		if o, ok := make().(tdp.Object); ok {
			f(o.TypeInfo().Name, o)
		}
	}
}

func TestAppend_WritesEveryTypeOfTheSchema(t *testing.T) {
	t.Parallel()
	types := 0
	everyType(func(name string, o tdp.Object) {
		types++
		for _, full := range []bool{false, true} {
			if full {
				fill(reflect.ValueOf(o).Elem(), 3)
			}
			var got map[string]json.RawMessage
			written := Append(nil, o)
			if err := json.Unmarshal(written, &got); err != nil {
				t.Errorf("%s: %v: %s", name, err, written)
				continue
			}
			known := Keys(o)
			for key := range got {
				if !slices.Contains(known, key) {
					t.Errorf("%s: %q is not one of its keys", name, key)
				}
			}
			for _, key := range known {
				field := fieldOf(o, key)
				_, there := got[key]
				if left := field.Type() == bytesType || field.Kind() == reflect.Array; there == left && (full || !left) {
					t.Errorf("%s, full=%t: member %q there=%t", name, full, key, there)
				}
			}
		}
	})
	if types < 2000 {
		t.Errorf("only %d types: the schema was not walked", types)
	}
}

// fill sets every field of a value to something, and all its flags.
func fill(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth)
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1234567890)
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(1<<32 - 1)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.String:
		v.SetString("é\"\\\n\x01\xff")
	case reflect.Slice:
		if depth > 0 {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(v.Index(0), depth-1)
		}
	}
}

func fieldOf(o tdp.Object, key string) reflect.Value {
	for _, f := range o.TypeInfo().Fields {
		if f.SchemaName == key || keys[f.SchemaName] == key {
			return reflect.ValueOf(o).Elem().FieldByName(f.Name)
		}
	}
	return reflect.Value{}
}

// gotd shows an optional Bool and an optional true as bool, but a getter of the former has two results.
func TestPlan_KnowsEveryOptionalBool(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	everyType(func(name string, o tdp.Object) {
		for _, f := range o.TypeInfo().Fields {
			getter := reflect.ValueOf(o).MethodByName("Get" + f.Name)
			if getter.IsValid() && getter.Type().NumOut() == 2 && getter.Type().Out(0).Kind() == reflect.Bool {
				found[name+"."+f.SchemaName] = true
			}
		}
	})
	if diff := cmp.Diff(found, threeValued); diff != "" {
		t.Error(diff)
	}
}

func TestPlan_FindsTheFlagOfEveryOptionalField(t *testing.T) {
	t.Parallel()
	everyType(func(name string, o tdp.Object) {
		p := makePlan(reflect.TypeOf(o).Elem())
		optional := map[string]bool{}
		for _, f := range o.TypeInfo().Fields {
			optional[f.SchemaName] = f.Null
		}
		for _, f := range p.fields {
			kind := reflect.ValueOf(o).Elem().Field(f.index).Kind()
			if optional[f.name] && f.absent == "" && kind != reflect.Bool {
				t.Errorf("%s.%s: no flag found", name, f.name)
			}
		}
	})
}

func TestAppend_FollowsTheRule(t *testing.T) {
	t.Parallel()
	user := &tg.User{Self: true, ID: 1 << 62, AccessHash: -1 << 63, FirstName: "A\u2028<b>", Status: &tg.UserStatusOffline{WasOnline: 1726050030},
		Photo: &tg.UserProfilePhoto{PhotoID: 5, StrippedThumb: []byte("x"), DCID: 2}}
	if err := user.Encode(&bin.Buffer{}); err != nil { // sets the flags, also of what is inside
		t.Fatal(err)
	}
	photo := &tg.UserProfilePhoto{PhotoID: 5, DCID: 2}
	for name, c := range map[string]struct {
		o    tdp.Object
		key  string
		want string
	}{
		"self is renamed":            {user, "is_self", `true`},
		"flags are false":            {user, "bot", `false`},
		"whole numbers":              {user, "id", `4611686018427387904`},
		"negative ones":              {user, "access_hash", `-9223372036854775808`},
		"text":                       {user, "first_name", `"A` + "\u2028" + `<b>"`},
		"absent text":                {user, "last_name", `null`},
		"absent list":                {user, "usernames", `[]`},
		"absent object of a struct":  {user, "stories_max_id", `null`},
		"a time":                     {user, "status", `{"was_online":"2024-09-11T10:20:30+00:00"}`},
		"bytes left out":             {user, "photo", `{"has_video":false,"personal":false,"photo_id":5,"dc_id":2}`},
		"absent bytes are null":      {photo, "stripped_thumb", `null`},
		"time zero":                  {&tg.Message{}, "date", `"1970-01-01T00:00:00+00:00"`},
		"periods are numbers":        {withFlags(&tg.Message{TTLPeriod: 5}), "ttl_period", `5`},
		"an optional Bool":           {withFlags(&tg.MessageActionTopicEdit{}), "closed", `null`},
		"an object without a field":  {&tg.MessageMediaGeo{Geo: &tg.GeoPointEmpty{}}, "geo", `{}`},
		"from is renamed":            {&tg.MessageActionGeoProximityReached{FromID: &tg.PeerUser{UserID: 1}}, "from_id", `{"user_id":1}`},
		"a double":                   {&tg.GeoPoint{Long: 21.5}, "long", `21.5`},
		"a whole one":                {&tg.GeoPoint{Long: -2}, "long", `-2.0`},
		"one of many digits":         {&tg.GeoPoint{Long: 1234567890.5}, "long", `1234567890.5`},
		"a long one":                 {&tg.GeoPoint{Long: 123456789}, "long", `123456789.0`},
		"a small one":                {&tg.GeoPoint{Long: 0.0001}, "long", `0.0001`},
		"a smaller one":              {&tg.GeoPoint{Long: 0.00001}, "long", `1e-05`},
		"a huge one":                 {&tg.GeoPoint{Long: -1.5e16}, "long", `-1.5e+16`},
		"a nil object that must be":  {&tg.Message{}, "peer_id", `null`},
		"objects in a list":          {withFlags(&tg.Message{Entities: []tg.MessageEntityClass{&tg.MessageEntityBold{Offset: 1, Length: 2}}}), "entities", `[{"offset":1,"length":2}]`},
		"structs in a list":          {withFlags(&tg.User{Usernames: []tg.Username{{Active: true, Username: "a"}}}), "usernames", `[{"editable":false,"active":true,"username":"a"}]`},
		"bytes in a list are text":   {&tg.MessagesSendVoteRequest{Options: [][]byte{[]byte("a\xff")}}, "options", `["a` + "\ufffd" + `"]`},
		"a date that is not its own": {&tg.UserStatusOnline{Expires: 1}, "expires", `"1970-01-01T00:00:01+00:00"`},
	} {
		var got map[string]json.RawMessage
		if err := json.Unmarshal(Append(nil, c.o), &got); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, string(got[c.key])); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	var there map[string]json.RawMessage
	photo.SetStrippedThumb([]byte("x"))
	if err := json.Unmarshal(Append(nil, photo), &there); err != nil {
		t.Fatal(err)
	}
	if _, ok := there["stripped_thumb"]; ok {
		t.Error("bytes are there")
	}
	if got := string(Append(nil, (*tg.User)(nil))) + string(Append(nil, nil)); got != "nullnull" {
		t.Errorf("nothing is %s", got)
	}
	if got := string(Append(nil, &tg.PeerUser{UserID: 7}, "user_id")); got != `{"user_id":null}` {
		t.Errorf("a member that is not known is %s", got)
	}
}

func withFlags[T interface {
	tdp.Object
	SetFlags()
}](o T) T {
	o.SetFlags()
	return o
}

func TestAppend_WritesWhatWasDecoded(t *testing.T) {
	t.Parallel()
	m := &tg.Message{ID: 1, Out: true, PeerID: &tg.PeerChat{ChatID: 5001}, Message: "x"}
	var b bin.Buffer
	if err := m.Encode(&b); err != nil {
		t.Fatal(err)
	}
	decoded, err := tg.DecodeMessage(&b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(Append(nil, m)), string(Append(nil, decoded.(*tg.Message)))); diff != "" {
		t.Error(diff)
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\n\x00\u2028é\xff😀")
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		if err := json.Unmarshal(AppendString(nil, s), &got); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); utf8.ValidString(s) && got != want {
			t.Fatalf("%q became %q", s, got)
		}
	})
}

func BenchmarkAppend_User(b *testing.B) {
	user := &tg.User{ID: 1001, AccessHash: -7000000000000000001, FirstName: "Alice", LastName: "Ångström", Username: "alice",
		Status: &tg.UserStatusRecently{}, Photo: &tg.UserProfilePhoto{PhotoID: 42, DCID: 2}}
	user.SetFlags()
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = Append(dst[:0], user)
	}
}
