package telegram

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/gotd/td/proto/codec"
	"github.com/gotd/td/tgerr"

	"telegram-client/shared/authorization"
	"telegram-client/shared/fault"
	"telegram-client/shared/lease"
)

// dialError is a connection that did not come to be.
type dialError struct{ err error }

func (e *dialError) Error() string { return "dial: " + e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// floodRest is how long to leave Telegram alone after it has refused connections.
const floodRest = time.Minute

// explain makes a fault of an error of the connection or of a call over it. ctx is that of the call. Errors that are
// faults already stay as they are.
func (c *connection) explain(ctx context.Context, err error) error {
	var f *fault.Fault
	var fate *authorization.FateError
	if err == nil || errors.As(err, &f) || errors.As(err, &fate) {
		return err
	}
	if e, ok := tgerr.As(err); ok {
		return Meaning(e)
	}
	// What ended the connection, or the right to it, explains better than what a call noticed of it.
	cause := context.Cause(c.parent)
	if cause == nil {
		cause = context.Cause(c.ctx)
	}
	if because := reason(cause); because != nil {
		return because
	}
	if because := reason(err); because != nil {
		return because
	}
	over := c.parent.Err()
	if over == nil {
		over = ctx.Err()
	}
	switch {
	case errors.Is(over, context.DeadlineExceeded):
		if c.socket == nil {
			return fault.New(fault.TelegramAway, "Telegram cannot be reached: it does not answer. Check the network of the bridge.").Because(err)
		}
		if _, heard := c.socket.state(); !heard {
			return fault.New(fault.TelegramAway, "Telegram does not answer. Check the network of the bridge.").Because(err)
		}
		return fault.New(fault.Timeout, "Telegram did not answer in time.").Because(err)
	case over != nil && (c.parent.Err() != nil || c.living == nil || c.living.Err() == nil):
		return fmt.Errorf("call Telegram: %w", over)
	}
	var unreached *dialError
	if errors.As(err, &unreached) {
		return fault.New(fault.TelegramAway, "Telegram cannot be reached: %s. Check the network of the bridge.", words(err)).Because(err)
	}
	return fault.New(fault.TelegramAway, "The connection to Telegram broke: %s.", words(err)).Because(err)
}

// reason explains what this package itself ends connections for; nil: something else.
func reason(cause error) error {
	var refused *transportError
	var skew *SkewError
	var dc *noSuchDC
	switch {
	case errors.As(cause, &refused):
		switch refused.code {
		case codec.CodeAuthKeyNotFound:
			return &authorization.FateError{
				Fate: authorization.Ended,
				Err:  fault.New(fault.ReauthRequired, "Telegram does not know this login any more. Log in again.").Because(cause),
			}
		case codec.CodeTransportFlood:
			return fault.New(fault.FloodWait, "Telegram sees too many connections from this address. Wait a minute.").After(floodRest).Because(cause)
		case codec.CodeWrongDC:
			return fault.New(fault.Misconfigured, "The server at this address is another data centre of Telegram's. Check TELEGRAM_SERVERS.").Because(cause)
		}
		return fault.New(fault.TelegramAway, "Telegram refused the connection (%d).", -refused.code).Because(cause)
	case errors.As(cause, &skew):
		return fault.New(fault.ClockWrong, "The clock of the bridge's machine is %s, so Telegram does not answer. Set the clock.", skew.Words()).Because(cause)
	case errors.As(cause, &dc):
		return fault.New(fault.Misconfigured, "The address of Telegram's data centre %d is not known. Check TELEGRAM_SERVERS and TELEGRAM_TEST_DC.", dc.dc).Because(cause)
	case errors.Is(cause, errForeignKey):
		return fault.New(fault.Internal, "The login that was about to be used is not the stored one. Nothing was sent with it.").Because(cause)
	case errors.Is(cause, errTooLate):
		return fault.New(fault.Timeout, "The time for this was over before Telegram could be asked.").Because(cause)
	case errors.Is(cause, lease.ErrExpired), errors.Is(cause, lease.ErrLost):
		return fault.New(fault.Timeout, "The right to use this login was over before Telegram could be asked.").Because(cause)
	}
	return nil
}

// words says in a few words why a connection is not there.
func words(err error) string {
	var no syscall.Errno
	var dns *net.DNSError
	switch {
	case errors.As(err, &no):
		return no.Error()
	case errors.As(err, &dns):
		return "its name cannot be found"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "no answer"
	case isEnd(err):
		return "Telegram ended it"
	}
	return "it is gone"
}
