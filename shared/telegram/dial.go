package telegram

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/net/proxy"
)

// dialWait is how long one address has to answer before the next one is tried.
const dialWait = 5 * time.Second

// dial opens a TCP connection to a data centre.
func (s Servers) dial(ctx context.Context, dc int) (net.Conn, *net.TCPConn, error) {
	addresses := s.DCs[dc]
	if len(addresses) == 0 {
		return nil, nil, &noSuchDC{dc}
	}
	var problems []error
	for _, address := range addresses {
		nc, tcp, err := s.dialOne(ctx, address)
		if err == nil {
			return nc, tcp, nil
		}
		problems = append(problems, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, nil, errors.Join(problems...)
}

func (s Servers) dialOne(ctx context.Context, address string) (net.Conn, *net.TCPConn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	direct := &direct{}
	if s.Proxy.IsZero() {
		nc, err := direct.DialContext(ctx, "tcp", address)
		return nc, direct.tcp, err
	}
	u, err := parseProxy(s.Proxy)
	if err != nil {
		return nil, nil, fmt.Errorf("proxy: %w", err)
	}
	var auth *proxy.Auth
	if u.User != nil {
		password, _ := u.User.Password()
		auth = &proxy.Auth{User: u.User.Username(), Password: password}
	}
	through, err := proxy.SOCKS5("tcp", u.Host, auth, direct)
	if err != nil {
		return nil, nil, fmt.Errorf("proxy: %w", err)
	}
	nc, err := through.(proxy.ContextDialer).DialContext(ctx, "tcp", address)
	if err != nil {
		if direct.tcp != nil {
			direct.tcp.Close()
		}
		return nil, nil, fmt.Errorf("through the proxy: %w", err)
	}
	return nc, direct.tcp, nil
}

// direct dials and keeps the TCP connection, which a proxy's dialer would hide.
type direct struct {
	net.Dialer
	tcp *net.TCPConn
}

func (d *direct) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	nc, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	d.tcp = nc.(*net.TCPConn)
	return nc, nil
}

// Dial is DialContext without a context, as the proxy package wants it to be there.
func (d *direct) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

type noSuchDC struct{ dc int }

func (e *noSuchDC) Error() string { return fmt.Sprintf("no address of data centre %d is known", e.dc) }
