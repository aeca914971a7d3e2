package telegramtest

import (
	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"

	"telegram-client/tests/telegramtest/mtserver"
)

func (s *Server) helpMethods(t table) {
	add(t, tg.HelpGetConfigRequestTypeID, anybody, getConfig)
	add(t, tg.HelpGetNearestDCRequestTypeID, anybody, getNearestDC)
}

const (
	mostGroup = 200  // members of a small group
	mostText  = 4096 // characters of a message
)

// https://core.telegram.org/method/help.getConfig. The limits are those that Telegram sends.
func getConfig(c *call, _ *tg.HelpGetConfigRequest) (bin.Encoder, error) {
	now := c.server.now()
	answer := &tg.Config{
		Date: now, Expires: now + 3600, ThisDC: c.request.DC, DCTxtDomainName: "localhost",
		ChatSizeMax: mostGroup, MegagroupSizeMax: 200_000, ForwardedCountMax: 100,
		OnlineUpdatePeriodMs: 210_000, OfflineBlurTimeoutMs: 5_000, OfflineIdleTimeoutMs: 30_000,
		OnlineCloudTimeoutMs: 300_000, NotifyCloudDelayMs: 30_000, NotifyDefaultDelayMs: 1_500,
		PushChatPeriodMs: 60_000, PushChatLimit: 2, EditTimeLimit: 172_800, RevokeTimeLimit: 0x7fffffff,
		RevokePmTimeLimit: 0x7fffffff, RatingEDecay: 2_419_200, StickersRecentLimit: 200, ChannelsReadMediaPeriod: 604_800,
		CallReceiveTimeoutMs: 20_000, CallRingTimeoutMs: 90_000, CallConnectTimeoutMs: 30_000, CallPacketTimeoutMs: 10_000,
		MeURLPrefix: "https://t.me/", CaptionLengthMax: mostCaption, MessageLengthMax: mostText, WebfileDCID: 1,
	}
	for id := 1; id <= c.server.opt.DCs; id++ {
		address := c.server.wire.Addr(id)
		answer.DCOptions = append(answer.DCOptions, tg.DCOption{
			ID: id, IPAddress: address.Addr().String(), Port: int(address.Port()), Ipv6: address.Addr().Is6(),
		})
	}
	if address := c.server.wire.Addr(mtserver.CDNID); address.IsValid() {
		answer.DCOptions = append(answer.DCOptions, tg.DCOption{
			CDN: true, ID: mtserver.CDNID, IPAddress: address.Addr().String(), Port: int(address.Port()), Ipv6: address.Addr().Is6(),
		})
	}
	return answer, nil
}

// https://core.telegram.org/method/help.getNearestDc
func getNearestDC(c *call, _ *tg.HelpGetNearestDCRequest) (bin.Encoder, error) {
	return &tg.NearestDC{Country: "DE", ThisDC: c.request.DC, NearestDC: c.request.DC}, nil
}
