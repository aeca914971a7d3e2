package filter

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/peer"
)

// people know names as a test gives them.
type people map[string]peer.ID

func (p people) Lookup(t peer.Target) (peer.ID, bool) {
	name := t.Name()
	if t.Self {
		name = "me"
	}
	id, ok := p[name]
	return id, ok
}

func ptr[T any](v T) *T { return &v }

func TestCompile_OneBadOptionSwitchesOffItsEvent(t *testing.T) {
	t.Parallel()
	s, problems := Compile(Options{
		NewMessage:    Messages{Pattern: ptr("[")},
		CallbackQuery: Callbacks{Chats: "x"},
		InlineQuery:   Inlines{Users: "x"},
		Off:           map[Event]bool{InlineQuery: true}, // what is off cannot be wrong
	}, people{})
	var got []string
	for _, p := range problems {
		got = append(got, string(p.Event)+": "+p.Fault.Field)
	}
	if diff := cmp.Diff([]string{"new_message: new_message.pattern", "callback_query: callback_query.chats"}, got); diff != "" {
		t.Error(diff)
	}
	for e, want := range map[Event]bool{NewMessage: false, MessageEdited: true} {
		if _, ok, err := s.Match(Subject{Event: e, Chat: 1, Sender: 1}); ok != want || err != nil {
			t.Errorf("%s passes: %t, %v", e, ok, err)
		}
	}
}

func TestSet_UnknownNamesMatchNobodyAndAreListed(t *testing.T) {
	t.Parallel()
	s, problems := Compile(Options{NewMessage: Messages{FromUsers: "@ghost, +77777, @Alice, me, +1 (555) 10-01, 1003, a b, -1001400000001"}},
		people{"alice": 1001, "me": 1, "+15551001": 1002})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if diff := cmp.Diff([]Name{{NewMessage, 1, peer.Target{Username: "ghost"}}, {NewMessage, 2, peer.Target{Phone: "77777"}}, {NewMessage, 7, peer.Target{}}}, s.Unknown); diff != "" {
		t.Error(diff)
	}
	for sender, want := range map[peer.ID]bool{1001: true, 1: true, 1002: true, 1003: true, 1004: false, 0: false,
		-1001400000001: true, 1400000001: false, -1000000001003: true} {
		if _, ok, _ := s.Match(Subject{Event: NewMessage, Chat: 5, Sender: sender}); ok != want {
			t.Errorf("%d passes: %t", sender, ok)
		}
	}
	all, _ := Compile(Options{NewMessage: Messages{FromUsers: "@ghost"}}, people{})
	if _, ok, _ := all.Match(Subject{Event: NewMessage, Chat: 5, Sender: 1}); ok {
		t.Error("a list of nobody lets everybody pass")
	}
}

func TestSet_ChatsThatAreNotKnownAreOnNoList(t *testing.T) {
	t.Parallel()
	for _, blacklist := range []bool{false, true} {
		s, _ := Compile(Options{NewMessage: Messages{Chats: "5001", Blacklist: blacklist}}, people{})
		for chat, listed := range map[peer.ID]bool{0: false, 5001: true, -5001: true, -1000000005001: true, -5002: false} {
			if _, ok, _ := s.Match(Subject{Event: NewMessage, Chat: chat}); ok != (listed != blacklist) {
				t.Errorf("blacklist %t: %d passes: %t", blacklist, chat, ok)
			}
		}
	}
}

func TestSet_PatternThatTakesTooLongSaysSo(t *testing.T) {
	t.Parallel()
	s, problems := Compile(Options{NewMessage: Messages{Pattern: ptr(`.*a.*a.*a.*a.*c`)}}, people{})
	groups, ok, err := s.Match(Subject{Event: NewMessage, Text: strings.Repeat("a", 4000) + "b"})
	if ok || err == nil || groups != nil || len(problems) > 0 {
		t.Errorf("passes: %t, %v, %v, %v", ok, groups, err, problems)
	}
}

func TestSet_GroupsAreNilWithoutPattern(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[*string]map[string]*string{nil: nil, ptr(""): {}, ptr("(?P<a>x)?(?P<b>y)"): {"a": nil, "b": ptr("y")}} {
		s, _ := Compile(Options{NewMessage: Messages{Pattern: pattern}}, people{})
		groups, ok, err := s.Match(Subject{Event: NewMessage, Text: "yes"})
		if diff := cmp.Diff(want, groups); !ok || err != nil || diff != "" {
			t.Errorf("passes: %t, %v %s", ok, err, diff)
		}
	}
}
