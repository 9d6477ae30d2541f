package appservice_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// passwords is a Host with a password for each app or user.
type passwords map[string]string

func (p passwords) Authenticate(_ context.Context, l appservice.Login, check func(string) bool) (appservice.Account, error) {
	name := l.App
	if name == "" {
		name = l.SIP
	}
	if name == "broken" {
		return appservice.Account{}, fmt.Errorf("no directory")
	}
	if name == "careless" { // does not even look
		return appservice.Account{}, nil
	}
	password, known := p[name]
	if !check(password) || !known {
		return appservice.Account{}, appservice.ErrLoginFailed
	}
	return appservice.Account{Principal: appservice.Principal{SIP: name, APIs: []string{appservice.APIPbxSignal}}}, nil
}

func acceptor(challenges ...string) *appservice.Acceptor {
	next := 0
	return appservice.NewAcceptor(appservice.AcceptorConfig{
		Host: passwords{"robot": "pwd-robot", "alice": "secret-alice", "open": ""}, Domain: "example.com",
		Source: func() string { next++; return challenges[next-1] },
	})
}

// login is an AppLogin of alice over a challenge.
func login(challenge, password string) string {
	l := appservice.UserLogin("example.com", "alice")
	return fmt.Sprintf(`{"mt":"AppLogin","app":"","domain":"example.com","sip":"alice","guid":"","dn":"","digest":%q}`,
		appservice.Digest(l, challenge, password))
}

const refused = `{"mt":"AppLoginResult","domain":"example.com","ok":false,"errorText":"Authentication failed"}`

func TestAcceptorDialogue(t *testing.T) {
	a := acceptor("c1", "c2", "c3")
	for _, step := range []struct{ in, out string }{
		{`{"mt":"KeepAlive"}`, `{"mt":"KeepAlive"}`},
		{`{"mt":"KeepAlive","src":7,"api":"X"}`, `{"api":"X","src":7,"mt":"KeepAlive"}`},
		{`{"mt":"CheckBuild","url":"http://h/PBX0/APPS/chat/chat.htm","always":true}`, `{"mt":"CheckBuildResult"}`},
		{`{"mt":"Nonsense"}`, ``},
		{`{"mt":"Nonsense","src":"q"}`, `{"src":"q","mt":"Error","error":1,"errorText":"not logged in"}`},
		{`{"mt":"Register","api":"PbxSignal","src":"q"}`, `{"api":"PbxSignal","src":"q","mt":"Error","error":1,"errorText":"not logged in"}`},
		{`{"mt":"AppChallenge","api":"PbxSignal"}`, ``},
		{`{"mt":"AppChallenge","user":"alice","appObj":"x"}`, `{"mt":"AppChallengeResult","challenge":"c1"}`},
		{login("c1", "wrong"), refused},
		{login("c1", "secret-alice"), refused}, // the challenge is spent
		{`{"mt":"AppChallenge","src":"s"}`, `{"src":"s","mt":"AppChallengeResult","challenge":"c2"}`},
		{`{"mt":"AppLogin","sip":"nobody","digest":"` + sha("::nobody:::c2:") + `"}`, refused},
		{`{"mt":"AppChallenge"}`, `{"mt":"AppChallengeResult","challenge":"c3"}`},
	} {
		got := a.Handle(t.Context(), parse(t, step.in))
		equal(t, step.in, string(got.Reply), step.out)
		if got.CloseCode != 0 || got.Accepted != nil {
			t.Errorf("%s: %+v", step.in, got)
		}
	}
	got := a.Handle(t.Context(), parse(t, login("c3", "secret-alice")))
	equal(t, "success", string(got.Reply), `{"mt":"AppLoginResult","domain":"example.com","ok":true}`)
	if got.Accepted == nil || got.Accepted.Account.Principal.SIP != "alice" || got.Accepted.Login.Digest != "" {
		t.Fatalf("%+v", got.Accepted)
	}
	equal(t, "key", got.Accepted.Key, appservice.SessionKey("c3", "secret-alice"))
}

func TestAcceptorFifthAttemptIsAnsweredAndCloses(t *testing.T) {
	a := acceptor("c1")
	a.Handle(t.Context(), parse(t, `{"mt":"AppChallenge"}`))
	for i := 1; i <= 5; i++ {
		got := a.Handle(t.Context(), parse(t, `{"mt":"AppLogin","sip":"alice","digest":"00"}`))
		equal(t, "answer", string(got.Reply), refused)
		if closes := got.CloseCode == appservice.ClosePolicy; closes != (i == 5) || got.Failed == "" {
			t.Fatalf("attempt %d: %+v", i, got)
		}
	}
}

func TestAcceptorFifthAttemptMaySucceed(t *testing.T) {
	a := acceptor("c1")
	for range 4 {
		a.Handle(t.Context(), parse(t, `{"mt":"AppLogin"}`))
	}
	a.Handle(t.Context(), parse(t, `{"mt":"AppChallenge"}`))
	if got := a.Handle(t.Context(), parse(t, login("c1", "secret-alice"))); got.Accepted == nil || got.CloseCode != 0 {
		t.Errorf("%+v", got)
	}
}

func TestAcceptorNeverTrusts(t *testing.T) {
	for name, in := range map[string]string{
		"an empty password":      `{"mt":"AppLogin","app":"open","digest":"` + sha("open:::::c1:") + `"}`,
		"a host that is broken":  `{"mt":"AppLogin","app":"broken"}`,
		"a host that is asleep":  `{"mt":"AppLogin","app":"careless"}`,
		"a clear session key":    `{"mt":"AppLogin","app":"robot","key":"` + appservice.SessionKey("c1", "pwd-robot") + `"}`,
		"members of other types": `{"mt":"AppLogin","app":["robot"],"digest":{}}`,
	} {
		a := acceptor("c1")
		a.Handle(t.Context(), parse(t, `{"mt":"AppChallenge"}`))
		got := a.Handle(t.Context(), parse(t, in))
		if got.Accepted != nil || got.Failed == "" || !strings.Contains(string(got.Reply), `"ok":false`) {
			t.Errorf("%s: %s %+v", name, got.Reply, got.Accepted)
		}
		if strings.Contains(string(got.Reply), `"error"`) {
			t.Errorf("%s: error in %s", name, got.Reply)
		}
	}
}

func TestAcceptorCheckLogin(t *testing.T) {
	a := acceptor()
	check := func(challenge, password string) appservice.Step {
		return a.Handle(t.Context(), parse(t, fmt.Sprintf(
			`{"mt":"AppCheckLogin","src":"m","app":"robot","domain":"example.com","challenge":%q,"digest":%q}`,
			challenge, appservice.CheckLoginDigest("robot", "example.com", challenge, password))))
	}
	got := check("0123", "pwd-robot")
	equal(t, "right", string(got.Reply), `{"src":"m","mt":"AppCheckLoginResult","ok":true}`)
	if got.Accepted != nil {
		t.Error("AppCheckLogin is no login")
	}
	equal(t, "without challenge", string(check("", "pwd-robot").Reply), `{"src":"m","mt":"AppCheckLoginResult"}`)
	for i := 2; i <= 5; i++ {
		got = check("0123", "wrong")
		equal(t, "wrong", string(got.Reply), `{"src":"m","mt":"AppCheckLoginResult"}`)
		if (got.CloseCode != 0) != (i == 5) {
			t.Errorf("attempt %d: %+v", i, got)
		}
	}
}

func TestAcceptorVectors(t *testing.T) {
	for name, in := range map[string]string{
		"no info":       `{"mt":"AppLogin","app":"pbxadminapi","digest":"a205299ed2ef2786c311e0be1b14db343f2cadd906a6ae7b564eee34bda5e9a1"}`,
		"upper case":    `{"mt":"AppLogin","app":"pbxadminapi","domain":"","info":{},"digest":"57B23FE824B9222A7AC879597CB509BCDC865A1BFEB057D9D12118CEF0C3BA34"}`,
		"white space":   `{"mt":"AppLogin","app":"pbxadminapi","info":{ "cn": "Test User" },"digest":"96db3c3f657230c2b68194becc6d2a77f05de9f79f01fc81e9ca0fb196b10d9d"}`,
		"password form": `{"mt":"AppLogin","app":"pbxadminapi","domain":"example.com","sip":"pbxadminapi","guid":"00000000000000000000000000000000","dn":"Admin","digest":"eeac41b1c8c009d37586415a275145f5e3d2be4b18f35c53bb1f21aaa6b9215b","pbxObj":"pbxadminapi"}`,
	} {
		a := appservice.NewAcceptor(appservice.AcceptorConfig{
			Host:   appservice.SharedPassword{App: "pbxadminapi", Password: "pwd"},
			Source: func() string { return "0123456789abcdef" },
		})
		a.Handle(t.Context(), parse(t, `{"mt":"AppChallenge"}`))
		if got := a.Handle(t.Context(), parse(t, in)); got.Accepted == nil {
			t.Errorf("%s: %s", name, got.Reply)
		}
	}
}

func TestNewChallenge(t *testing.T) {
	a, b := appservice.NewChallenge(), appservice.NewChallenge()
	if len(a) != 16 || strings.Trim(a, "0123456789abcdef") != "" || a == b {
		t.Errorf("%q %q", a, b)
	}
}

func TestSharedPassword(t *testing.T) {
	right := func(string) bool { return true }
	host := appservice.SharedPassword{App: "svc", Password: "p"}
	for _, c := range []struct {
		login appservice.Login
		isApp bool
	}{
		{appservice.PasswordLogin("svc", "d"), true},
		{appservice.Login{App: "svc", SIP: "obj", Info: []byte(`{"appobj":"obj"}`)}, true},
		{appservice.Login{App: "svc", SIP: "rico", Info: []byte(`{"appobj":"obj"}`)}, false},
	} {
		a, err := host.Authenticate(t.Context(), c.login, right)
		if err != nil || a.Principal.IsApp != c.isApp || !a.Principal.Allows("anything") {
			t.Errorf("%+v: %+v %v", c.login, a, err)
		}
	}
	if _, err := host.Authenticate(t.Context(), appservice.Login{App: "other"}, right); err == nil {
		t.Error("another app")
	}
}

// FuzzAcceptor lets a stranger say anything, line by line: whatever it is, no
// login results, and every answer is a frame.
func FuzzAcceptor(f *testing.F) {
	f.Add([]byte("{\"mt\":\"AppChallenge\"}\n" + login("c", "x") + "\n{\"mt\":\"AppCheckLogin\",\"src\":1}"))
	f.Add([]byte("{\"mt\":\"AppLogin\",\"info\":{\"a\":1,\"a\":2}}\n[]\n{}"))
	f.Fuzz(func(t *testing.T, script []byte) {
		a := appservice.NewAcceptor(appservice.AcceptorConfig{Host: passwords{"alice": "4f1c0a"}})
		attempts := 0
		var tolerance appservice.Tolerance
		for _, line := range strings.Split(string(script), "\n") {
			frame, err := appservice.ParseFrame(new(strictjson.Doc), []byte(line))
			if err != nil {
				if tolerance.Excuse(err) != 0 {
					return
				}
				continue
			}
			step := a.Handle(t.Context(), frame)
			if step.Accepted != nil || (step.Reply != nil && !json.Valid(step.Reply)) {
				t.Fatalf("%q: %s", line, step.Reply)
			}
			if step.Failed != "" {
				attempts++
			}
			if step.CloseCode != 0 {
				return
			}
			if attempts >= 5 {
				t.Fatalf("%d attempts", attempts)
			}
		}
	})
}
