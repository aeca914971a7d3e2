package telegramtest

import (
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) channelsMethods(t table) {
	add(t, tg.ChannelsGetChannelsRequestTypeID, loggedIn, getChannels)
}

// https://core.telegram.org/method/channels.getChannels. There are no channels.
func getChannels(_ *call, r *tg.ChannelsGetChannelsRequest) (bin.Encoder, error) {
	if len(r.ID) > 0 {
		return nil, tgerr.New(400, "CHANNEL_INVALID")
	}
	return &tg.MessagesChats{}, nil
}
