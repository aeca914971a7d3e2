package updates

import (
	"fmt"
	"slices"

	"github.com/gotd/td/tg"
)

// happening is one thing that happened at the server: the model is the list of them and nothing else.
type happening struct {
	what string // "new", "edit", "delete", "name" (seq only), "stopped" (qts)
	id   int    // message id; unique among "new"
	pts  int    // after it; 0: none
	n    int    // pts_count
	qts  int
}

func (h happening) String() string {
	return fmt.Sprintf("%s %d (pts %d, qts %d)", h.what, h.id, h.pts, h.qts)
}

// server is what Telegram knows of an account.
type server struct {
	all  []happening
	pts  int
	qts  int
	seq  int
	date int
	// named are the seqs at which each "name" was pushed, by index in all.
	named map[int]int
}

func newServer() *server { return &server{pts: 1, date: 1000, named: map[int]int{}} }

func (s *server) happen(what string) happening {
	s.date++
	h := happening{what: what, id: len(s.all) + 1}
	switch what {
	case "stopped":
		s.qts++
		h.qts = s.qts
	case "name":
	case "delete": // of two messages
		h.n = 2
	default:
		h.n = 1
	}
	s.pts += h.n
	if h.n > 0 {
		h.pts = s.pts
	}
	s.all = append(s.all, h)
	return h
}

func message(id int) *tg.Message {
	m := &tg.Message{ID: id, PeerID: &tg.PeerUser{UserID: 9}, Message: fmt.Sprint("m", id), Date: id}
	m.SetFlags()
	return m
}

func (h happening) update() tg.UpdateClass {
	switch h.what {
	case "new":
		return &tg.UpdateNewMessage{Message: message(h.id), Pts: h.pts, PtsCount: h.n}
	case "edit":
		return &tg.UpdateEditMessage{Message: message(h.id), Pts: h.pts, PtsCount: h.n}
	case "delete":
		return &tg.UpdateDeleteMessages{Messages: []int{h.id, -h.id}, Pts: h.pts, PtsCount: h.n}
	case "stopped":
		return &tg.UpdateBotStopped{UserID: int64(h.id), Qts: h.qts, Stopped: true}
	}
	return &tg.UpdateUserName{UserID: int64(h.id)}
}

// push makes a container of happenings, which are indices into all.
func (s *server) push(indices ...int) tg.UpdatesClass {
	u := &tg.Updates{Users: []tg.UserClass{&tg.User{ID: 9}}, Date: s.date}
	for _, i := range indices {
		u.Updates = append(u.Updates, s.all[i].update())
	}
	if slices.ContainsFunc(indices, func(i int) bool { return s.all[i].what == "name" }) {
		s.seq++
		u.Seq = s.seq
		for _, i := range indices {
			s.named[i] = s.seq
		}
	}
	return u
}

// difference answers getDifference with at most limit happenings.
func (s *server) difference(r tg.UpdatesGetDifferenceRequest, limit int) tg.UpdatesDifferenceClass {
	state := tg.UpdatesState{Pts: r.Pts, Qts: r.Qts, Date: s.date, Seq: s.seq}
	var messages []tg.MessageClass
	var other []tg.UpdateClass
	n, more := 0, false
	for _, h := range s.all {
		missed := h.pts > r.Pts || h.qts > r.Qts
		if !missed {
			continue
		}
		if n == limit {
			more = true
			break
		}
		n++
		if h.what == "new" {
			messages = append(messages, message(h.id))
		} else {
			other = append(other, h.update())
		}
		state.Pts, state.Qts = max(state.Pts, h.pts), max(state.Qts, h.qts)
	}
	users := []tg.UserClass{&tg.User{ID: 9}}
	switch {
	case more:
		return &tg.UpdatesDifferenceSlice{NewMessages: messages, OtherUpdates: other, Users: users, IntermediateState: state}
	case n == 0:
		return &tg.UpdatesDifferenceEmpty{Date: s.date, Seq: s.seq}
	}
	return &tg.UpdatesDifference{NewMessages: messages, OtherUpdates: other, Users: users, State: state}
}

// find returns the index of the happening that an update tells of.
func (s *server) find(u Update) int {
	what, id := "", 0
	switch u := u.TL.(type) {
	case *tg.UpdateNewMessage:
		what, id = "new", u.Message.GetID()
	case *tg.UpdateEditMessage:
		what, id = "edit", u.Message.GetID()
	case *tg.UpdateDeleteMessages:
		what, id = "delete", u.Messages[0]
	case *tg.UpdateBotStopped:
		what, id = "stopped", int(u.UserID)
	case *tg.UpdateUserName:
		what, id = "name", int(u.UserID)
	}
	return slices.IndexFunc(s.all, func(h happening) bool { return h.what == what && h.id == id })
}
