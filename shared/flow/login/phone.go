package login

import (
	"context"
	"strings"
	"unicode"

	"telegram-client/shared/authorization"
	"telegram-client/shared/entry"
	"telegram-client/shared/fault"
	"telegram-client/shared/flow"
	"telegram-client/shared/seal"
)

// parsePhone reads a phone number as people write it: with or without + or 00, blanks, dashes, dots and brackets, and
// what is invisible in a number that was copied. It returns the digits, the country's first.
func parsePhone(s string) (string, bool) {
	digits := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Pd, r) || strings.ContainsRune("().-/", r) {
			return -1
		}
		return r
	}, s)
	plus := strings.HasPrefix(digits, "+")
	digits = strings.TrimPrefix(digits, "+")
	if !plus {
		digits = strings.TrimPrefix(digits, "00")
	}
	// https://www.itu.int/rec/T-REC-E.164: up to 15 digits, and no country's code begins with 0
	if strings.HasPrefix(s, "-") || len(digits) < 5 || len(digits) > 15 || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	return digits, true
}

// phone takes the account's number and has a code sent.
func (t *turn) phone(ctx context.Context, r *flow.Reader) error {
	text := r.Text(fieldPhone)
	phone, ok := parsePhone(text)
	if text != "" && !ok {
		r.Blame(fieldPhone, string(InvalidPhone), "This is no phone number in international format: +, the code of the country, the number, such as +48 600 100 200.")
	}
	if !r.OK() {
		return nil
	}
	t.held.Flow.Phone = seal.NewText(phone)
	return t.askForCode(ctx, r)
}

// askForCode has a code sent for the login that the form is about.
func (t *turn) askForCode(ctx context.Context, r *flow.Reader) error {
	if err := t.sendCode(ctx, t.asks()); err != nil {
		return t.blame(ctx, r, err)
	}
	if t.done(t.asks()) { // no code was needed
		return t.goOn(ctx, r)
	}
	t.makeKeys(ctx)
	return nil
}

// sendCode has a code sent for a login and moves the flow to where it is entered.
func (t *turn) sendCode(ctx context.Context, n authorization.Name) error {
	return t.over(ctx, n, func(ctx context.Context, l Line) error {
		sent, err := l.SendCode(ctx, t.held.Flow.Phone)
		return t.sent(ctx, n, sent, err)
	})
}

// sent takes what Telegram answers to asking for a code.
func (t *turn) sent(ctx context.Context, n authorization.Name, s Sent, err error) error {
	if err != nil {
		return err
	}
	if s.Account != nil {
		return t.signedIn(ctx, n, *s.Account)
	}
	t.notIn(n)
	fl := &t.held.Flow
	fl.Code, fl.Mailed, fl.Guesses, fl.StepID = &s.Code, nil, 0, stepCode
	if s.Code.Kind == SetUpEmail {
		fl.StepID = stepEmail
	}
	return nil
}

// mostGuesses is after how many wrong codes one that is not valid any more is not replaced unasked: logins are few a day,
// and whoever guesses would spend them all.
const mostGuesses = 3

// code takes the code, or has another one sent.
func (t *turn) code(ctx context.Context, r *flow.Reader) error {
	fl := &t.held.Flow
	if r.Flag(fieldResend) {
		if !r.OK() {
			return nil
		}
		return t.resend(ctx, r)
	}
	code := t.readCode(r, fl.Code)
	if !r.OK() {
		return nil
	}
	n := t.asks()
	unclear := t.unclear(n)
	var expired error
	err := t.over(ctx, n, func(ctx context.Context, l Line) error {
		if unclear { // an earlier answer to this form may have reached Telegram
			if a, in, err := l.Self(ctx); err != nil || in {
				return t.enteredUnless(ctx, err, n, a, l)
			}
		}
		a, err := l.SignIn(ctx, fl.Phone, *fl.Code, code)
		if refusedFor(err, PasswordNeeded) {
			t.askForPassword(ctx, l)
			return nil
		}
		if expired = err; refusedFor(err, ExpiredCode) && fl.Guesses < mostGuesses {
			sent, err := l.SendCode(ctx, fl.Phone)
			return t.sent(ctx, n, sent, err)
		}
		return t.enteredUnless(ctx, err, n, a, l)
	})
	if refusedFor(err, InvalidCode) {
		fl.Guesses++
	}
	switch {
	case refusedFor(err, ExpiredCode) && expired == err:
		r.Blame(fieldCode, string(ExpiredCode), "This code is not valid any more: too many wrong ones were entered. Ask for another one.")
		return nil
	case err != nil:
		return t.blame(ctx, r, err)
	case t.done(n):
		return t.entered(ctx, r, n)
	case fl.StepID == stepPassword:
		t.makeKeys(ctx) // those that could not be made when the code was sent
	case fl.StepID == stepCode && refusedFor(expired, ExpiredCode):
		r.Blame(fieldCode, string(ExpiredCode), "This code is not valid any more. %s", saySent(*fl.Code))
	}
	return nil
}

// enteredUnless notes that the login that the form is about is complete, unless there was an error. The first one then
// sees to the others, over the same connection.
func (t *turn) enteredUnless(ctx context.Context, err error, n authorization.Name, a entry.Account, l Line) error {
	if err := t.signedInUnless(ctx, err, n, a); err != nil || n != t.first() {
		return err
	}
	return t.rest(ctx, l)
}

// entered goes on when the login that the form is about is complete.
func (t *turn) entered(ctx context.Context, r *flow.Reader, n authorization.Name) error {
	if n != t.first() {
		return t.goOn(ctx, r)
	}
	return t.conclude(ctx, r)
}

// resend has the code sent in the next way that Telegram has.
func (t *turn) resend(ctx context.Context, r *flow.Reader) error {
	fl := &t.held.Flow
	n := t.asks()
	err := t.over(ctx, n, func(ctx context.Context, l Line) error {
		sent, err := l.ResendCode(ctx, fl.Phone, fl.Code.Hash)
		if refusedFor(err, ExpiredCode) {
			sent, err = l.SendCode(ctx, fl.Phone)
		}
		return t.sent(ctx, n, sent, err)
	})
	if err != nil {
		return t.blame(ctx, r, err)
	}
	if t.done(n) {
		return t.goOn(ctx, r)
	}
	return nil
}

// readCode reads a code as people write it.
func (t *turn) readCode(r *flow.Reader, sent *Code) seal.Text {
	text := r.Text(fieldCode)
	if text == "" {
		r.Blame(fieldCode, string(fault.MissingField), "Enter the code, or ask for another one.")
		return seal.Text{}
	}
	if sent.Kind == ByWord || sent.Kind == ByPhrase {
		if len(text) > 200 {
			r.Blame(fieldCode, string(InvalidCode), "This is longer than any code.")
		}
		return seal.NewText(strings.Join(strings.Fields(text), " "))
	}
	digits := strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || unicode.Is(unicode.Pd, c) || unicode.Is(unicode.Cf, c) {
			return -1
		}
		return c
	}, text)
	switch n := sent.Length; {
	case digits == "" || len(digits) > 32 || strings.Trim(digits, "0123456789") != "":
		r.Blame(fieldCode, string(InvalidCode), "The code consists of digits.")
	case n > 0 && len(digits) != n:
		r.Blame(fieldCode, string(InvalidCode), "The code has %d digits.", n)
	}
	return seal.NewText(digits)
}

// email takes the address that Telegram wants to know before it sends a code.
func (t *turn) email(ctx context.Context, r *flow.Reader) error {
	fl := &t.held.Flow
	email := r.Text(fieldEmail)
	if at := strings.LastIndexByte(email, '@'); email != "" && (at < 1 || at == len(email)-1 || len(email) > 254 || strings.ContainsFunc(email, unicode.IsSpace)) {
		r.Blame(fieldEmail, string(InvalidEmail), "This is no e-mail address.")
	}
	if !r.OK() {
		return nil
	}
	n := t.asks()
	err := t.over(ctx, n, func(ctx context.Context, l Line) error {
		code, err := l.SendEmailCode(ctx, fl.Phone, fl.Code.Hash, seal.NewText(email))
		if err != nil {
			return err
		}
		t.notIn(n)
		fl.Mailed, fl.StepID = &code, stepEmailCode
		return nil
	})
	if err != nil {
		return t.blame(ctx, r, err)
	}
	return nil
}

// emailCode takes the code that proves the address; then the code of the login is sent.
func (t *turn) emailCode(ctx context.Context, r *flow.Reader) error {
	fl := &t.held.Flow
	code := t.readCode(r, fl.Mailed)
	if !r.OK() {
		return nil
	}
	n := t.asks()
	err := t.over(ctx, n, func(ctx context.Context, l Line) error {
		sent, err := l.VerifyEmail(ctx, fl.Phone, fl.Code.Hash, code)
		return t.sent(ctx, n, sent, err)
	})
	switch {
	case refusedFor(err, ExpiredCode):
		fl.StepID = stepEmail
		r.Blame(fieldEmail, string(ExpiredCode), "The code that was mailed is not valid any more. Enter the address again to get a new one.")
		return nil
	case err != nil:
		return t.blame(ctx, r, err)
	case t.done(n):
		return t.goOn(ctx, r)
	}
	return nil
}

// saySent says where the code is to be found. Telegram decides that; third-party clients get it in the app, hardly ever
// by SMS.
func saySent(c Code) string {
	switch c.Kind {
	case ByApp:
		return "Telegram has sent a code to the Telegram app on the account's other devices: look into the chat “Telegram”."
	case BySMS:
		return "Telegram has sent a code by SMS."
	case ByCall:
		return "Telegram calls the number and says the code."
	case ByFlashCall:
		return "Telegram calls the number and hangs up: the code is the number that called, " + c.Where + "."
	case ByMissedCall:
		return "Telegram calls the number and hangs up: the code is the last digits of the number that called (" + c.Where + "…)."
	case ByEmail:
		return "Telegram has sent a code to the e-mail address " + c.Where + "."
	case ByFragment:
		return "Telegram has sent a code to Fragment: " + c.Where
	case ByWord, ByPhrase:
		what := map[Kind]string{ByWord: "a word", ByPhrase: "a phrase"}[c.Kind] + " by SMS"
		if c.Where != "" {
			what += " that begins with “" + c.Where + "”"
		}
		return "Telegram has sent " + what + ": it is the code."
	}
	return "Telegram has sent a code (" + string(c.Kind) + ")."
}
