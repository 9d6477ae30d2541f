package edge

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestListenURIs(t *testing.T) {
	for _, c := range []struct {
		uri, url, err string
	}{
		{"http://127.0.0.1:0", "http://127.0.0.1:", ""},
		{"http://localhost:0/", "http://127.0.0.1:", ""},
		{"http://[::1]:0", "http://[::1]:", ""},
		{"http+insecure://0.0.0.0:0", "http://", ""},
		{"http://0.0.0.0:0", "", "loopback"},
		{"http://[::]:0", "", "loopback"},
		{"http://:0", "", "loopback"},
		{"http://192.0.2.1:0", "", "loopback"},
		{"ftp://127.0.0.1:0", "", "scheme"},
		{"127.0.0.1:8080", "", "URI"},
		{"http://127.0.0.1:0/path", "", "only scheme, host and port"},
		{"http://user@127.0.0.1:0", "", "only scheme, host and port"},
		{"http://127.0.0.1:99999", "", "invalid port"},
	} {
		got, err := openURI(t, c.uri)
		switch {
		case c.err == "" && errors.Is(err, errNoIPv6):
			t.Logf("%s: skipped, %v", c.uri, err)
		case c.err == "" && (err != nil || !strings.HasPrefix(got, c.url) || strings.HasSuffix(got, ":0")):
			t.Errorf("%s: %q, %v", c.uri, got, err)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s: error %v, want one about %q", c.uri, err, c.err)
		}
	}
}

var errNoIPv6 = errors.New("no IPv6 here")

func openURI(t *testing.T, uri string) (string, error) {
	u, err := parseListen(uri)
	if err != nil {
		return "", err
	}
	l, err := u.open(t.Context())
	if err != nil {
		if strings.Contains(uri, "[::1]") {
			return "", errNoIPv6
		}
		return "", err
	}
	defer func() { _ = l.Close() }()
	if l.local() != !strings.Contains(uri, "0.0.0.0") {
		t.Errorf("%s: local() = %v", uri, l.local())
	}
	return l.url(), nil
}

func TestHTTPSNeedsACertificate(t *testing.T) {
	_, err := newListenConfig(Config{Listen: []string{"https://127.0.0.1:0"}})
	if err == nil || !strings.Contains(err.Error(), "certificate file") {
		t.Errorf("error %v, want one about the certificate", err)
	}
}

func TestClientAddress(t *testing.T) {
	e := &Edge{
		lim:     Limits{ForwardedHops: 3}.withDefaults(),
		trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")},
	}
	for _, c := range []struct{ remote, forwarded, want string }{
		{"192.0.2.1:5", "", "192.0.2.1"},
		{"192.0.2.1:5", "198.51.100.1", "192.0.2.1"}, // not trusted
		{"10.0.0.1:5", "", "10.0.0.1"},
		{"10.0.0.1:5", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:5", "1.2.3.4, 198.51.100.1, 10.0.0.2", "198.51.100.1"},
		{"10.0.0.1:5", "1.2.3.4, nonsense, 10.0.0.2", "10.0.0.2"},
		{"10.0.0.1:5", "198.51.100.1:4711", "198.51.100.1"},
		{"10.0.0.1:5", "[2001:db8::1]:4711", "2001:db8::1"},
		{"[fd00::1]:5", "2001:db8::1", "2001:db8::1"},
		{"10.0.0.1:5", "198.51.100.1,10.0.0.4,10.0.0.3,10.0.0.2", "10.0.0.4"}, // too many hops
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := e.clientAddress(r).String(); got != c.want {
			t.Errorf("%s, %q: %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

func TestLimitsKeepWhatIsSet(t *testing.T) {
	l := Limits{Queue: 5, PendingPerAddress: Unlimited}.withDefaults()
	if l.Queue != 5 || l.PendingPerAddress != Unlimited || l.SilentAfter != defaults().SilentAfter {
		t.Errorf("%+v", l)
	}
}

func TestCaps(t *testing.T) {
	k := newCaps(Limits{Connections: 4, Pending: 3, PendingPerAddress: 2}.withDefaults())
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for _, s := range []struct {
		from netip.Addr
		want string
	}{{a, ""}, {a, ""}, {a, "limit_pending_address"}, {b, ""}, {b, "limit_pending"}} {
		if got := k.take(s.from); got != s.want {
			t.Fatalf("take(%s) = %q, want %q", s.from, got, s.want)
		}
	}
	k.settled(a, true)
	if got := k.take(a); got != "" {
		t.Fatalf("after a login: %q", got)
	}
	if got := k.take(b); got != "limit_connections" {
		t.Fatalf("%q, want limit_connections", got)
	}
	k.settled(a, false) // the login ended with its connection
	for _, from := range []netip.Addr{a, a, a, b} {
		k.leave(from, true)
	}
	if k.total != 0 || k.pending != 0 || len(k.by) != 0 {
		t.Errorf("left: %d, %d, %v", k.total, k.pending, k.by)
	}
}
