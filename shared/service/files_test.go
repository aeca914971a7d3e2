package service

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/authorization"
	"telegram-client/shared/media"
	"telegram-client/shared/peer"
)

func arrives(id int) tg.UpdateClass {
	return &tg.UpdateNewMessage{Message: &tg.Message{ID: id, Date: 100, PeerID: &tg.PeerUser{UserID: 1001}}}
}

func numbered(id int, random int64) tg.UpdateClass {
	return &tg.UpdateMessageID{ID: id, RandomID: random}
}

func TestReadAll_NamesAllMessagesOfAnAlbumOrNone(t *testing.T) {
	t.Parallel()
	c := &authorization.Call{Peers: peer.NewBook(1)}
	for name, c2 := range map[string]struct {
		updates []tg.UpdateClass
		want    []int
	}{
		"named, in any order":       {[]tg.UpdateClass{numbered(8, 12), arrives(8), numbered(7, 11), arrives(7)}, []int{7, 8}},
		"named alone":               {[]tg.UpdateClass{numbered(7, 11), numbered(8, 12)}, []int{7, 8}},
		"a repeat that names none":  {[]tg.UpdateClass{arrives(8), arrives(7)}, []int{7, 8}},
		"one is missing":            {[]tg.UpdateClass{numbered(7, 11), arrives(7), arrives(8)}, nil},
		"more than were sent":       {[]tg.UpdateClass{arrives(7), arrives(8), arrives(9)}, nil},
		"somebody else's random id": {[]tg.UpdateClass{numbered(7, 99), arrives(7), arrives(8)}, nil},
		"nothing":                   {nil, nil},
	} {
		all, ok := readAll(c, &tg.Updates{Updates: c2.updates, Date: 100}, []int64{11, 12})
		var got []int
		for _, one := range all {
			got = append(got, one.id)
		}
		if diff := cmp.Diff(c2.want, got); diff != "" || ok != (c2.want != nil) {
			t.Errorf("%s: %t %s", name, ok, diff)
		}
	}
}

func TestMatch_TellsWhatWasSentTogether(t *testing.T) {
	t.Parallel()
	photo := &tg.MessageMediaPhoto{Photo: &tg.Photo{ID: 1}}
	document := &tg.MessageMediaDocument{Document: &tg.Document{ID: 2}}
	history := []*tg.Message{ // the latest first
		{ID: 9, Message: "x"}, {ID: 8, GroupedID: 5, Media: photo}, {ID: 7, GroupedID: 5, Media: photo, Message: "x"},
		{ID: 6, Message: "x", Media: photo}, {ID: 5, Message: "x", Media: &tg.MessageMediaWebPage{}}, {ID: 4, GroupedID: 3, Media: document}, {ID: 3, GroupedID: 3, Message: "x", Media: photo},
	}
	for name, c := range map[string]struct {
		items []item
		want  [][]int
	}{
		"a text":             {[]item{{"x", ""}}, [][]int{{9}, {5}}},
		"a photo":            {[]item{{"x", media.Photo}}, [][]int{{6}}},
		"an album":           {[]item{{"x", media.Photo}, {"", media.Photo}}, [][]int{{7, 8}}},
		"another album":      {[]item{{"x", media.Photo}, {"", media.Document}}, [][]int{{3, 4}}},
		"none of its length": {[]item{{"x", media.Photo}, {"", media.Photo}, {"", media.Photo}}, nil},
	} {
		var got [][]int
		for _, together := range albums(history) {
			if match(together, c.items) {
				var ids []int
				for _, m := range together {
					ids = append(ids, m.ID)
				}
				got = append(got, ids)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
