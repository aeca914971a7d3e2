package message

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"
)

func parseMarkup(verb Verb, body string) (Markup, []string) {
	r, _ := newReader(verb, json.RawMessage(body))
	r.faults = nil // of fields that are not of interest
	m := r.markup()
	return m, said(r.faults)
}

func TestMarkup_ReadsEveryForm(t *testing.T) {
	t.Parallel()
	word := func(s string) Button { return Button{Text: s, Data: s} }
	for body, want := range map[string]Markup{
		`{}`:                        {},
		`{"keyboard":null}`:         {},
		`{"keyboard":"Yes"}`:        {Kind: ReplyMarkup, Rows: [][]Button{{{Text: "Yes"}}}},
		`{"keyboard":["Yes","No"]}`: {Kind: ReplyMarkup, Rows: [][]Button{{{Text: "Yes"}, {Text: "No"}}}},
		`{"keyboard":[["Like","Dislike"],["Share"]]}`:         {Kind: ReplyMarkup, Rows: [][]Button{{{Text: "Like"}, {Text: "Dislike"}}, {{Text: "Share"}}}},
		`{"keyboard":["One",["Two","Three"],[],null,[null]]}`: {Kind: ReplyMarkup, Rows: [][]Button{{{Text: "One"}}, {{Text: "Two"}, {Text: "Three"}}}},
		`{"keyboard":[1,true,{"text":2.5}]}`:                  {Kind: ReplyMarkup, Rows: [][]Button{{{Text: "1"}, {Text: "true"}, {Text: "2.5"}}}},
		`{"keyboard":"Yes","keyboard_resize":"on"}`:           {Kind: ReplyMarkup, Rows: [][]Button{{{Text: "Yes"}}}, Resize: true},
		`{"keyboard":"Yes","keyboard_single_use":1}`:          {Kind: ReplyMarkup, Rows: [][]Button{{{Text: "Yes"}}}, SingleUse: true},
		`{"keyboard":[]}`:                                                {Kind: RemoveMarkup},
		`{"keyboard":[[]],"keyboard_resize":true}`:                       {Kind: RemoveMarkup},
		`{"inline_keyboard":[]}`:                                         {},
		`{"inline_keyboard":"Agree"}`:                                    {Kind: InlineMarkup, Rows: [][]Button{{word("Agree")}}},
		`{"inline_keyboard":[["-1","+1"],["-5","+5"]]}`:                  {Kind: InlineMarkup, Rows: [][]Button{{word("-1"), word("+1")}, {word("-5"), word("+5")}}},
		`{"inline_keyboard":{"text":"Go","data":7}}`:                     {Kind: InlineMarkup, Rows: [][]Button{{{Text: "Go", Data: "7"}}}},
		`{"inline_keyboard":[{"text":"Go","data":""},"x"]}`:              {Kind: InlineMarkup, Rows: [][]Button{{word("Go"), word("x")}}},
		`{"inline_keyboard":[{"text":"Go","data":0},{"text":"a"}]}`:      {Kind: InlineMarkup, Rows: [][]Button{{word("Go"), word("a")}}},
		`{"inline_keyboard":["a",[{"text":"b","url":"HTTPS://e.org"}]]}`: {Kind: InlineMarkup, Rows: [][]Button{{word("a")}, {{Text: "b", URL: "HTTPS://e.org"}}}},
		`{"inline_keyboard":{"text":"` + strings.Repeat("x", 64) + `"}}`: {Kind: InlineMarkup, Rows: [][]Button{{word(strings.Repeat("x", 64))}}},
	} {
		got, faults := parseMarkup(SendMessages, body)
		if diff := cmp.Diff(want, got); diff != "" || faults != nil {
			t.Errorf("%s: %v\n%s", body, faults, diff)
		}
	}
	if got, faults := parseMarkup(EditMessage, `{"inline_keyboard":[]}`); faults != nil || got.Kind != RemoveMarkup {
		t.Errorf("an edit with an empty keyboard: %+v, %v", got, faults)
	}
}

func TestMarkup_NamesTheButtonThatIsWrong(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 33)
	for body, want := range map[string][]string{
		`{"keyboard":"a","inline_keyboard":"b"}`:                           {"invalid_field inline_keyboard"},
		`{"keyboard":[],"inline_keyboard":"b"}`:                            {"invalid_field inline_keyboard"},
		`{"inline_keyboard":"a","keyboard_resize":true}`:                   {"invalid_field keyboard_resize"},
		`{"keyboard_single_use":true}`:                                     {"invalid_field keyboard_single_use"},
		`{"keyboard":["a",[["b"]]]}`:                                       {"invalid_field keyboard[1][0]"},
		`{"keyboard":["a"," "]}`:                                           {"invalid_field keyboard[1]"},
		`{"keyboard":""}`:                                                  {"invalid_field keyboard"},
		`{"keyboard":{"text":"a","data":"b"}}`:                             {"unknown_field keyboard.data"},
		`{"inline_keyboard":["` + long + `"]}`:                             {"button_data_too_long inline_keyboard[0]"},
		`{"inline_keyboard":[["a"],[{"text":"b","data":"` + long + `"}]]}`: {"button_data_too_long inline_keyboard[1][0].data"},
		`{"inline_keyboard":{"text":"` + long + `"}}`:                      {"button_data_too_long inline_keyboard.text"},
		`{"inline_keyboard":[{"data":"x"}]}`:                               {"invalid_field inline_keyboard[0].text"},
		`{"inline_keyboard":[{"text":{},"data":[1]}]}`:                     {"invalid_field inline_keyboard[0].data", "invalid_field inline_keyboard[0].text"},
		`{"inline_keyboard":[{"text":"a","url":"e.org"}]}`:                 {"invalid_field inline_keyboard[0].url"},
		`{"inline_keyboard":[{"text":"a","url":"https://e","data":"x"}]}`:  {"invalid_field inline_keyboard[0].url"},
		`{"inline_keyboard":[{"text":"a","callback":"x"}]}`:                {"unknown_field inline_keyboard[0].callback"},
	} {
		if _, faults := parseMarkup(SendMessages, body); !cmp.Equal(want, faults) {
			t.Errorf("%s:\n%s", body, cmp.Diff(want, faults))
		}
	}
}

func TestMarkup_AsTelegramHasIt(t *testing.T) {
	t.Parallel()
	keyboard := &tg.ReplyKeyboardMarkup{Resize: true, SingleUse: true, Rows: []tg.KeyboardButtonRow{{Buttons: []tg.KeyboardButton{{Text: "a", Type: &tg.ButtonTypeDefault{}}}}}}
	keyboard.SetFlags()
	for name, c := range map[string]struct {
		markup Markup
		want   tg.ReplyMarkupClass
	}{
		"none":    {Markup{}, nil},
		"removed": {Markup{Kind: RemoveMarkup}, &tg.ReplyKeyboardHide{}},
		"reply":   {Markup{Kind: ReplyMarkup, Rows: [][]Button{{{Text: "a"}}}, Resize: true, SingleUse: true}, keyboard},
		"inline": {Markup{Kind: InlineMarkup, Rows: [][]Button{{{Text: "a", Data: "b"}}, {{Text: "c", URL: "https://d"}}}},
			&tg.ReplyInlineMarkup{Rows: []tg.KeyboardInlineButtonRow{
				{Buttons: []tg.KeyboardInlineButton{{Text: "a", Type: &tg.InlineButtonTypeCallback{Data: []byte("b")}}}},
				{Buttons: []tg.KeyboardInlineButton{{Text: "c", Type: &tg.InlineButtonTypeURL{URL: "https://d"}}}},
			}}},
	} {
		if diff := cmp.Diff(c.want, c.markup.TL()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func FuzzMarkup(f *testing.F) {
	for _, s := range []string{`"a"`, `["a",["b",{"text":"c","data":1}],{"text":"d","url":"https://e"}]`, `[[[]]]`, `{"text":null}`, `[null,[null],[]]`, `12`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, keyboard string) {
		if !json.Valid([]byte(keyboard)) {
			return
		}
		for _, field := range []string{"keyboard", "inline_keyboard"} {
			m, faults := parseMarkup(SendMessages, `{"`+field+`":`+keyboard+`}`)
			if len(faults) > 0 {
				continue
			}
			for _, row := range m.Rows {
				if len(row) == 0 {
					t.Fatalf("%s: an empty row", keyboard)
				}
				for _, b := range row {
					if b.Text == "" || field == "inline_keyboard" && (b.Data == "") == (b.URL == "") || len(b.Data) > 64 {
						t.Fatalf("%s: button %+v", keyboard, b)
					}
				}
			}
			if m.TL() == nil && (m.Kind != NoMarkup || len(m.Rows) > 0) {
				t.Fatalf("%s: %+v has no form of Telegram's", keyboard, m)
			}
		}
	})
}
