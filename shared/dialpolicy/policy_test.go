package dialpolicy

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
)

func TestPolicy_Check(t *testing.T) {
	t.Parallel()
	open, home := Policy{}, Policy{Loopback: true, Private: true}
	for _, c := range []struct {
		address             string
		publicOnly, allowed bool
	}{
		{"1.1.1.1", true, true},
		{"2606:4700::1", true, true},
		{"127.0.0.1", false, true},
		{"::1", false, true},
		{"192.168.1.5", false, true},
		{"10.1.2.3", false, true},
		{"172.31.0.1", false, true},
		{"100.64.0.1", false, true},
		{"fd12::1", false, true},
		{"169.254.169.254", false, false},
		{"169.254.170.2", false, false},
		{"fd00:ec2::254", false, false},
		{"100.100.100.200", false, false},
		{"fe80::1", false, false},
		{"fe80::1%eth0", false, false},
		{"0.0.0.0", false, false},
		{"0.1.2.3", false, false},
		{"::", false, false},
		{"224.0.0.251", false, false},
		{"ff02::1", false, false},
		{"255.255.255.255", false, false},
		{"::ffff:192.168.1.5", false, false},
		{"::ffff:8.8.8.8", false, false},
		{"::192.168.1.5", false, false},
		{"64:ff9b::a9fe:a9fe", false, false},
		{"64:ff9b:1::1", false, false},
		{"2002:c0a8:105::1", false, false},
		{"2001:0:1::1", false, false},
	} {
		a := netip.MustParseAddr(c.address)
		for policy, want := range map[Policy]bool{open: c.publicOnly, home: c.allowed} {
			err := policy.Check(a)
			if (err == nil) != want || err != nil && !errors.Is(err, ErrRefused) {
				t.Errorf("%+v, %s: %v, want allowed %v", policy, c.address, err, want)
			}
		}
	}
	if err := home.Check(netip.Addr{}); err == nil {
		t.Error("no address was allowed")
	}
}

func TestPolicy_DecidesWhenDialling(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for host, allowed := range map[string]bool{"localhost": true, "127.0.0.1": true, "::ffff:127.0.0.1": false, "0.0.0.0": false} {
		conn, err := Policy{Loopback: true}.DialContext(context.Background(), "tcp4", net.JoinHostPort(host, port))
		if (err == nil) != allowed {
			t.Errorf("%s: %v, want allowed %v", host, err, allowed)
		}
		if conn != nil {
			conn.Close()
		}
	}
	if _, err := (Policy{}).DialContext(context.Background(), "tcp4", net.JoinHostPort("localhost", port)); !errors.Is(err, ErrRefused) {
		t.Errorf("a name that resolves to loopback: %v", err)
	}
}
