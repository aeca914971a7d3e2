package telegramtest

import (
	"fmt"
	"slices"

	"github.com/gotd/td/tg"
)

// A Delivery is how a login code reaches its owner: what auth.sendCode answers, and auth.resendCode after it.
// https://core.telegram.org/api/auth
type Delivery string

// The deliveries. The default is ByApp: for clients that are not Telegram's own a code goes to the other devices, and
// hardly ever by SMS (facts/telegram.md).
const (
	ByApp        Delivery = "app"         // a message of the service account
	BySMS        Delivery = "sms"         //
	ByCall       Delivery = "call"        //
	ByFlashCall  Delivery = "flash_call"  // the code is the number that calls
	ByMissedCall Delivery = "missed_call" // the code is the end of that number
	ByEmail      Delivery = "email"       // signIn needs email_verification (A31)
	ByFragment   Delivery = "fragment"    //
	BySMSWord    Delivery = "sms_word"    //
	BySMSPhrase  Delivery = "sms_phrase"  //
	// ByFirebase is an SMS that comes only after a check that other clients cannot pass: no code is sent.
	ByFirebase Delivery = "firebase"
	// SetUpEmail demands an address first. https://core.telegram.org/api/auth#email-verification
	SetUpEmail Delivery = "setup_email"
	// PaymentRequired demands money: auth.sentCodePaymentRequired.
	PaymentRequired Delivery = "payment"
	// NoCode logs in at once: auth.sentCodeSuccess, as with a token of a former login.
	NoCode Delivery = "success"
)

var deliveries = []Delivery{
	ByApp, BySMS, ByCall, ByFlashCall, ByMissedCall, ByEmail, ByFragment, BySMSWord, BySMSPhrase, ByFirebase, SetUpEmail,
	PaymentRequired, NoCode,
}

// DeliverCodes says how codes for a number are delivered: the first one by auth.sendCode, and each further one by
// auth.resendCode. No delivery is the default.
func (s *Server) DeliverCodes(phone string, by ...Delivery) error {
	for _, d := range by {
		if !slices.Contains(deliveries, d) {
			return fmt.Errorf("there is no delivery %q", d)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entrance.delivery[digits(phone)] = by
	return nil
}

// LastCode returns the code that was last sent to a number or an e-mail address, as its owner reads it; "" if there is
// none, or it cannot be received.
func (s *Server) LastCode(to string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code, ok := s.entrance.delivered[to]; ok {
		return code
	}
	return s.entrance.delivered[digits(to)]
}

const (
	codeLength  = 5
	emailLength = 6
	codeTimeout = 60 // seconds after which another delivery may be asked for
)

// newCode makes a code of the form that a delivery has.
func (s *Server) newCode(by Delivery) string {
	switch by {
	case SetUpEmail:
		return ""
	case BySMSWord:
		return []string{"harbour", "lantern", "meadow"}[s.random.IntN(3)]
	case BySMSPhrase:
		return []string{"the harbour is closed", "a lantern in the meadow"}[s.random.IntN(2)]
	case ByEmail:
		return s.figures(emailLength)
	}
	return s.figures(codeLength)
}

func (s *Server) figures(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + s.random.IntN(10))
	}
	return string(b)
}

// sentType says how a code was delivered. https://core.telegram.org/type/auth.SentCodeType
func (d Delivery) sentType(code string) tg.AuthSentCodeTypeClass {
	n := len(code)
	switch d {
	case BySMS:
		return &tg.AuthSentCodeTypeSMS{Length: n}
	case ByCall:
		return &tg.AuthSentCodeTypeCall{Length: n}
	case ByFlashCall:
		return &tg.AuthSentCodeTypeFlashCall{Pattern: "+49 30 *"}
	case ByMissedCall:
		return &tg.AuthSentCodeTypeMissedCall{Prefix: "+4930", Length: n}
	case ByEmail:
		return &tg.AuthSentCodeTypeEmailCode{EmailPattern: "a***e@example.org", Length: n}
	case ByFragment:
		return &tg.AuthSentCodeTypeFragmentSMS{URL: "https://fragment.com/login", Length: n}
	case BySMSWord:
		t := &tg.AuthSentCodeTypeSMSWord{}
		t.SetBeginning(code[:1])
		return t
	case BySMSPhrase:
		return &tg.AuthSentCodeTypeSMSPhrase{}
	case ByFirebase:
		t := &tg.AuthSentCodeTypeFirebaseSMS{Length: n}
		t.SetNonce([]byte("nonce"))
		return t
	case SetUpEmail:
		return &tg.AuthSentCodeTypeSetUpEmailRequired{}
	}
	return &tg.AuthSentCodeTypeApp{Length: n}
}

// codeType says how the next code would be delivered; nil if the schema has no word for it.
func (d Delivery) codeType() tg.AuthCodeTypeClass {
	switch d {
	case BySMS, BySMSWord, BySMSPhrase, ByFirebase:
		return &tg.AuthCodeTypeSMS{}
	case ByCall:
		return &tg.AuthCodeTypeCall{}
	case ByFlashCall:
		return &tg.AuthCodeTypeFlashCall{}
	case ByMissedCall:
		return &tg.AuthCodeTypeMissedCall{}
	case ByFragment:
		return &tg.AuthCodeTypeFragmentSMS{}
	}
	return nil
}
