package textparse

import "strings"

// startTag reads <name attributes> and returns its end, or 0 if it is not finished.
func (m *markup) startTag(r *htmlReader, i int) int {
	s := m.source
	nameEnd := m.tagNameEnd(i + 1)
	first := gap(s, nameEnd)
	at, known := m.skipAttributes(first)
	switch {
	case known || at == len(s) || s[at] == '=' || letter(s[at]):
		m.giveUp(first)
		return 0
	case s[at] != '>' && !strings.HasPrefix(s[at:], "/>"): // after a zero byte: no tag
		r.data(s[i:at], true)
		return at
	}
	name := lower(s[i+1 : nameEnd])
	r.startTag(name, attributes{m, first, at})
	switch {
	case s[at] == '/':
		r.endTag(name)
		at++
	case name == "script", name == "style":
		r.raw = name
	}
	return at + 1
}

// skipAttributes returns where the attributes end that begin at i, or that it is known that the tag is not finished.
func (m *markup) skipAttributes(i int) (end int, unfinished bool) {
	for {
		if _, bad := m.unfinished[i]; bad {
			return i, true
		}
		a, ok := m.attribute(i)
		if !ok {
			return i, false
		}
		m.steps += a.end - i
		i = a.end
	}
}

// giveUp keeps in mind that no attribute from i on leads to the end of a tag. Without that a source of nothing but
// unfinished tags would be read from each of them to its end.
func (m *markup) giveUp(i int) {
	if m.unfinished == nil {
		m.unfinished = map[int]struct{}{}
	}
	for {
		if _, known := m.unfinished[i]; known {
			return
		}
		m.unfinished[i] = struct{}{}
		a, ok := m.attribute(i)
		if !ok {
			return
		}
		i = a.end
	}
}

// tagNameEnd returns the end of the name of a tag that begins at i. It is asked for ever later names.
func (m *markup) tagNameEnd(i int) int {
	if i < m.nameEnd { // inside of a name that was no name then
		return m.nameEnd
	}
	end := i
	for end < len(m.source) && !strings.ContainsRune("\t\n\r\f />\x00", rune(m.source[end])) {
		end++
	}
	m.steps += end - i
	m.nameEnd = end
	return end
}

// gap returns the end of the white space and slashes at i; the slash of /> stays.
func gap(s string, i int) int {
	for i < len(s) {
		n := space(s, i)
		if n == 0 && s[i] == '/' && !strings.HasPrefix(s[i:], "/>") {
			n = 1
		}
		if n == 0 {
			break
		}
		i += n
	}
	return i
}

// An attribute of a tag, its name as it was written.
type attribute struct {
	name, value string
	valued      bool // value is one, with its character references
	end         int  // of the attribute and the gap after it
}

// attribute reads the attribute at i. One begins only after white space, a slash or a quotation mark.
func (m *markup) attribute(i int) (attribute, bool) {
	s := m.source
	if i >= len(s) || s[i] == '/' || s[i] == '>' || space(s, i) > 0 {
		return attribute{}, false
	}
	if c := s[i-1]; c != '"' && c != '\'' && c != '/' && spaceBefore(s, i) == 0 {
		return attribute{}, false
	}
	end := i + 1
	for end < len(s) && s[end] != '/' && s[end] != '=' && s[end] != '>' && space(s, end) == 0 {
		end++
	}
	a := attribute{name: s[i:end]}
	if equals := skipSpace(s, end); equals < len(s) && s[equals] == '=' {
		if value, after, ok := m.value(equals); ok {
			a.value, a.valued, end = value, true, after
		}
	}
	a.end = gap(s, end)
	return a, true
}

// value reads = and the value after it. A quotation mark that is never closed is no value: then white space before it
// is an empty one, and of several equals signs the last belongs to it.
func (m *markup) value(equals int) (value string, end int, ok bool) {
	s := m.source
	after := equals
	for after < len(s) && s[after] == '=' {
		after++
	}
	at := skipSpace(s, after)
	if at < len(s) && (s[at] == '"' || s[at] == '\'') {
		quotes := &m.double
		if s[at] == '\'' {
			quotes = &m.single
		}
		switch closing := quotes.index(s, s[at], at+1); {
		case closing >= 0:
			return s[at+1 : closing], closing + 1, true
		case at > after:
			return "", after, true
		case after-equals == 1:
			return "", 0, false
		}
		at = after - 1
	}
	end = at
	for end < len(s) && s[end] != '>' && space(s, end) == 0 {
		end++
	}
	return s[at:end], end, true
}

// attributes are those of a tag. They are read when they are asked for: most tags need none.
type attributes struct {
	m          *markup
	first, end int
}

// last returns the last attribute of that name: the original keeps that one.
func (as attributes) last(name string) (found attribute, ok bool) {
	for i := as.first; i < as.end; {
		a, more := as.m.attribute(i)
		if !more {
			break
		}
		if lower(a.name) == name {
			found, ok = a, true
		}
		i = a.end
	}
	return found, ok
}

func (as attributes) has(name string) bool {
	_, ok := as.last(name)
	return ok
}

// value returns the value of an attribute that is there and has one.
func (as attributes) value(name string) (string, bool) {
	a, ok := as.last(name)
	if !ok || !a.valued {
		return "", false
	}
	v, _ := unescape(a.value)
	return v, true
}
