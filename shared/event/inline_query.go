package event

import (
	"strconv"

	"github.com/gotd/td/tdp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/filter"
	"telegram-client/shared/peer"
)

// An inlinePayload is what inline_query carries.
type inlinePayload struct {
	user  place // who types is both the chat and the sender
	query *tg.UpdateBotInlineQuery
}

// inlineQuery makes the event of somebody who types the bot's name and something after it.
func inlineQuery(u *tg.UpdateBotInlineQuery, c *Context) Occurrence {
	user := peer.UserID(u.UserID)
	o := c.occurrence(filter.InlineQuery, user, Passing, &inlinePayload{c.place(user), u})
	o.Sender, o.Text = user, u.Query
	return o
}

func (p *inlinePayload) write(w *writer, groups map[string]*string) {
	w.chat(&p.user)
	geo, _ := p.query.Geo.(tdp.Object)
	w.object("geo", geo)
	w.int("id", p.query.QueryID)
	w.object("input_sender", p.user.input)
	w.text("offset", p.query.Offset)
	w.groups("pattern_match", groups)
	w.object("sender", p.user.entity)
	w.id("sender_id", p.user.id)
	w.text("text", p.query.Query)
}

func (p *inlinePayload) appendIdentity(dst []byte, _ *Occurrence) []byte {
	return strconv.AppendInt(dst, p.query.QueryID, 10)
}
