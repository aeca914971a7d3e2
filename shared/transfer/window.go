package transfer

import "time"

// mostInFlight is how many parts are under way at once at most. Telegram's own clients do the same.
const mostInFlight = 4

// A part that is answered within quick leaves room for another one beside it. One that takes longer than slow has the
// line to itself from then on: what waits behind other parts is sent again by the connection, which makes a slow line slower.
const (
	quick = 2 * time.Second
	slow  = 4 * time.Second
)

// window is how many parts may be under way at once.
type window int

// answered tells how long a part took.
func (w *window) answered(took time.Duration) {
	switch {
	case took > slow:
		*w = 1
	case took <= quick && *w < mostInFlight:
		*w++
	case took > quick && *w > 1:
		*w--
	}
}

// refused tells that Telegram asked to wait.
func (w *window) refused() { *w = 1 }
