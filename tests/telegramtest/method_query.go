package telegramtest

import (
	"time"
	"unicode/utf16"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (s *Server) queryMethods(t table) {
	add(t, tg.MessagesSetBotCallbackAnswerRequestTypeID, loggedIn, setBotCallbackAnswer)
	add(t, tg.MessagesSetInlineBotResultsRequestTypeID, loggedIn, setInlineBotResults)
}

const (
	mostAnswer  = 200 // characters. https://core.telegram.org/bots/api#answercallbackquery
	mostResults = 50  // https://core.telegram.org/bots/api#answerinlinequery
)

// question finds a query that the bot may still answer, once (A43).
func (c *call) question(id int64, inline bool) (*question, error) {
	if !c.account.bot {
		return nil, tgerr.New(400, "USER_BOT_REQUIRED")
	}
	s := c.server
	q := s.queries[id]
	life := time.Duration(s.behaviour.QuerySeconds) * time.Second
	if q == nil || q.bot != c.account || q.inline != inline || q.callback.Answered || q.results.Answered || s.opt.Clock.Now().Sub(q.asked) > life {
		return nil, tgerr.New(400, "QUERY_ID_INVALID")
	}
	return q, nil
}

// Any login of the bot may answer. https://core.telegram.org/method/messages.setBotCallbackAnswer
func setBotCallbackAnswer(c *call, r *tg.MessagesSetBotCallbackAnswerRequest) (bin.Encoder, error) {
	q, err := c.question(r.QueryID, false)
	switch {
	case err != nil:
		return nil, err
	case len(utf16.Encode([]rune(r.Message))) > mostAnswer:
		return nil, tgerr.New(400, "MESSAGE_TOO_LONG")
	}
	q.callback = CallbackAnswer{
		Query: r.QueryID, Answered: true, Text: r.Message, Alert: r.Alert, URL: r.URL, CacheTime: r.CacheTime,
	}
	c.server.note(Event{Kind: Answered, Account: c.account.id, Authorization: c.authorization.id, Text: r.Message})
	return &tg.BoolTrue{}, nil
}

// https://core.telegram.org/method/messages.setInlineBotResults
func setInlineBotResults(c *call, r *tg.MessagesSetInlineBotResultsRequest) (bin.Encoder, error) {
	q, err := c.question(r.QueryID, true)
	switch {
	case err != nil:
		return nil, err
	case len(r.Results) > mostResults:
		return nil, tgerr.New(400, "RESULTS_TOO_MUCH")
	}
	answer := InlineAnswer{
		Query: r.QueryID, Answered: true, NextOffset: r.NextOffset, CacheTime: r.CacheTime, Private: r.Private,
	}
	seen := map[string]bool{}
	for _, x := range r.Results {
		id := x.GetID()
		switch {
		case id == "":
			return nil, tgerr.New(400, "RESULT_ID_INVALID")
		case seen[id]:
			return nil, tgerr.New(400, "RESULT_ID_DUPLICATE")
		}
		seen[id] = true
		result := InlineResult{ID: id, Type: x.TypeName()}
		if plain, ok := x.(*tg.InputBotInlineResult); ok {
			result.Type, result.Title = plain.Type, plain.Title
		}
		answer.Results = append(answer.Results, result)
	}
	q.results = answer
	c.server.note(Event{Kind: Answered, Account: c.account.id, Authorization: c.authorization.id})
	return &tg.BoolTrue{}, nil
}
