package control

import (
	"net/http"
	"time"

	"telegram-client/tests/telegramtest"
)

// Faults is what POST /faults takes. What is not given stays as it is.
type Faults struct {
	// Fail refuses the next requests of a method, "" for any; with carried_out the request is carried out all the same.
	Fail *Failure `json:"fail"`
	// LosePushes loses the next pushes to an account, 0 for all.
	LosePushes *LosePushes `json:"lose_pushes"`
	// DelayMs is how long every frame takes to the server, and as long back.
	DelayMs *int `json:"delay_ms"`
	// DropFrames and DropAnswers lose the next ones.
	DropFrames  *int `json:"drop_frames"`
	DropAnswers *int `json:"drop_answers"`
	// Silence makes the server read and answer nothing.
	Silence *bool `json:"silence"`
	// Linger makes connections never end at FIN.
	Linger *bool `json:"linger"`
	// SkewSeconds sets the server's clock ahead.
	SkewSeconds *int `json:"skew_seconds"`
	// StaleSalts makes all salts stale once.
	StaleSalts bool `json:"stale_salts"`
}

// Failure is an error for the next requests of a method.
type Failure struct {
	Method     string `json:"method"`
	Code       int    `json:"code"`
	Message    string `json:"message"`
	Times      int    `json:"times"` // 0 is once
	CarriedOut bool   `json:"carried_out"`
}

// LosePushes loses the next pushes to an account.
type LosePushes struct {
	Account int64 `json:"account"`
	Count   int   `json:"count"`
}

func (a api) faults(r *http.Request) (any, error) {
	var f Faults
	if err := read(r, &f); err != nil {
		return nil, err
	}
	apply(a.s, f)
	return done, nil
}

func apply(s *telegramtest.Server, f Faults) {
	above, wire := s.Faults(), s.Wire().Faults()
	if x := f.Fail; x != nil {
		fail := above.Fail
		if x.CarriedOut {
			fail = above.FailAfter
		}
		fail(x.Method, x.Code, x.Message, max(x.Times, 1))
	}
	if x := f.LosePushes; x != nil {
		above.LosePushes(x.Account, x.Count)
	}
	if f.DelayMs != nil {
		d := time.Duration(*f.DelayMs) * time.Millisecond
		wire.Delay(d, d)
	}
	if f.DropFrames != nil {
		wire.DropFrames(*f.DropFrames)
	}
	if f.DropAnswers != nil {
		wire.DropAnswers(*f.DropAnswers)
	}
	if f.Silence != nil {
		wire.Silence(*f.Silence)
	}
	if f.Linger != nil {
		wire.Linger(*f.Linger)
	}
	if f.SkewSeconds != nil {
		wire.Skew(time.Duration(*f.SkewSeconds) * time.Second)
	}
	if f.StaleSalts {
		s.Wire().RotateSalts()
	}
}

func (a api) resetFaults(*http.Request) (any, error) {
	a.s.Faults().Reset()
	a.s.Wire().Faults().Reset()
	return done, nil
}
