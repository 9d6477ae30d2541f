// Package dial makes the connections that the switch opens to addresses which
// administrators and users of tenants have given: URLs of app objects, webhooks.
// They must not reach what only this machine or its network can reach.
//
// Guard decides twice. CheckURL looks at what is written, so that a mistake is
// told at once; a name is not resolved there, for it may mean something else
// later. DialContext looks at the address that is really connected to, after the
// name was resolved: a name that changes its meaning in between gains nothing.
//
// It is no firewall, and it is not for connections to parts of the installation
// itself, such as the database. Whoever connects outwards takes a Guard from
// main. It is safe for use by several goroutines.
package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/text/unicode/norm"
)

// Error is a refusal to connect.
type Error struct {
	Host string // as written or as resolved
}

// Error is the sentence.
func (e *Error) Error() string {
	return fmt.Sprintf("%s is in a private network, which is not allowed: see --allow-private-urls", e.Host)
}

// Guard keeps connections out of private networks. The zero Guard allows none of
// them.
type Guard struct {
	allowed  []netip.Prefix
	resolver *net.Resolver // nil: that of the system; for tests
}

// New makes a Guard that lets connections into the private networks that are
// allowed.
func New(allowed []netip.Prefix) *Guard { return &Guard{allowed: slices.Clone(allowed)} }

// Allows tells whether the address may be connected to.
func (g *Guard) Allows(addr netip.Addr) bool {
	if addr.Zone() != "" {
		return false // only this machine knows what it means
	}
	addr = addr.Unmap()
	if slices.ContainsFunc(g.allowed, func(p netip.Prefix) bool { return p.Contains(addr) }) {
		return true
	}
	if inner, ok := embedded(addr); ok {
		return g.Allows(inner)
	}
	return !slices.ContainsFunc(private(), func(p netip.Prefix) bool { return p.Contains(addr) })
}

// private are the networks that are not the public internet (IANA special-purpose
// registries, RFC 6890), among them those in which clouds keep their metadata.
func private() []netip.Prefix {
	list := make([]netip.Prefix, 0, 24)
	for _, text := range [...]string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
		"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"::/127", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
	} {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

// embedded is the IPv4 address that an IPv6 address is another way of writing:
// NAT64, 6to4, and the old form of ::a.b.c.d.
func embedded(addr netip.Addr) (netip.Addr, bool) {
	if !addr.Is6() {
		return addr, false
	}
	b := addr.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(addr):
		return netip.AddrFrom4([4]byte(b[12:])), true
	case netip.MustParsePrefix("2002::/16").Contains(addr):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	case netip.MustParsePrefix("::/96").Contains(addr) && !netip.MustParsePrefix("::/127").Contains(addr):
		return netip.AddrFrom4([4]byte(b[12:])), true
	}
	return addr, false
}

// CheckURL refuses, with an *Error, a URL that is written with an address in a
// private network. A name passes, except those of this machine.
func (g *Guard) CheckURL(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return errors.New("it is no URL") // what was parsed may have a password in it
	}
	host := plainHost(u.Hostname())
	addr, err := netip.ParseAddr(host)
	switch {
	case err == nil && !g.Allows(addr):
		return &Error{Host: host}
	case err == nil:
		return nil
	case host == "localhost" || strings.HasSuffix(host, ".localhost"):
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case looksNumeric(host):
		return &Error{Host: host} // 0x7f.1 and 2130706433 are 127.0.0.1 to some resolvers
	default:
		return nil
	}
	if !g.Allows(addr) {
		return &Error{Host: host}
	}
	return nil
}

// plainHost is a host as clients understand it, who take wide digits and the dots
// of other scripts for the usual ones.
func plainHost(host string) string {
	host = strings.ReplaceAll(norm.NFKC.String(host), "\u3002", ".")
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// looksNumeric tells whether the last label of host is a number: no name of the
// internet is like that.
func looksNumeric(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != "" && (strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x"))
}

// DialContext connects as net.Dialer does, unless that leads into a private
// network: then the error is an *Error.
func (g *Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: 10 * time.Second, Resolver: g.resolver, ControlContext: g.control}
	return d.DialContext(ctx, network, address)
}

// control sees every address just before it is connected to.
func (g *Guard) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return &Error{Host: address}
	}
	if !g.Allows(to.Addr()) {
		return &Error{Host: to.Addr().String()}
	}
	return nil
}

// Transport is for requests to foreign addresses: it connects by the Guard, and
// takes no proxy from the environment, which would connect for it. Redirects are
// followed by the client, and connect by the Guard again.
func (g *Guard) Transport() *http.Transport {
	return &http.Transport{
		DialContext:            g.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        time.Minute,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}
