package outbox

import (
	"testing"

	"telegram-client/shared/seal"
)

func TestNames_DifferWhereverSomethingDiffers(t *testing.T) {
	t.Parallel()
	ring, err := seal.ParseKeyring(seal.NewKey(), seal.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	a, b := NewNames(ring, "a"), NewNames(ring, "b")
	seen := map[string]bool{}
	for _, n := range []string{a.Chat(1), a.Chat(-1), b.Chat(1), a.Mark(0, 1), a.Mark(1, 0), a.Mark(0, 11), b.Mark(0, 1),
		a.Text(Send, 1, "x"), a.Text(Edit, 1, "x"), a.Text(Send, 1, "y"), b.Text(Send, 1, "x"),
		a.Text(Send, 1, ""), a.Text(Send, 2, ""), a.Text(Edit, 1, ""), b.Text(Send, 1, ""),
		a.Messages(Delete, 0, []int{1}), a.Messages(Read, 0, []int{1}), a.Messages(Delete, 1, []int{1}), a.Messages(Delete, 0, []int{1, 2}), b.Messages(Delete, 0, []int{1})} {
		if seen[n] {
			t.Errorf("%s stands for two things", n)
		}
		seen[n] = true
	}
	if a.Text(Send, 1, "x") != NewNames(ring, "a").Text(Send, 2, "x") {
		t.Error("a name is not stable")
	}
	if a.Messages(Delete, 0, []int{1, 2}) != a.Messages(Delete, 0, []int{2, 1}) {
		t.Error("the order of messages matters")
	}
}
