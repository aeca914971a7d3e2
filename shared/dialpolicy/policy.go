// Package dialpolicy says which addresses may be dialled on behalf of somebody who wrote a URL.
//
// A name can resolve to anything, and to something else a moment later, so the decision is made when dialling, about
// the address that is dialled ([Policy.Control]). Link-local addresses, metadata services of clouds, "this host",
// multicast, and IPv6 forms that carry an IPv4 address inside are never dialled. Loopback and private addresses are
// where Home Assistant lives at home, and where everything precious lives in a cloud: the deployment says which.
//
// The package does not follow redirects, speak HTTP or look at names; whoever dials with a [Policy] sees to the rest.
package dialpolicy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// ErrRefused is wrapped by the error of every address that may not be dialled.
var ErrRefused = errors.New("this address may not be dialled")

// A Policy says what a deployment allows beyond public addresses. The zero Policy allows public ones only.
type Policy struct {
	Loopback bool // 127.0.0.0/8, ::1
	Private  bool // RFC 1918, unique local, and 100.64.0.0/10, which carriers and private networks use
}

// never are the ranges that nobody has a reason to name.
var never = []struct {
	name   string
	prefix netip.Prefix
}{
	{"this host", netip.MustParsePrefix("0.0.0.0/8")},
	{"this host", netip.MustParsePrefix("::/128")},
	{"link-local", netip.MustParsePrefix("169.254.0.0/16")}, // 169.254.169.254: AWS, Azure, Google; 169.254.170.2: ECS
	{"link-local", netip.MustParsePrefix("fe80::/10")},
	{"metadata", netip.MustParsePrefix("fd00:ec2::/32")},      // AWS
	{"metadata", netip.MustParsePrefix("100.100.100.200/32")}, // Alibaba
	{"metadata", netip.MustParsePrefix("168.63.129.16/32")},   // Azure
	{"metadata", netip.MustParsePrefix("192.0.0.0/24")},       // 192.0.0.192: Oracle
	{"multicast", netip.MustParsePrefix("224.0.0.0/4")},
	{"multicast", netip.MustParsePrefix("ff00::/8")},
	{"reserved", netip.MustParsePrefix("240.0.0.0/4")}, // with the broadcast address
	{"IPv4 inside IPv6", netip.MustParsePrefix("::ffff:0:0/96")},
	{"IPv4 inside IPv6", netip.MustParsePrefix("::ffff:0:0:0/96")},
	{"IPv4 inside IPv6", netip.MustParsePrefix("64:ff9b::/96")},   // NAT64
	{"IPv4 inside IPv6", netip.MustParsePrefix("64:ff9b:1::/48")}, // NAT64, local
	{"IPv4 inside IPv6", netip.MustParsePrefix("2002::/16")},      // 6to4
	{"IPv4 inside IPv6", netip.MustParsePrefix("2001::/32")},      // Teredo
}

var private = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fec0::/10"),
}

// compatible is ::/96, the oldest way to put an IPv4 address into an IPv6 one; loopback lies in it.
var compatible = netip.MustParsePrefix("::/96")

// Check returns nil if the address may be dialled. Its errors wrap [ErrRefused] and name the kind of address, not the
// address.
func (p Policy) Check(a netip.Addr) error {
	a = a.WithZone("")
	for _, n := range never {
		if n.prefix.Contains(a) {
			return refused(n.name)
		}
	}
	switch {
	case !a.IsValid():
		return refused("no address")
	case a.IsLoopback():
		if !p.Loopback {
			return refused("loopback")
		}
		return nil
	case compatible.Contains(a):
		return refused("IPv4 inside IPv6")
	}
	for _, n := range private {
		if n.Contains(a) && !p.Private {
			return refused("private")
		}
	}
	return nil
}

func refused(kind string) error { return fmt.Errorf("%w: %s", ErrRefused, kind) }

// Control is for net.Dialer: it sees each address just before it is dialled.
func (p Policy) Control(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return refused("no address")
	}
	return p.Check(a.Addr())
}

// DialContext dials like a net.Dialer. An address that is written in a form that hides another one is refused as
// written: the net package would unwrap it first.
func (p Policy) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if host, _, err := net.SplitHostPort(address); err == nil {
		if a, err := netip.ParseAddr(host); err == nil {
			if err := p.Check(a); err != nil {
				return nil, err
			}
		}
	}
	d := net.Dialer{Timeout: 10 * time.Second, Control: p.Control}
	return d.DialContext(ctx, network, address)
}
