package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Durability is what a store promises about its disk.
type Durability struct {
	AppendOnly bool
	// AppendFsync is "always", "everysec" or "no"; empty if the store does not say (CONFIG may be forbidden).
	AppendFsync     string
	MaxMemoryPolicy string
	RunID           string
}

// Lossless reports whether the store writes every change to its disk before it answers.
func (d Durability) Lossless() bool { return d.AppendOnly && d.AppendFsync == "always" }

// Durability asks the store (of a cluster, one of its nodes).
func (s *Store) Durability(ctx context.Context) (Durability, error) {
	var d Durability
	about, err := information(ctx, s.client)
	if err != nil {
		return d, s.failed(ctx, "durability", err)
	}
	d = Durability{AppendOnly: about["aof_enabled"] == "1", MaxMemoryPolicy: about["maxmemory_policy"], RunID: about["run_id"]}
	if fsync, err := s.client.ConfigGet(ctx, "appendfsync").Result(); err == nil {
		d.AppendFsync = fsync["appendfsync"]
	}
	return d, nil
}

// Check asks whether the store can be used: it answers, and it throws nothing away when its memory is full. Of a cluster
// every node that holds data is asked.
func (s *Store) Check(ctx context.Context) error {
	if c, ok := s.client.(*redis.ClusterClient); ok {
		err := c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return s.checkNode(ctx, node) })
		if err == nil || errors.Is(err, errEvicts) {
			return err
		}
		return s.failed(ctx, "check the store", err)
	}
	return s.checkNode(ctx, s.client)
}

var errEvicts = errors.New("the store throws logins and events away when its memory is full")

func (s *Store) checkNode(ctx context.Context, node redis.Cmdable) error {
	about, err := information(ctx, node)
	if err != nil {
		return s.failed(ctx, "check the store", err)
	}
	if policy := about["maxmemory_policy"]; policy != "" && policy != "noeviction" {
		return fmt.Errorf("%w (maxmemory-policy is %s): set maxmemory-policy to noeviction, "+
			"as in `CONFIG SET maxmemory-policy noeviction` and in the store's configuration", errEvicts, policy)
	}
	return nil
}

func information(ctx context.Context, node redis.Cmdable) (map[string]string, error) {
	all := map[string]string{}
	for _, section := range []string{"server", "memory", "persistence"} {
		text, err := node.Info(ctx, section).Result()
		var said redis.Error
		if errors.As(err, &said) && strings.Contains(said.Error(), "section") {
			continue // an in-process store for demonstrations knows few sections
		}
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(text) {
			if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
				all[k] = v
			}
		}
	}
	return all, nil
}
