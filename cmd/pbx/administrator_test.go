package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// administrators is what is done with them on the machine itself.
var administrators = []step{
	{args: "admin add anna --password-stdin", stdin: "short\n", code: exitFailed, err: "at least 10 characters"},
	{args: "admin add anna --password-stdin", stdin: "correct horse\n", out: "added the administrator anna (operator)"},
	{args: "admin add anna --password-stdin", stdin: "correct horse\n", code: exitFailed, err: "an administrator of this name"},
	{args: "admin add ben --role auditor --org acme --password-stdin", stdin: "correct horse\n", out: "ben (auditor:acme)"},
	{args: "admin add carla --org acme --password-stdin", stdin: "correct horse\n", code: exitUsage, err: "need a --role"},
	{args: "admin add carla --role king --password-stdin", stdin: "correct horse\n", code: exitUsage, err: "--role"},
	{args: "admin add carla --role auditor --domain nowhere.example --password-stdin", stdin: "correct horse\n", code: exitFailed, err: "no domain"},
	{args: "admin list", out: "ADMINISTRATOR ROLES DISABLED SECOND-FACTOR LAST-LOGIN anna operator - - - ben auditor:acme - - -"},
	{args: "admin set ben --role auditor", out: "changed the administrator ben"},
	{args: "admin set ben --disabled", out: "changed"},
	{args: "admin list", out: "ben auditor yes - -"},
	{args: "admin set anna --disabled", code: exitFailed, err: "last operator"},
	{args: "admin remove anna", code: exitFailed, err: "last operator"},
	{args: "admin set nobody --disabled", code: exitFailed, err: "no such administrator"},
	{args: "admin reset-factor anna", code: exitFailed, err: "no second factor"},
	{args: "admin remove ben", out: "removed the administrator ben"},
	{args: "admin list --json", out: `"recovery_codes_left": 0`},
	{args: "token add ci", code: exitUsage, err: "--role"},
	{args: "token add ci --role auditor --for 720h", out: "tdm_"},
	{args: "token add ci --role auditor", code: exitFailed, err: "a token of this name"},
	{args: "token list", out: "ci auditor"},
	{args: "token revoke 0000000000000000", code: exitFailed, err: "no such token"},
}

func TestAdministrators(t *testing.T) {
	t.Run("without server", func(t *testing.T) {
		onBoth(t, func(t *testing.T, flags ...string) { play(t, t.TempDir(), administrators, flags...) })
	})
	t.Run("with server", func(t *testing.T) {
		onBoth(t, func(t *testing.T, flags ...string) {
			data := t.TempDir()
			start(t, data, 0, flags...)
			play(t, data, administrators)
		})
	})
}

// post sends a body and returns the answer, whose body is closed.
func post(t *testing.T, address, contentType, body string) *http.Response {
	t.Helper()
	response, err := http.Post(address, contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response
}

var setupForm = regexp.MustCompile(`^(http://127\.0\.0\.1:\d+/admin/setup)\?token=([\w-]{43})$`)

// A server without administrators prints a link, with which the first one is made;
// who logs in and does what is theirs over the network.
func TestFirstAdministrator(t *testing.T) { onBoth(t, testFirstAdministrator) }

func testFirstAdministrator(t *testing.T, flags ...string) {
	data := t.TempDir()
	s := start(t, data, 2, flags...)
	link := setupForm.FindStringSubmatch(s.out[1])
	if link == nil {
		t.Fatalf("the server says %q", s.out)
	}
	if strings.Contains(s.log.String(), link[2]) {
		t.Error("the link stands in the log")
	}
	form := url.Values{"token": {link[2]}, "name": {"anna"}, "password": {"correct horse"}, "repeat": {"correct horse"}}
	if got := post(t, link[1], "application/x-www-form-urlencoded", form.Encode()); got.StatusCode != http.StatusCreated {
		t.Fatalf("the first administrator: %s", got.Status)
	}
	login := s.url + "/admin/v1/session"
	if got := post(t, login, "application/json", `{"name":"anna","password":"wrong"}`); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("a wrong password: %s", got.Status)
	}
	got := post(t, login, "application/json", `{"name":"anna","password":"correct horse"}`)
	if got.StatusCode != http.StatusOK || len(got.Cookies()) != 1 {
		t.Fatalf("the login: %s", got.Status)
	}
	if strings.Contains(s.log.String(), "correct horse") || strings.Contains(s.log.String(), got.Cookies()[0].Value) {
		t.Error("a secret stands in the log")
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/admin/v1/domains", strings.NewReader(`{"name":"example.com"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.AddCookie(got.Cookies()[0])
	made, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	made.Body.Close()
	if made.StatusCode != http.StatusCreated {
		t.Errorf("a domain: %s", made.Status)
	}
	play(t, data, []step{{args: "admin list", out: "anna operator - - 20"}, {args: "domain list", out: "example.com"}})
}
