package mtserver

import "testing"

// Of answers that are large the latest are kept, of others all.
func TestMemory_KeepsFewLargeAnswers(t *testing.T) {
	t.Parallel()
	m := newMemory()
	const all = mostOfLarge + 10
	for id := range int64(all) {
		m.note(id, 0)
		m.begin(id)
		answer := make([]byte, large+1)
		if id == 0 {
			answer = answer[:large]
		}
		m.finish(id, answer)
	}
	for id := range int64(all) {
		answer, again := m.begin(id)
		if kept := id == 0 || id >= all-mostOfLarge; !again || kept != (answer != nil) {
			t.Errorf("answer %d: again %v, %d bytes", id, again, len(answer))
		}
	}
}
