package event

import (
	"maps"
	"slices"
	"strconv"

	"github.com/gotd/td/tdp"

	"telegram-client/shared/peer"
	"telegram-client/shared/tljson"
)

// A truth is true, false or, as null, not known.
type truth int8

const (
	unknown truth = iota
	no
	yes
)

func truthOf(v bool) truth {
	if v {
		return yes
	}
	return no
}

// A writer writes the members of an object, without braces.
type writer struct {
	dst   []byte
	begun bool
}

func (w *writer) key(name string) {
	if w.begun {
		w.dst = append(w.dst, ',')
	}
	w.begun = true
	w.dst = append(w.dst, '"')
	w.dst = append(w.dst, name...)
	w.dst = append(w.dst, '"', ':')
}

func (w *writer) null(name string) {
	w.key(name)
	w.dst = append(w.dst, "null"...)
}

func (w *writer) bool(name string, v bool) {
	w.key(name)
	w.dst = strconv.AppendBool(w.dst, v)
}

func (w *writer) truth(name string, v truth) {
	if v == unknown {
		w.null(name)
		return
	}
	w.bool(name, v == yes)
}

func (w *writer) int(name string, n int64) {
	w.key(name)
	w.dst = strconv.AppendInt(w.dst, n, 10)
}

// intOr writes null if the number is not there.
func (w *writer) intOr(name string, n int, there bool) {
	if !there {
		w.null(name)
		return
	}
	w.int(name, int64(n))
}

func (w *writer) ints(name string, all []int) {
	w.key(name)
	w.dst = append(w.dst, '[')
	for i, n := range all {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.dst = strconv.AppendInt(w.dst, int64(n), 10)
	}
	w.dst = append(w.dst, ']')
}

func (w *writer) id(name string, id peer.ID) {
	if id == 0 {
		w.null(name)
		return
	}
	w.int(name, int64(id))
}

func (w *writer) text(name, s string) {
	w.key(name)
	w.dst = tljson.AppendString(w.dst, s)
}

func (w *writer) time(name string, seconds int) {
	w.key(name)
	w.dst = tljson.AppendTime(w.dst, int64(seconds))
}

// object writes a value of Telegram's schema; of the members named in nulls the value is null.
func (w *writer) object(name string, o tdp.Object, nulls ...string) {
	w.key(name)
	w.dst = tljson.Append(w.dst, o, nulls...)
}

func (w *writer) objects(name string, all []tdp.Object) {
	w.key(name)
	w.dst = append(w.dst, '[')
	for i, o := range all {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.dst = tljson.Append(w.dst, o)
	}
	w.dst = append(w.dst, ']')
}

// groups writes the named groups of a pattern: null if there was no pattern, and null for a group that took no part in
// the match.
func (w *writer) groups(name string, groups map[string]*string) {
	if groups == nil {
		w.null(name)
		return
	}
	w.key(name)
	w.dst = append(w.dst, '{')
	inner := writer{dst: w.dst}
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		if text := groups[group]; text != nil {
			inner.text(group, *text)
		} else {
			inner.null(group)
		}
	}
	w.dst = append(inner.dst, '}')
}
