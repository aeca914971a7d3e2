package service

import (
	"context"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/peer"
)

// resolve finds how to address a target: what the entry has learnt first, since Telegram answers hundreds of look-ups
// with a flood wait of hours, then Telegram. What it learns is left in the book.
func resolve(ctx context.Context, c *authorization.Call, t peer.Target) (tg.InputPeerClass, peer.ID, error) {
	if p, id, ok := c.Peers.Find(t); ok {
		return p, id, nil
	}
	return ask(ctx, c, t)
}

// ask finds a target by asking Telegram, also one that the book believes to know.
func ask(ctx context.Context, c *authorization.Call, t peer.Target) (tg.InputPeerClass, peer.ID, error) {
	var err error
	switch {
	case t.Username != "":
		err = askUsername(ctx, c, t)
	case t.ID.Kind() == peer.User:
		err = askUser(ctx, c, t.ID)
	case t.ID.Kind() == peer.Channel:
		err = askChannel(ctx, c, t.ID)
	}
	if err != nil {
		return nil, 0, err
	}
	if p, id, ok := c.Peers.Find(t); ok {
		return p, id, nil
	}
	return nil, 0, notFound(t)
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
	case t.ID.Kind() == peer.User:
		return fault.New(fault.TargetNotFound, "This account does not know a user with this id. The user has to write to it first; or use the username.")
	}
	return fault.New(fault.TargetNotFound, "This account does not know a chat with this id. Add it to the chat first.")
}
