package edge

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/metric"
	"github.com/tandem-switch/tandem/internal/peer"
)

// saysPeer is an administration that says who asks.
func saysPeer(w http.ResponseWriter, r *http.Request) {
	p, ok := peer.Of(r.Context())
	fmt.Fprintf(w, "%s %s %v %v %v", r.URL.Path, p.Addr, p.HTTPS, p.Local, ok)
}

func trusting() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
}

// Each listener serves what it is for, and nothing else.
func TestListenersForAPurpose(t *testing.T) {
	cert, key := newCert(t)
	e, stop := serving(t, func(c *Config) {
		c.Metrics = metric.New("test", "1")
		c.Listen = []string{"http://127.0.0.1:0"}
		c.ListenAdmin = []string{"https://127.0.0.1:0"}
		c.ListenMetrics = []string{"http+insecure://0.0.0.0:0"}
		c.CertFile, c.KeyFile = cert, key
		c.Admin = http.HandlerFunc(saysPeer)
		c.Files = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })
	})
	general, admin := e.URLs(), e.AdminURLs()
	metrics := e.MetricsURLs()
	if len(general) != 1 || len(admin) != 1 || len(metrics) != 1 || general[0] == admin[0] {
		t.Fatalf("listeners: %v, %v, %v", general, admin, metrics)
	}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(metrics[0], "http://"))
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]string{"general": general[0], "admin": admin[0], "metrics": "http://127.0.0.1:" + port}
	for path, codes := range map[string]map[string]int{
		"/healthz":              {"general": 200, "admin": 200, "metrics": 200},
		"/readyz":               {"general": 200, "admin": 200, "metrics": 200},
		"/":                     {"general": 200, "admin": 404, "metrics": 404},
		appsPath:                {"general": 426, "admin": 404, "metrics": 404},
		clientPath:              {"general": 426, "admin": 404, "metrics": 404},
		"/metrics":              {"general": 200, "admin": 404, "metrics": 200},
		"/admin/v1/domains":     {"general": 404, "admin": 200, "metrics": 404},
		"/debug.xml":            {"general": 404, "admin": 200, "metrics": 404},
		"/debug.xml/x":          {"general": 404, "admin": 404, "metrics": 404},
		"/admin/../PBX0/APPS/x": {"general": 426, "admin": 404, "metrics": 404},
		// File links of the hosted Messages service.
		"/example.com/messages/files/1/x": {"general": 418, "admin": 404, "metrics": 404},
		"/example.com/messages":           {"general": 404, "admin": 404, "metrics": 404},
		"/example.com/x/messages/1":       {"general": 404, "admin": 404, "metrics": 404},
		"/admin/messages/x":               {"general": 404, "admin": 200, "metrics": 404},
		"/PBX0/messages/x":                {"general": 404, "admin": 404, "metrics": 404},
	} {
		for name, code := range codes {
			fetch(t, trusting(), at[name]+path, code)
		}
	}
	if got := fetch(t, trusting(), admin[0]+"/admin/x", 200); got != "/admin/x 127.0.0.1 true true true" {
		t.Errorf("the peer is %q", got)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// Without listeners of its own the administration is where clients are.
func TestAdminOnGeneralListeners(t *testing.T) {
	e, stop := serving(t, func(c *Config) {
		c.Listen = []string{"http://127.0.0.1:0", "http+insecure://127.0.0.1:0"}
		c.Admin = http.HandlerFunc(saysPeer)
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	if fmt.Sprint(e.AdminURLs()) != fmt.Sprint(e.URLs()) || len(e.MetricsURLs()) != 0 {
		t.Errorf("listeners: %v, %v", e.AdminURLs(), e.MetricsURLs())
	}
	url := e.URLs()[1] + "/admin/"
	if got := fetch(t, trusting(), url, 200); got != "/admin/ 127.0.0.1 false true true" {
		t.Errorf("the peer is %q", got)
	}
	if got := fetch(t, trusting(), url, 200, "X-Forwarded-For", "192.0.2.1"); got != "/admin/ 192.0.2.1 false false true" {
		t.Errorf("the peer behind the proxy is %q", got)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestNoAdmin(t *testing.T) {
	r := newRig(t)
	r.get("/admin/", 404)
	r.get("/debug.xml", 404)
}

func TestByHTTPS(t *testing.T) {
	e := &Edge{trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for _, c := range []struct {
		remote string
		said   []string
		want   bool
	}{
		{"10.0.0.1:5", []string{"https"}, true},
		{"10.0.0.1:5", []string{"HTTPS, https"}, true},
		{"10.0.0.1:5", []string{"https", "https"}, true},
		{"10.0.0.1:5", []string{"http"}, false},
		{"10.0.0.1:5", []string{"https", "http"}, false},
		{"10.0.0.1:5", nil, false},
		{"192.0.2.1:5", []string{"https"}, false}, // not trusted
		{"@", []string{"https"}, false},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-Proto": c.said}}
		if got := e.byHTTPS(r); got != c.want {
			t.Errorf("%s, %v: %v, want %v", c.remote, c.said, got, c.want)
		}
	}
	if r := (&http.Request{RemoteAddr: "192.0.2.1:5", TLS: &tls.ConnectionState{}}); !e.byHTTPS(r) {
		t.Error("TLS is not https")
	}
}

// Requests to the administration are bounded in number and in size.
func TestAdminLimits(t *testing.T) {
	enter, leave := make(chan struct{}), make(chan struct{})
	var read error
	lim := Limits{AdminRequests: 1, AdminBody: 10}.withDefaults()
	door := boundAdmin(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, read = io.ReadAll(r.Body)
			return
		}
		close(enter)
		<-leave
	}), lim, nil)
	ask := func(method, body string) int {
		w := httptest.NewRecorder()
		door.ServeHTTP(w, httptest.NewRequest(method, "/admin/", bytes.NewBufferString(body)))
		return w.Code
	}
	first := make(chan int)
	go func() { first <- ask(http.MethodGet, "") }()
	<-enter
	if code := ask(http.MethodGet, ""); code != 503 {
		t.Errorf("the second request: %d", code)
	}
	close(leave)
	if code := <-first; code != 200 {
		t.Errorf("the first request: %d", code)
	}
	if code := ask(http.MethodPost, "0123456789"); code != 200 || read != nil {
		t.Errorf("a request that fits: %d, %v", code, read)
	}
	ask(http.MethodPost, "0123456789a")
	if _, tooLarge := errors.AsType[*http.MaxBytesError](read); !tooLarge {
		t.Errorf("a request that is too large: %v", read)
	}
}

// One address does not take all requests of the administration from others.
func TestAdminShare(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	door := boundAdmin(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		entered <- struct{}{}
		<-leave
	}), Limits{AdminRequests: 8}.withDefaults(), nil)
	codes := make(chan int)
	ask := func(from string) {
		go func() {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/admin/", nil)
			door.ServeHTTP(w, r.WithContext(peer.With(r.Context(), peer.Peer{Addr: netip.MustParseAddr(from)})))
			codes <- w.Code
		}()
	}
	for _, from := range []string{"192.0.2.1", "192.0.2.1", "2001:db8::1", "2001:db8::2", "192.0.2.2"} {
		ask(from)
		<-entered
	}
	for _, from := range []string{"192.0.2.1", "::ffff:192.0.2.1", "2001:db8::ffff"} {
		ask(from)
		if code := <-codes; code != 503 {
			t.Errorf("%s: %d", from, code)
		}
	}
	close(leave)
	for range 5 {
		if code := <-codes; code != 200 {
			t.Errorf("an early request: %d", code)
		}
	}
	ask("192.0.2.1")
	<-entered
	if code := <-codes; code != 200 || len(door.by) != 0 {
		t.Errorf("after the others: %d, %v", code, door.by)
	}
}

// A request to the administration ends in time, in the place of the times of
// other requests.
func TestAdminTime(t *testing.T) {
	read := make(chan error, 1)
	e, stop := serving(t, func(c *Config) {
		c.Listen = []string{"http://127.0.0.1:0"}
		c.Limits = Limits{AdminTime: 50 * time.Millisecond, HeaderTime: time.Hour}
		c.Admin = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			read <- err
		})
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(e.URLs()[0], "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /admin/ HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n123")
	select {
	case err := <-read:
		if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
			t.Errorf("read: %v", err)
		}
	case <-time.After(patience):
		t.Error("the request does not end")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// Whoever asks the administration for the stop gets an answer; a view that never
// ends does not hold it up.
func TestLastAnswers(t *testing.T) {
	asked, stopping := make(chan struct{}, 2), make(chan struct{})
	var closing func() bool
	e, stop := serving(t, func(c *Config) {
		c.Listen = []string{"http://127.0.0.1:0"}
		c.Admin = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked <- struct{}{}
			if r.URL.Path == "/admin/view" {
				<-r.Context().Done()
				return
			}
			<-stopping
			for !closing() {
				time.Sleep(time.Millisecond)
			}
			_, _ = io.WriteString(w, "it stops")
		})
	})
	closing = func() bool { return e.leaving() == "shutting down" }
	url := e.URLs()[0]
	answer, view := make(chan error, 1), make(chan error, 1)
	go func() { view <- visit(url+"/admin/view", "") }()
	go func() { answer <- visit(url+"/admin/stop", "it stops") }()
	<-asked
	<-asked
	close(stopping)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if err := <-answer; err != nil {
		t.Error(err)
	}
	if err := <-view; err == nil {
		t.Error("the view has ended well")
	}
}

// visit wants a page with a text.
func visit(url, want string) error {
	response, err := trusting().Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && string(text) != want {
		err = fmt.Errorf("%s says %q", url, text)
	}
	return err
}
