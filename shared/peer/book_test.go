package peer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"pgregory.net/rapid"
)

const own = 1000001

func alice() *tg.User {
	u := &tg.User{ID: 1001, AccessHash: -7, FirstName: "Alice", Username: "Alice", Phone: "15551001", Status: &tg.UserStatusRecently{},
		Usernames: []tg.Username{{Username: "Also_Alice", Active: true}, {Username: "not_now"}}}
	var b bin.Buffer // over the wire, so that all flags are set
	if err := u.Encode(&b); err != nil {
		panic(err)
	}
	decoded, err := tg.DecodeUser(&b)
	if err != nil {
		panic(err)
	}
	return decoded.(*tg.User)
}

func mega() *tg.Channel {
	c := &tg.Channel{ID: 1400000001, AccessHash: 400, Title: "Mega", Megagroup: true, Username: "mega", Photo: &tg.ChatPhotoEmpty{}}
	c.SetFlags()
	return c
}

func family() *tg.Chat { return &tg.Chat{ID: 5001, Title: "Family", Photo: &tg.ChatPhotoEmpty{}} }

func filled() *Book {
	b := NewBook(own)
	b.Learn([]tg.UserClass{alice()}, []tg.ChatClass{mega(), family()})
	return b
}

func checkFind(t *testing.T, b *Book, target Target, want tg.InputPeerClass, wantID ID) {
	t.Helper()
	got, id, ok := b.Find(target)
	if !ok || id != wantID {
		t.Errorf("%s is %d, found %t, wants %d", target, id, ok, wantID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", target, diff)
	}
}

func TestBook_FindsWhatItHasLearnt(t *testing.T) {
	t.Parallel()
	b := filled()
	user := &tg.InputPeerUser{UserID: 1001, AccessHash: -7}
	channel := &tg.InputPeerChannel{ChannelID: 1400000001, AccessHash: 400}
	checkFind(t, b, Target{ID: 1001}, user, 1001)
	checkFind(t, b, Target{Username: "aLICE"}, user, 1001)
	checkFind(t, b, Target{Username: "also_alice"}, user, 1001)
	checkFind(t, b, Target{Phone: "15551001"}, user, 1001)
	checkFind(t, b, Target{ID: -1001400000001}, channel, -1001400000001)
	checkFind(t, b, Target{ID: 1400000001}, channel, -1001400000001) // without its mark
	checkFind(t, b, Target{ID: -5001}, &tg.InputPeerChat{ChatID: 5001}, -5001)
	checkFind(t, b, Target{ID: 5001}, &tg.InputPeerChat{ChatID: 5001}, -5001)
	checkFind(t, b, Target{ID: -77}, &tg.InputPeerChat{ChatID: 77}, -77) // small groups need no introduction
	checkFind(t, b, Target{Self: true}, &tg.InputPeerSelf{}, own)
	checkFind(t, b, Target{ID: own}, &tg.InputPeerSelf{}, own)
	for _, unknown := range []Target{{ID: 77}, {ID: -1000000000077}, {Username: "not_now"}, {Username: "nobody"}, {}} {
		if input, id, ok := b.Find(unknown); ok {
			t.Errorf("%s is %d %v", unknown, id, input)
		}
	}
	if id, ok := b.Lookup(Target{Phone: "15551001"}); !ok || id != 1001 {
		t.Errorf("the phone number is %d's, %t", id, ok)
	}
}

func TestBook_MinNeverHidesFull(t *testing.T) {
	t.Parallel()
	b := filled()
	b.Changed()
	minUser := &tg.User{ID: 1001, Min: true, AccessHash: 99, FirstName: "?"}
	minUser.SetFlags()
	minChannel := &tg.Channel{ID: 1400000001, Min: true, AccessHash: 99, Title: "?", Photo: &tg.ChatPhotoEmpty{}}
	minChannel.SetFlags()
	b.Learn([]tg.UserClass{minUser, &tg.UserEmpty{ID: 1001}}, []tg.ChatClass{minChannel, &tg.ChatEmpty{ID: 5001}})
	if diff := cmp.Diff([]any{alice(), mega(), family()}, []any{b.User(1001), b.Chat(-1001400000001), b.Chat(-5001)}); diff != "" {
		t.Error(diff)
	}
	checkFind(t, b, Target{ID: 1001}, &tg.InputPeerUser{UserID: 1001, AccessHash: -7}, 1001)
	if changed := b.Changed(); len(changed) > 0 {
		t.Errorf("records to keep: %v", changed)
	}
}

func TestBook_MinIsBetterThanNothing(t *testing.T) {
	t.Parallel()
	b := NewBook(own)
	minUser := &tg.User{ID: 1001, Min: true, AccessHash: 99, Username: "alice"}
	minUser.SetFlags()
	b.Learn([]tg.UserClass{minUser}, nil)
	if b.User(1001) == nil {
		t.Error("it is not shown")
	}
	if input, ok := b.Input(1001); ok {
		t.Errorf("the hash of a min user opens nothing, but it is addressed as %v", input)
	}
	b.Learn([]tg.UserClass{alice()}, nil)
	if diff := cmp.Diff(tg.UserClass(alice()), b.User(1001)); diff != "" {
		t.Error(diff)
	}
}

func TestBook_ForbiddenChatsReplace(t *testing.T) {
	t.Parallel()
	b := filled()
	gone := &tg.ChannelForbidden{ID: 1400000001, AccessHash: 401, Title: "Mega", Megagroup: true}
	gone.SetFlags()
	b.Learn(nil, []tg.ChatClass{gone, &tg.ChatForbidden{ID: 5001, Title: "Family"}})
	if diff := cmp.Diff([]any{gone, &tg.ChatForbidden{ID: 5001, Title: "Family"}}, []any{b.Chat(-1001400000001), b.Chat(-5001)}); diff != "" {
		t.Error(diff)
	}
	checkFind(t, b, Target{ID: -1001400000001}, &tg.InputPeerChannel{ChannelID: 1400000001, AccessHash: 401}, -1001400000001)
	if _, _, ok := b.Find(Target{Username: "mega"}); ok {
		t.Error("it still has its username")
	}
}

func TestBook_UsernamesMove(t *testing.T) {
	t.Parallel()
	b := filled()
	bob := &tg.User{ID: 1002, AccessHash: 2, Username: "alice"}
	bob.SetFlags()
	b.Learn([]tg.UserClass{bob}, nil)
	checkFind(t, b, Target{Username: "alice"}, &tg.InputPeerUser{UserID: 1002, AccessHash: 2}, 1002)
	nameless := alice()
	nameless.Username, nameless.Usernames = "", nil
	nameless.Flags = 0
	nameless.SetFlags()
	b.Learn([]tg.UserClass{nameless}, nil) // takes away only what was still hers
	checkFind(t, b, Target{Username: "alice"}, &tg.InputPeerUser{UserID: 1002, AccessHash: 2}, 1002)
	if _, _, ok := b.Find(Target{Username: "also_alice"}); ok {
		t.Error("a username that was given up still leads to her")
	}
}

func TestBook_ChangedTellsOnceAndNotOfPresence(t *testing.T) {
	t.Parallel()
	b := filled()
	var ids []ID
	for _, r := range b.Changed() {
		ids = append(ids, r.ID)
	}
	if diff := cmp.Diff([]ID{-1001400000001, -5001, 1001}, ids); diff != "" {
		t.Error(diff)
	}
	if again := b.Changed(); len(again) > 0 {
		t.Errorf("told again: %v", again)
	}
	here := alice()
	here.Status = &tg.UserStatusOnline{Expires: 5}
	b.Learn([]tg.UserClass{here}, nil)
	if changed := b.Changed(); len(changed) > 0 {
		t.Errorf("presence is a change: %v", changed)
	}
	if diff := cmp.Diff(tg.UserClass(here), b.User(1001)); diff != "" {
		t.Errorf("but it is shown: %s", diff)
	}
	renamed := alice()
	renamed.FirstName = "Alicia"
	b.Learn([]tg.UserClass{renamed}, nil)
	if changed := b.Changed(); len(changed) != 1 || changed[0].ID != 1001 {
		t.Errorf("a new name is no change: %v", changed)
	}
}

func TestBook_LoadsWhatItHandedOut(t *testing.T) {
	t.Parallel()
	from := filled()
	records := from.Changed()
	if diff := cmp.Diff([]string{"alice", "also_alice", "+15551001"}, records[2].Usernames); diff != "" {
		t.Error(diff)
	}
	b := NewBook(own)
	b.Load(records)
	b.Load(records) // as often as it may be
	for _, target := range []Target{{ID: 1001}, {Username: "alice"}, {Username: "mega"}, {ID: -5001}, {ID: 1400000001}} {
		want, wantID, _ := from.Find(target)
		checkFind(t, b, target, want, wantID)
	}
	if diff := cmp.Diff([]any{from.User(1001), from.Chat(-5001)}, []any{b.User(1001), b.Chat(-5001)}); diff != "" {
		t.Error(diff)
	}
	b.Learn([]tg.UserClass{alice()}, []tg.ChatClass{mega(), family()})
	if changed := b.Changed(); len(changed) > 0 {
		t.Errorf("nothing is new: %v", changed)
	}
}

func TestBook_HashOutlivesTheSchema(t *testing.T) {
	t.Parallel()
	from := filled()
	records := from.Changed()
	for i := range records {
		copy(records[i].Data[recordHeader:], "????")
	}
	b := NewBook(own)
	b.Load(records)
	checkFind(t, b, Target{Username: "alice"}, &tg.InputPeerUser{UserID: 1001, AccessHash: -7}, 1001)
	if b.User(1001) != nil {
		t.Error("an entity that cannot be read is shown")
	}
	b.Learn([]tg.UserClass{alice()}, nil)
	if changed := b.Changed(); len(changed) != 1 {
		t.Errorf("meeting her anew is a change: %v", changed)
	}
}

func TestBook_PassesOverDamagedRecords(t *testing.T) {
	t.Parallel()
	b := NewBook(own)
	b.Load([]Record{{ID: 1}, {ID: 2, Data: []byte{9, 9, 9}}, {ID: 3, Data: make([]byte, 40)}, {Data: []byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0}}})
	for id := range ID(4) {
		if _, ok := b.Input(id); ok {
			t.Errorf("%d is known", id)
		}
	}
}

// Whatever is learnt in whatever order, a book loaded of what was handed out in between finds the same.
func TestBook_RecordsAreEnough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, kept := NewBook(own), NewBook(own)
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			u := &tg.User{ID: rapid.Int64Range(1, 3).Draw(t, "id"), Min: rapid.Bool().Draw(t, "min"), FirstName: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name")}
			if rapid.Bool().Draw(t, "hashed") {
				u.SetAccessHash(rapid.Int64().Draw(t, "hash"))
			}
			u.SetFlags()
			b.Learn([]tg.UserClass{u}, nil)
			if rapid.Bool().Draw(t, "keep") {
				kept.Load(b.Changed())
			}
		}
		kept.Load(b.Changed())
		for id := ID(1); id <= 3; id++ {
			want, wantOK := b.Input(id)
			got, ok := kept.Input(id)
			if ok != wantOK || !cmp.Equal(want, got) {
				t.Fatalf("%d is kept as %v, %t; wants %v, %t", id, got, ok, want, wantOK)
			}
		}
	})
}
