package dial_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/tandem-switch/tandem/internal/dial"
)

func TestAllows(t *testing.T) {
	for text, want := range map[string]bool{
		"93.184.216.34": true, "8.8.8.8": true, "172.15.255.255": true, "172.32.0.0": true, "100.63.255.255": true, "2606:4700::1111": true,
		"::ffff:8.8.8.8": true, "64:ff9b::808:808": true, "2002:808:808::1": true,

		"127.0.0.1": false, "127.255.0.1": false, "0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false,
		"192.168.1.1": false, "169.254.1.1": false, "100.64.0.1": false, "198.18.0.1": false, "192.0.2.1": false, "224.0.0.1": false, "255.255.255.255": false,
		"169.254.169.254": false, "fd00:ec2::254": false, "100.100.100.200": false, // metadata of clouds
		"::1": false, "::": false, "fe80::1": false, "fe80::1%eth0": false, "2606:4700::1111%eth0": false, "fc00::1": false, "fd12::1": false, "fec0::1": false, "ff02::1": false, "2001:db8::1": false, "2001::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, "::127.0.0.1": false, "64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "2002:7f00:1::": false, "2002:a00:1::1": false,
	} {
		if got := dial.New(nil).Allows(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	some := dial.New([]netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::1/128")})
	for text, want := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "64:ff9b::a01:203": true, "10.2.0.1": false, "::1": true, "127.0.0.1": false, "8.8.8.8": true,
	} {
		if got := some.Allows(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestCheckURL(t *testing.T) {
	local := dial.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	for text, want := range map[string][2]bool{ // without and with loopback
		"https://app.example/x":            {true, true},
		"https://8.8.8.8/":                 {true, true},
		"http://127.0.0.1:8080/":           {false, true},
		"http://LOCALHOST./":               {false, true},
		"http://a.localhost/":              {false, true},
		"http://[::1]/":                    {false, false},
		"http://[::ffff:127.0.0.1]/":       {false, true},
		"http://[::ffff:7f00:1]/":          {false, true},
		"http://[fe80::1%25eth0]/":         {false, false},
		"http://169.254.169.254/latest/":   {false, false},
		"http://user:pw@10.0.0.1/":         {false, false},
		"http://2130706433/":               {false, false},
		"http://0x7f.0x1/":                 {false, false},
		"http://127.1/":                    {false, false},
		"http://0177.0.0.1/":               {false, false},
		"http://127\u30020\u30020\uff611/": {false, true},
		"http://\uff11\uff12\uff17.1/":     {false, false},
		"http://local\uff48ost\uff0e/":     {false, true},
		"http://10.0.0.1.example/":         {true, true},
		"http://%zz":                       {false, false},
	} {
		if err := new(dial.Guard).CheckURL(text); (err == nil) != want[0] {
			t.Errorf("%s: %v", text, err)
		}
		if err := local.CheckURL(text); (err == nil) != want[1] {
			t.Errorf("%s with loopback: %v", text, err)
		}
	}
}

// names resolves every name to what answers says at the moment.
func names(answers func() netip.Addr) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go answer(server, answers)
		return client, nil
	}}
}

// answer is a name server on one connection, with the framing of TCP.
func answer(conn net.Conn, answers func() netip.Addr) {
	defer conn.Close()
	var size [2]byte
	for {
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		text := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, text); err != nil {
			return
		}
		var m dnsmessage.Message
		if err := m.Unpack(text); err != nil {
			return
		}
		m.Response, m.Authoritative, m.Additionals = true, true, nil
		if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class}, Body: &dnsmessage.AResource{A: answers().As4()},
			}}
		}
		packed, err := m.Pack()
		if err != nil {
			return
		}
		binary.BigEndian.PutUint16(size[:], uint16(len(packed)))
		if _, err := conn.Write(append(size[:], packed...)); err != nil {
			return
		}
	}
}

// inside is a server that only this machine may reach.
func inside(t *testing.T) (port string, reached *atomic.Int64) {
	t.Helper()
	reached = &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		}
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port(), reached
}

func get(t *testing.T, g *dial.Guard, address string) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := g.Transport()
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(r)
	if err == nil {
		response.Body.Close()
	}
	return err
}

// A name that passed the check and then points inside gets nowhere.
func TestNameThatChanges(t *testing.T) {
	port, reached := inside(t)
	at := netip.MustParseAddr("127.0.0.1")
	g := dial.New(nil)
	g.Resolve(names(func() netip.Addr { return at }))
	address := "http://app.example.:" + port + "/"
	if err := g.CheckURL(address); err != nil {
		t.Fatal(err)
	}
	var refused *dial.Error
	if err := get(t, g, address); !errors.As(err, &refused) || refused.Host != "127.0.0.1" || reached.Load() != 0 {
		t.Errorf("%v, reached %d times", err, reached.Load())
	}
	local := dial.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	local.Resolve(names(func() netip.Addr { return at }))
	if err := get(t, local, address); err != nil || reached.Load() != 1 {
		t.Errorf("allowed: %v, reached %d times", err, reached.Load())
	}
}

// A redirect is another connection.
func TestRedirect(t *testing.T) {
	port, reached := inside(t)
	g := dial.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	var refused *dial.Error
	if err := get(t, g, "http://127.0.0.1:"+port+"/away"); !errors.As(err, &refused) || refused.Host != "169.254.169.254" || reached.Load() != 1 {
		t.Errorf("%v, reached %d times", err, reached.Load())
	}
}

// The environment has no say.
func TestNoProxy(t *testing.T) {
	if dial.New(nil).Transport().Proxy != nil {
		t.Error("there is a proxy")
	}
}
