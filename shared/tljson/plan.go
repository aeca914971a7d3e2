package tljson

import (
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tdp"
)

// A plan says how the values of one constructor are written. It is made once per type.
type plan struct{ fields []field }

// A field is one member of an object.
type field struct {
	name  string // of the schema
	key   []byte // `"name":`
	index int
	write writer
	// absent is what is written for an optional field that is not there; empty: the field is not optional, or its
	// Go value says it all.
	absent string
	flags  int // index of the flags that say whether it is there
	bit    int
}

type writer int

const (
	writeValue writer = iota
	writeDate
	writeNothing // bytes: the member is left out
)

// keys are the names that differ: those of the schema are reserved words or were taken where the format comes from.
var keys = map[string]string{"self": "is_self", "from": "from_"}

// A TL int with such a name is a point in time.
var (
	dateName  = regexp.MustCompile(`(^|_)(date|until|since)(_|$)`)
	dateNames = map[string]bool{"expires": true, "expires_at": true, "was_online": true}
)

// threeValued are the optional fields of type Bool, as opposed to true: not there is null. Go shows both as bool. The
// test compares the list with the whole schema.
var threeValued = map[string]bool{
	"account.changeAuthorizationSettings.call_requests_disabled":      true,
	"account.changeAuthorizationSettings.encrypted_requests_disabled": true,
	"account.toggleWebBrowserSettingsException.open_external_browser": true,
	"aicompose.updateTone.display_author":                             true,
	"buttonTypeRequestPoll.quiz":                                      true,
	"codeSettings.app_sandbox":                                        true,
	"communityPeer.visible":                                           true,
	"inputPeerNotifySettings.show_previews":                           true,
	"inputPeerNotifySettings.silent":                                  true,
	"inputPeerNotifySettings.stories_hide_sender":                     true,
	"inputPeerNotifySettings.stories_muted":                           true,
	"messageActionTopicEdit.closed":                                   true,
	"messageActionTopicEdit.hidden":                                   true,
	"messages.editExportedChatInvite.request_needed":                  true,
	"messages.editForumTopic.closed":                                  true,
	"messages.editForumTopic.hidden":                                  true,
	"messages.setChatAvailableReactions.paid_enabled":                 true,
	"payments.changeStarsSubscription.canceled":                       true,
	"payments.savedStarGifts.chat_notifications_enabled":              true,
	"peerNotifySettings.show_previews":                                true,
	"peerNotifySettings.silent":                                       true,
	"peerNotifySettings.stories_hide_sender":                          true,
	"peerNotifySettings.stories_muted":                                true,
	"phone.editGroupCallParticipant.muted":                            true,
	"phone.editGroupCallParticipant.presentation_paused":              true,
	"phone.editGroupCallParticipant.raise_hand":                       true,
	"phone.editGroupCallParticipant.video_paused":                     true,
	"phone.editGroupCallParticipant.video_stopped":                    true,
	"phone.toggleGroupCallRecord.video_portrait":                      true,
	"phone.toggleGroupCallSettings.join_muted":                        true,
	"phone.toggleGroupCallSettings.messages_enabled":                  true,
	"requestPeerTypeBroadcast.has_username":                           true,
	"requestPeerTypeChat.forum":                                       true,
	"requestPeerTypeChat.has_username":                                true,
	"requestPeerTypeUser.bot":                                         true,
	"requestPeerTypeUser.premium":                                     true,
	"stories.startLive.messages_enabled":                              true,
	"updateWebBrowserException.open_external_browser":                 true,
}

// plans remembers the plan of each type that was met: a reflect.Type to *plan. It grows with the schema, not with use.
var plans sync.Map

// planOf returns the plan of a struct type; nil for types that are not of the schema.
func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p, _ := plans.LoadOrStore(t, makePlan(t))
	return p.(*plan)
}

var (
	flagsType = reflect.TypeFor[bin.Fields]()
	bytesType = reflect.TypeFor[[]byte]()
)

func makePlan(t reflect.Type) *plan {
	value := reflect.New(t)
	described, ok := value.Interface().(tdp.Object)
	if !ok {
		return nil
	}
	info := described.TypeInfo()
	p := &plan{}
	for _, f := range info.Fields {
		s, ok := t.FieldByName(f.Name)
		if !ok || s.Type == flagsType {
			continue
		}
		name := f.SchemaName
		key := name
		if other, ok := keys[name]; ok {
			key = other
		}
		p.fields = append(p.fields, field{
			name: name, key: append(strconv.AppendQuote(nil, key), ':'), index: s.Index[0], write: writerOf(name, s.Type),
		})
		made := &p.fields[len(p.fields)-1]
		if f.Null { // all flags are zero, so this one depends on a flag
			made.absent = absentOf(info.Name+"."+name, s.Type)
		}
	}
	findFlags(p, value, described)
	return p
}

func writerOf(name string, t reflect.Type) writer {
	switch {
	case t == bytesType, t.Kind() == reflect.Array: // int128, int256
		return writeNothing
	case t.Kind() == reflect.Int && (dateName.MatchString(name) || dateNames[name]):
		return writeDate
	}
	return writeValue
}

// absentOf returns what stands for an optional field that is not there.
func absentOf(path string, t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Slice && t != bytesType:
		return "[]"
	case t.Kind() == reflect.Bool && !threeValued[path]:
		return "" // false, as its value says
	}
	return "null"
}

// findFlags finds out which flag each optional field depends on. gotd does not say, but its description of a value
// tells which fields are there: set one flag at a time and look.
func findFlags(p *plan, value reflect.Value, described tdp.Object) {
	byName := map[string]*field{}
	for i := range p.fields {
		if f := &p.fields[i]; f.absent != "" {
			f.bit = -1
			byName[f.name] = f
		}
	}
	if len(byName) == 0 {
		return
	}
	struc := value.Elem()
	for i := range struc.NumField() {
		if struc.Type().Field(i).Type != flagsType {
			continue
		}
		for bit := range 32 {
			struc.Field(i).SetUint(1 << bit)
			for _, f := range described.TypeInfo().Fields {
				if made := byName[f.SchemaName]; made != nil && !f.Null && made.bit < 0 {
					made.flags, made.bit = i, bit
				}
			}
		}
		struc.Field(i).SetUint(0)
	}
	for _, f := range byName {
		if f.bit < 0 {
			f.absent = "" // no flag brings it: its value says it all
		}
	}
}

// Keys returns the members that objects of the same constructor as o have, in their order.
func Keys(o tdp.Object) []string {
	t := reflect.TypeOf(o)
	if t == nil || t.Kind() != reflect.Pointer {
		return nil
	}
	p := planOf(t.Elem())
	if p == nil {
		return nil
	}
	names := make([]string, len(p.fields))
	for i, f := range p.fields {
		names[i] = strings.Trim(string(f.key), `":`)
	}
	return names
}
