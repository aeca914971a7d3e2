package pyregex

import (
	"strings"
	"testing"
)

func TestBlowup_IsFound(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		`(a+)+$`, `(a*)*b`, `(a|aa)+$`, `^(a+)+$`, `(.*)*x`, `(x+x+)+y`, `(\w+\s?)+$`, `^(([a-z])+.)+[A-Z]([a-z])+$`, `(?:a?b?)*c`, `(?i)(A|aa)+!`,
		`hello (\d+,?)+;`, `(?P<x>[^"]|\\.)*"(?!")z`, `((ab)*|(ab|abab))*c`, `(?:(?:\d+)?[.,]?)+€$`, `(a{1,3}){2,}$`, `(?=(a+)+$).`, `(?!(a+)+$).`, `(?x) ( \w+ )+ : # words`,
		`([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+`, `(й+)+ж`, `(a+)+\1$`, `(?:.*,){11}x`,
	} {
		r, err := Compile(pattern)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			continue
		}
		text, found := r.Blowup()
		if !found {
			t.Errorf("%q: nothing found", pattern)
			continue
		}
		if _, _, err := r.Match(text); err == nil {
			t.Errorf("%q matches %q in time", pattern, text)
		}
		if len([]rune(text)) > triedLength {
			t.Errorf("%q: %d characters", pattern, len(text))
		}
	}
}

// What people write is let through, also where a repetition stands in a repetition.
func TestBlowup_IsNotFoundWhereThereIsNone(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		``, `hello`, `.*world`, `(?i)turn (?P<what>on|off) the (?P<where>.+?)( lights?)?$`, `(\d{1,3}\.){3}\d{1,3}$`, `(\w+,)*\w+$`, `(\s*\w+\s*;)+$`, `(a+)+`, `(\w+\s*)+`, `(?:[a-z]+-)*[a-z]+!`,
		`/(start|stop)(@\w+)?(\s+(?P<args>.*))?$`, `[^@]+@[^@.]+(\.[^@.]+)+$`, `(?>(a+)+)$`, `(?:a++)+$`, `"(?:[^"\\]|\\.)*"$`, `(a|b)*c`, `(a|a)*b`, `(?:ab|cd)+$`, `a*a*a*b`, `.*a.*b.*c`, `(?P<q>["']).*?(?P=q)`,
		`(?:\r?\n)*x`, `(\N{BULLET} .*\n)*$`, `(?<=a+b)c`,
	} {
		r, err := Compile(pattern)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			continue
		}
		if text, found := r.Blowup(); found {
			t.Errorf("%q blows up on %q", pattern, text)
		}
	}
}

func TestBlowup_OfBytes(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]bool{`(a+)+$`: true, `(\w+-?)+;`: true, `é(?:\xff|\xc3)+`: false, `(\w)+$`: false} {
		r, err := CompileBytes(pattern)
		if err != nil {
			t.Fatal(err)
		}
		text, found := r.Blowup()
		if found != want {
			t.Errorf("%q: %t on %q", pattern, found, text)
		}
		if data := fromLatin1(text); len(data) > triedBytesLength {
			t.Errorf("%q: %d bytes", pattern, len(data))
		}
	}
}

// What is too large to be looked into costs next to nothing.
func BenchmarkBlowup(b *testing.B) {
	alternatives := make([]string, 500)
	for i := range alternatives {
		alternatives[i] = strings.Repeat(string(rune('a'+i%26)), 1+i%5)
	}
	for name, pattern := range map[string]string{
		"plain": `(?i)turn (?P<what>on|off) the (?P<where>.+?)( lights?)?$`, "nested": `(\s*\w+\s*;)+$`, "harmless": `(a+)+`,
		"alternatives": "(" + strings.Join(alternatives, "|") + ")*!", "long": "(" + strings.Repeat(`\w\s?`, 300) + ")*x", "classes": "(" + strings.Repeat(`[a-z]?`, 100) + ")*",
	} {
		b.Run(name, func(b *testing.B) {
			r, err := Compile(pattern)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				r.Blowup()
			}
		})
	}
}
