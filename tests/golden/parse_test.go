package golden_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/message"
	"telegram-client/shared/peer"
	"telegram-client/shared/textparse"
)

type parsed struct {
	Text     string
	Entities []map[string]any
}

type parseCase struct {
	Mode  textparse.Mode
	Input string
	parsed
	Sent      *parsed
	SentError *string `json:"sent_error"`
}

func TestParse(t *testing.T) {
	t.Parallel()
	runFile(t, "parse", 584, func(line []byte) (string, string, bool) {
		var c parseCase
		decode(line, &c)
		diff := c.compare(textparse.Parse(c.Mode, c.Input))
		// Where ours knows better on purpose (textparse.Reference lists in what), the file may be of either mind.
		if reference := textparse.Reference(c.Mode, c.Input); diff != "" && !cmp.Equal(reference, textparse.Parse(c.Mode, c.Input)) {
			if c.compare(reference) == "" {
				t.Logf("as the original, not as ours: %s", line)
				diff = ""
			}
		}
		return fmt.Sprintf("%.200s", line), diff, false
	})
}

// compare returns how a text differs from what the case expects, as it was read and as it is sent.
func (c *parseCase) compare(got textparse.Text) string {
	var plain []tg.MessageEntityClass
	for _, e := range got.Entities {
		plain = append(plain, e.TL())
	}
	if diff := cmp.Diff(c.parsed, parsed{got.Text, entityObjects(plain)}); diff != "" {
		return diff
	}
	if refused := c.Input != "" && got.Text == ""; refused != (c.SentError != nil) {
		return fmt.Sprintf("refused: %v", refused)
	}
	sent := c.parsed
	if c.Sent != nil {
		sent = *c.Sent
	}
	return cmp.Diff(sent, parsed{got.Text, entityObjects(message.Entities(got.Entities, findGolden))})
}

// findGolden finds the only user whom parse.jsonl says to be found.
func findGolden(t peer.Target) (tg.InputUserClass, bool) {
	known := t.ID == 123456789 || t.Name() == "alice" || t.Phone == "15551001"
	return &tg.InputUser{UserID: 123456789, AccessHash: 77}, known
}

// entityObjects returns entities as the file has them. A language that is not there is written, a flag that is not set
// is not.
func entityObjects(entities []tg.MessageEntityClass) []map[string]any {
	all := []map[string]any{}
	number := func(n int) json.Number { return json.Number(fmt.Sprint(n)) }
	for _, e := range entities {
		o := map[string]any{"offset": number(e.GetOffset()), "length": number(e.GetLength())}
		switch e := e.(type) {
		case *tg.MessageEntityPre:
			o["language"] = e.Language
		case *tg.MessageEntityTextURL:
			o["url"] = e.URL
		case *tg.MessageEntityCustomEmoji:
			o["document_id"] = json.Number(fmt.Sprint(e.DocumentID))
		case *tg.MessageEntityBlockquote:
			if e.Collapsed {
				o["collapsed"] = true
			}
		case *tg.InputMessageEntityMentionName:
			user := e.UserID.(*tg.InputUser)
			o["user_id"] = map[string]any{"user_id": json.Number(fmt.Sprint(user.UserID)), "access_hash": json.Number(fmt.Sprint(user.AccessHash))}
		}
		name := e.TypeName()
		o["type"] = strings.ToUpper(name[:1]) + name[1:]
		all = append(all, o)
	}
	return all
}
