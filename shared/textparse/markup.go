package textparse

import "strings"

// A markup finds the tags in a source as Python's html.parser (3.11) does, whose notion of what is a tag the original
// builds on: comments, declarations and processing instructions vanish, what is begun but not finished is text.
type markup struct {
	source string
	// These remember where the next of something is, so that a source that only begins things is not searched to its
	// end again and again.
	gt, lt, single, double next
	nameEnd                int
	noComment, noSection   bool // the rest of the source ends none
	noOffice               bool
	// unfinished are the positions between attributes from which no end of the tag is reached.
	unfinished map[int]struct{}
	steps      int // how many bytes were looked at, searches for one byte left out
}

func (m *markup) read(r *htmlReader) {
	s := m.source
	for i := 0; i < len(s); {
		if r.raw != "" {
			i = m.readRaw(r, i)
			continue
		}
		j := strings.IndexByte(s[i:], '<')
		if j < 0 {
			r.data(s[i:], false)
			return
		}
		if j > 0 {
			r.data(s[i:i+j], false)
			i += j
		}
		end := m.construct(r, i)
		if end == 0 {
			switch gt, lt := m.gt.index(s, '>', i+1), m.lt.index(s, '<', i+1); {
			case gt >= 0:
				end = gt + 1
			case lt >= 0:
				end = lt
			default:
				end = i + 1
			}
			r.data(s[i:end], false)
		}
		i = end
	}
}

// construct reads what begins with the < at i and returns its end, or 0 if it is not finished.
func (m *markup) construct(r *htmlReader, i int) int {
	s := m.source
	switch rest := s[i+1:]; {
	case rest == "":
	case letter(rest[0]):
		return m.startTag(r, i)
	case rest[0] == '/':
		return m.endTag(r, i)
	case strings.HasPrefix(rest, "!--"):
		return m.until(&m.noComment, i+len("<!--"), "--", ">")
	case strings.HasPrefix(rest, "!["):
		return m.section(i)
	case rest[0] == '!', rest[0] == '?':
		return m.gt.index(s, '>', i+2) + 1
	}
	r.data("<", true)
	return i + 1
}

// section reads <![CDATA[ … ]]> and what Office writes, <![if …]>.
func (m *markup) section(i int) int {
	s, at := m.source, i+len("<![")
	end := at
	for end < len(s) && (letter(s[end]) || end > at && nameByte(s[end])) {
		end++
	}
	name := lower(s[at:end])
	m.steps += len(name)
	if skipSpace(s, end) == len(s) {
		return 0
	}
	switch name {
	case "temp", "cdata", "ignore", "include", "rcdata":
		return m.until(&m.noSection, at, "]", "]", ">")
	case "if", "else", "endif":
		return m.until(&m.noOffice, at, "]", ">")
	}
	return m.gt.index(s, '>', i+2) + 1 // the original fails; to HTML it is a comment
}

// until returns the end of the first place from i on where the parts follow each other with nothing but white space
// between them; 0, which it keeps in mind, if there is none.
func (m *markup) until(none *bool, i int, parts ...string) int {
	s := m.source
	for !*none && i < len(s) {
		j := strings.Index(s[i:], parts[0])
		if j < 0 {
			break
		}
		i += j
		at := i
		for k, part := range parts {
			if k > 0 {
				at = skipSpace(s, at)
			}
			if !strings.HasPrefix(s[at:], part) {
				break
			}
			at += len(part)
			if k == len(parts)-1 {
				return at
			}
		}
		m.steps += at - i
		i++
	}
	*none = true
	return 0
}

// endTag reads </name>.
func (m *markup) endTag(r *htmlReader, i int) int {
	s := m.source
	gt := m.gt.index(s, '>', i+1)
	if gt < 0 {
		return 0
	}
	// Either white space, a plain name, white space; or a name at once, and whatever follows up to the bracket.
	at := skipSpace(s, i+len("</"))
	end := at
	for end < gt && (letter(s[end]) || end > at && (nameByte(s[end]) || s[end] == ':')) {
		end++
	}
	m.steps += gt - i
	switch {
	case end > at && skipSpace(s, end) == gt:
		r.endTag(lower(s[at:end]))
	case letter(s[i+len("</")]):
		at = i + len("</")
		r.endTag(lower(s[at:m.tagNameEnd(at)]))
	}
	return gt + 1
}

// readRaw reads the content of a script or style element from i on and its end tag, and returns where that ends.
func (m *markup) readRaw(r *htmlReader, i int) int {
	s := m.source
	for j := i; ; j += len("</") {
		k := strings.Index(s[j:], "</")
		if k < 0 {
			if !r.reference { // the original loses it
				r.data(s[i:], true)
			}
			return len(s)
		}
		j += k
		at := skipSpace(s, j+len("</"))
		if len(s)-at < len(r.raw) || !strings.EqualFold(s[at:at+len(r.raw)], r.raw) {
			continue
		}
		end := skipSpace(s, at+len(r.raw))
		if end == len(s) || s[end] != '>' {
			continue
		}
		if j > i {
			r.data(s[i:j], true)
		}
		r.endTag(r.raw)
		r.raw = ""
		return end + 1
	}
}

// A next finds bytes of one kind.
type next struct {
	known    bool
	last     int // where the last of them is
	from, at int // there is none between these
}

// index returns the first c in s from i on, or -1.
func (n *next) index(s string, c byte, i int) int {
	if !n.known {
		n.known, n.last, n.from, n.at = true, strings.LastIndexByte(s, c), 0, -1
	}
	if i > n.last {
		return -1
	}
	if i < n.from || i > n.at {
		n.from, n.at = i, i+strings.IndexByte(s[i:], c)
	}
	return n.at
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// nameByte reports whether c may stand inside plain names.
func nameByte(c byte) bool {
	return letter(c) || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.'
}

// lower returns a name of a tag in lower case. Beyond ASCII only the Kelvin sign becomes a letter that tags have.
func lower(s string) string {
	for i := range len(s) {
		if c := s[i]; 'A' <= c && c <= 'Z' || c >= 0x80 {
			return strings.Map(func(r rune) rune {
				switch {
				case 'A' <= r && r <= 'Z':
					return r | 0x20
				case r == '\u212a':
					return 'k'
				}
				return r
			}, s)
		}
	}
	return s
}
