package telegramtest

import (
	"errors"
	"fmt"
	"time"

	"github.com/gotd/td/tg"
)

// question is a callback or inline query. It is told to the bot's connected logins and to nobody later.
// https://core.telegram.org/api/bots/buttons, https://core.telegram.org/api/bots/inline
type question struct {
	bot      *account
	inline   bool
	asked    time.Time
	callback CallbackAnswer
	results  InlineAnswer
}

// A Button is one of an inline keyboard.
type Button struct {
	Text string `json:"text"`
	Data string `json:"data,omitempty"`
	// Game makes it the button of a game, which has no data.
	Game bool `json:"game,omitempty"`
}

// keyboard makes the markup of rows of buttons; nil if there are none.
func keyboard(rows [][]Button) tg.ReplyMarkupClass {
	if len(rows) == 0 {
		return nil
	}
	k := &tg.ReplyInlineMarkup{}
	for _, row := range rows {
		var r tg.KeyboardInlineButtonRow
		for _, b := range row {
			var t tg.InlineButtonTypeClass = &tg.InlineButtonTypeCallback{Data: []byte(b.Data)}
			if b.Game {
				t = &tg.InlineButtonTypeGame{}
			}
			r.Buttons = append(r.Buttons, tg.KeyboardInlineButton{Text: b.Text, Type: t})
		}
		k.Rows = append(k.Rows, r)
	}
	return k
}

// A Pressing is a user's press of a button under a bot's message.
type Pressing struct {
	User int64 `json:"user"`
	Chat int64 `json:"chat"` // a marked id, as the user sees it
	// Message is the id in the user's box, or in the channel.
	Message int `json:"message"`
	// Button is the text on it; "" is the first one.
	Button string `json:"button,omitempty"`
}

// Press lets a user press a button and returns the id of the query, as the bot is told it.
// https://core.telegram.org/constructor/updateBotCallbackQuery
func (s *Server) Press(p Pressing) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, c, err := s.message(p.User, p.Chat, p.Message)
	if err != nil {
		return 0, err
	}
	bot := c.message.from
	theirs := c.message.copies[bot]
	if c.peer.channel != nil {
		theirs = c
	}
	if !bot.bot || theirs == nil {
		return 0, errors.New("the message is no bot's")
	}
	u := &tg.UpdateBotCallbackQuery{
		UserID: user.id, Peer: theirs.peer.peer(), MsgID: theirs.id, ChatInstance: s.derive("instance", bot, theirs.peer.id()),
	}
	found := false
	for _, b := range buttons(c.message.markup) {
		if p.Button != "" && b.Text != p.Button {
			continue
		}
		switch t := b.Type.(type) {
		case *tg.InlineButtonTypeCallback:
			u.SetData(t.Data)
			found = true
		case *tg.InlineButtonTypeGame:
			u.SetGameShortName("game")
			found = true
		}
		if found {
			break
		}
	}
	if !found {
		return 0, fmt.Errorf("the message has no button %q", p.Button)
	}
	u.QueryID = s.ask(&question{bot: bot}, user, theirs.peer, string(u.Data))
	for _, x := range s.of(bot) {
		s.tellPassing(x, u, []*account{user}, theirs.peer.rooms()...)
	}
	return u.QueryID, nil
}

// PressInline lets a user press a button under a message that was sent by way of a bot into a chat that the bot is not
// in. old is the form of the message's id from before ids had 64 bits.
// https://core.telegram.org/constructor/updateInlineBotCallbackQuery
func (s *Server) PressInline(user, bot int64, data string, old bool) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, b := s.accounts[user], s.accounts[bot]
	if a == nil || b == nil || a.bot || !b.bot {
		return 0, errNoAccount
	}
	u := &tg.UpdateInlineBotCallbackQuery{UserID: a.id, ChatInstance: s.derive("instance", b, a.id)}
	u.MsgID = &tg.InputBotInlineMessageID64{DCID: b.home, OwnerID: a.id, ID: 17, AccessHash: s.newID()}
	if old {
		// The lower half is the message's id, the upper one the peer: its sign says of what kind.
		u.MsgID = &tg.InputBotInlineMessageID{DCID: b.home, ID: 17 | 1001<<32, AccessHash: s.newID()}
	}
	u.SetData([]byte(data))
	u.QueryID = s.ask(&question{bot: b}, a, place{user: a}, data)
	for _, x := range s.of(b) {
		s.tellPassing(x, u, []*account{a})
	}
	return u.QueryID, nil
}

func (s *Server) ask(q *question, user *account, in place, text string) int64 {
	id := s.newID()
	q.asked = s.opt.Clock.Now()
	q.callback.Query, q.results.Query = id, id
	s.queries[id] = q
	s.note(Event{Kind: Asked, Account: user.id, Chat: in.id(), Text: text})
	return id
}

// An Asking is what a user types behind a bot's name.
type Asking struct {
	User int64  `json:"user"`
	Bot  int64  `json:"bot"`
	Text string `json:"text"`
	// Offset is what the bot gave with the former results.
	Offset string `json:"offset,omitempty"`
	// Latitude and Longitude are sent if one of them is not 0.
	Latitude  float64 `json:"latitude,omitempty"`
	Longitude float64 `json:"longitude,omitempty"`
}

// Ask lets a user ask a bot in line and returns the id of the query.
// https://core.telegram.org/constructor/updateBotInlineQuery
func (s *Server) Ask(q Asking) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, b := s.accounts[q.User], s.accounts[q.Bot]
	if a == nil || b == nil || a.bot || !b.bot {
		return 0, errNoAccount
	}
	u := &tg.UpdateBotInlineQuery{UserID: a.id, Query: q.Text, Offset: q.Offset}
	u.SetPeerType(&tg.InlineQueryPeerTypeSameBotPM{})
	if q.Latitude != 0 || q.Longitude != 0 {
		u.SetGeo(&tg.GeoPoint{Lat: q.Latitude, Long: q.Longitude})
	}
	u.QueryID = s.ask(&question{bot: b, inline: true}, a, place{user: b}, q.Text)
	for _, x := range s.of(b) {
		s.tellPassing(x, u, []*account{a})
	}
	return u.QueryID, nil
}

// A CallbackAnswer is what the user who pressed a button sees.
type CallbackAnswer struct {
	Query     int64  `json:"query"`
	Answered  bool   `json:"answered"`
	Text      string `json:"text,omitempty"`
	Alert     bool   `json:"alert,omitempty"`
	URL       string `json:"url,omitempty"`
	CacheTime int    `json:"cache_time,omitempty"` // seconds
}

// An InlineAnswer is what the user who asked sees.
type InlineAnswer struct {
	Query      int64          `json:"query"`
	Answered   bool           `json:"answered"`
	Results    []InlineResult `json:"results,omitempty"`
	NextOffset string         `json:"next_offset,omitempty"`
	CacheTime  int            `json:"cache_time,omitempty"` // seconds
	Private    bool           `json:"private,omitempty"`
}

// An InlineResult is one of them.
type InlineResult struct {
	ID    string `json:"id"`
	Type  string `json:"type"`
	Title string `json:"title,omitempty"`
}

var errNoQuery = errors.New("there is no such query")

// CallbackAnswer returns the bot's answer to a pressed button.
func (s *Server) CallbackAnswer(query int64) (CallbackAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queries[query]
	if q == nil || q.inline {
		return CallbackAnswer{}, errNoQuery
	}
	return q.callback, nil
}

// InlineAnswer returns the bot's answer to an inline query.
func (s *Server) InlineAnswer(query int64) (InlineAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queries[query]
	if q == nil || !q.inline {
		return InlineAnswer{}, errNoQuery
	}
	return q.results, nil
}
