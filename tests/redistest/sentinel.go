package redistest

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// Follow makes s a replica of master, and returns when it has all the master has. Both have to listen on TCP.
func (s *Server) Follow(ctx context.Context, master *Server) error {
	host, port, err := net.SplitHostPort(master.Addr())
	if err != nil {
		return fmt.Errorf("address of the master: %w", err)
	}
	mine, theirs := s.Client(), master.Client()
	defer mine.Close()
	defer theirs.Close()
	if err := mine.ReplicaOf(ctx, host, port).Err(); err != nil {
		return fmt.Errorf("follow: %w", err)
	}
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		// WAIT counts the replicas that have everything; none counts before its first synchronisation.
		if n, err := theirs.Wait(ctx, 1, 100*time.Millisecond).Result(); err == nil && n == 1 {
			if a, err := theirs.DBSize(ctx).Result(); err == nil {
				if b, err := mine.DBSize(ctx).Result(); err == nil && a == b {
					return nil
				}
			}
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("follow: %w", ctx.Err())
		}
	}
}

// Promote makes a replica a master.
func (s *Server) Promote(ctx context.Context) error {
	c := s.Client()
	defer c.Close()
	if err := c.ReplicaOf(ctx, "NO", "ONE").Err(); err != nil {
		return fmt.Errorf("promote: %w", err)
	}
	return nil
}

// StartSentinel runs a sentinel that knows master by the name "mymaster", until the test ends, and returns the address of
// the store by way of it.
func StartSentinel(t testing.TB, master *Server) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sentinel")
	if err != nil {
		t.Fatalf("folder of the sentinel: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Server{dir: dir, options: Options{TCP: true}}
	if s.port, err = freePort(); err != nil {
		t.Fatal(err)
	}
	lines := fmt.Sprintf("port %d\nbind 127.0.0.1\ndir %s\ndaemonize no\nlogfile \"\"\nsentinel monitor mymaster 127.0.0.1 %d 1\n", s.port, dir, master.port)
	file := filepath.Join(dir, "conf")
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatalf("configuration of the sentinel: %v", err)
	}
	if err := s.run("Sentinel ID is", file, "--sentinel"); err != nil {
		t.Fatalf("start a sentinel: %v", err)
	}
	t.Cleanup(s.Kill)
	return "redis+sentinel://127.0.0.1:" + strconv.Itoa(s.port) + "/mymaster"
}
