package redistest_test

import (
	"context"
	"testing"

	"telegram-client/tests/redistest"
)

func TestServer_KeepsItsDataOverAKill(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := redistest.Start(t)
	c := s.Client()
	defer c.Close()
	if err := c.Set(ctx, "a", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if err := c.Get(ctx, "a").Err(); err == nil {
		t.Fatal("a killed server answered")
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Get(ctx, "a").Result(); err != nil || got != "1" {
		t.Errorf("after the restart: %q, %v", got, err)
	}
}

func TestServer_ClusterRefusesToCrossSlots(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := redistest.StartCluster(t).Client()
	defer c.Close()
	if err := c.Set(ctx, "a", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := c.MGet(ctx, "a", "b").Err(); err == nil {
		t.Error("keys of two slots were read together")
	}
}
