package telegramtest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// channel is a broadcast channel or a supergroup: its messages stand in a box of its own, with ids and pts that are the
// same for all its members. https://core.telegram.org/api/channel
type channel struct {
	id        int64
	title     string
	username  string // "" if it is private
	broadcast bool   // else a supergroup
	creator   *account
	standings map[*account]*standing // of all who were ever in it
	order     []*account             // in which they came
	date      int
	photo     int64
	changed   int  // when something last happened
	quiet     bool // nothing is pushed
	box       box
	read      map[*account]int // up to where members have read
	readByAll int              // up to where somebody else has
	slow      int              // seconds between two messages of a member
	lastWrote map[*account]int
	forum     bool
	linked    *channel // the discussion group of a broadcast channel, and the other way round
	protected bool     // nothing of it can be forwarded
}

// A Channel is what a test knows of a broadcast channel or a supergroup.
type Channel struct {
	// ID is the marked id: -100 and ten digits.
	ID    int64  `json:"id"`
	Title string `json:"title"`
	// Username makes it public.
	Username string `json:"username,omitempty"`
	// Broadcast is what Telegram calls a channel: only admins write, and nobody is told who comes and goes.
	Broadcast bool    `json:"broadcast,omitempty"`
	Creator   int64   `json:"creator"`
	Members   []int64 `json:"members"`
	// Admins are members who may do what the creator may. Bots in a broadcast channel always are.
	Admins []int64 `json:"admins"`
}

// firstChannel is above 32 bits, as other ids are.
const firstChannel = 5_300_000_000

// Supergroup makes a supergroup.
func (s *Server) Supergroup(title string, creator int64, members ...int64) Channel {
	return s.channel(Channel{Title: title, Creator: creator, Members: members})
}

// Broadcast makes a broadcast channel. Bots among its members are admins.
func (s *Server) Broadcast(title string, creator int64, members ...int64) Channel {
	return s.channel(Channel{Title: title, Creator: creator, Members: members, Broadcast: true})
}

func (s *Server) channel(c Channel) Channel {
	c, err := s.AddChannel(c)
	if err != nil && s.t != nil {
		s.t.Errorf("add the channel %q: %v", c.Title, err)
	}
	return c
}

// AddChannel makes a channel or a supergroup. Its first message is the one that says so.
func (s *Server) AddChannel(c Channel) (Channel, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	creator := s.accounts[c.Creator]
	name := strings.ToLower(c.Username)
	switch {
	case creator == nil:
		return c, fmt.Errorf("account %d: %w", c.Creator, errNoAccount)
	case creator.bot:
		return c, errors.New("a bot cannot make a channel")
	case c.Title == "":
		return c, errors.New("a channel needs a title")
	case name != "" && (!isUsername(name) || s.usernames[name] != nil || s.channelNamed(name) != nil):
		return c, fmt.Errorf("the username %q cannot be had", c.Username)
	}
	ch := &channel{
		id: firstChannel + int64(len(s.channelOrder)) + 1, title: c.Title, username: c.Username, broadcast: c.Broadcast,
		creator: creator, standings: map[*account]*standing{}, date: s.now(), read: map[*account]int{}, lastWrote: map[*account]int{},
	}
	ch.box = newBox(0, 1)
	ch.box.channel = ch
	ch.set(creator, &standing{role: owner, date: s.now()})
	for _, id := range c.Members {
		if err := s.seat(ch, id, member); err != nil {
			return c, err
		}
	}
	for _, id := range c.Admins {
		if err := s.seat(ch, id, admin); err != nil {
			return c, err
		}
	}
	s.channels[ch.id] = ch
	s.channelOrder = append(s.channelOrder, ch)
	ch.acquaint()
	s.note(Event{Kind: ChannelMade, Account: creator.id, Chat: place{channel: ch}.id(), Text: ch.title})
	s.publish(&message{
		from: creator, channel: ch, date: s.now(), action: &tg.MessageActionChannelCreate{Title: ch.title},
	}, nil)
	return ch.public(), nil
}

func (s *Server) seat(ch *channel, id int64, as role) error {
	a := s.accounts[id]
	if a == nil {
		return fmt.Errorf("account %d: %w", id, errNoAccount)
	}
	if a == ch.creator {
		return nil
	}
	if a.bot && ch.broadcast {
		as = admin // https://core.telegram.org/api/channel: bots are in channels as admins
	}
	ch.set(a, &standing{role: as, by: ch.creator, date: s.now()})
	return nil
}

// Channels returns all channels and supergroups in the order in which they were made.
func (s *Server) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Channel, 0, len(s.channelOrder))
	for _, ch := range s.channelOrder {
		all = append(all, ch.public())
	}
	return all
}

func (ch *channel) public() Channel {
	p := Channel{
		ID: place{channel: ch}.id(), Title: ch.title, Username: ch.username, Broadcast: ch.broadcast, Creator: ch.creator.id,
		Members: []int64{}, Admins: []int64{},
	}
	for _, a := range ch.members() {
		p.Members = append(p.Members, a.id)
		if ch.rules(a) {
			p.Admins = append(p.Admins, a.id)
		}
	}
	return p
}

func (s *Server) channelNamed(lower string) *channel {
	for _, ch := range s.channelOrder {
		if strings.ToLower(ch.username) == lower {
			return ch
		}
	}
	return nil
}

// ChannelPts returns where a channel's box stands; 0 if there is no such channel.
func (s *Server) ChannelPts(id int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch := s.channels[channelMark-id]; ch != nil {
		return ch.box.pts
	}
	return 0
}

// SetQuiet stops or starts pushes of a channel, as Telegram does with large supergroups at its discretion: who wants to
// know has to ask for the difference. facts/telegram.md
func (s *Server) SetQuiet(id int64, quiet bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[channelMark-id]
	if ch == nil {
		return errNoPeer
	}
	ch.quiet = quiet
	return nil
}

// PushTooLong tells all members that they are behind in a channel, without saying what happened.
// https://core.telegram.org/constructor/updateChannelTooLong
func (s *Server) PushTooLong(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[channelMark-id]
	if ch == nil {
		return errNoPeer
	}
	for _, a := range ch.members() {
		for _, x := range s.of(a) {
			s.tellPassing(x, ch.tooLong(), nil, ch)
		}
	}
	return nil
}

func (ch *channel) tooLong() *tg.UpdateChannelTooLong {
	u := &tg.UpdateChannelTooLong{ChannelID: ch.id}
	u.SetPts(ch.box.pts)
	return u
}

// tell pushes a change to all members. What one bot writes is not told to others, so that they find a hole (A38).
func (ch *channel) tell(s *Server, c change, actor *authorization) {
	ch.changed = s.now()
	if ch.quiet {
		return
	}
	for _, a := range ch.members() {
		if !c.hiddenFrom(a) {
			s.tell(a, c, actor)
		}
	}
}

// hiddenFrom reports whether a change is another bot's message. https://core.telegram.org/bots/faq
func (c change) hiddenFrom(a *account) bool {
	return a.bot && c.stored != nil && c.stored.message.from.bot && c.stored.message.from != a
}

var (
	errChannel        = tgerr.New(400, "CHANNEL_INVALID")
	errChannelPrivate = tgerr.New(406, "CHANNEL_PRIVATE")
)

// inputChannel finds the channel that a client means. Access hashes are the account's (A6); bots find with hash 0 what
// they are in (A13). https://core.telegram.org/api/peers
func (c *call) inputChannel(in tg.InputChannelClass) (*channel, error) {
	x, ok := in.(*tg.InputChannel)
	if !ok {
		return nil, errChannel
	}
	ch := c.server.channels[x.ChannelID]
	switch {
	case ch == nil:
		return nil, errChannel
	case x.AccessHash == 0 && c.account.bot && ch.has(c.account):
	case x.AccessHash != c.server.channelHash(c.account, ch.id):
		return nil, errChannel
	}
	if !ch.isOpenTo(c.account) {
		return nil, errChannelPrivate
	}
	return ch, nil
}

func (s *Server) channelHash(viewer *account, id int64) int64 { return s.derive("channel", viewer, id) }

// ChannelHashFor returns the access hash by which an account knows a channel.
func (s *Server) ChannelHashFor(viewer, id int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ch := s.accounts[viewer], s.channels[channelMark-id]
	if a == nil || ch == nil {
		return 0
	}
	return s.channelHash(a, ch.id)
}

// since is when a member has joined, for others when the channel was made. https://core.telegram.org/constructor/channel (date)
func (ch *channel) since(viewer *account) int {
	if ch.has(viewer) {
		return ch.standings[viewer].date
	}
	return ch.date
}

// see returns a channel as an account sees it. https://core.telegram.org/constructor/channel
func (ch *channel) see(s *Server, viewer *account) tg.ChatClass {
	hash := s.channelHash(viewer, ch.id)
	if !ch.isOpenTo(viewer) {
		return &tg.ChannelForbidden{
			ID: ch.id, AccessHash: hash, Title: ch.title, Broadcast: ch.broadcast, Megagroup: !ch.broadcast,
		}
	}
	c := &tg.Channel{
		ID: ch.id, Title: ch.title, Broadcast: ch.broadcast, Megagroup: !ch.broadcast, Creator: ch.creator == viewer,
		Left: !ch.has(viewer), Photo: chatPhoto(ch.photo), Date: ch.since(viewer),
	}
	c.SetAccessHash(hash)
	if ch.username != "" {
		c.SetUsername(ch.username)
	}
	if ch.rules(viewer) {
		c.SetAdminRights(allRights(ch.broadcast))
	}
	c.SetParticipantsCount(len(ch.members()))
	c.Forum, c.Noforwards, c.SlowmodeEnabled, c.HasLink = ch.forum, ch.protected, ch.slow > 0, ch.linked != nil
	if !ch.broadcast {
		c.SetDefaultBannedRights(tg.ChatBannedRights{UntilDate: 0x7fffffff})
	}
	return c
}
