package redistest

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestTap_CountsRoundTrips(t *testing.T) {
	t.Parallel()
	tap, err := Start(t).Tap()
	if err != nil {
		t.Fatal(err)
	}
	defer tap.Close()
	o, err := redis.ParseURL(tap.URL())
	if err != nil {
		t.Fatal(err)
	}
	o.Protocol, o.DisableIdentity, o.PoolSize, o.PipelinePoolSize = 2, true, 1, -1
	c := redis.NewClient(o)
	defer c.Close()
	ctx := context.Background()
	if err := c.Ping(ctx).Err(); err != nil { // connects
		t.Fatal(err)
	}
	before := tap.Trips()
	for range 3 {
		if err := c.Set(ctx, "key", "value", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for range 10 {
			p.Get(ctx, "key")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n := tap.Trips() - before; n != 4 {
		t.Errorf("3 commands and a pipeline were %d round trips", n)
	}
}
