package mtserver

import "sync"

// remembered is how many messages of a session are kept, so that one that comes again is recognised.
const remembered = 4096

// Of answers that are large, such as pieces of files, fewer are kept: a client asks again soon if it does.
const (
	large       = 16 << 10 // bytes
	mostOfLarge = 16
)

// memory is what is known of a session id of a key, across its connections.
type memory struct {
	mu       sync.Mutex
	sent     int32 // content messages to the client
	messages map[int64]*received
	order    []*received // by arrival
	larges   []*received // those with a large answer, by when it was given
	wrapping wrapping
}

// received is a message of the client.
type received struct {
	id      int64
	seq     int32
	request bool
	dropped bool   // rpc_drop_answer
	answer  []byte // nil: none yet
	done    bool
}

func newMemory() *memory { return &memory{messages: map[int64]*received{}} }

// isKnown reports whether a message of the session has been accepted.
func (m *memory) isKnown() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.order) > 0
}

// forget makes the session a new one.
func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.messages, m.order, m.larges, m.wrapping = map[int64]*received{}, nil, nil, wrapping{}
}

func (m *memory) wrappings() wrapping {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wrapping
}

func (m *memory) keep(w wrapping) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wrapping = w
}

func (m *memory) nextSeq(content bool) int32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	seq := m.sent * 2
	if content {
		seq++
		m.sent++
	}
	return seq
}

// note records a message and reports whether it came before.
func (m *memory) note(id int64, seq int32) (known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.messages[id] != nil {
		return true
	}
	r := &received{id: id, seq: seq}
	m.messages[id] = r
	m.order = append(m.order, r)
	if len(m.order) > remembered {
		delete(m.messages, m.order[0].id)
		m.order = m.order[1:]
	}
	return false
}

// badSeq returns the code of bad_msg_notification that a new message's sequence number deserves, 0 if it is right.
// https://core.telegram.org/mtproto/service_messages_about_messages#notice-of-ignored-error-message
func (m *memory) badSeq(id int64, seq int32) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.messages[id] != nil {
		return 0
	}
	for _, r := range m.order {
		odd := seq == r.seq && seq%2 == 1
		switch {
		case r.id < id && (r.seq > seq || odd):
			return 32
		case r.id > id && (r.seq < seq || odd):
			return 33
		}
	}
	return 0
}

// begin records that a message is a request. If it came before it returns the answer it got, which is nil while
// there is none.
func (m *memory) begin(id int64) (answer []byte, again bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.messages[id]
	if r == nil {
		return nil, false
	}
	again, r.request = r.request, true
	return r.answer, again
}

// finish records the answer to a request and reports whether the client still wants it.
func (m *memory) finish(id int64, answer []byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.messages[id]
	if r == nil {
		return true
	}
	r.answer, r.done = answer, true
	if len(answer) > large {
		m.larges = append(m.larges, r)
		if len(m.larges) > mostOfLarge {
			m.larges[0].answer = nil
			m.larges = m.larges[1:]
		}
	}
	return !r.dropped
}

// state is what msgs_state_info says of a message.
func (m *memory) state(id int64) byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.messages[id]
	switch {
	case r == nil:
		return 1 // nothing is known
	case r.done:
		return 4 | 8 | 64 // received, acknowledged by its answer, answered
	case r.request:
		return 4 | 32 // received, in work
	}
	return 4
}

type drop int

const (
	dropUnknown drop = iota
	dropRunning
	dropDone
)

// drop is rpc_drop_answer.
func (m *memory) drop(id int64) (drop, *received) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.messages[id]
	switch {
	case r == nil || !r.request || r.dropped:
		return dropUnknown, nil
	case r.done:
		answered := *r
		r.dropped, r.answer = true, nil
		return dropDone, &answered
	}
	r.dropped = true
	return dropRunning, nil
}
