package telegramtest

import (
	"fmt"
	"strings"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tgerr"
)

// access says who may call a method.
type access int

const (
	anybody access = iota
	loggedIn
	half // also a key that waits for the password
)

// method is one method of the schema. It is called with the server's mutex held.
type method struct {
	access access
	handle func(*call, *bin.Buffer) (bin.Encoder, error)
}

type table map[uint32]method

// table returns all methods, by family.
func (s *Server) table() table {
	t := table{}
	s.helpMethods(t)
	s.authMethods(t)
	s.codeMethods(t)
	s.emailMethods(t)
	s.passwordMethods(t)
	s.tokenMethods(t)
	s.accountMethods(t)
	s.usersMethods(t)
	s.contactsMethods(t)
	s.messagesMethods(t)
	s.channelsMethods(t)
	s.membersMethods(t)
	s.readingMethods(t)
	s.presenceMethods(t)
	s.queryMethods(t)
	s.historyMethods(t)
	s.uploadMethods(t)
	s.mediaMethods(t)
	s.albumMethods(t)
	s.downloadMethods(t)
	s.cdnMethods(t)
	s.scheduleMethods(t)
	s.forwardMethods(t)
	s.discussionMethods(t)
	s.reactionMethods(t)
	s.dialogMethods(t)
	s.updatesMethods(t)
	return t
}

// add adds a method whose request is R.
func add[R any, P interface {
	*R
	bin.Decoder
}](t table, id uint32, who access, handle func(*call, *R) (bin.Encoder, error)) {
	t[id] = method{access: who, handle: func(c *call, b *bin.Buffer) (bin.Encoder, error) {
		r := new(R)
		if err := P(r).Decode(b); err != nil {
			return nil, fmt.Errorf("%w: %w", tgerr.New(400, "INPUT_REQUEST_INVALID"), err)
		}
		return handle(c, r)
	}}
}

// methodName returns the TL name of a method, or its number.
func methodName(names map[uint32]string, id uint32) string {
	if name, _, ok := strings.Cut(names[id], "#"); ok {
		return name
	}
	return fmt.Sprintf("%#x", id)
}
