package service

import (
	"context"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
)

// A chat is a target that was found.
type chat struct {
	target peer.Target
	peer   tg.InputPeerClass
	id     peer.ID
}

// box returns whose ids the messages of the chat have: a channel's its own, all others the account's common ones, 0.
func (c chat) box() peer.ID {
	if c.id.Kind() == peer.Channel {
		return c.id
	}
	return 0
}

// channel returns the chat as requests about channels name it.
func (c chat) channel() (tg.InputChannelClass, bool) {
	p, ok := c.peer.(*tg.InputPeerChannel)
	if !ok {
		return nil, false
	}
	return &tg.InputChannel{ChannelID: p.ChannelID, AccessHash: p.AccessHash}, true
}

// resolve finds how to address a target: what the entry has learnt first, since Telegram answers hundreds of look-ups
// with a flood wait of hours, then Telegram. What it learns is left in the book.
func resolve(ctx context.Context, c *authorization.Call, t peer.Target) (chat, error) {
	if p, id, ok := c.Peers.Find(t); ok {
		return chat{t, p, id}, nil
	}
	return ask(ctx, c, t)
}

// ask finds a target by asking Telegram, also one that the book believes to know.
func ask(ctx context.Context, c *authorization.Call, t peer.Target) (chat, error) {
	asked := t
	var err error
	switch {
	case t.Username != "":
		err = askUsername(ctx, c, t)
	case t.Phone != "":
		var found tg.PeerClass
		if found, err = askPhone(ctx, c, t); err == nil {
			t = peer.Target{ID: peer.FromTL(found)} // who shows the number to nobody is not found by it again
		}
	case t.ID.Kind() == peer.User:
		err = askUser(ctx, c, t.ID)
	case t.ID.Kind() == peer.Channel:
		err = askChannel(ctx, c, t.ID)
	}
	if err != nil {
		return chat{}, err
	}
	if p, id, ok := c.Peers.Find(t); ok {
		return chat{asked, p, id}, nil
	}
	return chat{}, notFound(asked)
}

// mentioned looks up the users whom texts mention. Who is not found is not in the answer: of such a mention the text
// stays.
func mentioned(ctx context.Context, c *authorization.Call, who []peer.Target) (map[peer.Target]tg.InputUserClass, error) {
	found := make(map[peer.Target]tg.InputUserClass, len(who))
	for _, t := range who {
		at, err := resolve(ctx, c, t)
		if fault.Is(err, fault.TargetNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		switch p := at.peer.(type) {
		case *tg.InputPeerUser:
			found[t] = &tg.InputUser{UserID: p.UserID, AccessHash: p.AccessHash}
		case *tg.InputPeerSelf:
			found[t] = &tg.InputUserSelf{}
		}
	}
	return found, nil
}

// finder makes a function of what mentioned returns.
func finder(found map[peer.Target]tg.InputUserClass) func(peer.Target) (tg.InputUserClass, bool) {
	return func(t peer.Target) (tg.InputUserClass, bool) {
		u, ok := found[t]
		return u, ok
	}
}

// askUsername asks by contacts.resolveUsername.
func askUsername(ctx context.Context, c *authorization.Call, t peer.Target) error {
	r, err := c.API.ContactsResolveUsername(ctx, &tg.ContactsResolveUsernameRequest{Username: t.Name()})
	if tgerr.Is(err, "USERNAME_NOT_OCCUPIED", "USERNAME_INVALID") {
		return notFound(t)
	}
	if err != nil {
		return err
	}
	c.Peers.Learn(r.Users, r.Chats)
	return nil
}

// askPhone asks by contacts.resolvePhone, which bots may not.
func askPhone(ctx context.Context, c *authorization.Call, t peer.Target) (tg.PeerClass, error) {
	if c.Entry.ClientType == entry.Bot {
		return nil, fault.New(fault.TargetNotFound, "A bot cannot find people by their phone numbers. Write an id or @username.")
	}
	r, err := c.API.ContactsResolvePhone(ctx, t.Phone)
	if tgerr.Is(err, "PHONE_NOT_OCCUPIED", "PHONE_NUMBER_INVALID") {
		return nil, notFound(t)
	}
	if err != nil {
		return nil, err
	}
	c.Peers.Learn(r.Users, r.Chats)
	return r.Peer, nil
}

// askUser asks by users.getUsers with access hash 0, which Telegram answers for users the account has dealt with.
func askUser(ctx context.Context, c *authorization.Call, id peer.ID) error {
	users, err := c.API.UsersGetUsers(ctx, []tg.InputUserClass{&tg.InputUser{UserID: id.Bare()}})
	if tgerr.Is(err, "USER_ID_INVALID", "PEER_ID_INVALID") {
		return nil // not found, says the caller
	}
	if err != nil {
		return err
	}
	c.Peers.Learn(users, nil)
	return nil
}

// askChannel asks by channels.getChannels with access hash 0, which Telegram answers to bots that are in the channel.
func askChannel(ctx context.Context, c *authorization.Call, id peer.ID) error {
	r, err := c.API.ChannelsGetChannels(ctx, []tg.InputChannelClass{&tg.InputChannel{ChannelID: id.Bare()}})
	if tgerr.Is(err, "CHANNEL_INVALID", "CHANNEL_PRIVATE", "PEER_ID_INVALID") {
		return nil
	}
	if err != nil {
		return err
	}
	c.Peers.Learn(nil, r.GetChats())
	return nil
}

func notFound(t peer.Target) *fault.Fault {
	switch {
	case t.Username != "":
		return fault.New(fault.TargetNotFound, "Telegram knows nobody by this username. Check its spelling.")
	case t.Phone != "":
		return fault.New(fault.TargetNotFound, "Nobody with this phone number can be found at Telegram: check it, or the other side hides its number.")
	case t.ID.Kind() == peer.User:
		return fault.New(fault.TargetNotFound, "This account does not know a user with this id. The user has to write to it first; or use the username.")
	}
	return fault.New(fault.TargetNotFound, "This account does not know a chat with this id. Add it to the chat first.")
}
