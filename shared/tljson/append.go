// Package tljson writes values of Telegram's schema as JSON, by one rule for every type: an object with one member per
// field, named as in the schema.
//
// The rule, in which automations were written, comes from Telethon's to_dict: flags are left out, and so is the name of
// the constructor; optional flags are false and optional lists [] when they are not there, everything else null;
// times are text in UTC; bytes are left out, though an optional field of bytes that is not there is null. self and from
// are called is_self and from_. Numbers are exact 64-bit integers.
//
// Values are written as their flags say, so a value made in Go wants SetFlags first, as decoding does.
package tljson

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/gotd/td/tdp"
)

// Append appends o as JSON: null if it is nil. Of the members named in nulls the value is null whatever o says: some
// short forms do not know them.
func Append(dst []byte, o tdp.Object, nulls ...string) []byte {
	v := reflect.ValueOf(o)
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return append(dst, "null"...)
	}
	return appendStruct(dst, reflect.Indirect(v), nulls)
}

func appendStruct(dst []byte, v reflect.Value, nulls []string) []byte {
	p := planOf(v.Type())
	if p == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '{')
	first := true
	for i := range p.fields {
		f := &p.fields[i]
		absent := f.absent
		if absent != "" && v.Field(f.flags).Uint()&(1<<f.bit) != 0 {
			absent = ""
		}
		if nulls != nil && slices.Contains(nulls, f.name) {
			absent = "null"
		}
		if absent == "" && f.write == writeNothing {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, f.key...)
		switch {
		case absent != "":
			dst = append(dst, absent...)
		case f.write == writeDate:
			dst = AppendTime(dst, v.Field(f.index).Int())
		default:
			dst = appendValue(dst, v.Field(f.index))
		}
	}
	return append(dst, '}')
}

func appendValue(dst []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(dst, v.Bool())
	case reflect.Int, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(dst, v.Int(), 10)
	case reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(dst, v.Uint(), 10)
	case reflect.Float64:
		return appendFloat(dst, v.Float())
	case reflect.String:
		return AppendString(dst, v.String())
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return append(dst, "null"...)
		}
		return appendValue(dst, v.Elem())
	case reflect.Struct:
		return appendStruct(dst, v, nil)
	case reflect.Slice:
		return appendSlice(dst, v)
	}
	return append(dst, "null"...)
}

func appendSlice(dst []byte, v reflect.Value) []byte {
	if v.Type() == bytesType { // in a list; as a field it is left out
		return AppendString(dst, string(v.Bytes()))
	}
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendValue(dst, v.Index(i))
	}
	return append(dst, ']')
}

// appendFloat writes a double, always as one: 2.0, and with an exponent only where digits would be zeros to fill up.
// JSON has no infinities, and Telegram sends none.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return append(dst, "null"...)
	}
	begin := len(dst)
	format := byte('f')
	if size := math.Abs(f); size != 0 && (size < 1e-4 || size >= 1e16) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if !bytes.ContainsAny(dst[begin:], ".e") {
		dst = append(dst, ".0"...)
	}
	return dst
}

// AppendTime appends a time of TL, in seconds, as "2026-11-22T11:30:00+00:00".
func AppendTime(dst []byte, seconds int64) []byte {
	dst = append(dst, '"')
	dst = time.Unix(seconds, 0).UTC().AppendFormat(dst, "2006-01-02T15:04:05")
	return append(dst, `+00:00"`...)
}

// AppendString appends text as a JSON string. What is not UTF-8 becomes U+FFFD.
func AppendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	plain := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = append(dst, s[plain:i]...)
			switch c {
			case '"', '\\':
				dst = append(dst, '\\', c)
			case '\n':
				dst = append(dst, '\\', 'n')
			default:
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			plain = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, s[plain:i]...)
			dst = append(dst, "\ufffd"...)
			plain = i + size
		}
		i += size
	}
	dst = append(dst, s[plain:]...)
	return append(dst, '"')
}
