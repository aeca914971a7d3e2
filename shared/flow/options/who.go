package options

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gotd/td/tg"

	"telegram-client/shared/entry"
	"telegram-client/shared/filter"
	"telegram-client/shared/flow"
	"telegram-client/shared/peer"
)

// serviceAccount is Telegram itself.
const serviceAccount = peer.ID(777000)

const (
	fieldFromUsers = "from_users"
	// mostSenders is how many senders are offered.
	mostSenders = 100
)

// An offer is a choice of a select.
type offer struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// whoField is the one field of the step who.
func whoField(senders []offer, chosen filter.List) flow.Field {
	if senders == nil {
		senders = []offer{}
	}
	f := flow.Field{Name: fieldFromUsers, Optional: true, Selector: map[string]any{
		"select": map[string]any{"options": senders, "multiple": true, "custom_value": true}}}
	if items := chosen.Items(); len(items) > 0 {
		f.Description = map[string]any{"suggested_value": items}
	}
	return f
}

// senders returns whom the listener has met in the chats of a bot, people only, by name.
func (f *Flows) senders(ctx context.Context, id entry.ID) ([]offer, error) {
	records, err := f.Store.Peers(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("look who wrote: %w", err)
	}
	book := peer.NewBook(0)
	book.Load(records)
	var all []offer
	for _, r := range records {
		u, ok := book.User(r.ID).(*tg.User)
		if !ok || u.Bot || u.Self || u.Deleted || r.ID == serviceAccount {
			continue
		}
		label := strings.TrimSpace(u.FirstName + " " + u.LastName)
		if u.Username != "" {
			label = strings.TrimSpace(label + " (@" + u.Username + ")")
		}
		all = append(all, offer{r.ID.String(), cmp.Or(label, r.ID.String())})
	}
	slices.SortFunc(all, func(a, b offer) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)), cmp.Compare(a.Value, b.Value))
	})
	return all[:min(len(all), mostSenders)], nil
}

// answerWho takes who may trigger automations. Nobody named means everybody.
func answerWho(o *filter.Options, r *flow.Reader) {
	who := list(r, fieldFromUsers)
	o.NewMessage.FromUsers, o.MessageEdited.FromUsers = who, who
	for _, f := range o.CheckEvent(filter.NewMessage) {
		if f.Field == string(filter.NewMessage)+"."+fieldFromUsers {
			r.Blame(fieldFromUsers, string(f.Code), "%s", f.Message)
		}
	}
}

// takeWho stores who may trigger automations as filters: of new and edited messages, and if all are named by their ids
// of inline queries, whose filter knows ids only. Other events have no filter of who caused them.
func takeWho(to, from *filter.Options) {
	who := from.NewMessage.FromUsers
	if len(who.Items()) == 0 {
		return
	}
	to.NewMessage.FromUsers, to.MessageEdited.FromUsers = who, who
	inline := to.InlineQuery
	inline.Users, inline.Blacklist = who, false
	check := filter.Options{InlineQuery: inline}
	if len(check.CheckEvent(filter.InlineQuery)) == 0 {
		to.InlineQuery = inline
	}
}
