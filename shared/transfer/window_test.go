package transfer

import (
	"testing"
	"time"
)

func TestWindow_FollowsTheLine(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for name, c := range map[string]struct {
		from window
		took []time.Duration
		want window
	}{
		"grows on a quick line":         {1, []time.Duration{s / 10, s / 10}, 3},
		"no further than its most":      {3, []time.Duration{s, s, s, s}, mostInFlight},
		"shrinks where parts queue":     {4, []time.Duration{3 * s, 3 * s}, 2},
		"leaves one":                    {1, []time.Duration{3 * s, 9 * s}, 1},
		"one at a time on a slow line":  {4, []time.Duration{5 * s}, 1},
		"recovers when the line does":   {4, []time.Duration{20 * s, s}, 2},
		"stays where parts just arrive": {1, []time.Duration{8 * s, 8 * s, 8 * s}, 1},
	} {
		w := c.from
		for _, took := range c.took {
			w.answered(took)
		}
		if w != c.want {
			t.Errorf("%s: %d", name, w)
		}
	}
}
