package appservice_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/internal/ws"
)

// script is a service of another make: for each mt the text it answers with,
// "" for none.
type script map[string]string

func (s script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := ws.Upgrade(w, r, ws.Config{})
	if err == nil {
		_ = conn.Serve(scriptConn{s, conn})
	}
}

type scriptConn struct {
	script
	conn *ws.Conn
}

func (c scriptConn) Binary() error { return nil }
func (c scriptConn) Pong([]byte)   {}
func (c scriptConn) TurnEnd()      { c.conn.Flush() }

func (c scriptConn) Message(text []byte) error {
	f, err := appservice.ParseFrame(new(strictjson.Doc), text)
	if err != nil {
		return err
	}
	if answer := c.script[f.MT]; answer != "" {
		_, _ = c.conn.QueueText([]byte(strings.ReplaceAll(answer, "$src", string(f.Src))))
	}
	return nil
}

func (s script) dial(t *testing.T) (*appservice.Client, error) {
	t.Helper()
	site := httptest.NewServer(s)
	t.Cleanup(site.Close)
	c, err := appservice.Dial(limited(t), appservice.DialConfig{
		URL: strings.Replace(site.URL, "http", "ws", 1), Login: appservice.PasswordLogin("svc", "d"), Password: "p", AskInfo: true,
	})
	if err == nil {
		t.Cleanup(func() { _ = c.Close("") })
	}
	return c, err
}

const (
	numberChallenge = `{"mt":"AppChallengeResult","challenge":1234567890}`
	loginOK         = `{"mt":"AppLoginResult","ok":true}`
)

func TestDialServicesOfOtherMakes(t *testing.T) {
	for name, c := range map[string]struct {
		info string
		apis bool
	}{
		"the answer is named like the question": {`{"mt":"AppInfo","app":"svc","info":{},"seviceInfo":{"apis":{"x":1}}}`, true},
		"with src":                              {`{"mt":"AppInfoResult","src":$src,"serviceInfo":{"apis":{"x":1}}}`, true},
		"the question is not known":             {`{"mt":"Error","src":$src,"error":1,"errorText":"unknown mt"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := script{"AppChallenge": numberChallenge, "AppLogin": loginOK, "AppInfo": c.info}.dial(t)
			if err != nil {
				t.Fatal(err)
			}
			if got := client.Info().ServiceInfo.Has("x"); got != c.apis {
				t.Errorf("%+v", client.Info())
			}
			equal(t, "key over the number", client.SessionKey(), appservice.SessionKey("1234567890", "p"))
		})
	}
}

func TestDialRefusalTexts(t *testing.T) {
	for result, want := range map[string]string{
		`{"mt":"AppLoginResult","error":3,"errorText":"busy"}`: "busy",
		`{"mt":"AppLoginResult","error":3}`:                    "Error 3",
		`{"mt":"AppLoginResult","error":"three"}`:              "Error three",
		`{"mt":"AppLoginResult","ok":false}`:                   "LOGIN_FAILURE",
		`{"mt":"AppLoginResult","ok":"true"}`:                  "LOGIN_FAILURE",
	} {
		_, err := script{"AppChallenge": numberChallenge, "AppLogin": result}.dial(t)
		if e, ok := errors.AsType[*appservice.LoginError](err); !ok || e.Text != want {
			t.Errorf("%s: %v", result, err)
		}
	}
	_, err := script{"AppChallenge": numberChallenge, "AppLogin": `{"mt":`}.dial(t)
	if _, ok := errors.AsType[*strictjson.SyntaxError](err); !ok {
		t.Error(err)
	}
}
