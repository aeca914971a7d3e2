package textparse

import (
	"slices"
	"strconv"
	"strings"
)

// A htmlReader makes entities of the tags that a [markup] finds.
type htmlReader struct {
	reference bool
	text      strings.Builder
	units     int
	open      []openEntity // at most one per tag name
	closed    []Entity
	// tags has an element for each tag that is open: the index in addresses of the address that text directly inside
	// is replaced by, or none.
	tags      []int32
	addresses []string
	raw       string // the element whose content is text: "script", "style" or none
}

type openEntity struct {
	tag    string
	entity Entity
}

const none = -1

func parseHTML(source string, reference bool) Text {
	r := &htmlReader{reference: reference}
	r.text.Grow(len(source))
	m := markup{source: source}
	m.read(r)
	t := strip(r.text.String(), r.closed, reference)
	for i := range t.Entities[min(1, len(t.Entities)):] {
		if t.Entities[i].Offset >= t.Entities[i+1].Offset { // at equal offsets the one that was closed last comes first
			slices.Reverse(t.Entities)
			slices.SortStableFunc(t.Entities, func(a, b Entity) int { return a.Offset - b.Offset })
			break
		}
	}
	return t
}

// data takes text; its character references are still in it, unless it is raw.
func (r *htmlReader) data(s string, raw bool) {
	beyond := 0
	if !raw {
		s, beyond = unescape(s)
	}
	if n := len(r.tags); n > 0 && r.tags[n-1] != none {
		s, beyond = r.addresses[r.tags[n-1]], 0
	}
	r.text.WriteString(s)
	r.units += Units(s)
	if r.reference {
		r.units -= beyond
	}
}

// startTag takes a tag, its name in lower case.
func (r *htmlReader) startTag(name string, a attributes) {
	address := int32(none)
	e := Entity{Offset: r.units}
	switch name {
	case "b", "strong":
		e.Kind = Bold
	case "i", "em":
		e.Kind = Italic
	case "u":
		e.Kind = Underline
	case "s", "del":
		e.Kind = Strike
	case "blockquote":
		e.Kind = Blockquote
		e.Collapsed = a.has("expandable") && !r.reference
	case "pre":
		e.Kind = Pre
	case "code":
		e.Kind = Code
		for i := range r.open {
			if r.open[i].tag == "pre" { // then it only names the language
				e.Kind = 0
				if class, ok := a.value("class"); ok {
					r.open[i].entity.Language = dropUnits(class, len("language-"))
				}
			}
		}
	case "a":
		url, ok := a.value("href")
		if !ok {
			break
		}
		if to, ok := strings.CutPrefix(url, "mailto:"); ok {
			e.Kind = Email
			if to != "" {
				address = int32(len(r.addresses))
				r.addresses = append(r.addresses, to)
			}
			break
		}
		e.Kind, e.URL = Link, url
	default:
		if !r.reference {
			e.Kind, e.Document = additional(name, a)
		}
	}
	r.tags = append(r.tags, address)
	if e.Kind != 0 && !slices.ContainsFunc(r.open, func(o openEntity) bool { return o.tag == name }) {
		r.open = append(r.open, openEntity{name, e})
	}
}

// additional returns the kind of entity of a tag that the original does not know.
func additional(name string, a attributes) (Kind, int64) {
	switch name {
	case "ins":
		return Underline, 0
	case "strike":
		return Strike, 0
	case "tg-spoiler":
		return Spoiler, 0
	case "span":
		if class, _ := a.value("class"); class == "tg-spoiler" {
			return Spoiler, 0
		}
	case "tg-emoji":
		id, _ := a.value("emoji-id")
		if document, err := strconv.ParseInt(id, 10, 64); err == nil {
			return Emoji, document
		}
	}
	return 0, 0
}

// endTag takes the end of a tag. It ends the entity of that name wherever it was opened, and whatever tag was opened
// last is no longer the one that text is directly inside of.
func (r *htmlReader) endTag(name string) {
	if n := len(r.tags); n > 0 {
		r.tags = r.tags[:n-1]
	}
	for i, o := range r.open {
		if o.tag == name {
			o.entity.Length = r.units - o.entity.Offset
			r.closed = append(r.closed, o.entity)
			r.open = slices.Delete(r.open, i, i+1)
			return
		}
	}
}

// dropUnits returns s without its first n UTF-16 units.
func dropUnits(s string, n int) string {
	for i := range len(s) {
		if n <= 0 && s[i]&0xc0 != 0x80 {
			return s[i:]
		}
		n -= width(s[i])
	}
	return ""
}
