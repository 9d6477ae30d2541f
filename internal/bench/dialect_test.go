package bench

import (
	"errors"
	"strings"
	"testing"
)

// The digest was computed with sha256sum(1).
func TestLoginDigest(t *testing.T) {
	const want = "e93da0114c25afaeb1f029ec5f06d2eff1ee7064f3430e1ad1fa7ee11d0c6408"
	if got := loginDigest("alice", "0123456789abcdef"); got != want {
		t.Errorf("digest %s", got)
	}
}

func TestTandemScanner(t *testing.T) {
	for _, c := range []struct {
		payload     string
		texts, acks int
		refused     bool
	}{
		{`{"sig":{"type":"facility","fty":[{"type":"im_message","data":"x"}]}}`, 1, 0, false},
		{`{"sig":{"type":"facility","fty":[{"type":"im_receipt","state":"sent"}]}}`, 0, 1, false},
		{`{"sig":{"type":"facility","fty":[{"type":"im_receipt","state":"failed"}]}}`, 0, 0, true},
		{`{"sig":{"type":"rel","cau":{"num":16}}}`, 0, 0, true},
		{`{"mt":"KeepAlive"}`, 0, 0, false},
	} {
		texts, acks, err := tandemScanner{}.scan([]byte(c.payload))
		if texts != c.texts || acks != c.acks || (err != nil) != c.refused {
			t.Errorf("%s: %d texts, %d receipts, %v", c.payload, texts, acks, err)
		}
	}
}

// The stream of NATS means the same wherever it is cut.
func TestNATSScanner(t *testing.T) {
	text := strings.Repeat("z", textSize)
	stream := "INFO {}\r\nMSG s 1 200\r\n" + text + "\r\nPONG\r\nMSG s 1 200\r\n" + text + "\r\n"
	for cut := range len(stream) {
		s, got := natsDialect{}.scanner(), 0
		for _, part := range []string{stream[:cut], stream[cut:]} {
			n, _, err := s.scan([]byte(part))
			if err != nil {
				t.Fatal(err)
			}
			got += n
		}
		if got != 2 {
			t.Fatalf("cut at %d: %d texts", cut, got)
		}
	}
	for _, bad := range []string{"-ERR 'no'\r\n", "MSG s 1 many\r\n"} {
		if _, _, err := (natsDialect{}).scanner().scan([]byte(bad)); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}

func TestRelayScanner(t *testing.T) {
	if n, _, err := (relayScanner{}).scan(body()); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, _, err := (relayScanner{}).scan([]byte("short")); !errors.Is(err, errUnexpected) {
		t.Errorf("a short text: %v", err)
	}
}

func TestTextsHaveTheSize(t *testing.T) {
	for _, k := range kinds() {
		got := string(dialectOf(k).text(nil, &client{name: "a", peer: "b", call: 1, ext: true}))
		if !strings.Contains(got, string(body())) || len(body()) != textSize || strings.ContainsAny(string(body()), `<>&"\`) {
			t.Errorf("%s: %s", k, got)
		}
	}
}

func TestPlans(t *testing.T) {
	pair := planPairs(Tandem, "s", 2, true)
	if len(pair) != 4 || pair[2].name != "s-a1" || pair[2].peer != pair[3].name || !pair[3].ext {
		t.Errorf("pairs %v", pair)
	}
	if relay := planPairs(Relay, "s", 1, false); relay[0].name != relay[1].name {
		t.Errorf("a pair of a relay shares a path: %v", relay)
	}
	groups := planGroups("s", 2, 3)
	if len(groups) != 8 || groups[4].name != "s-a1" || groups[5] != groups[7] {
		t.Errorf("groups %v", groups)
	}
	csv := string(usersCSV([]string{"u1", "u2"}))
	if csv != "sip,dn,num,password\nu1,Bench u1,100000,bench-password\nu2,Bench u2,100001,bench-password\n" {
		t.Errorf("csv %q", csv)
	}
}
