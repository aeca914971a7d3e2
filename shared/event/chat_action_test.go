package event

import (
	"strings"
	"testing"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

// nothingElse is a chat action in which nothing is told.
var nothingElse = map[string]string{
	"created": "false", "new_photo": "false", "new_pin": "false", "unpin": "false", "new_title": "null", "new_score": "null", "photo": "null",
	"user_added": "false", "user_joined": "false", "user_kicked": "false", "user_left": "false", "added_by": "null", "kicked_by": "null",
	"user": "null", "user_id": "null", "user_ids": "null", "users": "[]", "input_user": "null", "input_users": "[]",
}

func act(p, from tg.PeerClass, action tg.MessageActionClass) bin.Object {
	return &tg.UpdateNewMessage{Message: service(p, from, action)}
}

func actIn(p, from tg.PeerClass, action tg.MessageActionClass) bin.Object {
	return &tg.UpdateNewChannelMessage{Message: service(p, from, action)}
}

func replying(m *tg.MessageService) *tg.MessageService {
	m.SetReplyTo(&tg.MessageReplyHeader{ReplyToMsgID: 33})
	return m
}

func TestRead_ChatActionsOfServiceMessages(t *testing.T) {
	t.Parallel()
	e := filter.ChatAction
	all := func(of map[string]string, more ...string) map[string]string {
		members := with(of, nothingElse)
		for i := 0; i < len(more); i += 2 {
			members[more[i]] = more[i+1]
		}
		delete(members, "user") // long, and compared below
		delete(members, "users")
		return members
	}
	alice := []string{"user_id", "1001", "user_ids", "[1001]", "input_user", `{"user_id":1001,"access_hash":-7}`, "input_users", `[{"user_id":1001,"access_hash":-7}]`}
	stranger := &tg.PeerUser{UserID: 1009}
	photo := &tg.Photo{ID: 6, DCID: 2, Date: day, FileReference: []byte("x")}
	plus := func(first []string, more ...string) []string { return append(append([]string{}, first...), more...) }
	check(t, map[string]row{
		"joined by a link":            {act(groupTL, aliceTL, &tg.MessageActionChatJoinedByLink{InviterID: own}), e, all(inChat, plus(alice, "user_joined", "true")...)},
		"joined by a link, who knows": {act(groupTL, nil, &tg.MessageActionChatJoinedByLink{}), e, all(inChat, "user_joined", "true")},
		"joined by themselves":        {actIn(megaTL, aliceTL, &tg.MessageActionChatAddUser{Users: []int64{1001}}), e, all(inMeg, plus(alice, "user_joined", "true")...)},
		"added by nobody":             {act(groupTL, nil, &tg.MessageActionChatAddUser{Users: []int64{1001}}), e, all(inChat, alice...)},
		"added by a stranger":         {act(groupTL, stranger, &tg.MessageActionChatAddUser{Users: []int64{1001}}), e, all(inChat, plus(alice, "user_added", "true", "added_by", `{"user_id":1009}`)...)},
		"added nobody":                {act(groupTL, stranger, &tg.MessageActionChatAddUser{}), e, all(inChat, "user_added", "true", "added_by", `{"user_id":1009}`)},
		"added a stranger": {act(groupTL, nil, &tg.MessageActionChatAddUser{Users: []int64{1009, 1001}}), e,
			all(inChat, plus(alice, "user_id", "1009", "user_ids", "[1009,1001]")...)},
		"added one of whom little is known": {act(groupTL, nil, &tg.MessageActionChatAddUser{Users: []int64{1002}}), e, all(inChat, "user_id", "1002", "user_ids", "[1002]")},
		"we were added": {act(groupTL, stranger, &tg.MessageActionChatAddUser{Users: []int64{own}}), e,
			all(inChat, "user_added", "true", "added_by", `{"user_id":1009}`, "user_id", "2000001", "user_ids", "[2000001]", "input_user", "{}", "input_users", "[{}]")},
		"left":              {act(groupTL, aliceTL, &tg.MessageActionChatDeleteUser{UserID: 1001}), e, all(inChat, plus(alice, "user_left", "true")...)},
		"left, nobody says": {act(groupTL, nil, &tg.MessageActionChatDeleteUser{UserID: 1001}), e, all(inChat, plus(alice, "user_left", "true")...)},
		"kicked by a stranger": {act(groupTL, stranger, &tg.MessageActionChatDeleteUser{UserID: 1001}), e,
			all(inChat, plus(alice, "user_kicked", "true", "kicked_by", "1009")...)},
		"a group":      {act(groupTL, aliceTL, &tg.MessageActionChatCreate{Title: "New", Users: []int64{1001}}), e, all(inChat, plus(alice, "created", "true", "new_title", `"New"`)...)},
		"a supergroup": {actIn(megaTL, aliceTL, &tg.MessageActionChannelCreate{Title: "New"}), e, all(inMeg, plus(alice, "created", "true", "new_title", `"New"`)...)},
		"a channel":    {actIn(newsTL, nil, &tg.MessageActionChannelCreate{Title: "New"}), e, all(inNews, "created", "true", "new_title", `"New"`)},
		"a title":      {act(groupTL, aliceTL, &tg.MessageActionChatEditTitle{Title: ""}), e, all(inChat, plus(alice, "new_title", `""`)...)},
		"a title of admin": {actIn(megaTL, megaTL, &tg.MessageActionChatEditTitle{Title: "T"}), e, all(inMeg, "new_title", `"T"`, "user_id", "-1001400000001",
			"user_ids", "[-1001400000001]", "input_user", `{"channel_id":1400000001,"access_hash":400}`, "input_users", `[{"channel_id":1400000001,"access_hash":400}]`)},
		"a photo": {act(groupTL, aliceTL, &tg.MessageActionChatEditPhoto{Photo: photo}), e, all(inChat, plus(alice, "new_photo", "true", "photo",
			`{"has_stickers":false,"id":6,"access_hash":0,"date":"2024-09-11T10:20:30+00:00","sizes":[],"video_sizes":[],"dc_id":2}`)...)},
		"no photo":         {act(groupTL, aliceTL, &tg.MessageActionChatEditPhoto{Photo: &tg.PhotoEmpty{ID: 6}}), e, all(inChat, plus(alice, "new_photo", "true")...)},
		"a photo less":     {act(groupTL, aliceTL, &tg.MessageActionChatDeletePhoto{}), e, all(inChat, plus(alice, "new_photo", "true")...)},
		"a pin in private": {&tg.UpdateNewMessage{Message: replying(service(aliceTL, nil, &tg.MessageActionPinMessage{}))}, e, all(inAlice, "new_pin", "true")},
		"a pin of nothing": {actIn(megaTL, aliceTL, &tg.MessageActionPinMessage{}), "", nil},
		"a score":          {actIn(megaTL, aliceTL, &tg.MessageActionGameScore{GameID: 1, Score: 7}), e, all(inMeg, "new_score", "7")},
		"a score of none":  {actIn(megaTL, aliceTL, &tg.MessageActionGameScore{GameID: 1}), e, all(inMeg, "new_score", "0")},
		"somewhere":        {actIn(&tg.PeerChannel{ChannelID: 1999999999}, nil, &tg.MessageActionGameScore{GameID: 1}), e, all(inStrange, "new_score", "0")},

		"asked to join":             {actIn(megaTL, aliceTL, &tg.MessageActionChatJoinedByRequest{}), "", nil},
		"moved":                     {act(groupTL, aliceTL, &tg.MessageActionChatMigrateTo{}), "", nil},
		"moved here":                {actIn(megaTL, aliceTL, &tg.MessageActionChannelMigrateFrom{}), "", nil},
		"history cleared":           {act(aliceTL, aliceTL, &tg.MessageActionHistoryClear{}), "", nil},
		"a call":                    {act(aliceTL, aliceTL, &tg.MessageActionPhoneCall{}), "", nil},
		"a group call":              {actIn(megaTL, aliceTL, &tg.MessageActionGroupCall{Call: &tg.InputGroupCall{}}), "", nil},
		"a timer":                   {act(aliceTL, aliceTL, &tg.MessageActionSetMessagesTTL{}), "", nil},
		"a topic":                   {actIn(megaTL, aliceTL, &tg.MessageActionTopicCreate{}), "", nil},
		"a theme":                   {act(aliceTL, aliceTL, &tg.MessageActionSetChatTheme{}), "", nil},
		"a boost":                   {actIn(megaTL, aliceTL, &tg.MessageActionBoostApply{}), "", nil},
		"an edited action":          {&tg.UpdateEditMessage{Message: service(groupTL, aliceTL, &tg.MessageActionChatEditTitle{})}, filter.MessageEdited, inChat},
		"a scheduled action":        {&tg.UpdateNewScheduledMessage{Message: service(groupTL, aliceTL, &tg.MessageActionChatEditTitle{})}, "", nil},
		"participants of many":      {&tg.UpdateChatParticipants{Participants: &tg.ChatParticipantsForbidden{ChatID: 5001}}, "", nil},
		"an admin":                  {&tg.UpdateChatParticipantAdmin{ChatID: 5001, UserID: 1001}, "", nil},
		"a bot's participant":       {&tg.UpdateChatParticipant{ChatID: 5001, UserID: 1001}, "", nil},
		"what changed in a channel": {&tg.UpdateChannel{ChannelID: 1400000001}, "", nil},
	})
}

func TestRead_ChatActionsOfOtherUpdates(t *testing.T) {
	t.Parallel()
	participant := func(actor int64, now, before bool) *tg.UpdateChannelParticipant {
		u := &tg.UpdateChannelParticipant{ChannelID: 1400000001, Date: day, ActorID: actor, UserID: 1001, Qts: 5}
		if now {
			u.SetNewParticipant(&tg.ChannelParticipant{UserID: 1001})
		}
		if before {
			u.SetPrevParticipant(&tg.ChannelParticipant{UserID: 1001})
		}
		return u
	}
	flags := func(of map[string]string, set string) map[string]string {
		members := with(of, map[string]string{"action_message": "null", "user_id": "1001", "user_ids": "[1001]", "added_by": "null", "kicked_by": "null"})
		for _, name := range []string{"user_added", "user_joined", "user_kicked", "user_left", "unpin", "new_pin"} {
			members[name] = "false"
		}
		members[set] = "true"
		return members
	}
	unpin := with(flags(inAlice, "unpin"), map[string]string{"user_id": "null", "user_ids": "null"})
	e := filter.ChatAction
	check(t, map[string]row{
		"added to a group":   {&tg.UpdateChatParticipantAdd{ChatID: 5001, UserID: 1001, InviterID: 1009, Date: day}, e, with(flags(inChat, "user_added"), map[string]string{"added_by": "1009"})},
		"joined a group":     {&tg.UpdateChatParticipantAdd{ChatID: 5001, UserID: 1001, Date: day}, e, flags(inChat, "user_joined")},
		"invited themselves": {&tg.UpdateChatParticipantAdd{ChatID: 5001, UserID: 1001, InviterID: 1001, Date: day}, e, flags(inChat, "user_joined")},
		"left a group":       {&tg.UpdateChatParticipantDelete{ChatID: 5001, UserID: 1001}, e, flags(inChat, "user_left")},
		"joined":             {participant(1001, true, false), e, flags(inMeg, "user_joined")},
		"added":              {participant(1009, true, false), e, with(flags(inMeg, "user_added"), map[string]string{"added_by": "1009"})},
		"left":               {participant(1001, false, true), e, flags(inMeg, "user_left")},
		"kicked":             {participant(1009, false, true), e, with(flags(inMeg, "user_kicked"), map[string]string{"kicked_by": "1009"})},
		"promoted":           {participant(1009, true, true), "", nil},
		"banned from afar":   {participant(1009, false, false), "", nil},
		"unpinned":           {&tg.UpdatePinnedMessages{Peer: aliceTL, Messages: []int{5}}, e, unpin},
		"unpinned there":     {&tg.UpdatePinnedChannelMessages{ChannelID: 1234567890, Messages: []int{5}}, e, with(unpin, inNews)},
		"pinned":             {&tg.UpdatePinnedMessages{Peer: aliceTL, Messages: []int{5}, Pinned: true}, "", nil},
		"pinned there":       {&tg.UpdatePinnedChannelMessages{ChannelID: 1400000001, Messages: []int{5}, Pinned: true}, "", nil},
	})
}

// What is known of who acted stands for the number.
func TestRead_ChatActionsShowWhoIsKnown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		u   bin.Object
		key string
	}{
		"added by":      {act(groupTL, aliceTL, &tg.MessageActionChatAddUser{Users: []int64{1009}}), "added_by"},
		"kicked by":     {act(groupTL, aliceTL, &tg.MessageActionChatDeleteUser{UserID: 1009}), "kicked_by"},
		"invited by":    {&tg.UpdateChatParticipantAdd{ChatID: 5001, UserID: 1009, InviterID: 1001}, "added_by"},
		"the user":      {act(groupTL, aliceTL, &tg.MessageActionChatEditTitle{}), "user"},
		"the first who": {act(groupTL, nil, &tg.MessageActionChatAddUser{Users: []int64{1009, 1001}}), "user"},
	} {
		got := show(t, one(t, c.u, world()), nil)[c.key]
		if !strings.HasPrefix(got, `{"is_self":false,`) || !strings.Contains(got, `"id":1001,`) {
			t.Errorf("%s is %s", name, got)
		}
	}
	bob := show(t, one(t, act(groupTL, nil, &tg.MessageActionChatAddUser{Users: []int64{1002, 1009}}), world()), nil)
	if !strings.Contains(bob["users"], `"min":true`) || strings.Contains(bob["users"], "1009") || bob["input_users"] != "[]" {
		t.Errorf("%v", bob)
	}
}

func TestRead_PrivateActionsSayWhoDidThem(t *testing.T) {
	t.Parallel()
	score := &tg.MessageActionGameScore{GameID: 1}
	mine := service(aliceTL, nil, score)
	mine.SetOut(true)
	for want, m := range map[string]*tg.MessageService{
		`"from_id":{"user_id":1001}`:    service(aliceTL, nil, score),
		`"from_id":{"user_id":2000001}`: mine,
		`"out":true`:                    service(selfTL, nil, score),
	} {
		o := one(t, &tg.UpdateNewMessage{Message: m}, world())
		if got := show(t, o, nil); !strings.Contains(got["action_message"], want) || got["user_ids"] != "null" {
			t.Errorf("%s: %v", want, got["action_message"])
		}
		if m.FromID != nil {
			t.Error("the update was changed")
		}
	}
}

func TestRead_ChatActionsSayWhatStorageNeeds(t *testing.T) {
	t.Parallel()
	pin := replying(service(megaTL, selfTL, &tg.MessageActionPinMessage{}))
	mine := *pin
	mine.SetOut(true)
	for name, c := range map[string]struct {
		u    bin.Object
		want Occurrence
	}{
		"another's pin": {&tg.UpdateNewChannelMessage{Message: pin}, Occurrence{Box: -1001400000001, Sender: own, Service: true}},
		"an own pin":    {&tg.UpdateNewChannelMessage{Message: &mine}, Occurrence{Box: -1001400000001, Sender: own, Service: true, Kind: Pin, Outgoing: true}},
		"an unpin":      {&tg.UpdatePinnedMessages{Peer: aliceTL, Messages: []int{5}}, Occurrence{Kind: Pin}},
		"a join":        {&tg.UpdateChatParticipantAdd{ChatID: 5001, UserID: 1001, Date: day}, Occurrence{Change: Came}},
		"a told join":   {act(groupTL, aliceTL, &tg.MessageActionChatJoinedByLink{}), Occurrence{Change: Came, Service: true, Sender: 1001}},
		"a told leave":  {act(groupTL, aliceTL, &tg.MessageActionChatDeleteUser{UserID: 1001}), Occurrence{Change: Went, Service: true, Sender: 1001}},
		"a title":       {act(groupTL, aliceTL, &tg.MessageActionChatEditTitle{}), Occurrence{Service: true, Sender: 1001}},
	} {
		o := one(t, c.u, world())
		got := Occurrence{Box: o.Box, Sender: o.Sender, Service: o.Service, Kind: o.Kind, Outgoing: o.Outgoing, Change: o.Change}
		if got.Box != c.want.Box || got.Sender != c.want.Sender || got.Service != c.want.Service || got.Kind != c.want.Kind ||
			got.Outgoing != c.want.Outgoing || got.Change != c.want.Change || o.Class != Durable {
			t.Errorf("%s: %+v", name, o)
		}
	}
	join := one(t, &tg.UpdateChatParticipantAdd{ChatID: 5001, UserID: 1001, Date: day}, world())
	if join.Occurred.Unix() != day || len(join.Users) != 1 || join.Users[0] != 1001 {
		t.Errorf("%+v", join)
	}
}

func TestOccurrence_EventIDTellsChatActionsApart(t *testing.T) {
	t.Parallel()
	later := world()
	later.Now = later.Now.AddDate(0, 0, 1)
	unpin := func(c Context, ids ...int) Occurrence {
		return one(t, &tg.UpdatePinnedMessages{Peer: groupTL, Messages: ids}, c)
	}
	came := func(user int64, date int) Occurrence {
		return one(t, &tg.UpdateChatParticipantAdd{ChatID: 5001, UserID: user, Date: date}, world())
	}
	seen := map[string]string{}
	for name, o := range map[string]Occurrence{
		"unpin":         unpin(world(), 5, 6),
		"another unpin": unpin(world(), 5),
		"a day later":   unpin(later, 5, 6),
		"join":          came(1001, day),
		"Bob joins":     came(1002, day),
		"joins again":   came(1001, day+1),
		"leaves":        one(t, &tg.UpdateChatParticipantDelete{ChatID: 5001, UserID: 1001}, world()),
		"told":          one(t, act(groupTL, aliceTL, &tg.MessageActionChatJoinedByLink{}), world()),
		"told there":    one(t, actIn(megaTL, aliceTL, &tg.MessageActionChatJoinedByLink{}), world()),
	} {
		id := o.EventID(own).String()
		if other, ok := seen[id]; ok {
			t.Errorf("%s and %s have the same id", name, other)
		}
		seen[id] = name
	}
	a, b := unpin(world(), 6, 5), unpin(world(), 5, 6)
	if a.EventID(own) != b.EventID(own) {
		t.Error("the order of ids makes another id")
	}
	if change := came(1001, day); change.Chat != peer.GroupID(5001) {
		t.Error(change.Chat)
	}
}
