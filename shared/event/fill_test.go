package event

import (
	"reflect"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
)

// fill sets what an update has to something, as far as it matters to the events.
func fill(u bin.Object) {
	v := reflect.ValueOf(u).Elem()
	if v.Kind() != reflect.Struct {
		return
	}
	for i := range v.NumField() {
		f := v.Field(i)
		switch {
		case f.Type() == reflect.TypeFor[bin.Fields]():
			f.SetUint(1<<32 - 1)
		case f.Kind() == reflect.Int, f.Kind() == reflect.Int64:
			f.SetInt(1001)
		case f.Kind() == reflect.String:
			f.SetString("x")
		case f.Type() == reflect.TypeFor[[]byte]():
			f.SetBytes([]byte("x"))
		case f.Type() == reflect.TypeFor[[]int]():
			f.Set(reflect.ValueOf([]int{7, 5}))
		case f.Type() == reflect.TypeFor[tg.PeerClass]():
			f.Set(reflect.ValueOf(&tg.PeerChannel{ChannelID: 1400000001}))
		case f.Type() == reflect.TypeFor[tg.MessageClass]():
			f.Set(reflect.ValueOf(inMega().Message))
		case f.Type() == reflect.TypeFor[tg.UserStatusClass]():
			f.Set(reflect.ValueOf(&tg.UserStatusOnline{}))
		case f.Type() == reflect.TypeFor[tg.SendMessageActionClass]():
			f.Set(reflect.ValueOf(&tg.SendMessageTypingAction{}))
		}
	}
}
