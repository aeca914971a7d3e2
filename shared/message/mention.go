package message

import (
	"github.com/gotd/td/tg"

	"telegram-client/shared/peer"
	"telegram-client/shared/textparse"
)

// mentioned returns whom a link of a text means, if it is a mention of somebody. A link that begins like one and names
// nobody has no target.
func mentioned(e textparse.Entity) (t peer.Target, named, mention bool) {
	who, mention := e.Mention()
	if !mention {
		return peer.Target{}, false, false
	}
	t, f := peer.ParseTarget(who)
	return t, f == nil, true
}

// Mentions returns who is mentioned in the texts, each once, in order.
func Mentions(texts []textparse.Text) []peer.Target {
	var all []peer.Target
	seen := map[peer.Target]bool{}
	for _, text := range texts {
		for _, e := range text.Entities {
			if t, named, _ := mentioned(e); named && !seen[t] {
				seen[t] = true
				all = append(all, t)
			}
		}
	}
	return all
}

// Entities returns the entities of a text as requests carry them. Mentions become those of the users that find returns;
// of somebody it does not find only the text stays.
func Entities(entities []textparse.Entity, find func(peer.Target) (tg.InputUserClass, bool)) []tg.MessageEntityClass {
	var all []tg.MessageEntityClass
	for _, e := range entities {
		t, named, mention := mentioned(e)
		if !mention {
			all = append(all, e.TL())
			continue
		}
		if !named {
			continue
		}
		if user, ok := find(t); ok {
			all = append(all, &tg.InputMessageEntityMentionName{Offset: e.Offset, Length: e.Length, UserID: user})
		}
	}
	return all
}

// Kept returns the entities that a message has as requests carry them, for an edit that leaves its text as it is. Of a
// mention of somebody whom find does not find only the text stays.
func Kept(entities []tg.MessageEntityClass, find func(userID int64) (tg.InputUserClass, bool)) []tg.MessageEntityClass {
	var all []tg.MessageEntityClass
	for _, e := range entities {
		switch e := e.(type) {
		case *tg.MessageEntityMentionName:
			if user, ok := find(e.UserID); ok {
				all = append(all, &tg.InputMessageEntityMentionName{Offset: e.Offset, Length: e.Length, UserID: user})
			}
		case *tg.MessageEntityUnknown:
		default:
			all = append(all, e)
		}
	}
	return all
}
