package event

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"
)

func TestMeOf_TakesAnActiveUsername(t *testing.T) {
	t.Parallel()
	got := MeOf(&tg.User{ID: 1, Usernames: []tg.Username{{Username: "old"}, {Username: "new", Active: true}}, Phone: "15550001", LastName: "S", Premium: true})
	if diff := cmp.Diff(Me{ID: 1, Username: "new", LastName: "S", Phone: "15550001", Premium: true}, got); diff != "" {
		t.Error(diff)
	}
}
